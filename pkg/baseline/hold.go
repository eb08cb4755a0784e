package baseline

import (
	"math"
	"slices"
)

// disturbed is how much slower than the fastest of its side a process is, as a logarithm, for its
// pair to count for half as much.
const disturbed = .01

// Hold returns anchor with centers that make the ratio of head's center to them what the pairs say:
// processes that ran right after each other met the same machine, and the ratio of two medians does
// not know which did. Series of which the two have no round in common, or a value that is not
// positive, keep the medians.
func Hold(anchor, head Run) Run {
	anchor.Samples = slices.Clone(anchor.Samples)
	beside := make(map[Key]Sample, len(head.Samples))
	for _, s := range head.Samples {
		beside[s.Key] = s
	}
	for i := range anchor.Samples {
		s := &anchor.Samples[i]
		of := beside[s.Key]
		center, _, _ := of.Summary()
		median, _, _ := s.Summary()
		// Equal numbers, such as allocations, stay as they are: no quotient is as exact.
		if ratio := pairs(of, *s); ratio > 0 && center != median*ratio {
			s.Center = center / ratio
		}
	}
	return anchor
}

// pairs returns the ratio of head to anchor, of the rounds that both have; 0: there is none. A pair
// counts for less, the further its two are from the fastest of their side: what else the machine
// does only slows, and seldom both alike.
func pairs(head, anchor Sample) float64 {
	one := typical(head.Unit)
	rounds, heads, _ := head.ByRoundOf(one)
	others, anchors, _ := anchor.ByRoundOf(one)
	var up, down []float64 // logarithms
	for i, round := range rounds {
		at, found := slices.BinarySearch(others, round)
		if !found {
			continue
		}
		if heads[i] <= 0 || anchors[at] <= 0 {
			return 0
		}
		up, down = append(up, math.Log(heads[i])), append(down, math.Log(anchors[at]))
	}
	if len(up) == 0 {
		return 0
	}
	best := slices.Min[[]float64]
	if isRate(head.Unit) {
		best = slices.Max[[]float64]
	}
	fast, quick := best(up), best(down)
	sum, weights := 0., 0.
	for i := range up {
		weight := 1 / (disturbed + math.Abs(up[i]-fast) + math.Abs(down[i]-quick))
		sum += weight * (up[i] - down[i])
		weights += weight
	}
	return math.Exp(sum / weights)
}
