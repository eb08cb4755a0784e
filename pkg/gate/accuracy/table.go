package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// effects that are injected, and their columns.
var effects = [...]float64{.02, .03, .05, .10}

// sizes of the pull requests; costs and power are those of the last.
var sizes = [...]int{50, 500}

// sigmas split the benchmarks by their true σ; the first three are quiet enough
// for Δ = 1, 3 and 5 %.
var sigmas = [...]float64{.005, .015, .025, .05, math.Inf(1)}

// share counts how often something happened.
type share struct{ hits, of int }

func (s *share) add(hit bool) {
	s.of++
	if hit {
		s.hits++
	}
}

// interval is Wilson's, at 95 %.
func (s share) interval() (lo, hi float64) {
	const z = 1.96
	n, p := float64(s.of), float64(s.hits)/float64(s.of)
	mid, half := (p+z*z/(2*n))/(1+z*z/n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))/(1+z*z/n)
	return max(0, mid-half), min(1, mid+half)
}

func (s share) String() string {
	if s.of == 0 {
		return ""
	}
	lo, hi := s.interval()
	return fmt.Sprintf("%.3f [%.3f, %.3f]", float64(s.hits)/float64(s.of), lo, hi)
}

// figures are what one rule reached on one source.
type figures struct {
	alarms       [len(sizes)]share   // any false alarm
	power        [len(effects)]share // lone among 500
	quiet        share               // power at Δ where σ ≤ Δ/2
	bySigma      [len(sigmas)][len(effects)]share
	runs         float64 // a side, nothing changed, m = 500
	inconclusive float64
	improved     share // any false improvement, m = 500
}

// trial is what one rule said of one pull request, as it was and with one of its
// benchmarks slower by each effect.
type trial struct {
	verdict
	caught [len(effects)]bool
	sigma  float64 // of the slower benchmark
	power  bool    // caught was tried
}

// measure plays pull requests through all rules, each drawn once for all of them.
// A draw depends on the seed, its kind and its number alone, so that the number
// of processors changes nothing.
func measure(src source, rules []rule, seed uint64) []figures {
	out := make([]figures, len(rules))
	for k, m := range sizes {
		last := k == len(sizes)-1
		each(rules, func(i int) []trial {
			rng := rand.New(rand.NewPCG(seed, uint64(1000*i+k)))
			p := src.draw(rng, m)
			return try(rules, i, p, p.victim(rng), last)
		}, func(r int, t trial) {
			f := &out[r]
			f.alarms[k].add(len(t.red) > 0)
			if last {
				f.add(t, rules[r])
			}
		})
	}
	return out
}

// try plays pull request i through the rules that want it.
func try(rules []rule, i int, p pull, victim int, power bool) []trial {
	out := make([]trial, len(rules))
	for r, rule := range rules {
		if i >= rule.pulls {
			continue
		}
		t := trial{verdict: rule.judge(p), sigma: p.streams[victim].sigma, power: power && !rule.nullOnly}
		if t.power {
			for e, effect := range effects {
				t.caught[e] = t.catches(victim, p.streams[victim].slower(1+effect))
			}
		}
		t.catches = nil // it holds the whole pull request
		out[r] = t
	}
	return out
}

func (f *figures) add(t trial, r rule) {
	f.runs += t.runs / float64(r.pulls)
	f.inconclusive += t.inconclusive / float64(r.pulls)
	f.improved.add(t.improved > 0)
	if !t.power {
		return
	}
	bin := 0
	for t.sigma > sigmas[bin] {
		bin++
	}
	for e, caught := range t.caught {
		f.power[e].add(caught)
		f.bySigma[bin][e].add(caught)
		if effects[e] == r.effect && t.sigma <= r.effect/2 {
			f.quiet.add(caught)
		}
	}
}

// each plays pull requests on all processors and counts the trials in order, in
// blocks, so that few are kept.
func each(rules []rule, play func(i int) []trial, tally func(rule int, t trial)) {
	const block = 64
	most := 0
	for _, r := range rules {
		most = max(most, r.pulls)
	}
	for from := 0; from < most; from += block {
		all := make([][]trial, min(block, most-from))
		var next atomic.Int64
		var wait sync.WaitGroup
		for range workers {
			wait.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
					all[i] = play(from + i)
				}
			})
		}
		wait.Wait()
		for i, trials := range all {
			for r, t := range trials {
				if from+i < rules[r].pulls {
					tally(r, t)
				}
			}
		}
	}
}

// write writes the tables of every source.
func write(w io.Writer, all []source, rules []rule, seed uint64) {
	for _, src := range all {
		rules := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return r.paired != src.paired })
		if len(rules) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n## %s\n\n", src.name)
		fmt.Fprintln(w, "| rule | runs a side, unchanged | false alarm, m = 50 | m = 500 | +2 % | +3 % | +5 % | +10 % | +Δ where σ ≤ Δ/2 | inconclusive | false “improved” |")
		fmt.Fprintln(w, "|"+strings.Repeat("---|", 11))
		got := measure(src, rules, seed)
		for i, f := range got {
			f.line(w, rules[i])
		}
		fmt.Fprintf(w, "\nPower by the σ of the benchmark that was made slower:\n\n")
		fmt.Fprintln(w, "| rule | σ | of the benchmarks | +2 % | +3 % | +5 % | +10 % |")
		fmt.Fprintln(w, "|"+strings.Repeat("---|", 7))
		for i, f := range got {
			if rules[i].bySigma {
				f.lines(w, rules[i])
			}
		}
	}
}

func (f figures) line(w io.Writer, r rule) {
	fmt.Fprintf(w, "| %s | %.2f | %s | %s |", r.name, f.runs, f.alarms[0], f.alarms[1])
	for _, p := range f.power {
		fmt.Fprintf(w, " %s |", p)
	}
	fmt.Fprintf(w, " %s | %.3f | %s |\n", f.quiet, f.inconclusive, f.improved)
}

func (f figures) lines(w io.Writer, r rule) {
	from := "0"
	for bin, to := range sigmas {
		name := fmt.Sprintf("%s to %g %%", from, 100*to)
		if math.IsInf(to, 1) {
			name = "above " + from + " %"
		}
		from = fmt.Sprintf("%g", 100*to)
		power := f.bySigma[bin]
		if power[0].of == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %.2f |", r.name, name, float64(power[0].of)/float64(f.power[0].of))
		for _, p := range power {
			fmt.Fprintf(w, " %s |", p)
		}
		fmt.Fprintln(w)
	}
}

// ours are the settings of the gate.
func ours(pulls int) (out []rule) {
	for _, effect := range []float64{.05, .03} {
		policy := gate.DefaultPolicy()
		policy.MinEffect = effect
		out = append(out, rule{
			name: fmt.Sprintf("**pairs, Δ = %.0f %%**", 100*effect), effect: effect, pulls: pulls, bySigma: true, paired: true,
			judge: func(p pull) verdict { return staged(p, policy, baseline.Paired, 1) },
		})
	}
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
				name: name, effect: effect, pulls: pulls, bySigma: history == 1, nullOnly: history != 1 && history != 5,
				judge: func(p pull) verdict { return staged(p, policy, baseline.TwoStage, history) },
			})
		}
	}
	return out
}
