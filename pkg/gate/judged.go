package gate

import "github.com/descartes/regress/pkg/baseline"

// Judged reports whether the time or the work of the row's benchmark was judged here, or needed no
// judgement because its code is the same. What never moves, such as a count of allocations or a
// constant metric, says nothing of either. What equal instructions mean for the time is said in
// the row of the time, which is then SameWork.
func (r Row) Judged() bool {
	work := r.Unit == baseline.Instructions
	switch r.Verdict {
	case SameCode, SameWork:
		return true
	case Unchanged:
		return !r.Still && !work
	case Improved, Regressed, Crept, Waived:
		return !r.Still || work
	}
	return false
}

// seen is what the rows of one benchmark say together.
type seen struct {
	judged  bool // its time or its work was
	counted bool // a row that never moves was decided
	open    bool // a row should have been decided and was not
	fresh   bool // there is nothing like it at base
	left    bool // a rule leaves out something that moves
}

// note takes in a row; false: the row is none of a benchmark that there is something to judge of.
func (b *seen) note(r Row) bool {
	b.judged = b.judged || r.Judged()
	switch r.Verdict {
	case Removed:
		return false
	case NotJudged:
		b.left = b.left || r.Reason.Code == Ignored && !r.Still
		return false
	case Added, Edited:
		b.fresh = true
	case Inconclusive, Missing:
		b.open = true
	default:
		b.counted = true
	}
	return true
}

// decided reports whether a benchmark was judged. Where a rule leaves its time out, what never
// moves is all that was asked for.
func (b *seen) decided() bool { return b.judged || b.left && b.counted && !b.open }

// Judged returns how many benchmarks had their time or their work judged, or are the same code, of
// how many there was something to judge of: neither removed nor left out by their units or rules.
func (d Decision) Judged() (judged, of int) {
	judged, of, _ = d.judged()
	return judged, of
}

// judged is Judged, and tells whether there is nothing like any of them at base.
func (d Decision) judged() (judged, of int, fresh bool) {
	benchmarks, counts := map[baseline.Key]*seen{}, map[baseline.Key]bool{}
	for _, r := range d.Rows {
		at := r.Key().Benchmark()
		if benchmarks[at] == nil {
			benchmarks[at] = &seen{}
		}
		if benchmarks[at].note(r) {
			counts[at] = true
		}
	}
	fresh = len(counts) > 0
	for at := range counts {
		b := benchmarks[at]
		if b.decided() {
			judged++
		}
		fresh = fresh && b.fresh && !b.counted && !b.open
	}
	return judged, len(counts), fresh
}
