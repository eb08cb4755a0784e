package stat

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// Signed is the signed-rank statistic of differences within pairs (Wilcoxon 1945): the sum of the
// ranks, by size, of the differences above zero. Where the order inside each pair was drawn at
// random and nothing differs, each difference is as likely to have the other sign, whatever its
// size and whatever the pairs before it were like: that is all that P assumes.
type Signed struct {
	d      []float64 // the differences, in ascending order
	twice  int       // twice the statistic
	scores []int     // twice the midrank of every difference that is not zero, ascending
}

// NewSigned ranks differences head − base; it keeps none of d.
func NewSigned(d []float64) Signed {
	s := Signed{d: Sorted(d)}
	bySize := slices.DeleteFunc(slices.Clone(d), func(v float64) bool { return v == 0 })
	slices.SortFunc(bySize, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	for i := 0; i < len(bySize); {
		j := i
		for j < len(bySize) && math.Abs(bySize[j]) == math.Abs(bySize[i]) {
			j++
		}
		for k := i; k < j; k++ {
			s.scores = append(s.scores, i+j+1) // twice the mean of the ranks i+1 to j
			if bySize[k] > 0 {
				s.twice += i + j + 1
			}
		}
		i = j
	}
	return s
}

// P returns the exact one-sided p: the probability, when the signs are chance, that the statistic
// is as large or larger. Differences of zero say nothing and are left out. 1 for none.
func (s Signed) P() float64 { return flips(s.scores, s.twice) }

// AllBelow reports whether every difference is below zero.
func (s Signed) AllBelow() bool { return len(s.d) > 0 && s.d[len(s.d)-1] < 0 }

// Less returns the p of the opposite direction: that the statistic is as small or smaller.
func (s Signed) Less() float64 {
	all := 0
	for _, score := range s.scores {
		all += score
	}
	return flips(s.scores, all-s.twice)
}

// flips returns the share of all ways to choose from scores whose sum is at least least.
func flips(scores []int, least int) float64 {
	all := 0
	for _, score := range scores {
		all += score
	}
	ways := make([]float64, all+1) // by sum
	ways[0] = 1
	top := 0
	for _, score := range scores {
		for sum := top; sum >= 0; sum-- {
			ways[sum+score] += ways[sum]
		}
		top += score
	}
	tail := 0.
	for _, n := range ways[min(max(least, 0), all):] {
		tail += n
	}
	return min(1, math.Ldexp(tail, -len(scores)))
}

// HodgesLehmann returns the shift that goes with the statistic: the median of the means of any two
// differences, each with itself included. 0 for none.
func (s Signed) HodgesLehmann() float64 { return Quantile(s.means(), .5) }

// means returns the means of any two differences, sorted.
func (s Signed) means() []float64 {
	out := make([]float64, 0, len(s.d)*(len(s.d)+1)/2)
	for i, a := range s.d {
		for _, b := range s.d[:i+1] {
			out = append(out, a/2+b/2)
		}
	}
	slices.Sort(out)
	return out
}

// Interval returns that of the shift, which inverts the two-sided test at a level of at least want
// (.95), with the level that it attains. With too few differences for want it is their range, at
// whatever level that has: 1 − 2/2⁴ for four.
func (s Signed) Interval(want float64) (lo, hi, level float64) {
	means, below := s.means(), belowRank(len(s.d))
	c := 1 // the c-th mean from either end, with P(T ≤ c−1) in each tail
	for c < len(means)/2 && below[c] <= (1-want)/2 {
		c++
	}
	return means[c-1], means[len(means)-c], 1 - 2*below[c-1]
}

var rankSums sync.Map // int → []float64

// belowRank returns P(T ≤ t) of the signed-rank statistic of n differences without ties, by t.
func belowRank(n int) []float64 {
	if got, ok := rankSums.Load(n); ok {
		return got.([]float64)
	}
	out := make([]float64, n*(n+1)/2+1)
	out[0] = 1
	top := 0
	for rank := 1; rank <= n; rank++ {
		for sum := top; sum >= 0; sum-- {
			out[sum+rank] += out[sum]
		}
		top += rank
	}
	sum := 0.
	for t, ways := range out {
		sum += ways
		out[t] = min(1, math.Ldexp(sum, -n))
	}
	rankSums.Store(n, out)
	return out
}

// Spread returns the robust standard deviation of the differences: 1.4826·MAD about their
// median, inflated by 1 + 1/n because few lie too close to it.
func (s Signed) Spread() float64 {
	if len(s.d) < 2 {
		return 0
	}
	return Scale(s.d) * (1 + 1/float64(len(s.d)))
}
