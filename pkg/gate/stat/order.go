package stat

import (
	"cmp"
	"math"
	"slices"
)

// MedianInterval is the interval for the median that order statistics give at a
// level of at least want, with the level attained: it assumes independence and
// nothing else. With too few values for want it is their range, at level
// 1 − 2·2⁻ⁿ. x has at least one value.
func MedianInterval(x []float64, want float64) (lo, hi, level float64) {
	sorted := ascending(x)
	n := len(sorted)
	// The number of values below the median is binomial(n, ½).
	mass := math.Exp2(-float64(n))
	if mass == 0 { // beyond 1074 values: normal
		c := max(0, int(float64(n)/2-NormalQuantile((1+want)/2)*math.Sqrt(float64(n))/2))
		return sorted[c], sorted[n-1-c], want
	}
	tail, c := mass, 0 // tail = P(fewer than c+1 below)
	for c+1 < n/2 {
		mass *= float64(n-c) / float64(c+1)
		if 2*(tail+mass) > 1-want {
			break
		}
		tail += mass
		c++
	}
	return sorted[c], sorted[n-1-c], max(0, 1-2*tail)
}

// Holm says which of the p values are rejected at a familywise level alpha: the
// smallest against alpha/k, the next against alpha/(k−1), until one is not.
func Holm(p []float64, alpha float64) []bool {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out := make([]bool, len(p))
	for done, i := range order {
		if p[i] > alpha/float64(len(p)-done) {
			break
		}
		out[i] = true
	}
	return out
}
