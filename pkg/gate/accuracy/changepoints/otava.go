package main

import (
	"math"
	"slices"
)

// What Apache Otava does by default, from its documentation and source (0.7): windows of 50
// values that advance by half; in each, E-divisive (Matteson and James, Journal of the American
// Statistical Association 109 (2014)) with Student's t test in place of permutations, at ten
// times the final level; then the weakest point is dropped until each has p < .001 between its
// neighbours. The standard deviations in the test divide by n. No least size.
const (
	otavaWindow = 50
	otavaLevel  = .001
)

// otava returns the indices that it marks in values.
func otava(values []float64) []int {
	var cuts []int
	for start := 0; start < len(values); {
		end := min(start+otavaWindow, len(values))
		next := start + otavaWindow/2
		for _, c := range divide(values[start:end], 10*otavaLevel) {
			next = max(next, start+c)
			if !slices.Contains(cuts, start+c) {
				cuts = append(cuts, start+c)
			}
		}
		start = next
	}
	slices.Sort(cuts)
	for len(cuts) > 0 {
		weakest, largest := -1, otavaLevel
		for i := range cuts {
			if p := between(values, cuts, i); p >= largest {
				weakest, largest = i, p
			}
		}
		if weakest < 0 {
			break
		}
		cuts = slices.Delete(cuts, weakest, weakest+1)
	}
	return cuts
}

// between returns the p of cut i between its neighbours.
func between(values []float64, cuts []int, i int) float64 {
	from, to := 0, len(values)
	if i > 0 {
		from = cuts[i-1]
	}
	if i+1 < len(cuts) {
		to = cuts[i+1]
	}
	return tTest(values[from:cuts[i]], values[cuts[i]:to])
}

// divide splits values where the energy distance of both sides is largest, as long as that is
// significant, in whichever part has the largest.
func divide(values []float64, level float64) (cuts []int) {
	for {
		best, at, from, to := math.Inf(-1), -1, 0, 0
		last := 0
		for _, next := range append(slices.Clone(cuts), len(values)) {
			if next-last > 1 {
				if c, q := furthest(values[last:next]); q > best {
					best, at, from, to = q, last+c, last, next
				}
			}
			last = next
		}
		if at < 0 || tTest(values[from:at], values[at:to]) > level {
			return cuts
		}
		cuts = append(cuts, at)
		slices.Sort(cuts)
	}
}

// furthest returns the split of values, and of values up to some end, with the largest energy
// distance.
func furthest(values []float64) (at int, q float64) {
	q = math.Inf(-1)
	within := 0. // of the values before the cut
	for cut := 1; cut < len(values); cut++ {
		for _, v := range values[:cut-1] {
			within += math.Abs(v - values[cut-1])
		}
		across, after := 0., 0.
		for end := cut + 1; end <= len(values); end++ {
			v := values[end-1]
			for _, w := range values[:cut] {
				across += math.Abs(v - w)
			}
			for _, w := range values[cut : end-1] {
				after += math.Abs(v - w)
			}
			n, m := float64(cut), float64(end-cut)
			have := across
			if n > 1 {
				have -= m * within / (n - 1)
			}
			if m > 1 {
				have -= n * after / (m - 1)
			}
			if have *= 2 / (n + m); have > q {
				at, q = cut, have
			}
		}
	}
	return at, q
}

// tTest returns Student's two-sided p, with variances that divide by n.
func tTest(a, b []float64) float64 {
	n, m := float64(len(a)), float64(len(b))
	if n+m <= 2 {
		return 1
	}
	moments := func(x []float64) (mean, variance float64) {
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for _, v := range x {
			variance += (v - mean) * (v - mean) / float64(len(x))
		}
		return mean, variance
	}
	m1, v1 := moments(a)
	m2, v2 := moments(b)
	df := n + m - 2
	pooled := ((n-1)*v1 + (m-1)*v2) / df
	if m1 == m2 {
		return 1
	}
	if pooled == 0 {
		return 0
	}
	t := (m1 - m2) / math.Sqrt(pooled*(1/n+1/m))
	return incompleteBeta(df/2, .5, df/(df+t*t))
}

// incompleteBeta returns the regularized incomplete beta function, by its continued fraction
// (Abramowitz and Stegun 26.5.8, evaluated as by Lentz).
func incompleteBeta(a, b, x float64) float64 {
	if x <= 0 || x >= 1 {
		return max(0, min(1, x))
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	c, d, f := 1., 0., 1.
	for i := range 300 {
		m := float64(i / 2)
		var term float64
		switch {
		case i == 0:
			term = 1
		case i%2 == 0:
			term = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			term = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		d = 1 / nonzero(1+term*d)
		c = nonzero(1 + term/c)
		f *= c * d
		if math.Abs(1-c*d) < 1e-12 {
			break
		}
	}
	return front * (f - 1)
}

func nonzero(x float64) float64 {
	if math.Abs(x) < 1e-300 {
		return 1e-300
	}
	return x
}
