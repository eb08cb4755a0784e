package gate

import (
	"cmp"
	"math"
	"strconv"

	"github.com/descartes/regress/pkg/gate/stat"
)

// digits that a Decision carries: enough for any reader, and few enough that a
// last bit that differs between processors does not show.
const digits = 6

// tidy rounds to the digits of a Decision; 0 for what is not finite.
func tidy(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	out, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil || math.IsInf(out, 0) { // rounded up beyond the largest number
		return x
	}
	return out + 0 // −0 becomes 0
}

// known is a pointer to the tidied number, nil when it is not finite.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = tidy(x)
	return &x
}

// row turns a judged series into what is reported.
func (s *series) row(several bool) Row {
	r := Row{
		Package: s.key.Package, Name: s.key.Name, Unit: s.key.Unit, Direction: s.unit.Direction, Exact: s.unit.Exact,
		Verdict: s.verdict, Why: s.why, MinEffect: tidy(s.policy.minEffect), Stage: s.stage, Waiver: s.waiver, Warnings: s.warnings,
		Base: s.base.side(), Head: s.head.side(), P: known(s.p), Drift: s.drift(),
	}
	if s.twin != nil {
		r.JudgedAs = s.twin.key.Unit
	}
	if several {
		r.Fingerprint = s.env
	}
	if s.stage == "exact" {
		r.MinEffect = tidy(s.policy.tolerance)
	}
	if r.Base != nil && r.Head != nil {
		switch {
		case !math.IsNaN(s.shift) && !s.zeros():
			r.Change = known(s.relative(s.shift))
		case r.Base.Median > 0:
			r.Change = known(r.Head.Median/r.Base.Median - 1)
		case r.Base.Median == r.Head.Median:
			r.Change = known(0)
		}
	}
	if s.zeros() {
		return r // logarithms of such a series are ranks: no percentage is true
	}
	if s.level > 0 && r.Change != nil {
		lo, hi := known(s.relative(s.lo)), known(s.relative(s.hi))
		if lo != nil && hi != nil {
			r.Interval = &Interval{Lo: min(*lo, *hi), Hi: max(*lo, *hi), Level: tidy(s.level)}
		}
	}
	if s.detectable > 0 {
		r.Detectable = known(math.Abs(s.relative(s.detectable)))
	}
	if s.verdict == Unchanged && !math.IsNaN(s.atMost) {
		r.AtMost = known(math.Abs(s.relative(max(s.atMost, 0))))
	}
	return r
}

// side sums up one side of a row; nil when it was not measured.
func (r rounds) side() *Side {
	if len(r.values) == 0 {
		return nil
	}
	sorted := stat.Sorted(r.values)
	mid := median(sorted)
	out := &Side{Median: tidy(mid), N: len(r.values)}
	if mid != 0 {
		out.Spread = tidy(stat.Scale(sorted) / math.Abs(mid))
	}
	return out
}

// rank of a verdict in a report: what somebody must act on comes first.
var rank = map[Verdict]int{
	Regressed: 0, Crept: 1, Missing: 2, Inconclusive: 3, Waived: 4, Improved: 5, New: 6,
	Removed: 7, Unchanged: 8, SameCode: 9, NotJudged: 10,
}

// compare orders rows worst first: by verdict, then by the size of the
// worsening, then by name.
func (r Row) compare(other Row) int {
	return cmp.Or(
		cmp.Compare(rank[r.Verdict], rank[other.Verdict]),
		-cmp.Compare(r.weight(), other.weight()),
		r.Key().Compare(other.Key()),
		cmp.Compare(r.Fingerprint, other.Fingerprint),
	)
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
	if r.Verdict == Unchanged || r.Verdict == NotJudged || r.Verdict == SameCode {
		return 0 // in order of name
	}
	return math.Abs(*r.Change)
}
