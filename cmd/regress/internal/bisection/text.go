package bisection

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

const (
	mostSuspects = 5  // that are listed where none is sure
	mostWords    = 72 // of a commit's subject
	mostNamed    = 3  // commits that are named of a range, from either end
	dateFormat   = "2006-01-02"
)

// Options say how an answer is shown.
type Options struct {
	Width   int    // columns of the terminal; 0: as wide as need be
	Command string // that shows it again; empty: not said
}

// Text writes an answer for a terminal.
func Text(w io.Writer, a Answer, o Options) error {
	var b strings.Builder
	layout := table.Text{Width: o.Width, Indent: 2}
	for _, line := range table.Wrap(figure.Sentence(a.headline()), o.width()) {
		b.WriteString(line + "\n")
	}
	for _, t := range a.tables() {
		b.WriteString("\n")
		layout.Write(&b, t)
	}
	for i, line := range a.end(o) {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(strings.Join(table.Wrap(figure.Sentence(line.say), o.width()), "\n") + "\n")
		if line.code != "" {
			b.WriteString("  " + figure.Plain(line.code) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o Options) width() int {
	if o.Width == 0 {
		return 100
	}
	return o.Width
}

// Markdown writes an answer as GitHub renders it.
func Markdown(w io.Writer, a Answer, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", figure.Prose(a.headline()))
	for _, t := range a.tables() {
		b.WriteString(t.Markdown() + "\n")
	}
	for _, line := range a.end(o) {
		b.WriteString(line.markdown() + "\n\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line is a sentence, and what a reader may copy from its end.
type line struct{ say, code string }

func (l line) markdown() string {
	if l.code == "" {
		return figure.Prose(l.say)
	}
	return figure.Prose(l.say) + " " + figure.Command(l.code)
}

// headline returns the answer in a sentence.
func (a Answer) headline() string {
	name, _ := a.Decision.Procs.Split(a.Target.Name)
	switch a.Outcome {
	case Found:
		return fmt.Sprintf("%s made %s %s: certain to %s", figure.Commit(a.culprit().ID), name, a.worse(), sure(a.Suspects[0].P))
	case Between:
		return fmt.Sprintf("One of %s made %s %s: certain to %s, and those between cannot be measured", run(a.Suspects[0].Commits), name, a.worse(), sure(a.Suspects[0].P))
	case Several:
		return fmt.Sprintf("No one commit made %s %s: it came in parts", name, a.worse())
	case NotSlower:
		effect := a.Search.Effect / 2 // and what rules have made of it
		for _, r := range a.Decision.Rows {
			if (r.Verdict == gate.Unchanged || r.Verdict == gate.Regressed) && r.Stage != gate.Exact && (a.Search.Unit == "" || r.Unit == a.Search.Unit) {
				effect = max(effect, r.MinEffect)
			}
		}
		return fmt.Sprintf("%s is not slower than %s by %s or more: there is no commit to look for", a.Search.Bad, a.Search.Good, figure.Percent(effect))
	case Open:
		why := "what was measured does not agree on one commit"
		if a.Search.Stopped != "" {
			why = "it was stopped by the " + a.Search.Stopped
		}
		return fmt.Sprintf("Which commit made %s %s is not sure: %s", name, a.worse(), why)
	}
	why := ""
	if a.Search.Stopped != "" {
		why = ": it was stopped by the " + a.Search.Stopped
	}
	return fmt.Sprintf("Whether %s is slower than %s could not be decided%s", a.Search.Bad, a.Search.Good, why)
}

// culprit returns the commit of Found.
func (a Answer) culprit() Commit { return a.Suspects[0].Commits[0] }

// sure writes a probability so that it never reads as certain: "99.8 %".
func sure(p float64) string {
	const most = .9999
	return strings.TrimSuffix(fmt.Sprintf("%.2f", math.Floor(math.Min(p, most)*1e4)/100), "0") + " %"
}

// worse says by how much the series became worse: at the commit, else over the range. Of time and
// work, where no unit was asked for, it is the time, if that is known of the commit itself.
func (a Answer) worse() string {
	r := a.Target
	of := map[string]gate.Row{}
	for _, row := range a.Rows {
		if row.Change != nil {
			of[row.Unit] = row
		}
	}
	if at, has := of[r.Unit]; has {
		r = at
	}
	time, work := of["sec/op"], of[baseline.Instructions]
	switch {
	case a.Search.Unit != "" || a.Basis != ByCounts:
	case time.Verdict == gate.Regressed:
		r = time
	case work.Verdict == gate.Regressed:
		r = work
	}
	if r.Change == nil {
		if r.Base != nil && r.Head != nil {
			ends := figure.Alike(r.Unit, r.Exact, r.Base.Median, r.Head.Median)
			return fmt.Sprintf("worse in %s, from %s to %s", r.Unit, ends[0], ends[1])
		}
		return "worse in " + r.Unit
	}
	between := ""
	if r.Interval != nil {
		between = " (" + figure.Between(r.Interval.Lo, r.Interval.Hi) + ")"
	}
	switch r.Unit {
	case "sec/op":
		return fmt.Sprintf("slower, %s%s", figure.Change(*r.Change), between)
	case "insn/op":
		return fmt.Sprintf("do more work, %s%s", figure.Change(*r.Change), between)
	}
	return fmt.Sprintf("worse in %s, %s%s", r.Unit, figure.Change(*r.Change), between)
}

// run names commits that stand behind each other.
func run(commits []Commit) string {
	var names []string
	for i, c := range commits {
		if i >= mostNamed && i < len(commits)-mostNamed {
			if i == mostNamed {
				names = append(names, fmt.Sprintf("… %d more …", len(commits)-2*mostNamed))
			}
			continue
		}
		names = append(names, figure.Commit(c.ID))
	}
	return strings.Join(names, ", ")
}

// tables returns what there is in rows: the commits, and what the benchmark does.
func (a Answer) tables() (out []table.Table) {
	switch a.Outcome {
	case Found, Between:
		out = append(out, commitTable(a.Suspects[0].Commits))
		if len(a.Rows) > 0 {
			out = append(out, rowTable(a.Rows))
		}
	case Several:
		out = append(out, a.partTable())
	case Open:
		out = append(out, a.suspectTable())
	case NotSlower, Unknown:
		if rows := a.followed(); len(rows) > 0 {
			out = append(out, a.verdictTable(rows))
		}
	}
	return out
}

// commitCells are the cells of one commit.
func commitCells(c Commit) []table.Cell {
	return []table.Cell{table.Named(figure.Commit(c.ID)), table.Say(c.Time.Format(dateFormat)), table.Say(c.Author), table.Say(figure.Shorten(c.Subject, mostWords))}
}

var commitColumns = []table.Column{{Title: "COMMIT"}, {Title: "DATE"}, {Title: "AUTHOR"}, {Title: "SUBJECT", Wraps: true}}

func commitTable(commits []Commit) table.Table {
	out := table.Table{Columns: commitColumns}
	for _, c := range commits {
		out.Add(commitCells(c))
	}
	return out
}

// rowTable shows each unit of the benchmark before the commit and at it.
func rowTable(rows []gate.Row) table.Table {
	out := table.Table{Columns: []table.Column{{Title: "UNIT"}, {Title: "BEFORE", Right: true}, {Title: "AT IT", Right: true}, {Title: "CHANGE", Right: true}, {Title: "BETWEEN"}}}
	for _, r := range rows {
		ends := figure.Alike(r.Unit, r.Exact, r.Base.Median, r.Head.Median)
		cells := []table.Cell{table.Named(r.Unit), table.Figure(ends[0]), table.Figure(ends[1]), nil, nil}
		if r.Change != nil {
			cells[3] = table.Figure(figure.Change(*r.Change))
		}
		if r.Interval != nil {
			cells[4] = table.Figure(figure.Between(r.Interval.Lo, r.Interval.Hi))
		}
		out.Add(cells)
	}
	return out
}

// partTable shows the steps that are more than chance; the others are named in a sentence.
func (a Answer) partTable() table.Table {
	out := table.Table{Columns: append([]table.Column{{Title: "CHANGE", Right: true}, {Title: "OF ALL", Right: true}, {Title: "COMMITS", Right: true}}, commitColumns...)}
	for _, p := range a.Parts {
		if !p.Clear {
			continue
		}
		front := []table.Cell{table.Figure(figure.Change(p.Change)), table.Figure(figure.Percent(p.Share)), table.Figure(fmt.Sprint(len(p.Commits)))}
		out.Add(append(front, commitCells(p.Commits[len(p.Commits)-1])...))
	}
	return out
}

func (a Answer) suspectTable() table.Table {
	out := table.Table{Columns: append([]table.Column{{Title: "PROBABILITY", Right: true}}, commitColumns...)}
	for _, s := range a.Suspects[:min(mostSuspects, len(a.Suspects))] {
		for i, c := range s.Commits {
			front := []table.Cell{nil}
			if i == 0 {
				front[0] = table.Figure(figure.Percent(s.P))
			}
			out.Add(append(front, commitCells(c)...))
		}
	}
	return out
}

// followed are the rows of the whole range that the search was about.
func (a Answer) followed() (out []gate.Row) {
	for _, r := range a.Decision.Distinct() {
		if (a.Search.Unit == "" || r.Unit == a.Search.Unit) && r.Verdict != gate.NotJudged && len(out) < 2*mostSuspects {
			out = append(out, r)
		}
	}
	return out
}

func (a Answer) verdictTable(rows []gate.Row) table.Table {
	out := table.Table{Columns: []table.Column{{Title: "BENCHMARK", Wraps: true}, {Title: "UNIT"}, {Title: "CHANGE", Right: true}, {Title: "VERDICT"}, {Title: "WHY", Wraps: true}}}
	for _, r := range rows {
		cells := []table.Cell{table.Named(r.Name), table.Named(r.Unit), nil, table.Say(string(r.Verdict)), table.Say(report.Why(a.Decision, r))}
		if r.Change != nil {
			cells[2] = table.Figure(figure.Change(*r.Change))
		}
		out.Add(cells)
	}
	return out
}

// end returns the sentences below: what was confirmed, what else moved, what was left out, what it
// took, and what shows it again.
func (a Answer) end(o Options) (out []line) {
	s := a.Search
	say := func(format string, args ...any) { out = append(out, line{say: fmt.Sprintf(format, args...)}) }
	if s.Merge != "" {
		say("The merge %s brought it in.", figure.Commit(s.Merge))
	}
	if s.Cause.File != "" {
		say("The likely place is %s:%d.", s.Cause.File, s.Cause.First)
	}
	if len(s.Cause.Grown) > 0 {
		say("What grew most: %s.", strings.Join(s.Cause.Grown, ", "))
	}
	if a.Takes != nil && len(s.Commits) > 2 && a.Target.Change != nil {
		unit := ""
		if a.Target.Unit != "sec/op" {
			unit = " in " + a.Target.Unit
		}
		say("From %s to %s it is %s%s over %s; this takes %s of that.", s.Good, s.Bad, figure.Change(*a.Target.Change), unit, figure.Counted(s.Last(), "commit"), figure.Percent(*a.Takes))
	}
	if a.Outcome == Several {
		a.rest(say)
	}
	a.others(say)
	if len(s.Skips) > 0 {
		var names []string
		for _, skip := range s.Skips {
			names = append(names, fmt.Sprintf("%s (%s)", figure.Commit(s.Commits[skip.At].ID), skip.Why))
		}
		say("Not measured: %s.", strings.Join(names, "; "))
	}
	if len(s.Owns) > 0 {
		var own []Commit
		for _, one := range s.Owns {
			own = append(own, s.Commits[one.At])
		}
		first := s.Owns[0]
		say("Measured with their own benchmark sources, since those of %s do not build there: %s; of %s, %s.", s.Bad, run(own), figure.Commit(s.Commits[first.At].ID), first.Why)
	}
	if n := s.Comparisons(); n > 0 {
		say("%s of two revisions, of %s.", figure.Counted(n, "comparison"), figure.Counted(s.Last(), "commit"))
	}
	if o.Command != "" {
		out = append(out, line{"This shows it again:", o.Command})
	}
	return out
}

// rest says what of a list of parts is not listed.
func (a Answer) rest(say func(string, ...any)) {
	rest, commits := 0., 0
	for _, p := range a.Parts {
		if !p.Clear {
			rest += p.Share
			commits += len(p.Commits)
		}
	}
	if commits > 0 {
		say("The other %s take %s of it together, none a part that can be told from chance.", figure.Counted(commits, "commit"), figure.Percent(math.Max(0, rest)))
	}
	say("A part of more than one commit is named by its last.")
}

// others says what else became worse over the range, and whether by the same commit.
func (a Answer) others(say func(string, ...any)) {
	var with, without []string
	for _, o := range a.Others {
		name, _ := a.Decision.Procs.Split(o.Row.Name)
		switch {
		case slices.Contains(with, name):
		case o.Moved: // in any unit
			without = slices.DeleteFunc(without, func(other string) bool { return other == name })
			with = append(with, name)
		case !slices.Contains(without, name):
			without = append(without, name)
		}
	}
	if len(with) > 0 {
		say("The same commit made these worse, too: %s.", strings.Join(with, ", "))
	}
	if len(without) > 0 {
		say("These became worse over the range and not, as far as was seen, by this commit: %s. Look for theirs with --bench.", strings.Join(without, ", "))
	}
}
