package summary

import (
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/figure"
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
			say += ", " + figure.Margin(t.Margin)
		}
		if t.Value != nil {
			measured = figure.Whole(figure.Prose(figure.Value(*t.Value, t.Unit))) + interval(t)
		}
		rows = append(rows, []string{
			figure.Whole(say), figure.Prose(t.Target) + "<br>" + on(t, series[t.Target]), figure.Whole(figure.Prose(figure.Against(t.Below, t.Limit, t.Unit))), measured,
		})
	}
	p.table([]string{"", "target", "limit", "measured"}, rows, [2]int{2, 4})
}

// interval of the median, below it.
func interval(t gate.TargetRow) string {
	if t.Interval == nil || t.Interval.Lo == t.Interval.Hi {
		return ""
	}
	say := fmt.Sprintf("%s to %s at %s", figure.Number(t.Interval.Lo, t.Unit), figure.Number(t.Interval.Hi, t.Unit), figure.Percent(t.Interval.Level))
	return "<br>" + figure.Whole(figure.Prose(say))
}

// on says which series a row is about, or why it is about none.
func on(t gate.TargetRow, series int) string {
	if t.Name == "" {
		return figure.Prose(t.Why)
	}
	say := figure.Code(t.Name, true)
	straddles := t.Interval != nil && t.Interval.Lo <= t.Limit && t.Limit <= t.Interval.Hi
	switch {
	case t.Verdict == gate.Met && series > 1:
		say += fmt.Sprintf(", the closest of %d", series)
	case t.Verdict == gate.Unclear && straddles:
		say += ": the interval straddles the limit; measure more rounds"
	case t.Verdict != gate.Met:
		say += ": " + figure.Prose(t.Why)
	}
	return say
}
