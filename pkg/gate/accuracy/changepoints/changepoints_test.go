package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func named(t *testing.T, name string) source {
	t.Helper()
	real, artificial, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(real, artificial...) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no source %q", name)
	return source{}
}

// TestBars: at most 1 % of unchanged series are marked, and steps are found as often as doc.go of
// trend says, give or take what 200 series leave open.
func TestBars(t *testing.T) {
	const count = 200
	for name, least := range map[string][len(effects)]float64{
		"dedicated, scaled to .2 %": {.45, .97, .98, .98},
		"hosted, scaled to 1.5 %":   {.30, .72, .86, .94},
		"hosted, scaled to 3 %":     {.04, .28, .64, .85},
		"hosted, scaled to 4.4 %":   {0, .07, .40, .77},
		"AR(1) .3":                  {.15, .65, .94, .98},
		"t3":                        {.25, .75, .94, .98},
	} {
		f := measure(named(t, name), detectors()[1], count, 150, 3)
		if f.marked.hits > count/100+2 {
			t.Errorf("%s: %s of unchanged series are marked", name, f.marked)
		}
		for e, found := range f.found {
			if float64(found.hits)/count < least[e] {
				t.Errorf("%s: +%g %% is found in %s, want %g", name, 100*effects[e], found, least[e])
			}
		}
		if part := float64(f.size.hits) / float64(f.size.of); part < .88 {
			t.Errorf("%s: %s of the intervals hold the size", name, f.size)
		}
		if part := float64(f.place.hits) / float64(f.place.of); part < .93 {
			t.Errorf("%s: %s of the ranges hold the place", name, f.place)
		}
	}
}

// TestOtava: the peer finds what it should, and marks as many unchanged series as others counted.
func TestOtava(t *testing.T) {
	if got := otava([]float64{.3, 2.4, 1.5, -.9, -.5, 99.7, 98.3, 99.1, 149, 149.7, 149.5, 149.1, 148.8, 150}); !slices.Equal(got, []int{5, 8}) {
		t.Errorf("two steps are found at %v, want 5 and 8", got)
	}
	f := measure(named(t, "hosted, scaled to 3 %"), detectors()[0], 100, 150, 3)
	if f.marked.hits < 8 || f.marked.hits > 35 {
		t.Errorf("%s of unchanged series are marked; others counted .20", f.marked)
	}
}

// TestTTest: Student's two-sided p against published quantiles; variances divide by n.
func TestTTest(t *testing.T) {
	for _, c := range []struct{ df, t, p float64 }{{8, 2.306, .05}, {8, 3.355, .01}, {1, 12.706, .05}, {30, 3.646, .001}} {
		if p := incompleteBeta(c.df/2, .5, c.df/(c.df+c.t*c.t)); math.Abs(p-c.p) > 2e-4 {
			t.Errorf("t = %g with %g degrees of freedom: p = %g, want %g", c.t, c.df, p, c.p)
		}
	}
	// Means 2 and 6, variances 2/3 each: t = 4/√(2/3·(1/3+1/3)) = 6, with 4 degrees of freedom.
	if p := tTest([]float64{1, 2, 3}, []float64{5, 6, 7}); math.Abs(p-.00388) > 1e-4 {
		t.Errorf("p = %g, want .0039", p)
	}
	if tTest([]float64{1, 1}, []float64{2, 2}) != 0 || tTest([]float64{1, 1}, []float64{1, 1}) != 1 {
		t.Error("without variance, p is 0 or 1")
	}
}

// TestPermuted: a draw is the real values in another order.
func TestPermuted(t *testing.T) {
	src := permuted("x", [][]float64{{1, 2, 4, 8, 16}}, 0)
	got := src.draw(rand.New(rand.NewPCG(1, 1)), 0, 5)
	slices.Sort(got)
	for i, v := range got {
		if want := float64(i-2) * math.Ln2; math.Abs(v-want) > 1e-12 {
			t.Errorf("have %v", got)
		}
	}
}

// TestScores: the two scores on a case done by hand.
func TestScores(t *testing.T) {
	marks := map[string][]int{"a": {50}, "b": {}}
	// Found 0, 52 and 90; anyone marked 0 and 50: precision 2/3. Recall: 2/2 and 1/1.
	if got := f1([]int{52, 90}, marks); math.Abs(got-.8) > 1e-12 {
		t.Errorf("F1 = %g, want .8", got)
	}
	// a: 50 of 52 for [0, 50), 38 of 50 for [50, 100), each half; b: 52 of 100.
	if got, want := cover([]int{52, 90}, marks, 100), ((50./52+38./50)/2+.52)/2; math.Abs(got-want) > 1e-12 {
		t.Errorf("cover = %g, want %g", got, want)
	}
}

// TestWatched: a step far above the noise is found with its third run; what does not come, never.
func TestWatched(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	logs := make([]float64, 80)
	for i := range logs {
		logs[i] = .01 * rng.NormFloat64()
	}
	if got := delay(logs, 60, .5); got != 3 {
		t.Errorf("+50 %% is found after %d runs, want 3", got)
	}
	if got := delay(logs, 60, 0); got != 0 {
		t.Errorf("no step is found after %d runs", got)
	}
	if ever, stays := grown(logs); ever || stays {
		t.Errorf("without a change: ever %v, in a row %v", ever, stays)
	}
	if ever, stays := grown(stepped(logs, 77, .5)); !ever || stays {
		t.Errorf("with a step three runs ago: ever %v, in a row %v", ever, stays)
	}
}
