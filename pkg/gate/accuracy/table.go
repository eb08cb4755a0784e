package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/pkg/gate"
)

// effects that are injected, and their columns.
var effects = []float64{.02, .03, .05, .10}

// figures are what one rule reached in one setting.
type figures struct {
	alarms       [2]float64 // any false alarm, at m = 50 and 500
	power        []float64  // by effect, lone among 500
	runs         float64    // a side, nothing changed, m = 500
	inconclusive float64
	improved     float64 // any false improvement, m = 500
}

var sizes = [2]int{50, 500}

// measure plays pull requests through all rules, each drawn once for all of them.
// A draw depends on the seed, its kind and its number alone, so that the number
// of processors changes nothing.
func measure(src source, rules []rule, pulls int, seed uint64) []figures {
	out := make([]figures, len(rules))
	share := 1 / float64(pulls)
	for k, m := range sizes {
		each(pulls, func(i int) []verdict {
			return judgeAll(rules, src.draw(rand.New(rand.NewPCG(seed, uint64(1000*i+k))), m), true)
		}, func(r int, v verdict) {
			if len(v.red) > 0 {
				out[r].alarms[k] += share
			}
			if m == sizes[1] {
				out[r].runs += v.runs * share
				out[r].inconclusive += v.inconclusive * share
				if v.improved > 0 {
					out[r].improved += share
				}
			}
		})
	}
	pulls, share = max(pulls/2, 1), 1/float64(max(pulls/2, 1)) // power is far from 0 and 1: half will do
	for k, effect := range effects {
		for r := range rules {
			out[r].power = append(out[r].power, 0)
		}
		each(pulls, func(i int) []verdict {
			rng := rand.New(rand.NewPCG(seed, uint64(1000*i+100+k)))
			p := src.draw(rng, sizes[1])
			victim := p.victim(rng)
			p.slow(victim, 1+effect)
			all := judgeAll(rules, p, false)
			for j := range all {
				all[j].red = slices.DeleteFunc(all[j].red, func(i int) bool { return i != victim })
			}
			return all
		}, func(r int, v verdict) { out[r].power[k] += float64(len(v.red)) * share })
	}
	return out
}

func judgeAll(rules []rule, p pull, null bool) []verdict {
	out := make([]verdict, len(rules))
	for i, r := range rules {
		if null || !r.nullOnly {
			out[i] = r.judge(p)
		}
	}
	return out
}

// each plays 0 to n−1 on all processors and counts the verdicts in that order.
func each(n int, play func(i int) []verdict, tally func(rule int, v verdict)) {
	all := make([][]verdict, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				all[i] = play(i)
			}
		})
	}
	wait.Wait()
	for _, verdicts := range all {
		for rule, v := range verdicts {
			tally(rule, v)
		}
	}
}

// write writes one table a source.
func write(w io.Writer, all []source, rules []rule, pulls int, seed uint64) {
	for _, src := range all {
		fmt.Fprintf(w, "\n## %s\n\n", src.name)
		fmt.Fprintln(w, "| rule | runs a side, unchanged | false alarm, m = 50 | m = 500 | +2 % | +3 % | +5 % | +10 % | inconclusive | false “improved” |")
		fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
		for i, f := range measure(src, rules, pulls, seed) {
			line(w, rules[i], f)
		}
	}
}

func line(w io.Writer, r rule, f figures) {
	fmt.Fprintf(w, "| %s | %.2f | %s | %s |", r.name, f.runs, share(f.alarms[0]), share(f.alarms[1]))
	for _, p := range f.power {
		if r.nullOnly {
			fmt.Fprint(w, " |")
		} else {
			fmt.Fprintf(w, " %s |", share(p))
		}
	}
	fmt.Fprintf(w, " %s | %s |\n", share(f.inconclusive), share(f.improved))
}

func share(x float64) string { return fmt.Sprintf("%.3f", x) }

// ours are the settings of the gate.
func ours() (out []rule) {
	for _, effect := range []float64{.05, .03} {
		for _, history := range []float64{1, 2, 3, 5, .2} {
			policy := gate.DefaultPolicy()
			policy.MinEffect = effect
			name := fmt.Sprintf("**two stages, Δ = %.0f %%**", 100*effect)
			switch {
			case history > 1:
				name += fmt.Sprintf(", history ÷ %g", history)
			case history < 1:
				name += fmt.Sprintf(", history × %g", 1/history)
			}
			out = append(out, rule{
				name: name, nullOnly: history != 1 && history != 5,
				judge: func(p pull) verdict { return twoStage(p, policy, history, false) },
			})
		}
	}
	return out
}

// stderr is the standard error of a share among n.
func stderr(share float64, n int) float64 { return math.Sqrt(share * (1 - share) / float64(n)) }
