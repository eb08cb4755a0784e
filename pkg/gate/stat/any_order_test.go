package stat

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestOrderOfValuesDoesNotMatter: what works on order statistics takes values as they were
// measured.
func TestOrderOfValuesDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := func(base, head []float64) string {
		shifts := NewShifts(base, head)
		lo, hi, level := shifts.Interval(.9)
		mlo, mhi, mlevel := MedianInterval(base, .9)
		return fmt.Sprint(Median(base), Quantile(base, .25), Scale(base), Within(base, head), MannWhitney(base, head), NewRank(base, head).Approximate(),
			shifts.HodgesLehmann(), lo, hi, level, mlo, mhi, mlevel)
	}
	for range 200 {
		base, head := make([]float64, 2+r.IntN(12)), make([]float64, 2+r.IntN(12))
		for _, side := range [][]float64{base, head} {
			for i := range side {
				side[i] = float64(r.IntN(20)) // with ties
			}
		}
		if have, want := all(base, head), all(Sorted(base), Sorted(head)); have != want {
			t.Fatalf("%v and %v: have %s\nsorted %s", base, head, have, want)
		}
	}
}
