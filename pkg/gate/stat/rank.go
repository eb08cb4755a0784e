package stat

import (
	"math"
	"sync"
)

// exactPairs is the largest n·m at which the rank test enumerates; above, the
// normal approximation with its correction for ties is accurate enough (the
// tests bound its error), and enumeration would cost more than measuring.
const exactPairs = 60 * 60

// Rank is the rank statistic of two samples.
type Rank struct {
	n, m   int
	twice  int   // twice U: the number of pairs with head above base, ties counting half
	scores []int // twice the midrank of every value, ascending; nil when there is no tie
	ties   float64
}

// NewRank ranks base and head together.
func NewRank(base, head []float64) Rank {
	base, head = ascending(base), ascending(head)
	r := Rank{n: len(base), m: len(head)}
	i, j, tied := 0, 0, false
	var stack [128]int
	scores := stack[:0]
	for i < r.n || j < r.m {
		var v float64
		switch {
		case j == r.m || i < r.n && base[i] <= head[j]:
			v = base[i]
		default:
			v = head[j]
		}
		i0, j0 := i, j
		for i < r.n && base[i] == v {
			i++
		}
		for j < r.m && head[j] == v {
			j++
		}
		size := i - i0 + j - j0
		r.twice += (j - j0) * (2*i0 + i - i0)
		if size > 1 {
			tied = true
			t := float64(size)
			r.ties += t*t*t - t
		}
		for range size {
			scores = append(scores, 2*(i0+j0)+size+1)
		}
	}
	if tied {
		r.scores = append([]int(nil), scores...)
	}
	return r
}

// MannWhitney is the exact one-sided p of samples: the probability,
// when base and head are exchangeable, that head ranks as high as it does or
// higher. Small means that head is larger. 1 when a side is empty.
func MannWhitney(base, head []float64) float64 { return NewRank(base, head).P() }

// Tied says whether two values are equal; P is then slower.
func (r Rank) Tied() bool { return r.scores != nil }

// P is the exact p, or Approximate for more than 60 against 60.
func (r Rank) P() float64 {
	pairs := r.n * r.m
	if pairs == 0 {
		return 1
	}
	if pairs > exactPairs {
		return r.Approximate()
	}
	if r.scores == nil {
		// U is symmetric about n·m/2: P(U ≥ u) = P(U ≤ n·m − u).
		return untied(r.n, r.m)[pairs-r.twice/2]
	}
	return r.enumerate()
}

// Approximate is the normal approximation of P, corrected for ties and continuity.
func (r Rank) Approximate() float64 {
	pairs, all := float64(r.n*r.m), float64(r.n+r.m)
	variance := pairs / 12 * (all + 1 - r.ties/(all*max(all-1, 1)))
	if variance <= 0 {
		return 1
	}
	return normalTail((float64(r.twice)/2 - pairs/2 - .5) / math.Sqrt(variance))
}

// enumerate counts the ways to pick m of the scores whose sum is as high as
// head's, or, where those are the majority, the ways to stay below.
func (r Rank) enumerate() float64 {
	all := r.n + r.m
	down := make([]int, all) // descending
	for i, s := range r.scores {
		down[all-1-i] = s
	}
	sum := r.twice + r.m*(r.m+1) // twice the rank sum of head
	best, worst := 0, 0
	for k := range r.m {
		best += down[k]
		worst += down[all-1-k]
	}
	ways := choose(all, r.m)
	if best-sum <= sum-worst {
		return min(1, tail(down, r.m, best-sum)/ways)
	}
	up := make([]int, all)
	for i, s := range down {
		up[all-1-i] = -s
	}
	return max(0, 1-tail(up, r.m, sum-1-worst)/ways)
}

// tail counts the subsets of m of the descending scores whose sum lacks at
// most deficit of the largest. The k-th pick, in order, lacks down[k] − down[j] ≥ 0,
// so a table of picks × deficit is enough, and its size shrinks with p.
func tail(down []int, m, deficit int) float64 {
	if deficit < 0 {
		return 0
	}
	width := deficit + 1
	table := make([]float64, (m+1)*width)
	table[0] = 1
	for j, score := range down {
		for k := min(j, m-1); k >= 0 && k >= m-len(down)+j; k-- {
			lack := down[k] - score
			if lack > deficit {
				break // smaller k has larger scores, hence lacks more
			}
			from := table[k*width : k*width+width-lack]
			to := table[(k+1)*width+lack:][:len(from)]
			for s, count := range from {
				to[s] += count
			}
		}
	}
	total := 0.
	for _, count := range table[m*width:] {
		total += count
	}
	return total
}

// choose is the binomial coefficient as a float64, exact below 2⁵³.
func choose(n, k int) float64 {
	out := 1.
	for i := range min(k, n-k) {
		out = out * float64(n-i) / float64(i+1)
	}
	return out
}

// distributions caches untied by sizes: it depends on nothing else.
var distributions sync.Map // [2]int → []float64

// untied is the cumulative distribution P(U ≤ u) of the rank statistic without
// ties, u from 0 to n·m.
func untied(n, m int) []float64 {
	n, m = min(n, m), max(n, m) // the distribution is the same
	if got, ok := distributions.Load([2]int{n, m}); ok {
		return got.([]float64)
	}
	// counts[k·width+u]: ways to place k values of the one side among those of
	// the other so far, with u pairs in order.
	width := n*m + 1
	counts := make([]float64, (n+1)*width)
	counts[0] = 1
	for j := range n + m {
		for k := min(j, n-1); k >= 0; k-- {
			lack := j - k
			if lack > m {
				break
			}
			from := counts[k*width : k*width+width-lack]
			to := counts[(k+1)*width+lack:][:len(from)]
			for s, count := range from {
				to[s] += count
			}
		}
	}
	out := counts[n*width:]
	ways, sum := choose(n+m, n), 0.
	for u := range out {
		sum += out[u]
		out[u] = min(1, sum/ways)
	}
	distributions.Store([2]int{n, m}, out)
	return out
}

// Least is the smallest p that n against m values can give.
func Least(n, m int) float64 {
	if n == 0 || m == 0 {
		return 1
	}
	return 1 / choose(n+m, n)
}
