package stat

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/perf/benchmath"
)

func near(t *testing.T, what string, have, want, within float64) {
	t.Helper()
	if math.IsNaN(have) || math.Abs(have-want) > within {
		t.Errorf("%s: have %v, want %v ± %v", what, have, want, within)
	}
}

// TestMannWhitneyTables checks against the critical values of U published by
// Mann and Whitney and extended by Auble: one-sided, the largest U with P ≤ level.
func TestMannWhitneyTables(t *testing.T) {
	check := func(n, m int, level float64, want int) {
		t.Helper()
		lower := untied(n, m)
		u := -1
		for u+1 < len(lower) && lower[u+1] <= level {
			u++
		}
		if u != want {
			t.Errorf("critical U of %d against %d at %v: have %d, want %d", n, m, level, u, want)
		}
	}
	check(3, 3, .05, 0)
	check(5, 5, .05, 4)
	check(5, 5, .025, 2)
	check(8, 8, .025, 13)
	check(8, 8, .01, 9)
	check(10, 10, .05, 27)
	check(10, 10, .025, 23)
	check(7, 12, .025, 18)
	check(20, 20, .025, 127)
	check(20, 20, .01, 114)
	check(4, 3, .025, -1) // 1 of 35 is .029
}

// enumerate tries every assignment of the values to the sides.
func enumerate(base, head []float64) float64 {
	all := append(slices.Clone(base), head...)
	twiceU := func(isHead func(int) bool) int {
		u := 0
		for i, h := range all {
			for k, b := range all {
				if isHead(i) && !isHead(k) {
					switch {
					case h > b:
						u += 2
					case h == b:
						u++
					}
				}
			}
		}
		return u
	}
	seen := twiceU(func(i int) bool { return i >= len(base) })
	count, total := 0, 0
	for mask := range uint(1) << len(all) {
		if bits.OnesCount(mask) != len(head) {
			continue
		}
		total++
		if twiceU(func(i int) bool { return mask>>i&1 == 1 }) >= seen {
			count++
		}
	}
	return float64(count) / float64(total)
}

func TestMannWhitneyIsExactWithTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 150 {
		n, m, values := 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(8)
		draw := func(n int) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = float64(rng.IntN(values))
			}
			slices.Sort(out)
			return out
		}
		base, head := draw(n), draw(m)
		near(t, "p", MannWhitney(base, head), enumerate(base, head), 1e-12)
	}
}

// TestMannWhitneyAgainstBenchmath compares with the two-sided p that benchstat
// prints: twice the smaller tail, where there are no ties.
func TestMannWhitneyAgainstBenchmath(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 60 {
		n, m := 4+rng.IntN(17), 4+rng.IntN(17)
		base, head := normals(rng, n, 0), normals(rng, m, .5)
		th := benchmath.DefaultThresholds
		have := min(1, 2*min(MannWhitney(base, head), MannWhitney(head, base)))
		want := benchmath.AssumeNothing.Compare(benchmath.NewSample(base, &th), benchmath.NewSample(head, &th)).P
		near(t, "two-sided p", have, want, 1e-9)
	}
}

func normals(rng *rand.Rand, n int, shift float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64() + shift
	}
	slices.Sort(out)
	return out
}

// TestApproximateIsConservativeFarOut is what lets a caller skip enumeration
// where the approximation is already far beyond its level: there it is too
// large, never too small, with ties and without.
func TestApproximateIsConservativeFarOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 400 {
		n := 6 + rng.IntN(25)
		grain := []float64{0, .1, .5, 1}[rng.IntN(4)]
		base, head := normals(rng, n, 0), normals(rng, n, 1+2*rng.Float64())
		if grain > 0 {
			for i := range base {
				base[i], head[i] = math.Round(base[i]/grain), math.Round(head[i]/grain)
			}
		}
		r := NewRank(base, head)
		exact, approximate := r.P(), r.Approximate()
		if approximate < 1e-4 && exact > approximate {
			t.Errorf("n=%d grain %v: exact %v above approximate %v", n, grain, exact, approximate)
		}
		if factor := 1 + 9/float64(n); exact > 1e-3 && (approximate > factor*exact || approximate < exact/factor) {
			t.Errorf("n=%d grain %v: exact %v, approximate %v", n, grain, exact, approximate)
		}
	}
}

func TestShiftsAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		base, head := normals(rng, 1+rng.IntN(12), 0), normals(rng, 1+rng.IntN(12), 1)
		if rng.IntN(2) == 0 { // ties
			for i := range base {
				base[i] = math.Round(base[i])
			}
			for i := range head {
				head[i] = math.Round(head[i])
			}
		}
		var all []float64
		for _, h := range head {
			for _, b := range base {
				all = append(all, h-b)
			}
		}
		slices.Sort(all)
		s := NewShifts(base, head)
		for k := range all {
			near(t, "order statistic", s.kth(k+1), all[k], 0)
		}
		near(t, "Hodges-Lehmann", s.HodgesLehmann(), Quantile(all, .5), 1e-12)
	}
}

// TestInterval checks the level by simulation and the positions by hand.
func TestInterval(t *testing.T) {
	// Two against two: 6 arrangements, P(U ≤ 0) = 1/6: the range has level 1 − 2/6.
	lo, hi, level := NewShifts([]float64{0, 1}, []float64{10, 20}).Interval(.95)
	near(t, "lo", lo, 9, 0)
	near(t, "hi", hi, 20, 0)
	near(t, "level", level, 1-2./6, 1e-12)
	// Five against five: P(U ≤ 2) = 4/252 = .0159, P(U ≤ 3) = .0278: the third difference.
	ramp := []float64{0, 1, 2, 3, 4}
	lo, hi, level = NewShifts(ramp, ramp).Interval(.95)
	near(t, "lo", lo, -3, 0)
	near(t, "hi", hi, 3, 0)
	near(t, "level", level, 1-8./252, 1e-12)

	rng := rand.New(rand.NewPCG(5, 5))
	covered := 0
	const trials = 4000
	for range trials {
		lo, hi, _ := NewShifts(normals(rng, 8, 0), normals(rng, 8, .7)).Interval(.95)
		if lo <= .7 && .7 <= hi {
			covered++
		}
	}
	// At least .95, discrete: 8 against 8 attains .9582; sd of the count is .0032.
	near(t, "coverage", float64(covered)/trials, .958, .013)
}

func TestMedianInterval(t *testing.T) {
	check := func(n int, want, level float64, from int) {
		t.Helper()
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i)
		}
		lo, hi, have := MedianInterval(x, want)
		near(t, "level", have, level, 5e-4)
		if lo != float64(from) || hi != float64(n-1-from) {
			t.Errorf("n=%d: have [%v, %v], want from order statistic %d", n, lo, hi, from)
		}
	}
	check(1, .95, 0, 0)
	check(2, .95, .5, 0)
	check(5, .95, 1-2./32, 0)
	check(6, .95, 1-2./64, 0)
	check(8, .95, 1-2./256, 0)       // with the second: 1 − 18/256 = .93
	check(9, .95, 1-2*10./512, 1)    // .961
	check(10, .95, 1-2*11./1024, 1)  // .979
	check(20, .95, 1-2*.020695, 5)   // table: .959
	check(30, .95, 1-2*.021387, 9)   // table: .957
	check(2000, .95, .95, 1000-43-1) // normal: 1.96·√2000/2 = 43.8
}

func TestHolm(t *testing.T) {
	check := func(p []float64, want ...bool) {
		t.Helper()
		if have := Holm(p, .05); !slices.Equal(have, want) {
			t.Errorf("%v: have %v, want %v", p, have, want)
		}
	}
	check(nil)
	check([]float64{.05}, true)
	check([]float64{.03, .02}, true, true)              // .02 ≤ .05/2, then .03 ≤ .05
	check([]float64{.03, .026}, false, false)           // .026 > .05/2
	check([]float64{.04, .01, .03}, false, true, false) // .01 ≤ .05/3, then .03 > .05/2
}

func TestNormal(t *testing.T) {
	near(t, "z .975", NormalQuantile(.975), 1.959964, 1e-6)
	near(t, "z .8", NormalQuantile(.8), Power, 1e-4)
	near(t, "tail", normalTail(2.326348), .01, 1e-8)
	// The formula of the package comment of gate: σ = 1 %, +5 %, α = .01/500:
	// 2·1e-4·(4.107+.842)²·1.05²/.002380 = 2.27, below what ranks need: C(2n,n) ≥ 50,000, n = 10.
	if have := Rounds(.01, math.Log1p(.05), .01/500); have != 10 {
		t.Errorf("Rounds at 1 %%: have %d, want 10", have)
	}
	// σ = 4 %: 16 times 2.27 is 36.3.
	if have := Rounds(.04, math.Log1p(.05), .01/500); have != 37 {
		t.Errorf("Rounds at 4 %%: have %d, want 37", have)
	}
}

// TestWithin: on normal noise the estimate is right in the middle at every n.
func TestWithin(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, n := range []int{4, 6, 8, 20, 30} {
		seen := make([]float64, 3000)
		for i := range seen {
			seen[i] = Within(normals(rng, n, 0), normals(rng, n, 3))
		}
		t.Log(n, Median(seen))
		near(t, "median estimate", Median(seen), 1, .16)
	}
}

func FuzzRank(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{3, 4})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		base, head := floats(x), floats(y)
		if len(base) == 0 || len(head) == 0 || len(base) > 40 || len(head) > 40 {
			return
		}
		up, down := MannWhitney(base, head), MannWhitney(head, base)
		if !(up >= 0 && up <= 1 && down >= 0 && down <= 1) || up+down < 1-1e-9 {
			t.Errorf("tails %v and %v of %v, %v", up, down, base, head)
		}
		lo, hi, level := NewShifts(base, head).Interval(.95)
		d := NewShifts(base, head).HodgesLehmann()
		if !(lo <= d && d <= hi && level >= 0 && level <= 1) {
			t.Errorf("interval [%v, %v] at %v, shift %v", lo, hi, level, d)
		}
	})
}

func floats(b []byte) []float64 {
	out := make([]float64, len(b))
	for i, v := range b {
		out[i] = float64(v)
	}
	slices.Sort(out)
	return out
}

func TestScale(t *testing.T) {
	check := func(want float64, x ...float64) {
		t.Helper()
		near(t, "scale", Scale(x), 1.4826*want, 1e-12)
	}
	check(0)
	check(0, 7)
	check(.5, 1, 2)          // 1.5 ± .5
	check(1, 1, 2, 9)        // 1, 0, 7
	check(1, 1, 2, 3, 9)     // 2.5: .5, .5, 1.5, 6.5
	check(1, 1, 2, 3, 4, 90) // 2, 1, 0, 1, 87
	check(0, 3, 3, 3, 3)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		x := normals(rng, 1+rng.IntN(20), 0)
		mid := Median(x)
		var apart []float64
		for _, v := range x {
			apart = append(apart, math.Abs(v-mid))
		}
		near(t, "scale", Scale(x), 1.4826*Median(apart), 1e-12)
	}
}

// TestFisher: against counting. 8 of 8 against 0 of 8 is one of C(16,8) = 12870; the tea
// tasting of Fisher 1935, three of four cups against one of four, is 17/70.
func TestFisher(t *testing.T) {
	check := func(base, baseOf, head, headOf int, want float64) {
		t.Helper()
		if have := Fisher(base, baseOf, head, headOf); math.Abs(have-want) > 1e-12 {
			t.Errorf("%d of %d against %d of %d: have %v, want %v", head, headOf, base, baseOf, have, want)
		}
	}
	check(0, 8, 8, 8, 1./12870)
	check(1, 4, 3, 4, 17./70)
	check(0, 8, 1, 8, .5)
	check(0, 2, 2, 2, 1./6)
	check(0, 10, 0, 10, 1)
	check(3, 3, 0, 5, 1)
	check(0, 0, 0, 0, 1)
}
