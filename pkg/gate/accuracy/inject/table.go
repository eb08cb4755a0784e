package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// tally adds up the trials of one slowdown.
type tally struct {
	tried int
	ways  []sum // regress compare first, then fixedRules
}

// sum is what one way of deciding made of the trials.
type sum struct {
	caught, others, alarmed int
	unknown                 int
	rounds, seconds         float64
}

func (a *tally) add(t trial) {
	a.tried++
	all := append([]judged{t.staged}, t.fixed...)
	if a.ways == nil {
		a.ways = make([]sum, len(all))
	}
	for i, j := range all {
		s := &a.ways[i]
		wrong := len(j.red)
		if slices.Contains(j.red, t.victim) {
			s.caught++
			wrong--
		}
		s.others += wrong
		if wrong > 0 {
			s.alarmed++
		}
		s.unknown += j.unknown
		s.rounds += j.rounds
		s.seconds += j.seconds
	}
}

func write(w io.Writer, l *lab, byPercent map[int]*tally, took time.Duration) error {
	fmt.Fprintf(w, "%s/%s, %d processors, %s; eight benchmarks, -benchtime=%s, Δ = %s; %.0f minutes in all.\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), l.benchtime, l.effect, took.Minutes())
	fmt.Fprintln(w, "| change | decided by | commits | caught | with a false alarm | other rows | rounds a side | benchmarks without an answer | seconds |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for i, percent := range slowdowns {
		t := byPercent[percent]
		if t == nil || slices.Index(slowdowns, percent) != i {
			continue
		}
		change, n := "none", float64(t.tried)
		if percent > 0 {
			change = fmt.Sprintf("+%d %%", percent)
		}
		for k, s := range t.ways {
			name, caught := fmt.Sprintf("**regress compare, Δ = %s**", l.effect), fmt.Sprint(s.caught)
			if k > 0 {
				name = fixedRules[k-1]
			}
			if percent == 0 {
				caught = ""
			}
			if _, err := fmt.Fprintf(w, "| %s | %s | %d | %s | %d | %d | %.1f | %.1f | %.0f |\n",
				change, name, t.tried, caught, s.alarmed, s.others, s.rounds/n, float64(s.unknown)/n, s.seconds/n); err != nil {
				return err
			}
		}
	}
	return nil
}
