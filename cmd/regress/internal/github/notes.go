package github

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// notes says of every row that is not as it should be where it stands and what
// is wrong: what failed first, in the order of the decision.
func notes(post Post) []note {
	var all []note
	d := post.Decision
	work := report.WorkOf(d)
	for _, row := range d.Distinct() {
		if work.Told(row) {
			continue
		}
		if n, ok := rowNote(post, row, work); ok {
			n.details = details(row, post)
			all = append(all, post.blame(post.place(n, row.Key()), row))
		}
	}
	for _, row := range d.Targets {
		if row.Verdict != gate.Missed && row.Verdict != gate.NotMeasured {
			continue
		}
		n := note{level: failure, title: fmt.Sprintf("target %s: %s", row.Target, row.Verdict), message: report.TargetWhy(row)}
		if row.Verdict == gate.NotMeasured {
			n.level = warning
		}
		all = append(all, post.place(n, baseline.Key{Package: row.Package, Name: row.Name}))
	}
	for _, p := range d.Problems {
		n := note{level: warning, title: cmp.Or(p.Name, p.Package, "the results") + ": " + string(p.Kind), message: report.ProblemText(p)}
		if p.Kind.Died() && p.Side == baseline.Head && d.Outcome == gate.Fail {
			n.level = failure
		}
		if p.Side.Judged() {
			all = append(all, post.place(n, baseline.Key{Package: p.Package, Name: p.Name}))
		}
	}
	rank := map[level]int{failure: 0, warning: 1, notice: 2}
	slices.SortStableFunc(all, func(a, b note) int { return cmp.Compare(rank[a.level], rank[b.level]) })
	return all
}

// rowNote is nothing for a row that needs no attention on its line. Rows that
// are too noisy stay in the report: a remark on every pull request that nobody
// can act on is how such tools get switched off.
func rowNote(post Post, row gate.Row, work report.Work) (note, bool) {
	d := post.Decision
	sentence := func(d gate.Decision, row gate.Row) string { return sentence(d, row, work.Beside(row)) }
	what := fmt.Sprintf("%s %s", row.Name, row.Unit)
	switch row.Verdict {
	case gate.Regressed:
		if row.Unit == baseline.Instructions {
			return note{level: failure, title: row.Name + " does more work: " + row.Unit + " grew" + change(row), message: sentence(d, row)}, true
		}
		return note{level: failure, title: what + " regressed" + change(row), message: sentence(d, row)}, true
	case gate.Crept:
		return note{level: failure, title: what + " crept in since " + d.Anchor, message: cutAt(oneLine(row.Name+" "+row.Unit+": "+report.Why(d, row)), maxMessage-1) + "."}, true
	case gate.Missing:
		n := note{level: warning, title: what + " is missing", message: sentence(d, row)}
		if d.Outcome == gate.Fail && d.Policy.Strict {
			n.level = failure
		}
		return n, true
	case gate.Inconclusive:
		if d.Policy.Strict {
			return note{level: failure, title: what + " could not be judged", message: sentence(d, row)}, true
		}
	}
	return note{}, false
}

func change(row gate.Row) string {
	if row.Change == nil {
		return ""
	}
	return " by " + figure.Change(*row.Change)
}

// sentence returns the row's story: why, with what stands beside it, from what to what, how sure.
func sentence(d gate.Decision, row gate.Row, beside string) string {
	s := row.Name + " " + row.Unit + ": " + cmp.Or(report.Why(d, row), string(row.Verdict))
	if beside != "" {
		s += "; " + beside
	}
	if row.Base != nil && row.Head != nil {
		both := figure.Alike(row.Unit, row.Exact, row.Base.Median, row.Head.Median)
		s += fmt.Sprintf(". From %s to %s", both[0], both[1])
	}
	if row.Interval != nil {
		s += fmt.Sprintf(", a change of %s (%s confidence)", figure.Between(row.Interval.Lo, row.Interval.Hi), figure.Percent(row.Interval.Level))
	}
	return cutAt(oneLine(s), maxMessage-1) + "."
}

func details(row gate.Row, post Post) string {
	lines := report.RowWarnings(post.Decision, row)
	if post.Reproduce != nil {
		if command := oneLine(post.Reproduce(row)); command != "" {
			lines = append(lines, "to reproduce: "+command)
		}
	}
	return strings.Join(lines, "\n")
}

// place puts n on the line of the benchmark's own function, where the source
// has one.
func (p Post) place(n note, key baseline.Key) note {
	function := key.Function()
	at, ok := p.Positions[function]
	if !ok { // a problem may carry the bare function name
		at, ok = p.Positions[baseline.Function{Package: key.Package, Name: key.Name}]
	}
	if ok {
		n.file, n.line, n.last = at.File, at.Line, at.Line
	}
	return n
}

// blame moves n from the benchmark to the change that its profiles point at, and
// says what grew.
func (p Post) blame(n note, row gate.Row) note {
	cause, ok := p.Causes[row.Key()]
	crept := row.Verdict == gate.Crept
	if !ok || !crept && row.Verdict != gate.Regressed {
		return n
	}
	if cause.File != "" {
		if n.file != "" {
			n.details = strings.TrimSpace(fmt.Sprintf("measured by: %s:%d\n%s", oneLine(n.file), n.line, n.details))
		}
		n.file, n.line, n.last = cause.File, cause.First, cause.Last
		which := "This change"
		if crept {
			which = "What changed here since " + oneLine(p.Decision.Anchor)
		}
		n.message += " " + which + " is the likely cause: the profiles of both sides differ most by it."
	}
	if len(cause.Grown) > 0 {
		n.message += " Grew most: " + oneLine(strings.Join(cause.Grown, ", ")) + "."
	}
	return n
}

// titleUndecided is the title of the annotation on a run that is neither red nor green.
const titleUndecided = "regress: undecided"

// undecided returns the note that makes a run that fails nobody visible all the same.
func (j *Job) undecided(post Post) []note {
	if post.Decision.Outcome != gate.Undecided || j.opt.FailUndecided {
		return nil
	}
	return []note{{level: warning, title: titleUndecided, message: post.Headline}}
}

// placed are the notes that a check run can take: it needs a line for each.
func placed(all []note) []note {
	return slices.DeleteFunc(slices.Clone(all), func(n note) bool { return n.file == "" })
}

// outputOf is what the check run says of a decision.
func (j *Job) outputOf(post Post, all []note) output {
	d := post.Decision
	o := output{title: cutAt(oneLine(post.Headline), maxTitle), summary: fit(post.Summary, maxMarkdown), notes: all}
	switch {
	case d.Outcome == gate.Pass && report.FewJudged(d):
		o.conclusion, o.state = "neutral", "success" // a status knows no neutral, and nothing is held against the change
	case d.Outcome == gate.Pass:
		o.conclusion, o.state = "success", "success"
	case d.Outcome == gate.Fail && post.expired():
		o.conclusion, o.state = "action_required", "failure"
	case d.Outcome == gate.Fail:
		o.conclusion, o.state = "failure", "failure"
	case j.opt.FailUndecided:
		o.conclusion, o.state = "failure", "failure"
	default:
		o.conclusion, o.state = "neutral", "error" // a status knows no neutral; undecided is never green
	}
	if o.title == "" {
		o.title = string(d.Outcome)
	}
	return o
}

// expired reports whether the decision is red for want of renewing waivers
// alone: every series that regressed has one, and it has run out.
func (p Post) expired() bool {
	red := 0
	for _, row := range p.Decision.Distinct() {
		if row.Verdict != gate.Regressed && row.Verdict != gate.Crept {
			continue
		}
		red++
		series := row.Package + "." + row.Name + " " + row.Unit
		if !slices.ContainsFunc(p.Waivers, func(w gate.Waiver) bool {
			return w.Series != nil && w.Series.MatchString(series) && !p.Today.Before(w.Expires)
		}) {
			return false
		}
	}
	missed := slices.ContainsFunc(p.Decision.Targets, func(t gate.TargetRow) bool { return t.Verdict == gate.Missed })
	return red > 0 && !missed
}
