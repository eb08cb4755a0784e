package report

import (
	"fmt"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

// figures of a row, as they stand in every table.
type figures struct{ base, head, change, between, sees string }

// figuresOf writes the figures of a row, those against the anchor where it crept.
func figuresOf(r gate.Row) figures {
	var f figures
	if creep(r) {
		if r.Drift.Head != nil {
			r.Head = r.Drift.Head
		}
		r.Base, r.Change, r.Interval, r.Detectable = r.Drift.Anchor, r.Drift.Change, r.Drift.Interval, r.Drift.Detectable
	}
	switch {
	case r.Base != nil && r.Head != nil:
		both := figure.Alike(r.Unit, r.Exact, r.Base.Median, r.Head.Median)
		f.base, f.head = both[0], both[1]
	case r.Base != nil:
		f.base = figure.Alike(r.Unit, r.Exact, r.Base.Median)[0]
	case r.Head != nil:
		f.head = figure.Alike(r.Unit, r.Exact, r.Head.Median)[0]
	}
	switch {
	case r.Change != nil:
		f.change = figure.Change(*r.Change)
	case r.Base != nil && r.Head != nil && r.Base.Median == 0 && r.Head.Median != 0:
		f.change = "from zero"
	}
	if r.Interval != nil && !(r.Exact && r.Interval.Lo == r.Interval.Hi) {
		f.between = figure.Between(r.Interval.Lo, r.Interval.Hi)
	}
	if r.Detectable != nil {
		f.sees = figure.Percent(*r.Detectable)
	}
	return f
}

// interval returns the title of the column of intervals: with their level where
// all have the same, as far as it is shown.
func interval(rows []gate.Row) string {
	level := ""
	for _, r := range rows {
		if r.Interval == nil {
			continue
		}
		own := figure.Percent(r.Interval.Level) + " "
		if level != "" && own != level {
			return "interval"
		}
		level = own
	}
	return level + "interval"
}

// cause returns what profiles say of a red row.
func (o Options) cause(r gate.Row) (Cause, bool) {
	if r.Verdict != gate.Regressed && r.Verdict != gate.Crept {
		return Cause{}, false
	}
	c, known := o.Causes[r.Key()]
	return c, known && (c.File != "" || len(c.Grown) > 0)
}

// words returns a cause as it stands below its row: the lines to look at, where one change explains
// the growth, and the functions that grew most.
func (c Cause) words() table.Cell {
	const most = 3 // functions
	var out table.Cell
	grown := strings.Join(c.Grown[:min(len(c.Grown), most)], ", ")
	switch {
	case c.File == "":
		return table.Say("grew most: " + grown)
	case c.First > 0 && c.Last > c.First:
		out = table.Named(fmt.Sprintf("%s:%d-%d", c.File, c.First, c.Last))
	default:
		out = table.Named(fmt.Sprintf("%s:%d", c.File, c.First))
	}
	out = table.Say("likely cause: ").Then(out)
	if grown != "" {
		out = out.Then(table.Say("; grew most: " + grown))
	}
	return out
}
