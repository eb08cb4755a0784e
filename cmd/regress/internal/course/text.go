package course

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/trend"
)

const (
	mostMarks  = 60  // of a picture: as many fit a terminal
	mostSteps  = 5   // of a cause that are named
	mostWords  = 60  // of a commit's subject
	leastSpan  = .05 // of the largest value: what the height of a picture stands for at least
	dateFormat = "2006-01-02"
)

// Options say how much of a page is shown.
type Options struct {
	Width   int  // columns of the terminal; 0: as wide as need be
	Changes bool // causes alone, one a line
}

// Text writes a page for a terminal.
func Text(w io.Writer, p Page, o Options) error {
	var b strings.Builder
	layout := table.Text{Width: o.Width, Indent: 2}
	if o.Changes {
		layout.Write(&b, p.causes())
	}
	for i, s := range p.shown(o) {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  %s%s\n%s\n", figure.Name(s.Key.Path()), figure.Name(s.Key.Unit), figure.Plain(p.on(s)), strings.Join(p.picture(s), "  "))
		layout.Write(&b, p.segments(s))
	}
	for i, line := range p.end(o) {
		if i == 0 && b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes a page as GitHub renders it.
func Markdown(w io.Writer, p Page, o Options) error {
	var b strings.Builder
	if causes := p.causes(); o.Changes && len(causes.Rows) > 0 {
		b.WriteString(causes.Markdown() + "\n")
	}
	for _, s := range p.shown(o) {
		picture := p.picture(s)
		fmt.Fprintf(&b, "#### %s %s%s\n\n`%s` %s\n\n%s\n", figure.Code(s.Key.Path(), false), figure.Prose(s.Key.Unit), figure.Prose(p.on(s)), picture[0], figure.Prose(picture[1]), p.segments(s).Markdown())
	}
	for _, line := range p.end(o) {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// on says on which machine a series was measured, where another one of the page has it too; empty
// otherwise.
func (p Page) on(s Series) string {
	first, _ := slices.BinarySearchFunc(p.Series, s.Key, func(other Series, key baseline.Key) int { return other.Key.Compare(key) })
	words := p.Machines[s.Fingerprint]
	switch next := first + 1; {
	case next >= len(p.Series) || p.Series[next].Key != s.Key:
		return ""
	case words == "":
		return "  on " + s.Fingerprint
	}
	return "  on " + words + " (" + s.Fingerprint + ")"
}

// shown returns the series that are shown one by one: those with a change, or all where none has.
func (p Page) shown(o Options) []Series {
	if o.Changes {
		return nil
	}
	still := func(s Series) bool { return len(s.Trend.Changes) == 0 }
	if !slices.ContainsFunc(p.Series, func(s Series) bool { return !still(s) }) && len(p.Series) > mostSteps {
		return nil
	}
	if len(p.Series) <= mostSteps {
		return p.Series
	}
	return slices.DeleteFunc(slices.Clone(p.Series), still)
}

// end returns what is said below: how many series do not change, and in what order commits are.
func (p Page) end(o Options) (out []string) {
	still := 0
	for _, s := range p.Series {
		if len(s.Trend.Changes) == 0 {
			still++
		}
	}
	if n := len(p.shown(o)); (o.Changes || n < len(p.Series)) && still > 0 {
		out = append(out, fmt.Sprintf("%d of %d series do not change.", still, len(p.Series)))
	}
	out = append(append(out, p.workWords()...), p.heldWords()...)
	if p.ByTime {
		out = append(out, "Commits are in the order in which they were first measured: neither git here nor the store knows the place of all of them.")
	}
	return out
}

// OfWork is what is said of steps in counted work.
const OfWork = baseline.Instructions + " counts the instructions of a program: a step in it is more or less work, and not as much more or less time."

// workWords says what is to be known of steps in counted work, where there are some.
func (p Page) workWords() []string {
	for _, c := range p.Causes {
		if slices.ContainsFunc(c.Steps, func(s trend.Step) bool { return s.Key.Unit == baseline.Instructions }) {
			return []string{OfWork}
		}
	}
	return nil
}

// heldWords says what is to be known of series that are held against an anchor.
func (p Page) heldWords() (out []string) {
	held, left, moves := 0, 0, 0
	for _, s := range p.Series {
		if s.Anchor != nil {
			held, left, moves = held+1, max(left, s.Anchor.Left), max(moves, s.Anchor.Moves)
		}
	}
	if held > 0 {
		out = append(out, "What is held against a commit was measured beside it, as if that one always took as long: what the machine did to both is out. --absolute shows what was measured.")
	}
	if left > 0 {
		out = append(out, figure.Counted(left, "run")+" without such a commit beside them are left out.")
	}
	if moves > 0 {
		out = append(out, "Where the anchor changed and no run has both beside each other, the levels before and after are not comparable.")
	}
	return out
}

// picture returns a picture of the last points, and what it shows.
func (p Page) picture(s Series) []string {
	points := s.Points[max(0, len(s.Points)-mostMarks):]
	values := make([]float64, len(points))
	for i, point := range points {
		values[i] = point.Value
	}
	lo, hi := slices.Min(values), slices.Max(values)
	span := figure.Value(lo, s.Key.Unit)
	if ends := figure.Alike(s.Key.Unit, false, lo, hi); lo < hi {
		span = ends[0] + " to " + ends[1]
	}
	say := fmt.Sprintf("%s, %s, %s to %s", span, figure.Counted(len(points), "run"), points[0].Time.Format(dateFormat), points[len(points)-1].Time.Format(dateFormat))
	if s.Anchor != nil {
		say += ", held against " + figure.Commit(s.Anchor.Commit)
	}
	if len(points) < len(s.Points) {
		say = "the last of " + figure.Counted(len(s.Points), "run") + ": " + say
	}
	// Noise must not look like a mountain.
	wider := max(0, leastSpan*hi-(hi-lo)) / 2
	return []string{figure.Spark(values, lo-wider, hi+wider), say}
}

// segments returns a row for each level of a series.
func (p Page) segments(s Series) table.Table {
	out := table.Table{Columns: []table.Column{
		{Title: "LEVEL", Right: true}, {Title: "CHANGE", Right: true}, {Title: "BETWEEN"}, {Title: "RUNS", Right: true}, {Title: "SINCE"}, {Title: "COMMIT"}, {Title: "AUTHOR"}, {Title: "SUBJECT", Wraps: true},
	}}
	for i, seg := range s.Trend.Segments {
		row := []table.Cell{table.Figure(figure.Value(seg.Level, s.Key.Unit)), nil, nil, table.Figure(fmt.Sprint(seg.To - seg.From)), table.Say(s.Points[seg.From].Time.Format(dateFormat))}
		var notes []string
		if i > 0 {
			c := s.Trend.Changes[i-1]
			row[1], row[2] = sized(c, s.Key.Unit)
			notes = p.notes(c)
		}
		commit := p.Commits[s.Points[seg.From].order]
		row = append(row, table.Named(figure.Commit(commit.ID)), table.Say(commit.Author), table.Say(figure.Shorten(commit.Subject, mostWords)))
		out.Add(row, notes...)
	}
	return out
}

// sized returns the size of a change, and its interval.
func sized(c trend.Change, unit string) (size, between table.Cell) {
	if math.IsNaN(c.Shift) {
		ends := figure.Alike(unit, false, c.From, c.To)
		return table.Figure(ends[0] + " → " + ends[1]), nil
	}
	return table.Figure(figure.Change(math.Expm1(c.Shift))), table.Figure(figure.Between(math.Expm1(c.Interval.Lo), math.Expm1(c.Interval.Hi)))
}

// notes returns what is to be known of a change: first that the machine changed too.
func (p Page) notes(c trend.Change) (out []string) {
	if c.Environment != nil {
		out = append(out, fmt.Sprintf("the machine changed here: %s, now %s", figure.Plain(c.Environment.From), figure.Plain(c.Environment.To)))
	}
	return append(out, p.suspects(c.After, c.By)...)
}

// suspects says that the cause is one of several commits, where it is.
func (p Page) suspects(after, by int) []string {
	n := by - after
	if from, to := p.Commits[after].Place, p.Commits[by].Place; from > 0 && to > from {
		n = to - from // also those that nobody has measured and git does not know here
	}
	switch {
	case n == 0:
		return []string{"between runs of one commit: not the code"}
	case n > 1:
		return []string{fmt.Sprintf("by one of %d commits: %s..%s", n, figure.Commit(p.Commits[after].ID), figure.Commit(p.Commits[by].ID))}
	}
	return nil
}

// causes returns a row for each cause.
func (p Page) causes() table.Table {
	out := table.Table{Columns: []table.Column{
		{Title: "COMMIT"}, {Title: "DATE"}, {Title: "SERIES", Right: true}, {Title: "LARGEST", Right: true}, {Title: "AUTHOR"}, {Title: "SUBJECT", Wraps: true},
	}}
	for _, c := range p.Causes {
		commit := p.Commits[c.Order]
		first := c.Steps[0]
		size, _ := sized(first.Change, first.Key.Unit)
		var notes []string
		if c.Moved {
			notes = append(notes, "the machine changed here, which explains more than a commit can")
		}
		notes = append(notes, p.suspects(c.After, c.By)...)
		for _, s := range c.Steps[:min(len(c.Steps), mostSteps)] {
			notes = append(notes, named(s))
		}
		if more := len(c.Steps) - mostSteps; more > 0 {
			notes = append(notes, fmt.Sprintf("and %d more", more))
		}
		out.Add([]table.Cell{
			table.Named(figure.Commit(commit.ID)), table.Say(commit.Time.Format(dateFormat)), table.Figure(fmt.Sprint(len(c.Steps))), size, table.Say(commit.Author), table.Say(figure.Shorten(commit.Subject, mostWords)),
		}, notes...)
	}
	return out
}

// named returns a step in words.
func named(s trend.Step) string {
	size, between := sized(s.Change, s.Key.Unit)
	text := fmt.Sprintf("%s %s %s", figure.Name(s.Key.Path()), figure.Name(s.Key.Unit), size)
	if len(between) > 0 {
		text += " (" + between.String() + ")"
	}
	return text
}
