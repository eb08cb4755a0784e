package report

import (
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

// Columns that the text leaves out where a terminal is narrow.
const (
	betweenColumn = 5 // of a comparison
	seriesColumn  = 4 // of limits
)

// comparison returns rows of one verdict with both sides: all that there is to say of each, for any
// writer. why says that the reason of each stands below it.
func (v view) comparison(rows []gate.Row, o Options, why bool) table.Table {
	sees := ""
	if len(rows) > 0 && rows[0].Verdict == gate.Inconclusive {
		sees = "sees"
	}
	out := table.Table{Columns: []table.Column{
		{}, {Title: "unit"}, {Title: before(rows), Right: true}, {Title: "head", Right: true}, {Title: "change", Right: true}, {Title: interval(rows), Right: true}, {Title: sees, Right: true},
	}}
	for _, r := range rows {
		f := figuresOf(r)
		if sees == "" {
			f.sees = ""
		} else if f.sees != "" {
			f.sees = "≥ " + f.sees
		}
		var notes []string
		if say := v.why(r); why && say != "" {
			notes = append(notes, say)
		}
		if cause, known := o.cause(r); known {
			notes = append(notes, cause.words().String())
		}
		if reason := WaivedFor(r); reason != "" {
			notes = append(notes, "waived: "+reason)
		}
		out.Add([]table.Cell{
			table.Named(v.rowLabel(r)), table.Say(r.Unit), table.Figure(f.base), table.Figure(f.head), table.Figure(f.change), table.Figure(f.between), table.Figure(f.sees),
		}, append(notes, RowWarnings(v.Decision, r)...)...)
	}
	return out
}

// limits returns targets with what was measured of each.
func (v view) limits(promises []promise) table.Table {
	out := table.Table{Columns: []table.Column{{}, {Title: "limit", Right: true}, {Title: "measured", Right: true}, {Title: "margin", Right: true}, {Title: "series", Wraps: true}}}
	for _, p := range promises {
		measured := string(p.Verdict)
		if p.Value != nil {
			measured = figure.Value(*p.Value, p.Unit)
		}
		label := v.label(p.Package, p.Name)
		var series table.Cell
		var notes []string
		switch {
		case p.Verdict != gate.Met:
			if p.Name != "" {
				notes = append(notes, "on "+label)
			}
			notes = append(notes, fmt.Sprintf("%s: %s%s", p.Verdict, between(p.TargetRow), TargetWhy(p.TargetRow)))
		case p.Name == "":
		case p.series > 1:
			series = table.Named(label).Then(table.Say(fmt.Sprintf(" (closest of %d)", p.series)))
		default:
			series = table.Named(label)
		}
		out.Add([]table.Cell{table.Say(p.Target), table.Figure(figure.Against(p.Below, p.Limit, p.Unit)), table.Figure(measured), table.Figure(figure.Margin(p.Margin)), series}, notes...)
	}
	return out
}
