package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/report"
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
		shown := "**" + report.Prose(name) + "**"
		if name == before {
			shown = ""
		}
		before = name
		rows = append(rows, []string{shown, chosen(r), report.Prose(r.Unit), lead(r), others(r)})
		for _, w := range r.Warnings {
			notes = append(notes, "- "+report.Prose(name+", "+r.Choose+": "+w))
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
		return report.Code(r.Choose+"="+r.Options[0].Value, true)
	case gate.Tie:
		var tied []string
		for i, o := range r.Options {
			if i == 0 || o.Tied {
				tied = append(tied, report.Code(r.Choose+"="+o.Value, true))
			}
		}
		return strings.Join(tied, " or ") + " (tie)"
	}
	return report.Code(r.Choose, true) + ": " + report.Prose(string(r.Verdict))
}

// lead says how far ahead the choice is of the next, and how sure that is.
func lead(r gate.Recommendation) string {
	i := slices.IndexFunc(r.Options, func(o gate.Option) bool {
		return o.Behind != nil && o.Interval != nil && (!o.Tied || r.Verdict == gate.Tie)
	})
	if i < 0 || r.Verdict == gate.Unavailable {
		return report.Prose(r.Why)
	}
	o := r.Options[i]
	say := "**" + times(*o.Behind) + "** over " + report.Code(o.Value, true)
	if o.Interval.Lo != o.Interval.Hi {
		say += "<br>" + report.Cell(fmt.Sprintf("%s to %s at %s", times(o.Interval.Lo), times(o.Interval.Hi), report.Percent(o.Interval.Level)))
	}
	if r.Verdict == gate.Unsettled {
		say += "<br>" + report.Prose(r.Why)
	}
	return say
}

// others are the figures of every value, best first, and what they rest on.
func others(r gate.Recommendation) string {
	var out []string
	for _, o := range r.Options {
		if o.Typical != nil {
			out = append(out, report.Code(o.Value, true)+" "+report.Cell(report.Prose(report.Number(*o.Typical, r.Unit))))
		}
	}
	if len(out) == 0 {
		return nothing
	}
	return strings.Join(out, ", ") + "<br>" + count(r.Benchmarks, "benchmark") + " of " + count(r.Rounds, "round")
}

// times writes a ratio with as many digits as help: "1.04×", "12×".
func times(x float64) string {
	switch {
	case x >= 1e6:
		return "> 1,000,000×"
	case x >= 9.95:
		return fmt.Sprintf("%.0f×", x)
	case x >= 1.995:
		return fmt.Sprintf("%.1f×", x)
	}
	return fmt.Sprintf("%.2f×", x)
}
