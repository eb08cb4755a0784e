package gate

import (
	"cmp"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// row turns a judged series into what is reported.
func (s *series) row(several bool) Row {
	r := Row{
		Package: s.key.Package, Name: s.key.Name, Unit: s.key.Unit, Direction: s.unit.Direction, Exact: s.unit.Exact,
		Verdict: s.verdict, Reason: s.reason, MinEffect: stat.Tidy(s.policy.minEffect), Stage: s.stage, Waivers: s.waivers,
		Still: s.still(), Base: s.base.summary(), Head: s.head.summary(), P: stat.Known(s.p), Drift: s.drift(),
	}
	r.Reason.Shift = s.told()
	if s.verdict == Unchanged && s.atMost > 0 && r.Reason.Bound == 0 {
		r.Reason.Bound = s.size(s.atMost)
	}
	if s.twin != nil {
		r.JudgedAs = s.twin.key.Unit
	}
	if several {
		r.Fingerprint = s.env
	}
	if s.stage == Exact {
		r.MinEffect = stat.Tidy(s.policy.tolerance)
	}
	s.center(&r)
	if r.Base != nil && r.Head != nil {
		switch {
		case !math.IsNaN(s.shift) && !s.zeros():
			r.Change = stat.Known(s.relative(s.shift))
		case r.Base.Median > 0:
			r.Change = stat.Known(r.Head.Median/r.Base.Median - 1)
		case r.Base.Median == r.Head.Median:
			r.Change = stat.Known(0)
		}
	}
	r.Middle = s.parted()
	if s.zeros() {
		return r // logarithms of such a series are ranks: no percentage is true
	}
	if s.level > 0 && r.Change != nil {
		lo, hi := stat.Known(s.relative(s.lo)), stat.Known(s.relative(s.hi))
		if lo != nil && hi != nil {
			r.Interval = &Interval{Lo: min(*lo, *hi), Hi: max(*lo, *hi), Level: stat.Tidy(s.level)}
		}
	}
	if s.detectable > 0 {
		r.Detectable = stat.Known(math.Abs(s.relative(s.detectable)))
	}
	if s.verdict == Unchanged && !math.IsNaN(s.atMost) {
		r.AtMost = stat.Known(math.Abs(s.relative(max(s.atMost, 0))))
	}
	return r
}

// center gives both sides of a row the centers between which its shift lies, so that what
// is shown divides. The median of one side and that of the other need not: the shift is the
// median of all differences, of the rounds of one look.
func (s *series) center(r *Row) {
	if math.IsNaN(s.shift) || math.IsNaN(s.middle) || s.zeros() || r.Base == nil || r.Head == nil {
		return
	}
	value := func(log float64) float64 {
		if s.unit.Direction == baseline.Higher {
			log = -log
		}
		return math.Exp(log)
	}
	base, head := value(s.middle), value(s.middle+s.shift)
	if !math.IsInf(base, 0) && !math.IsInf(head, 0) && base > 0 && head > 0 {
		r.Base.Median, r.Head.Median = stat.Tidy(base), stat.Tidy(head)
	}
}

// relative turns a shift, larger is worse, into the relative change of the value.
func (s *series) relative(shift float64) float64 {
	if s.unit.Direction == baseline.Higher {
		shift = -shift
	}
	return math.Expm1(shift)
}

// size is the relative change of a shift without its sign.
func (s *series) size(shift float64) float64 {
	return min(math.Abs(s.relative(shift)), math.MaxFloat64)
}

// told is how the change of a series reads: as a percentage or, where that would say
// nothing, as both medians. nil: there is no change to tell of.
func (s *series) told() *Shift {
	shift := s.shift
	switch {
	case s.reason.Code == Unconfirmed:
		shift = s.seemed
	case s.stage == Exact || s.zeros():
		return &Shift{Counted: true, From: stat.Median(s.base.values), To: stat.Median(s.head.values)}
	}
	if math.IsNaN(shift) {
		return nil
	}
	return &Shift{Change: min(s.relative(shift), math.MaxFloat64)}
}

// zeros says whether a value of the series is zero, so that its logarithms are
// ranks and not relative changes.
func (s *series) zeros() bool {
	return slices.Contains(s.base.values, 0) || slices.Contains(s.head.values, 0)
}

// summary sums up one side of a row; nil when it was not measured.
func (r rounds) summary() *Summary {
	if len(r.values) == 0 {
		return nil
	}
	sorted := stat.Sorted(r.values)
	mid := stat.Quantile(sorted, .5)
	out := &Summary{Median: stat.Tidy(mid), N: len(r.values)}
	if mid != 0 {
		out.Spread = stat.Tidy(stat.Scale(sorted) / math.Abs(mid))
	}
	return out
}

// rank of a verdict in a report: what somebody must act on comes first.
var rank = map[Verdict]int{
	Regressed: 0, Crept: 1, Missing: 2, Inconclusive: 3, Waived: 4, Improved: 5, Edited: 6,
	Added: 7, Removed: 8, Unchanged: 9, SameWork: 10, SameCode: 11, NotJudged: 12,
}

// worstFirst returns rows, which are in order of name, in that of a report: by verdict, then by the
// size of the worsening, then by name.
func worstFirst(rows []Row) []Row {
	type place struct {
		rank   int
		weight float64
		row    *Row // large, and moved once
	}
	places := make([]place, len(rows))
	for i := range rows {
		r := &rows[i]
		places[i] = place{rank[r.Verdict], r.weight(), r}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.weight, a.weight))
	})
	sorted := make([]Row, 0, len(rows))
	for _, p := range places {
		sorted = append(sorted, *p.row)
	}
	return sorted
}

// weight is the size of the change; a change from zero outweighs all.
func (r Row) weight() float64 {
	if r.Verdict == Crept && r.Drift != nil {
		r.Base, r.Change = r.Drift.Anchor, r.Drift.Change
	}
	if r.Change == nil {
		if r.Base != nil && r.Head != nil {
			return math.MaxFloat64
		}
		return 0
	}
	if r.Verdict == Unchanged || r.Verdict == NotJudged || r.Verdict == SameWork || r.Verdict == SameCode {
		return 0 // in order of name
	}
	return math.Abs(*r.Change)
}
