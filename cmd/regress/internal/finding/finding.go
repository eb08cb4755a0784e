// Package finding says of every row of a decision that is not as it should be where in the source
// it stands and what is wrong, for whatever shows that at the line: annotations of a forge, and
// files in the formats that other tools read.
//
//	finding.go  what is found
//	junit.go    JUnit XML, every benchmark a test case
//	sarif.go    SARIF 2.1.0
//	quality.go  GitLab's code quality report
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Level says how much a finding matters.
type Level string

// The levels, in the words of a check run's annotations.
const (
	Failure Level = "failure"
	Warning Level = "warning"
	Notice  Level = "notice"
)

// Rule names the kind of a finding.
type Rule string

// The kinds.
const (
	Slower    Rule = "regressed"
	MoreWork  Rule = "more-work"
	Crept     Rule = "crept"
	Missing   Rule = "missing"
	NotJudged Rule = "not-judged"
	Target    Rule = "target"
	Problem   Rule = "problem"
	Undecided Rule = "undecided"
)

// Finding is one thing to say about one place in the source.
type Finding struct {
	Level      Level
	Rule       Rule
	Series     string // what it speaks of, the same from run to run: package, benchmark and unit, or a target
	File       string // relative to the repository; empty: about no line
	Line, Last int    // from 1
	Title      string // one line
	Message    string
	Details    string // for who has room for them
}

// text returns all that a finding says.
func (f Finding) text() string {
	text := figure.Printable(f.Message)
	if f.Rule == Target || f.Rule == Problem { // the others begin with what they speak of
		text = figure.OneLine(f.Title) + ": " + text
	}
	if f.Details != "" {
		text += "\n" + figure.Printable(f.Details)
	}
	return cmp.Or(text, f.Title, string(f.Rule)) // formats refuse an empty one
}

// fingerprint returns what tells a finding from others, and is the same in the next run.
func (f Finding) fingerprint() string {
	sum := sha256.Sum256([]byte(string(f.Rule) + "\x00" + f.Series))
	return hex.EncodeToString(sum[:16])
}

// Source is what findings are made of.
type Source struct {
	Decision  gate.Decision
	Positions map[baseline.Function]source.Position // where head's benchmarks stand, relative to the repository
	Reproduce func(gate.Row) string                 // the command that measures a row again; nil: not shown
	Causes    map[baseline.Key]report.Cause         // what profiles say of red rows; may be empty
	Elsewhere string                                // file for what is about no line, where a format wants one; empty: go.mod
	Version   string                                // of this program
}

// mostMessage is how many characters a message has at most, as GitHub shows them.
const mostMessage = 4096

// Findings returns what is not as it should be: what failed first, in the order of the decision.
func (o Source) Findings() []Finding {
	var all []Finding
	d := o.Decision
	work := report.WorkOf(d)
	for _, row := range d.Distinct() {
		if work.Told(row) {
			continue
		}
		if n, ok := ofRow(d, row, work); ok {
			n.Series, n.Details = row.Key().String(), o.details(row)
			all = append(all, o.blame(o.place(n, row.Key()), row))
		}
	}
	for _, row := range d.Targets {
		if row.Verdict != gate.Missed && row.Verdict != gate.NotMeasured {
			continue
		}
		key := baseline.Key{Package: row.Package, Name: row.Name, Unit: row.Unit}
		n := Finding{Level: Failure, Rule: Target, Series: row.Target + ": " + key.String(), Title: fmt.Sprintf("target %s: %s", row.Target, row.Verdict), Message: report.TargetWhy(row)}
		if row.Verdict == gate.NotMeasured {
			n.Level = Warning
		}
		all = append(all, o.place(n, key))
	}
	for _, p := range d.Problems {
		n := Finding{Level: Warning, Rule: Problem, Series: p.Package + "." + p.Name + ": " + string(p.Kind), Title: cmp.Or(p.Name, p.Package, "the results") + ": " + string(p.Kind), Message: report.ProblemText(p)}
		if p.Kind.Died() && p.Side == baseline.Head && d.Outcome == gate.Fail {
			n.Level = Failure
		}
		if p.Side.Judged() {
			all = append(all, o.place(n, baseline.Key{Package: p.Package, Name: p.Name}))
		}
	}
	rank := map[Level]int{Failure: 0, Warning: 1, Notice: 2}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(rank[a.Level], rank[b.Level]) })
	return all
}

// ofRow returns nothing for a row that needs no attention on its line. Rows that
// are too noisy stay in the report: a remark on every pull request that nobody
// can act on is how such tools get switched off.
func ofRow(d gate.Decision, row gate.Row, work report.Work) (Finding, bool) {
	sentence := func(d gate.Decision, row gate.Row) string { return sentence(d, row, work.Beside(row)) }
	what := fmt.Sprintf("%s %s", row.Name, row.Unit)
	switch row.Verdict {
	case gate.Regressed:
		if row.Unit == baseline.Instructions {
			return Finding{Level: Failure, Rule: MoreWork, Title: row.Name + " does more work: " + row.Unit + " grew" + change(row), Message: sentence(d, row)}, true
		}
		return Finding{Level: Failure, Rule: Slower, Title: what + " regressed" + change(row), Message: sentence(d, row)}, true
	case gate.Crept:
		return Finding{Level: Failure, Rule: Crept, Title: what + " crept in since " + d.Anchor, Message: figure.Cut(figure.OneLine(row.Name+" "+row.Unit+": "+report.Why(d, row)), mostMessage-1) + "."}, true
	case gate.Missing:
		n := Finding{Level: Warning, Rule: Missing, Title: what + " is missing", Message: sentence(d, row)}
		if d.Outcome == gate.Fail && d.Policy.Strict {
			n.Level = Failure
		}
		return n, true
	case gate.Inconclusive:
		if d.Policy.Strict {
			return Finding{Level: Failure, Rule: NotJudged, Title: what + " could not be judged", Message: sentence(d, row)}, true
		}
	}
	return Finding{}, false
}

// change returns by how much a row has changed; empty where nobody knows.
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
	return figure.Cut(figure.OneLine(s), mostMessage-1) + "."
}

// details returns what weakens a row, and the command that measures it again.
func (o Source) details(row gate.Row) string {
	lines := report.RowWarnings(o.Decision, row)
	if o.Reproduce != nil {
		if command := figure.OneLine(o.Reproduce(row)); command != "" {
			lines = append(lines, "to reproduce: "+command)
		}
	}
	return strings.Join(lines, "\n")
}

// place puts n on the line of the benchmark's own function, where the source
// has one.
func (o Source) place(n Finding, key baseline.Key) Finding {
	function := key.Function()
	at, ok := o.Positions[function]
	if !ok { // a problem may carry the bare function name
		at, ok = o.Positions[baseline.Function{Package: key.Package, Name: key.Name}]
	}
	if ok {
		n.File, n.Line, n.Last = at.File, at.Line, at.Line
	}
	return n
}

// blame moves n from the benchmark to the change that its profiles point at, and
// says what grew.
func (o Source) blame(n Finding, row gate.Row) Finding {
	cause, ok := o.Causes[row.Key()]
	crept := row.Verdict == gate.Crept
	if !ok || !crept && row.Verdict != gate.Regressed {
		return n
	}
	if cause.File != "" {
		if n.File != "" {
			n.Details = strings.TrimSpace(fmt.Sprintf("measured by: %s:%d\n%s", figure.OneLine(n.File), n.Line, n.Details))
		}
		n.File, n.Line, n.Last = cause.File, cause.First, cause.Last
		which := "This change"
		if crept {
			which = "What changed here since " + figure.OneLine(o.Decision.Anchor)
		}
		n.Message += " " + which + " is the likely cause: the profiles of both sides differ most by it."
	}
	if len(cause.Grown) > 0 {
		n.Message += " Grew most: " + figure.OneLine(strings.Join(cause.Grown, ", ")) + "."
	}
	return n
}
