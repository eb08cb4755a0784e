package gate

import "github.com/descartes/regress/pkg/baseline"

// countAgain is how many rounds a side a count is seen in before it is believed to be constant.
const countAgain = 2

// exact judges a unit that counts instead of measuring: B/op, allocs/op, sizes.
// It answers false, and leaves the series to the statistics, where a side
// does not agree with itself: in real suites B/op wavers in two benchmarks of
// three, by how often a buffer grew before b.N was reached, and a
// difference between two wavering counts is a measurement like any other.
//
// A count that is constant on both sides and differs may still be one that
// wavers seldom, so a staged procedure asks for all rounds of the
// screen before it is red; by is nil where no more can be asked for.
func exact(s *series, by *design) bool {
	base, still := constant(s.base.values)
	head, stillToo := constant(s.head.values)
	if !still || !stillToo {
		return false
	}
	n := min(len(s.base.values), len(s.head.values))
	s.finding = found(Unchanged, Exact, Constant)
	worse, better := head > base, head < base
	within := head <= base*(1+s.policy.tolerance)
	if s.unit.Direction == baseline.Higher {
		worse, better = better, worse
		within = head >= base*(1-s.policy.tolerance)
	}
	switch {
	case by != nil && n < countAgain:
		s.ask(countAgain-n, Reason{Code: CountAgain, Rounds: n})
	case worse && !within:
		s.countedWorse(n, by)
	case worse:
		s.reason = Reason{Code: Tolerated, Bound: s.policy.tolerance}
	case better:
		s.decide(Improved, Counted)
		if by != nil && n < by.screenEnd() {
			s.want = by.screenEnd() - n
		}
	}
	return true
}

// countedWorse turns a count red, unless that would rest on too little: fewer rounds
// than the screen has where regress may have more, or one round and a difference
// that wavering counts show.
func (s *series) countedWorse(n int, by *design) {
	const wavers = .01
	base, head := s.base.values[0], s.head.values[0]
	switch {
	case by != nil && n < by.screenEnd():
		s.ask(by.screenEnd()-n, Reason{Code: MayWaver, Rounds: n})
	case n < 2 && base != 0 && max(head/base, base/head) < 1+wavers:
		s.wait(Reason{Code: OneCount, Rounds: n})
	default:
		s.decide(Regressed, Counted)
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
