package stat

import (
	"math"
	"slices"
)

// Crossing returns the index of the first of values, which are in order of time, that has left
// the level from for the level to, that is, lies nearer to it; len(values) where none has. ok is
// false where no one place can be told: all have, only the last one has, or they waver. Values
// are finite.
//
// Note: it places a step that is known already, in a picture, and finds none: levels whose distance
// is noise are crossed wherever noise crosses the middle.
func Crossing(values []float64, from, to float64) (at int, ok bool) {
	if from == to || math.IsNaN(from) || math.IsNaN(to) {
		return 0, false
	}
	middle := from/2 + to/2
	left := func(v float64) bool { return v > middle == (to > from) }
	at = slices.IndexFunc(values, left)
	switch {
	case at < 0:
		return len(values), true
	case at == 0 || len(values)-at < 2 || slices.ContainsFunc(values[at:], func(v float64) bool { return !left(v) }):
		return 0, false
	}
	return at, true
}
