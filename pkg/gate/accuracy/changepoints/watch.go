package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/descartes/regress/pkg/gate/trend"
)

// inARow is how many runs somebody who watches waits for a change point to stay.
const inARow = 3

// grown returns whether a series without a change is ever marked while its points come one by one,
// and whether it is in inARow runs one after another.
func grown(logs []float64) (ever, stays bool) {
	var s trend.Series
	row := 0
	for i, l := range logs {
		if err := s.Add(trend.Point{Order: i, Value: math.Exp(l)}); err != nil {
			panic(err) // in order, and finite
		}
		if row++; len(s.Trend().Changes) == 0 {
			row = 0
		}
		ever, stays = ever || row > 0, stays || row >= inARow
	}
	return ever, stays
}

// delay returns how many runs after a step it is found, in a series that is watched; 0: never.
func delay(logs []float64, at int, effect float64) int {
	logs = stepped(logs, at, effect)
	var s trend.Series
	for i, l := range logs {
		if err := s.Add(trend.Point{Order: i, Value: math.Exp(l)}); err != nil {
			panic(err) // as above
		}
		if i < at {
			continue
		}
		for _, c := range s.Trend().Changes {
			if c.At >= at-margin {
				return i - at + 1
			}
		}
	}
	return 0
}

// writeWatched writes what somebody sees who looks after every run.
func writeWatched(w io.Writer, all []source, count int, seed uint64) {
	const n, at, soon = 150, 100, 5
	fmt.Fprintf(w, "\nSeries that are looked at after every run: unchanged ones that are ever marked until they have %d points, and marked %d runs in a row; steps after point %d that are found within %d runs:\n\n", n, inARow, at, soon)
	fmt.Fprintln(w, "| noise | ever marked | in a row | +3 % | +5 % | +10 % |\n|---|---|---|---|---|---|")
	for _, src := range all {
		var marked, stayed share
		var found [len(effects)]share
		type watched struct {
			ever, stays bool
			delays      [len(effects)]int
		}
		for _, got := range each(count, func(i int) (out watched) {
			logs := src.draw(rand.New(rand.NewPCG(seed+2, uint64(i))), i, n)
			out.ever, out.stays = grown(logs)
			for e, effect := range effects {
				out.delays[e] = delay(logs[:at+soon], at, effect)
			}
			return out
		}) {
			marked.add(got.ever)
			stayed.add(got.stays)
			for e, d := range got.delays {
				found[e].add(d > 0)
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", src.name, marked, stayed, found[1], found[2], found[3])
	}
}
