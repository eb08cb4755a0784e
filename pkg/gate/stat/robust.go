package stat

import (
	"math"
	"slices"
)

// normalMAD makes the median absolute deviation of normal values estimate
// their standard deviation: 1/Φ⁻¹(¾).
const normalMAD = 1.4826

// Median of x, any order; 0 for an empty x.
func Median(x []float64) float64 { return Quantile(Sorted(x), .5) }

// Sorted is a sorted copy of x.
func Sorted(x []float64) []float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return x
}

// ascending returns x where it is sorted, which it is mostly, else a sorted copy: what works on
// order statistics gives the same for values in any order.
func ascending(x []float64) []float64 {
	if slices.IsSorted(x) {
		return x
	}
	return Sorted(x)
}

// Quantile q (0 to 1) of values, interpolated linearly between order
// statistics (type 7 of Hyndman and Fan); 0 for no values.
func Quantile(x []float64, q float64) float64 {
	sorted := ascending(x)
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	part := at - float64(i)
	if part == 0 {
		return sorted[i]
	}
	return sorted[i]*(1-part) + sorted[i+1]*part
}

// Scale is the robust standard deviation of values: 1.4826 times the
// median absolute deviation from the median. 0 for fewer than two values.
func Scale(x []float64) float64 {
	sorted := ascending(x)
	mid := Quantile(sorted, .5)
	// The deviations, in order, by walking outwards from the middle.
	up, _ := slices.BinarySearch(sorted, mid)
	down, last, before := up-1, 0., 0.
	for range len(sorted)/2 + 1 {
		before = last
		if down < 0 || up < len(sorted) && sorted[up]-mid <= mid-sorted[down] {
			if up == len(sorted) {
				break
			}
			last = sorted[up] - mid
			up++
		} else {
			last = mid - sorted[down]
			down--
		}
	}
	if len(sorted)%2 == 0 {
		last = (before + last) / 2
	}
	return normalMAD * last
}

// Within is the robust standard deviation of two sides about their own
// medians, pooled, and inflated by 1 + 1/n (n: the smaller side) because medians of few values
// lie too close to them. 0 when both sides have fewer than two values.
func Within(base, head []float64) float64 {
	n := min(len(base), len(head))
	if n < 2 {
		return 0
	}
	var stack [128]float64
	deviations := stack[:0]
	for _, side := range [2][]float64{base, head} {
		mid := Quantile(side, .5)
		for _, v := range side {
			deviations = append(deviations, math.Abs(v-mid))
		}
	}
	slices.Sort(deviations)
	return normalMAD * Quantile(deviations, .5) * (1 + 1/float64(n))
}
