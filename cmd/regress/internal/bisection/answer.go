package bisection

import (
	"cmp"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/bisect"
)

// Outcome is how a search ends.
type Outcome string

// The outcomes.
const (
	Found     Outcome = "found"      // one commit
	Between   Outcome = "between"    // one of several that cannot be told apart, since some cannot be measured
	Several   Outcome = "several"    // no one commit: a list of parts
	NotSlower Outcome = "not slower" // bad is not, by half of the effect
	Unknown   Outcome = "unknown"    // whether bad is slower could not be decided
	Open      Outcome = "open"       // the search ended before a commit was sure
)

// Known reports whether an outcome answers the question.
func (o Outcome) Known() bool { return o == Found || o == Between || o == Several }

// Suspect is a commit, or a run of them, that may be the one.
type Suspect struct {
	Commits []Commit // oldest first
	P       float64
}

// Part is one of several steps.
type Part struct {
	Commits []Commit // oldest first
	Change  float64  // relative: what this part alone does
	Share   float64  // of the whole shift
	Clear   bool     // more than chance, and large enough to speak of
}

// Other is a further series that became worse over the whole range.
type Other struct {
	Row   gate.Row // over the whole range
	Moved bool     // by the commit that was found, too
}

// Answer is the end of a search.
type Answer struct {
	Outcome  Outcome
	Search   *Search
	Decision gate.Decision // on the whole range
	Target   gate.Row      // of it: the series that was followed
	Basis    Basis
	Suspects []Suspect  // the likeliest first; of Found and Between the first is the answer
	Parts    []Part     // of Several, in the order of the commits
	Rows     []gate.Row // of Found and Between: what the benchmark does at the commit and before
	Takes    *float64   // share of the whole shift that the commit takes; nil: unknown
	Others   []Other
}

// Target returns the series that a search follows: of those that are worse by the effect of their
// row, in the unit that was asked for, else by time, else by counted work, the one that changed
// most.
func Target(d gate.Decision, unit string) (row gate.Row, ok bool) {
	rank := func(r gate.Row) int { return slices.Index([]string{baseline.Instructions, "sec/op"}, r.Unit) }
	var worse []gate.Row
	for _, r := range d.Rows {
		if worsened(r) && (unit == "" || r.Unit == unit) {
			worse = append(worse, r)
		}
	}
	if len(worse) == 0 {
		return row, false
	}
	return slices.MaxFunc(worse, func(a, b gate.Row) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(size(a), size(b)))
	}), true
}

// worsened reports whether a series is worse, and by so much that its commit is looked for.
func worsened(r gate.Row) bool {
	return r.Verdict == gate.Regressed && r.JudgedAs == "" && (r.Exact || size(r) >= r.MinEffect)
}

func size(r gate.Row) float64 {
	if r.Change == nil {
		return math.MaxFloat64
	}
	return math.Abs(*r.Change)
}

// Untimed reports whether a search that has ended by counts still lacks a session that has timed
// the whole: where it found parts, or a commit of which no time says that it is slower for it.
func (s *Search) Untimed(target gate.Row, decide func(baseline.Log) gate.Decision) bool {
	if target.Unit != baseline.Instructions || s.Unit != "" {
		return false
	}
	a := s.Answer(decide)
	slower := slices.ContainsFunc(a.Rows, func(r gate.Row) bool { return r.Unit == "sec/op" && r.Verdict == gate.Regressed })
	return a.Outcome.Known() && !slower
}

// Answer returns what the search has found out; decide judges a session of two sides.
func (s *Search) Answer(decide func(baseline.Log) gate.Decision) Answer {
	a := Answer{Outcome: Unknown, Search: s}
	whole := s.Whole()
	if whole == nil {
		return a
	}
	a.Decision = decide(whole.Log)
	row, ok := Target(a.Decision, s.Unit)
	if !ok {
		if s.none(a.Decision) {
			a.Outcome = NotSlower
		}
		return a
	}
	a.Target = row
	e := s.Evidence(row.Key())
	a.Basis = e.Basis
	h := s.History(row.Key())
	b := h.Believe()
	for _, cell := range h.Cells(b) {
		a.Suspects = append(a.Suspects, Suspect{s.Commits[cell.From+1 : cell.To+1], cell.P})
	}
	slices.SortStableFunc(a.Suspects, func(a, b Suspect) int { return cmp.Compare(b.P, a.P) })
	best := h.Likeliest(b)
	switch end := h.Next().Kind == bisect.Done; {
	case end && b.Several > .5:
		a.Outcome = Several
		a.parts(h, e)
	case end && best.P >= bisect.Sure:
		a.Outcome = Found
		if best.To-best.From > 1 {
			a.Outcome = Between
		}
		a.found(s.session(best.From, best.To), e, decide)
	default:
		a.Outcome = Open
	}
	return a
}

// none reports whether every row that the unit selects was judged, and none is worse.
func (s *Search) none(d gate.Decision) bool {
	judged := 0
	for _, r := range d.Rows {
		if s.Unit != "" && r.Unit != s.Unit {
			continue
		}
		switch r.Verdict {
		case gate.Unchanged, gate.Improved, gate.SameCode, gate.SameWork, gate.Regressed: // by too little
			judged++
		case gate.NotJudged:
		default:
			return false
		}
	}
	return judged > 0
}

// found fills in what the session of a commit and the one before says.
func (a *Answer) found(one *Session, e Evidence, decide func(baseline.Log) gate.Decision) {
	if one == nil {
		return
	}
	d := decide(one.Log)
	moved := map[baseline.Key]bool{}
	for _, r := range d.Rows {
		moved[r.Key()] = r.Verdict == gate.Regressed
		if r.Key().Benchmark() == a.Target.Key().Benchmark() && r.Base != nil && r.Head != nil && r.Direction != baseline.Neutral {
			a.Rows = append(a.Rows, r)
		}
	}
	slices.SortStableFunc(a.Rows, func(x, y gate.Row) int { return cmp.Compare(unitRank(x.Unit), unitRank(y.Unit)) })
	if r, ok := e.adjacent(one.Log); ok {
		a.Takes = &r.Share
	}
	for _, r := range a.Decision.Rows {
		if worsened(r) && r.Key().Benchmark() != a.Target.Key().Benchmark() {
			a.Others = append(a.Others, Other{r, moved[r.Key()]})
		}
	}
}

// unitRank orders the units of one benchmark: time, work, allocations, the rest.
func unitRank(unit string) int {
	order := []string{"sec/op", baseline.Instructions, "B/op", "allocs/op"}
	if i := slices.Index(order, unit); i >= 0 {
		return i
	}
	return len(order)
}

// parts fills in the steps of a search that no one commit answers.
func (a *Answer) parts(h bisect.History, e Evidence) {
	for _, p := range h.Parts() {
		one := Part{Commits: a.Search.Commits[p.From+1 : p.To+1], Share: p.Share, Clear: h.Clear(p)}
		one.Change = math.Expm1(p.Share * e.Whole)
		if e.Basis == ByExact && a.Target.Base != nil && a.Target.Base.Median > 0 {
			one.Change = p.Share * e.Whole / a.Target.Base.Median
		}
		a.Parts = append(a.Parts, one)
	}
}

// Further returns the functions of further series that became worse, to be measured along: at most
// a few, the worst first, and that of the target in front.
func Further(d gate.Decision, target gate.Row) []string {
	out := []string{target.Key().Function().Name}
	for _, r := range d.Rows {
		name := r.Key().Function().Name
		if worsened(r) && !slices.Contains(out, name) && len(out) <= seriesMost {
			out = append(out, name)
		}
	}
	return out
}
