package stat

import (
	"math"
)

// Shifts are the differences head[j] − base[k] of every pair of values. They
// are never written down: both sides are sorted, so that the number of
// differences below a limit is found in one pass along the edge of the n×m
// staircase, and an order statistic in about log n·m passes.
type Shifts struct {
	base, head []float64 // sorted
}

// NewShifts takes two sides and keeps them; both have at least one value.
func NewShifts(base, head []float64) Shifts {
	return Shifts{base: ascending(base), head: ascending(head)}
}

// edges counts the differences that are at most limit, and finds the largest of
// those and the smallest of the others.
func (s Shifts) edges(limit float64) (count int, below, above float64) {
	below, above = math.Inf(-1), math.Inf(1)
	k := 0 // base[k:] are the values of base with head[j] − base[k] <= limit
	for _, h := range s.head {
		for k < len(s.base) && h-s.base[k] > limit {
			k++
		}
		count += len(s.base) - k
		if k < len(s.base) {
			below = max(below, h-s.base[k])
		}
		if k > 0 {
			above = min(above, h-s.base[k-1])
		}
	}
	return count, below, above
}

// kth is the k-th smallest difference, k from 1 to n·m.
func (s Shifts) kth(k int) float64 {
	lo := s.head[0] - s.base[len(s.base)-1]
	hi := s.head[len(s.head)-1] - s.base[0]
	under, upTo := 0, len(s.base)*len(s.head) // differences below lo, and up to hi
	for step := 0; lo < hi; step++ {
		// Guess by interpolation, and halve every third time, in case the
		// differences lie unevenly.
		part := (float64(k-under) - .5) / float64(upTo-under)
		if step%3 == 2 {
			part = .5
		}
		limit := lo + (hi-lo)*part
		if !(limit >= lo && limit < hi) {
			limit = lo
		}
		// Both ends move to differences that exist, so that the search ends at one
		// exactly.
		count, below, above := s.edges(limit)
		if count >= k {
			hi, upTo = below, count
		} else {
			lo, under = above, count
		}
	}
	return lo
}

// HodgesLehmann is the median of the differences: the shift of head against base.
func (s Shifts) HodgesLehmann() float64 {
	all := len(s.base) * len(s.head)
	mid := s.kth((all + 1) / 2)
	if all%2 == 1 {
		return mid
	}
	// The next order statistic needs no second search: it is mid again, when
	// more than half of the differences are at most mid, or the next larger one.
	if count, _, above := s.edges(mid); count <= all/2 {
		return mid + (above-mid)/2
	}
	return mid
}

// Interval for the shift that inverts the two-sided rank test at a level of at
// least want (.95), with the level that it attains. With too few values for
// want it is the full range of the differences, at whatever level that has:
// 1 − 2/6 for two against two.
func (s Shifts) Interval(want float64) (lo, hi, level float64) {
	n, m := len(s.base), len(s.head)
	c, tail := cut(n, m, (1-want)/2)
	return s.kth(c), s.kth(n*m + 1 - c), 1 - 2*tail
}

// cut is the largest c, at least 1, with P(U ≤ c−1) ≤ tail, and that probability.
func cut(n, m int, tail float64) (c int, attained float64) {
	if n*m > exactPairs {
		mean, sd := float64(n*m)/2, math.Sqrt(float64(n*m*(n+m+1))/12)
		c = max(1, int(mean-.5-NormalQuantile(1-tail)*sd)+1)
		return c, normalTail((mean - .5 - float64(c-1)) / sd)
	}
	lower := untied(n, m)
	c = 1
	for c < n*m/2 && lower[c] <= tail {
		c++
	}
	return c, lower[c-1]
}
