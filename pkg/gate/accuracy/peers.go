package main

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// rule is somebody's way to decide. It sees times alone: no peer does better
// on counts than to compare them, and most do not look at them.
type rule struct {
	name     string
	judge    func(pull) verdict
	pulls    int     // how many pull requests it judges
	effect   float64 // Δ; a benchmark is quiet when σ ≤ Δ/2
	nullOnly bool    // its power is not worth the time: another line has it
	bySigma  bool    // its power is broken down
	paired   bool    // it takes the sides of a round as a pair
}

// peers are the rules of other tools, as their documentation and source describe them.
func peers(pulls int) []rule {
	out := []rule{
		{name: "benchstat, n = 6, p < .05", judge: benchstat(6, 0)},
		{name: "benchstat, n = 10, p < .05", judge: benchstat(10, 0)},
		{name: "benchstat, n = 20, p < .05", judge: benchstat(20, 0)},
		{name: "benchstat, n = 10, p < .05 and ≥ 3 %", judge: benchstat(10, .03)},
		{name: "benchstat, n = 10, Benjamini-Hochberg", judge: corrected(10)},
		{name: "benchstat, n = 20, Benjamini-Hochberg", judge: corrected(20)},
		{name: "github-action-benchmark, ratio > 2.0", judge: ratio(2)},
		{name: "github-action-benchmark, ratio > 1.1", judge: ratio(1.1)},
		{name: "Bencher, t-test .99 against stored values", judge: bencher},
		{name: "CockroachDB, n = 10, p < .05 and ≥ 5 %, three times", judge: cockroach},
	}
	for i := range out {
		out[i].pulls, out[i].effect = pulls, .05
	}
	return out
}

// slower collects the times of a pull request that a test calls slower.
func slower(p pull, runs float64, test func(stream) bool) verdict {
	out := verdict{runs: runs, catches: func(_ int, s stream) bool { return test(s) }}
	for i, s := range p.streams {
		if s.key.Unit == unitNames[0] && test(s) {
			out.red = append(out.red, i)
		}
	}
	return out
}

// rankTest is benchstat's: two-sided p of values from, to; and the change of medians.
func rankTest(s stream, from, to int) (p, change float64) {
	base, head := stat.Sorted(s.base[from:to]), stat.Sorted(s.head[from:to])
	up, down := stat.NewRank(base, head), stat.NewRank(head, base)
	if up.Tied() && to-from > 10 { // enough values for the approximation, and too dear without
		p = min(1, 2*min(up.Approximate(), down.Approximate()))
	} else {
		p = min(1, 2*min(up.P(), down.P()))
	}
	return p, stat.Quantile(head, .5)/stat.Quantile(base, .5) - 1
}

func benchstat(n int, least float64) func(pull) verdict {
	return func(p pull) verdict {
		return slower(p, float64(n), func(s stream) bool {
			p, change := rankTest(s, 0, n)
			return p < .05 && change > 0 && change >= least
		})
	}
}

// corrected is benchstat's test with the correction of Benjamini and Hochberg
// over the pull request.
func corrected(n int) func(pull) verdict {
	return func(p pull) verdict {
		level, change := make([]float64, len(p.streams)), make([]float64, len(p.streams))
		var all []float64
		for i, s := range p.streams {
			level[i] = 1
			if s.key.Unit == unitNames[0] {
				level[i], change[i] = rankTest(s, 0, n)
				all = append(all, level[i])
			}
		}
		slices.Sort(all)
		out := verdict{runs: float64(n)}
		limit := discoveries(all)
		for i := range p.streams {
			if level[i] <= limit && change[i] > 0 {
				out.red = append(out.red, i)
			}
		}
		out.catches = func(victim int, slow stream) bool {
			p, change := rankTest(slow, 0, n)
			with := slices.Clone(all)
			at, _ := slices.BinarySearch(with, level[victim])
			with[at] = p
			slices.Sort(with)
			return p <= discoveries(with) && change > 0
		}
		return out
	}
}

// discoveries is the largest of sorted p values that Benjamini and Hochberg reject at .05; −1:
// none.
func discoveries(sorted []float64) float64 {
	limit := -1.
	for k, p := range sorted {
		if p <= .05*float64(k+1)/float64(len(sorted)) {
			limit = p
		}
	}
	return limit
}

func ratio(limit float64) func(pull) verdict {
	return func(p pull) verdict {
		return slower(p, 1, func(s stream) bool { return s.head[0] > limit*s.base[0] })
	}
}

// bencher holds one value against the mean and deviation of stored ones.
func bencher(p pull) verdict {
	return slower(p, 1, func(s stream) bool {
		n := float64(len(s.stored))
		if n < 2 {
			return false
		}
		mean, squares := 0., 0.
		for _, v := range s.stored {
			mean += v / n
		}
		for _, v := range s.stored {
			squares += (v - mean) * (v - mean)
		}
		return s.head[0] > mean+studentT99(n-1)*math.Sqrt(squares/(n-1))
	})
}

// studentT99 is the .99 quantile of Student's t, by its expansion about the
// normal quantile (Abramowitz and Stegun 26.7.5).
func studentT99(df float64) float64 {
	z := stat.NormalQuantile(.99)
	z3, z5, z7 := z*z*z, math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*df) + (5*z5+16*z3+3*z)/(96*df*df) + (3*z7+19*z5+17*z3-15*z)/(384*df*df*df)
}

// cockroach wants three runs in a row to agree, and stops at the first that does not.
func cockroach(p pull) verdict {
	once := func(s stream, k int) bool {
		p, change := rankTest(s, 10*k, 10*k+10)
		return p < .05 && change >= .05
	}
	out := slower(p, 10, func(s stream) bool { return once(s, 0) })
	first := len(out.red)
	out.red = slices.DeleteFunc(out.red, func(i int) bool { return !once(p.streams[i], 1) || !once(p.streams[i], 2) })
	out.runs += 20 * float64(first) / float64(max(len(p.streams), 1))
	out.catches = func(_ int, s stream) bool { return once(s, 0) && once(s, 1) && once(s, 2) }
	return out
}
