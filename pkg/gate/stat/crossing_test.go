package stat

import (
	"math"
	"testing"
)

func TestCrossingPlacesOneStep(t *testing.T) {
	check := func(values []float64, from, to float64, at int, ok bool) {
		t.Helper()
		if have, sure := Crossing(values, from, to); have != at || sure != ok {
			t.Errorf("%v from %v to %v: have %d, %v, want %d, %v", values, from, to, have, sure, at, ok)
		}
	}
	check([]float64{10, 11, 20, 19}, 10, 20, 2, true)
	check([]float64{20, 19, 10, 11}, 20, 10, 2, true) // downwards
	check([]float64{10, 11, 12}, 10, 20, 3, true)     // not yet
	check([]float64{10, 11, 15}, 10, 20, 3, true)     // the middle belongs to the old level
	check([]float64{10, 11, 20}, 10, 20, 0, false)    // once may be chance
	check([]float64{20, 21, 20}, 10, 20, 0, false)    // it began before all of them
	check([]float64{10, 20, 10, 20}, 10, 20, 0, false)
	check([]float64{10, 10}, 10, 10, 0, false)
	check([]float64{1, 1, 1.7e308, 1.7e308}, 1, 1.7e308, 2, true) // the sum of both overflows
	check([]float64{10, 20, 20}, math.NaN(), 20, 0, false)
	check(nil, 10, 20, 0, true)
}
