package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/pkg/gate/trend"
)

// detector marks indices of a series of logarithms, the first of each new level.
type detector struct {
	name string
	find func(logs []float64) []trend.Change
}

// detectors returns the one that is measured and the one that it is held against.
func detectors() []detector {
	return []detector{
		{"Otava's defaults", func(logs []float64) (out []trend.Change) {
			for _, at := range otava(values(logs)) {
				out = append(out, trend.Change{At: at})
			}
			return out
		}},
		{"this", func(logs []float64) []trend.Change { return find(logs, trend.Policy{}).Changes }},
	}
}

func values(logs []float64) []float64 {
	out := make([]float64, len(logs))
	for i, l := range logs {
		out[i] = math.Exp(l)
	}
	return out
}

// find returns the course of logarithms.
func find(logs []float64, policy trend.Policy) trend.Trend {
	points := make([]trend.Point, len(logs))
	for i, v := range values(logs) {
		points[i] = trend.Point{Order: i, Value: v}
	}
	out, err := trend.Of(policy, points)
	if err != nil {
		panic(err) // made above, in order, from finite logarithms
	}
	return out
}

// share counts how often something happened.
type share struct{ hits, of int }

func (s *share) add(hit bool) {
	s.of++
	if hit {
		s.hits++
	}
}

func (s share) String() string {
	if s.of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(s.hits)/float64(s.of))
}

// effects are the steps, and the columns.
var effects = [...]float64{.02, .03, .05, .10}

const (
	margin     = 5  // points by which a change may be misplaced
	fromEnds   = 20 // points between a step and the ends
	creepSteps = 10
	creepEvery = 8 // points
)

// figures are what one detector reached on one source.
type figures struct {
	marked share
	found  [len(effects)]share
	creep  share
	size   share // the interval of a step that was found holds its size
	place  share // its range holds its place
	width  float64
}

// trial is what all detectors said of one series, as it was and with each change.
type trial struct {
	at        int
	unchanged []trend.Change
	steps     [len(effects)][]trend.Change
	creep     []trend.Change
}

// try plays series i of a source.
func try(src source, d detector, i, n int, seed uint64) trial {
	rng := rand.New(rand.NewPCG(seed, uint64(i)))
	logs := src.draw(rng, i, n)
	t := trial{at: fromEnds + rng.IntN(max(1, n-2*fromEnds)), unchanged: d.find(logs)}
	for e, effect := range effects {
		t.steps[e] = d.find(stepped(logs, t.at, effect))
	}
	slow := logs
	for k := range creepSteps {
		slow = stepped(slow, creepStart(n)+k*creepEvery, .01)
	}
	t.creep = d.find(slow)
	return t
}

func creepStart(n int) int { return n/2 - creepSteps*creepEvery/2 }

// add counts a trial of series of n points.
func (f *figures) add(t trial, n int) {
	f.marked.add(len(t.unchanged) > 0)
	for e, changes := range t.steps {
		hit := false
		for _, c := range changes {
			if c.At < t.at-margin || c.At > t.at+margin || hit {
				continue
			}
			hit = true
			if c.By > 0 {
				const rounding = 1e-9
				f.size.add(c.Interval.Lo-rounding <= math.Log1p(effects[e]) && math.Log1p(effects[e]) <= c.Interval.Hi+rounding)
				f.place.add(c.First <= t.at && t.at <= c.Last)
				f.width += float64(c.Last - c.First + 1)
			}
		}
		f.found[e].add(hit)
	}
	crept := false
	for _, c := range t.creep {
		up := c.By == 0 || c.Shift > 0
		crept = crept || up && c.At >= creepStart(n)-margin && c.At <= creepStart(n)+creepSteps*creepEvery+margin
	}
	f.creep.add(crept)
}

// measure plays count series of n points.
func measure(src source, d detector, count, n int, seed uint64) (f figures) {
	for _, t := range each(count, func(i int) trial { return try(src, d, i, n, seed) }) {
		f.add(t, n)
	}
	return f
}

// each plays all of them on all processors; what it returns is in order.
func each[T any](count int, play func(i int) T) []T {
	out := make([]T, count)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				out[i] = play(i)
			}
		})
	}
	wait.Wait()
	return out
}

// write writes both tables.
func write(w io.Writer, real, artificial []source, count int, seed uint64) {
	const n = 150
	fmt.Fprintln(w, "| noise | detector | unchanged series marked | +2 % | +3 % | +5 % | +10 % | creep of 10 × 1 % | interval holds the size | range holds the place | its width |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, src := range append(real, artificial...) {
		for _, d := range detectors() {
			f := measure(src, d, count, n, seed)
			fmt.Fprintf(w, "| %s | %s | %s |", src.name, d.name, f.marked)
			for _, found := range f.found {
				fmt.Fprintf(w, " %s |", found)
			}
			width := "–" // it names no range
			if f.place.of > 0 {
				width = fmt.Sprintf("%.1f", f.width/float64(f.place.of))
			}
			fmt.Fprintf(w, " %s | %s | %s | %s |\n", f.creep, f.size, f.place, width)
		}
	}
	lengths := []int{10, 20, 50, 150, 500, 1000}
	fmt.Fprintf(w, "\nUnchanged series marked, by their length:\n\n| noise |")
	for _, n := range lengths {
		fmt.Fprintf(w, " %d |", n)
	}
	fmt.Fprintln(w, "\n|---|---|---|---|---|---|---|")
	for _, src := range append(real, artificial...) {
		fmt.Fprintf(w, "| %s |", src.name)
		for _, n := range lengths {
			var s share
			for _, hit := range each(count, func(i int) bool {
				return len(find(src.draw(rand.New(rand.NewPCG(seed+1, uint64(i))), i, n), trend.Policy{}).Changes) > 0
			}) {
				s.add(hit)
			}
			fmt.Fprintf(w, " %s |", s)
		}
		fmt.Fprintln(w)
	}
}
