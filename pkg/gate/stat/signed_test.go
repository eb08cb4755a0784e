package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// flipped tries every choice of signs, with ranks by counting.
func flipped(d []float64) float64 {
	statistic := func(signs uint) (sum float64) {
		for i, v := range d {
			up := v > 0 != (signs>>i&1 == 1)
			if v == 0 || !up {
				continue
			}
			for _, other := range d {
				switch a, b := math.Abs(other), math.Abs(v); {
				case other == 0:
				case a < b:
					sum++
				case a == b:
					sum += .5
				}
			}
			sum += .5
		}
		return sum
	}
	seen, count := statistic(0), 0
	for signs := range uint(1) << len(d) {
		if statistic(signs) >= seen {
			count++
		}
	}
	return float64(count) / float64(uint(1)<<len(d))
}

func TestSignedIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		d := make([]float64, r.IntN(10))
		for i := range d {
			d[i] = math.Round(r.NormFloat64()*3 + 1) // ties and zeros
		}
		s := NewSigned(d)
		near(t, "p", s.P(), flipped(d), 1e-12)
		for i := range d {
			d[i] = -d[i]
		}
		near(t, "the other way", s.Less(), flipped(d), 1e-12)
	}
	near(t, "all above", NewSigned([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}).P(), 1./4096, 0)
	near(t, "none", NewSigned(nil).P(), 1, 0)
}

// TestSignedTables checks against the published critical values of Wilcoxon's T, one-sided.
func TestSignedTables(t *testing.T) {
	check := func(n int, level float64, want int) {
		t.Helper()
		have := -1
		for have+1 < len(belowRank(n)) && belowRank(n)[have+1] <= level {
			have++
		}
		if have != want {
			t.Errorf("critical T of %d at %v: have %d, want %d", n, level, have, want)
		}
	}
	check(5, .05, 0)
	check(8, .05, 5)
	check(8, .01, 1)
	check(10, .025, 8)
	check(12, .01, 9)
	check(20, .005, 37)
	check(25, .01, 76)
}

func TestSignedShift(t *testing.T) {
	s := NewSigned([]float64{.3, -.1, .2})
	near(t, "median of the means", s.HodgesLehmann(), .15, 1e-15) // of -.1 .05 .1 .2 .25 .3
	lo, hi, level := s.Interval(.95)
	if lo != -.1 || hi != .3 || level != .75 {
		t.Errorf("interval [%v, %v] at %v: three differences have their range, at 1 − 2/8", lo, hi, level)
	}
	// What the interval covers, by what the test does not reject.
	r := rand.New(rand.NewPCG(3, 4))
	missed := 0
	const trials = 2000
	for range trials {
		d := make([]float64, 12)
		for i := range d {
			d[i] = .05 + r.NormFloat64()*math.Exp(r.NormFloat64())
		}
		lo, hi, level := NewSigned(d).Interval(.95)
		if level < .95 || level > .97 {
			t.Fatalf("level %v", level)
		}
		if lo > .05 || hi < .05 {
			missed++
		}
	}
	near(t, "missed by the interval", float64(missed)/trials, .04, .02)
}

func TestSignedSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var all []float64
	for range 400 {
		d := make([]float64, 20)
		for i := range d {
			d[i] = .02 * r.NormFloat64()
		}
		before := slices.Clone(d)
		all = append(all, NewSigned(d).Spread())
		if !slices.Equal(d, before) {
			t.Fatal("the differences were changed")
		}
	}
	near(t, "median spread", Median(all), .02, .002)
}
