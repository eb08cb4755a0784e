package baseline

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// ByRound returns one value for each round, in order of round, and the numbers of
// those rounds: values inside one process are not independent, so that a
// round counts once, as the median of its values. clean is false when a value was not a
// finite number, or had no round, and was left out. The slices may be those of s: they
// are to be read only.
func (s Sample) ByRound() (numbers []int, values []float64, clean bool) { return s.ByRoundOf(median) }

// ByRoundOf is ByRound with another way than the median to make one value of those of a round,
// which it is given in ascending order.
func (s Sample) ByRoundOf(one func(sorted []float64) float64) (numbers []int, values []float64, clean bool) {
	clean = len(s.Rounds) == len(s.Values)
	ascending := clean
	for i, v := range s.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			clean, ascending = false, false
		}
		if ascending && i > 0 && s.Rounds[i] <= s.Rounds[i-1] {
			ascending = false
		}
	}
	if ascending { // one value a round, in order, as in most logs
		return s.Rounds, s.Values, true
	}
	byRound := map[int][]float64{}
	for i, v := range s.Values[:min(len(s.Values), len(s.Rounds))] {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			byRound[s.Rounds[i]] = append(byRound[s.Rounds[i]], v)
		}
	}
	for _, round := range slices.Sorted(maps.Keys(byRound)) {
		numbers = append(numbers, round)
		slices.Sort(byRound[round])
		values = append(values, one(byRound[round]))
	}
	return numbers, values, clean
}

// PerRound returns the values of ByRound alone, as a slice of the caller's.
func (s Sample) PerRound() []float64 {
	_, values, _ := s.ByRound()
	return slices.Clone(values)
}

// normalMAD makes the median absolute deviation of normal values estimate their
// standard deviation: 1/Φ⁻¹(¾).
const normalMAD = 1.4826

// many is how many values a round has, at least, that are repetitions within one process: of a
// time the second fastest stands for them, as package gate takes it of pairs, and of a rate the
// second highest. What else the machine does only slows.
const many = 20

// typical returns what stands for the values of one round of a unit.
func typical(unit string) func(sorted []float64) float64 {
	switch {
	case unit == "sec/op":
		return func(sorted []float64) float64 {
			if len(sorted) < many {
				return median(sorted)
			}
			return sorted[1]
		}
	case isRate(unit):
		return func(sorted []float64) float64 {
			if len(sorted) < many {
				return median(sorted)
			}
			return sorted[len(sorted)-2]
		}
	}
	return median
}

// isRate reports whether a unit is one of so many a second.
func isRate(unit string) bool { return strings.HasSuffix(unit, "/s") }

// Summary returns what a history keeps of a sample: its Center or else the median of its rounds
// (each the median of its values, or what stands for many), their robust standard deviation, 1.4826
// times the median absolute deviation from that median, both in the unit, and the number of rounds.
// 0, 0, 0 for no values.
func (s Sample) Summary() (center, spread float64, rounds int) {
	_, values, _ := s.ByRoundOf(typical(s.Unit))
	if len(values) == 0 {
		return 0, 0, 0
	}
	values = slices.Clone(values)
	center = median(values)
	for i, v := range values {
		values[i] = math.Abs(v - center)
	}
	return cmp.Or(s.Center, center), min(normalMAD*median(values), math.MaxFloat64), len(values)
}

// median returns that of at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return sorted[(n-1)/2]/2 + sorted[n/2]/2 // the sum of the two may overflow
}
