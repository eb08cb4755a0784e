package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// recommended is a table of configurations, computed.
func (p *page) recommended() {
	if len(p.Recommended) == 0 {
		return
	}
	p.line("## Recommended configurations\n")
	p.line("A value is recommended where it is best by the unit and its whole interval is ahead of every other; where an interval reaches the best, it is a tie.\n")
	var rows [][]string
	var notes []string
	before := ""
	for _, r := range p.Recommended {
		name := r.Name
		if r.Fingerprint != "" {
			name += " on " + r.Fingerprint
		}
		shown := "**" + figure.Prose(name) + "**"
		if name == before {
			shown = ""
		}
		before = name
		rows = append(rows, []string{shown, chosen(r), figure.Prose(r.Unit), lead(r), others(r)})
		for _, w := range r.Warnings {
			notes = append(notes, "- "+figure.Prose(name+", "+r.Choose+": "+w))
		}
	}
	p.table([]string{"for", "choose", "by", "lead", "measured"}, rows, [2]int{})
	if len(notes) > 0 {
		p.line("%s\n", strings.Join(notes, "\n"))
	}
}

// chosen is "transport=shm", or what is tied.
func chosen(r gate.Recommendation) string {
	switch r.Verdict {
	case gate.Best:
		return figure.Code(r.Choose+"="+r.Options[0].Value, true)
	case gate.Tie:
		var tied []string
		for i, o := range r.Options {
			if i == 0 || o.Tied {
				tied = append(tied, figure.Code(r.Choose+"="+o.Value, true))
			}
		}
		return strings.Join(tied, " or ") + " (tie)"
	}
	return figure.Code(r.Choose, true) + ": " + figure.Prose(string(r.Verdict))
}

// lead says how far ahead the choice is of the next, and how sure that is.
func lead(r gate.Recommendation) string {
	i := slices.IndexFunc(r.Options, func(o gate.Option) bool {
		return o.Behind != nil && o.Interval != nil && (!o.Tied || r.Verdict == gate.Tie)
	})
	if i < 0 || r.Verdict == gate.Unavailable {
		return figure.Prose(r.Why)
	}
	o := r.Options[i]
	say := "**" + figure.Times(*o.Behind) + "** over " + figure.Code(o.Value, true)
	if o.Interval.Lo != o.Interval.Hi {
		say += "<br>" + figure.Whole(fmt.Sprintf("%s to %s at %s", figure.Times(o.Interval.Lo), figure.Times(o.Interval.Hi), figure.Percent(o.Interval.Level)))
	}
	if r.Verdict == gate.Unsettled {
		say += "<br>" + figure.Prose(r.Why)
	}
	return say
}

// others are the figures of every value, best first, and what they rest on.
func others(r gate.Recommendation) string {
	var out []string
	for _, o := range r.Options {
		if o.Typical != nil {
			out = append(out, figure.Code(o.Value, true)+" "+figure.Whole(figure.Prose(figure.Number(*o.Typical, r.Unit))))
		}
	}
	if len(out) == 0 {
		return nothing
	}
	return strings.Join(out, ", ") + "<br>" + figure.Counted(r.Benchmarks, "benchmark") + " of " + figure.Counted(r.Rounds, "round")
}
