package summary

import (
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

var signs = map[gate.TargetVerdict]string{gate.Met: "✅", gate.Missed: "❌", gate.Undecided: "⚠️", gate.NotMeasured: "⚠️", gate.LeftOut: "–"}

// targets writes a row for every series that is not met, and one for each target
// that is: the series that comes closest to missing it.
func (p *page) targets() {
	if len(p.Targets) == 0 {
		return
	}
	p.line("## Targets\n")
	p.line("A target is met where the wrong end of the interval of the median meets it; the margin is measured from there.\n")
	closest, series := map[string]int{}, map[string]int{}
	var shown []gate.TargetRow
	for _, t := range p.Targets {
		if t.Verdict == gate.Met {
			series[t.Target]++
			if i, seen := closest[t.Target]; seen {
				if t.Margin != nil && (shown[i].Margin == nil || *t.Margin < *shown[i].Margin) {
					shown[i] = t
				}
				continue
			}
			closest[t.Target] = len(shown)
		}
		shown = append(shown, t)
	}
	out := table.Table{Columns: []table.Column{{}, {Title: "target"}, {Title: "limit", Right: true}, {Title: "measured", Right: true}}}
	for _, t := range shown {
		say, value := signs[t.Verdict]+" "+string(t.Verdict), table.Say(nothing)
		if t.Margin != nil && t.Verdict != gate.Undecided { // there the interval says it
			say += ", " + figure.Margin(t.Margin)
		}
		if t.Value != nil {
			value = table.Figure(figure.Value(*t.Value, t.Unit)).Below(interval(t))
		}
		limit := table.Figure(figure.Against(t.Below, t.Limit, t.Unit))
		out.Add([]table.Cell{table.Figure(say), table.Say(t.Target).Below(on(t, series[t.Target])), limit, value})
	}
	p.table(out)
}

// interval returns the interval of the median.
func interval(t gate.TargetRow) table.Cell {
	if t.Interval == nil || t.Interval.Lo == t.Interval.Hi {
		return nil
	}
	ends := figure.Alike(t.Unit, false, t.Interval.Lo, t.Interval.Hi)
	return table.Figure(fmt.Sprintf("%s to %s at %s", ends[0], ends[1], figure.Percent(t.Interval.Level)))
}

// on returns which series a row is about, or why it is about none.
func on(t gate.TargetRow, series int) table.Cell {
	if t.Name == "" {
		return table.Say(report.TargetWhy(t))
	}
	name := table.Named(t.Name)
	straddles := t.Interval != nil && t.Interval.Lo <= t.Limit && t.Limit <= t.Interval.Hi
	switch {
	case t.Verdict == gate.Met && series > 1:
		return name.Then(table.Say(fmt.Sprintf(", the closest of %d", series)))
	case t.Verdict == gate.Undecided && straddles:
		return name.Then(table.Say(": the interval straddles the limit; measure more rounds"))
	case t.Verdict != gate.Met:
		return name.Then(table.Say(": " + report.TargetWhy(t)))
	}
	return name
}
