package summary

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// split returns the units that are shown at once and those that are folded, without those that
// are drawn. Where nobody asked about a function, its own units are shown at once, or time alone
// where it has none and nothing is drawn.
func (f *family) split(drawn []string) (front, back []string) {
	asked := slices.ContainsFunc(f.units, f.asked)
	for _, unit := range f.units {
		own := !slices.Contains([]string{"sec/op", "B/s", "B/op", "allocs/op", baseline.Instructions, baseline.Syscalls}, unit)
		switch {
		case slices.Contains(drawn, unit):
		case asked && f.asked(unit), !asked && own:
			front = append(front, unit)
		default:
			back = append(back, unit)
		}
	}
	if i := slices.Index(back, "sec/op"); len(front) == 0 && len(drawn) == 0 && i >= 0 {
		return back[i : i+1], slices.Concat(back[:i], back[i+1:])
	}
	if len(front) == 0 && len(drawn) == 0 {
		return back, nil
	}
	return front, back
}

// asked reports whether somebody asked about the family in a unit.
func (f *family) asked(unit string) bool {
	for _, m := range f.members {
		if m.by[unit].Asked {
			return true
		}
	}
	return false
}

// usual returns the value that all rounds of nearly all series of an exact unit have, such as no
// allocation, and how many series have another; rare is 0 where there is no such value.
func usual(all []Series) (value float64, rare int) {
	const many = 8 // fewer are a table that needs no shortening
	of := map[float64]int{}
	for _, s := range all {
		if s.Unit.Exact && always(s, s.Median) {
			if of[s.Median]++; of[s.Median] > of[value] {
				value = s.Median
			}
		}
	}
	if len(all) <= many || of[value]*4 < len(all)*3 {
		return 0, 0
	}
	return value, len(all) - of[value]
}

// always reports whether every round of a series has a value.
func always(s Series, value float64) bool {
	return !slices.ContainsFunc(s.Rounds, func(v float64) bool { return v != value })
}

// constant returns the value that an exact unit has in all rounds of all series, if there is one.
func constant(all []Series) (value float64, one bool) {
	value = all[0].Median
	for _, s := range all {
		if !s.Unit.Exact || !always(s, value) {
			return value, false
		}
	}
	return value, true
}

// better returns which way a unit improves.
func better(d baseline.Direction) string {
	switch d {
	case baseline.Lower:
		return "less is better"
	case baseline.Higher:
		return "more is better"
	}
	return "neither way is better"
}
