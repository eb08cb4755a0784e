package summary

import (
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/gate"
)

var signs = map[gate.TargetVerdict]string{gate.Met: "✅", gate.Missed: "❌", gate.Unclear: "⚠️", gate.NotMeasured: "⚠️", gate.LeftOut: "–"}

// targets is a row for every series that is not met, and one for each target
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
	var rows [][]string
	for _, t := range shown {
		say, measured := signs[t.Verdict]+" "+string(t.Verdict), nothing
		if t.Margin != nil && t.Verdict != gate.Unclear { // there the interval says it
			say += ", " + report.Margin(t.Margin)
		}
		if t.Value != nil {
			measured = report.Cell(report.Prose(report.Value(*t.Value, t.Unit))) + interval(t)
		}
		rows = append(rows, []string{
			report.Cell(say), report.Prose(t.Target) + "<br>" + on(t, series[t.Target]), report.Cell(report.Prose(report.Against(t))), measured,
		})
	}
	p.table([]string{"", "target", "limit", "measured"}, rows, [2]int{2, 4})
}

// interval of the median, below it.
func interval(t gate.TargetRow) string {
	if t.Interval == nil || t.Interval.Lo == t.Interval.Hi {
		return ""
	}
	say := fmt.Sprintf("%s to %s at %s", report.Number(t.Interval.Lo, t.Unit), report.Number(t.Interval.Hi, t.Unit), report.Percent(t.Interval.Level))
	return "<br>" + report.Cell(report.Prose(say))
}

// on says which series a row is about, or why it is about none.
func on(t gate.TargetRow, series int) string {
	if t.Name == "" {
		return report.Prose(t.Why)
	}
	say := report.Code(t.Name, true)
	straddles := t.Interval != nil && t.Interval.Lo <= t.Limit && t.Limit <= t.Interval.Hi
	switch {
	case t.Verdict == gate.Met && series > 1:
		say += fmt.Sprintf(", the closest of %d", series)
	case t.Verdict == gate.Unclear && straddles:
		say += ": the interval straddles the limit; measure more rounds"
	case t.Verdict != gate.Met:
		say += ": " + report.Prose(t.Why)
	}
	return say
}
