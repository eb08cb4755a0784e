package gate

import (
	"fmt"

	"github.com/descartes/regress/pkg/baseline"
)

// exact judges a unit that counts instead of measuring: B/op, allocs/op, sizes.
// It answers false, and leaves the series to the statistics, where a side
// does not agree with itself: in real suites B/op wavers in two benchmarks of
// three, by how often a buffer grew before b.N was reached, and a
// difference between two wavering counts is a measurement like any other.
//
// A count that is constant on both sides and differs may still be one that
// wavers seldom, so the two-stage procedure asks for all rounds of the
// screen before it is red.
func exact(s *series, staged bool) bool {
	base, still := constant(s.base.values)
	head, stillToo := constant(s.head.values)
	if !still || !stillToo {
		return false
	}
	n := min(len(s.base.values), len(s.head.values))
	s.finding = unknown(Unchanged, "exact", "")
	worse, better := head > base, head < base
	limit := base * (1 + s.policy.tolerance)
	if s.unit.Direction == baseline.Higher {
		worse, better = better, worse
		limit = base * (1 - s.policy.tolerance)
	}
	within := head <= limit
	if s.unit.Direction == baseline.Higher {
		within = head >= limit
	}
	switch {
	case worse && !within:
		s.verdict, s.why = Regressed, s.fromTo(base, head)
		s.exactDoubt(n, base, head, staged)
	case worse:
		s.why = fmt.Sprintf("%s, within the tolerance of %s", s.fromTo(base, head), percent(s.policy.tolerance))
	case better:
		s.verdict, s.why = Improved, s.fromTo(base, head)
		if staged && n < screenEnd() {
			s.want = screenEnd() - n
		}
	default:
		s.why = fmt.Sprintf("%s in every round", number(head))
	}
	if staged && n < screenLooks[0] {
		s.verdict, s.blocks, s.want, s.more = Inconclusive, true, screenLooks[0]-n, screenLooks[0]-n
		s.why = count(n, "round") + " a side: a count that never varied needs two to be known for one"
	}
	return true
}

// exactDoubt takes back a red that rests on too little: fewer rounds than the
// screen has where regress may have more, or one round and a difference that
// wavering counts show.
func (s *series) exactDoubt(n int, base, head float64, staged bool) {
	const wavers = .01
	switch {
	case staged && n < screenEnd():
		s.verdict, s.blocks, s.want, s.more = Inconclusive, true, screenEnd()-n, screenEnd()-n
		s.why = fmt.Sprintf("%s in all of %s; the rest of the screen tells whether it ever wavers", s.why, count(n, "round"))
	case n < 2 && base != 0 && max(head/base, base/head) < 1+wavers:
		s.verdict, s.blocks, s.more = Inconclusive, true, 1
		s.why += " in a single round; a second tells whether it wavers"
	}
}

// constant says whether every value is the same, and which it is.
func constant(x []float64) (value float64, ok bool) {
	for _, v := range x {
		if v != x[0] {
			return 0, false
		}
	}
	if len(x) == 0 {
		return 0, false
	}
	return x[0], true
}
