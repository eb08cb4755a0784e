package summary

import (
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
)

// recommended writes a table of configurations, computed.
func (p *page) recommended() {
	if len(p.Recommended) == 0 {
		return
	}
	p.line("## Recommended configurations\n")
	p.line("A value is recommended where it is best by the unit and its whole interval is ahead of every other; where an interval reaches the best, it is a tie.\n")
	out := table.Table{Columns: []table.Column{{Title: "for"}, {Title: "choose"}, {Title: "by"}, {Title: "lead"}, {Title: "measured"}}}
	var notes []string
	before := ""
	for _, r := range p.Recommended {
		name := r.Name
		if r.Fingerprint != "" {
			name += " on " + r.Fingerprint
		}
		var shown table.Cell
		if name != before {
			shown = table.Say(name).Strong()
		}
		before = name
		out.Add([]table.Cell{shown, chosen(r), table.Say(r.Unit), lead(r), others(r)})
		for _, w := range r.Warnings {
			notes = append(notes, name+", "+r.Choose+": "+report.ChoiceWarning(w))
		}
	}
	p.table(out)
	p.bullets(notes)
}

// chosen returns "transport=shm", or what is tied.
func chosen(r choice.Recommendation) table.Cell {
	switch r.Verdict {
	case choice.Best:
		return table.Named(r.Choose + "=" + r.Options[0].Value)
	case choice.Tie:
		var tied table.Cell
		for i, o := range r.Options {
			if i > 0 && !o.Tied {
				continue
			}
			if i > 0 {
				tied = tied.Then(table.Say(" or "))
			}
			tied = tied.Then(table.Named(r.Choose + "=" + o.Value))
		}
		return tied.Then(table.Say(" (tie)"))
	}
	return table.Named(r.Choose).Then(table.Say(": " + string(r.Verdict)))
}

// lead returns how far ahead the choice is of the next, and how sure that is.
func lead(r choice.Recommendation) table.Cell {
	i := slices.IndexFunc(r.Options, func(o choice.Option) bool {
		return o.Behind != nil && o.Interval != nil && (!o.Tied || r.Verdict == choice.Tie)
	})
	if i < 0 || r.Verdict == choice.NotMeasured {
		return table.Say(report.ChoiceWhy(r))
	}
	o := r.Options[i]
	say := table.Figure(figure.Times(*o.Behind)).Strong().Then(table.Say(" over "), table.Named(o.Value)).Below(certain(o.Interval))
	if r.Verdict == choice.Undecided {
		say = say.Below(table.Say(report.ChoiceWhy(r)))
	}
	return say
}

// certain returns an interval of ratios with its level; nothing where there is none.
func certain(i *gate.Interval) table.Cell {
	if i == nil || i.Lo == i.Hi {
		return nil
	}
	return table.Figure(between(i) + " at " + figure.Percent(i.Level))
}

// between returns an interval of ratios: "1.1× to 1.3×".
func between(i *gate.Interval) string { return figure.Times(i.Lo) + " to " + figure.Times(i.Hi) }

// others returns the figures of every value, best first, and what they rest on.
func others(r choice.Recommendation) table.Cell {
	var out table.Cell
	for _, o := range r.Options {
		if o.Typical == nil {
			continue
		}
		if len(out) > 0 {
			out = out.Then(table.Say(", "))
		}
		out = out.Then(table.Named(o.Value), table.Say(" "), table.Figure(figure.Number(*o.Typical, r.Unit)))
	}
	if len(out) == 0 {
		return table.Say(nothing)
	}
	return out.Below(table.Say(figure.Counted(r.Benchmarks, "benchmark") + " of " + figure.Counted(r.Rounds, "round")))
}
