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
	there   bool // a row is one of a benchmark that there is something to judge of
}

// note takes in a row.
func (b *seen) note(r *Row) {
	b.judged = b.judged || r.Judged()
	switch r.Verdict {
	case Removed:
		return
	case NotJudged:
		b.left = b.left || r.Reason.Code == Ignored && !r.Still
		return
	case Added, Edited:
		b.fresh = true
	case Inconclusive, Missing:
		b.open = true
	default:
		b.counted = true
	}
	b.there = true
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
	at := make(map[baseline.Key]int, len(d.Rows))
	benchmarks := make([]seen, 0, len(d.Rows))
	for i := range d.Rows { // a row is large
		r := &d.Rows[i]
		key := r.Key().Benchmark()
		n, known := at[key]
		if !known {
			n = len(benchmarks)
			at[key] = n
			benchmarks = append(benchmarks, seen{})
		}
		benchmarks[n].note(r)
	}
	fresh = true
	for _, b := range benchmarks {
		if !b.there {
			continue
		}
		of++
		if b.decided() {
			judged++
		}
		fresh = fresh && b.fresh && !b.counted && !b.open
	}
	return judged, of, fresh && of > 0
}
