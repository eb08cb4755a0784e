package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

// Markdown writes a report for a pull request's comment, a check run or a job
// summary. Its first lines say what happened, by how much, how sure that is,
// since which commit, and what to do; the rest is folded. It stays within
// Options.Budget bytes whatever the decision holds.
func Markdown(w io.Writer, d gate.Decision, o Options) error {
	if o.Budget <= 0 {
		o.Budget = defaultBudget
	}
	o.Budget = max(o.Budget, leastBudget)
	p := &page{view: look(d), o: o}
	top, facts := p.top(), p.facts()
	p.left = o.Budget - len(top) - len(facts) - sections*closing
	p.WriteString(top)
	p.comparisons("Regressed", p.by[gate.Regressed], true)
	p.comparisons("Crept in since "+figure.Prose(p.Anchor), p.by[gate.Crept], true)
	broken, kept := p.promises(o.All)
	p.promised("Targets not met", broken, true)
	p.accepting()
	p.undecided("Missing from head", p.by[gate.Missing])
	p.undecided("Not decided", p.by[gate.Inconclusive])
	p.comparisons("Waived", p.by[gate.Waived], false)
	p.comparisons("Improved", p.by[gate.Improved], false)
	p.promised("Targets met", kept, false)
	problems := problemTexts(d.Problems)
	p.bullets("Problems", len(problems) <= 5 && d.Outcome != gate.Pass, len(problems), func(i int) string { return problems[i] })
	p.bullets("Warnings", false, len(d.Warnings), func(i int) string { return warningText(d.Warnings[i]) })
	p.comparisons("The benchmark itself was changed: not comparable", p.by[gate.Edited], false)
	p.undecided("New or removed", append(append([]gate.Row{}, p.by[gate.Added]...), p.by[gate.Removed]...))
	if o.All {
		p.comparisons("Nothing to look at", p.folded(), false)
	}
	p.WriteString(facts)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// comparisons writes rows with both sides.
func (p *page) comparisons(title string, rows []gate.Row, open bool) {
	p.section(listing{
		title: title, open: open, rows: len(rows),
		columns: []table.Column{{Title: "benchmark"}, {Title: before(rows) + " → head", Right: true}, {Title: changeTitle(rows), Right: true}},
		row: func(i int) table.Row {
			r := rows[i]
			f := figuresOf(r)
			change := table.Figure(f.change)
			if r.Verdict == gate.Regressed || r.Verdict == gate.Crept {
				change = change.Strong()
			}
			var notes []string
			if say := p.note(r); say != "" {
				notes = append(notes, say)
			}
			if reason := WaivedFor(r); reason != "" {
				notes = append(notes, reason)
			}
			if waivers := uncovered(r); len(waivers) > 0 {
				notes = append(notes, clause(waivers[len(waivers)-1]))
			}
			return table.Row{
				Cells: []table.Cell{p.series(r), table.Figure(strings.TrimSuffix(f.base+" → "+f.head, " → ")), change.Below(table.Figure(f.between))},
				Notes: append(notes, RowWarnings(p.Decision, r)...),
			}
		},
	})
}

// series returns the name of a row and its unit, and below it the course of its stored sessions and
// the likely cause.
func (p *page) series(r gate.Row) table.Cell {
	out := table.Named(p.rowLabel(r)).Then(table.Say(" " + r.Unit)).Below(p.course(r))
	if cause, known := p.o.cause(r); known {
		out = out.Below(cause.words())
	}
	return out
}

// changeTitle returns the name of a change and, below it, its interval: one column for both
// keeps the table within the width of a comment.
func changeTitle(rows []gate.Row) string {
	if slices.ContainsFunc(rows, func(r gate.Row) bool { return figuresOf(r).between != "" }) {
		return "change\n" + interval(rows)
	}
	return "change"
}

// undecided writes rows whose reason matters more than their figures.
func (p *page) undecided(title string, rows []gate.Row) {
	p.section(listing{
		title: title, rows: len(rows),
		columns: []table.Column{{Title: "benchmark"}, {Title: "change", Right: true}, {Title: "sees", Right: true}, {Title: "why"}},
		row: func(i int) table.Row {
			r := rows[i]
			f := figuresOf(r)
			if f.sees != "" {
				f.sees = "≥ " + f.sees
			}
			why := strings.Join(append([]string{p.why(r)}, RowWarnings(p.Decision, r)...), "; ")
			return table.Row{Cells: []table.Cell{p.series(r), table.Figure(f.change), table.Figure(f.sees), table.Say(why)}}
		},
	})
}

// promised writes targets.
func (p *page) promised(title string, promises []promise, open bool) {
	p.section(listing{
		title: title, open: open, rows: len(promises),
		columns: []table.Column{{Title: "target"}, {Title: "limit", Right: true}, {Title: "measured", Right: true}, {Title: "margin", Right: true}},
		row: func(i int) table.Row {
			t := promises[i]
			label, measured := table.Say(t.Target), string(t.Verdict)
			if t.Value != nil {
				measured = figure.Value(*t.Value, t.Unit)
			}
			if t.Name != "" {
				label = label.Below(table.Named(p.label(t.Package, t.Name)))
			}
			if t.series > 1 {
				label = label.Then(table.Say(fmt.Sprintf(" (closest of %d)", t.series)))
			}
			if t.Verdict != gate.Met {
				label = label.Below(table.Say(string(t.Verdict) + ": " + between(t.TargetRow) + TargetWhy(t.TargetRow)))
			}
			return table.Row{Cells: []table.Cell{label, table.Figure(figure.Against(t.Below, t.Limit, t.Unit)), table.Figure(measured), table.Figure(figure.Margin(t.Margin))}}
		},
	})
}

// accepting writes the blocks to paste, each whole or not at all.
func (p *page) accepting() {
	for _, s := range p.steps(p.o) {
		if len(s.blocks) == 0 {
			continue
		}
		text := figure.Fenced("toml", figure.PlainLines(strings.Join(s.blocks, "\n")))
		if more := s.moreBlocks(); more != "" {
			text += "\n" + figure.Prose(more) + "\n"
		}
		p.section(listing{title: "Accept it: paste into regress.toml, with a reason", whole: true, rows: 1, line: func(int) string { return text + "\n" }})
	}
}

// bullets lists sentences.
func (p *page) bullets(title string, open bool, n int, item func(int) string) {
	p.section(listing{title: title, open: open, rows: n, line: func(i int) string { return "- " + figure.Prose(item(i)) + "\n" }})
}

// facts returns the last section: where the figures are from and what they cannot
// show. Bounded: sentences are, and so is their number.
func (p *page) facts() string {
	var b strings.Builder
	b.WriteString("\n<details><summary>How it was measured, and what it could not have seen</summary>\n\n")
	const most = 4
	for _, side := range p.Sides[:min(most, len(p.Sides))] {
		key, at, machine := sideFacts(side)
		fmt.Fprintf(&b, "- %s: %s", figure.Prose(key), figure.Prose(at))
		if machine != "" {
			b.WriteString(", " + figure.Prose(machine))
		}
		b.WriteString("\n")
	}
	if len(p.Rows) > 0 && p.common != "" && !strings.HasSuffix(p.common, "/") {
		fmt.Fprintf(&b, "- package: %s\n", figure.Code(p.common, false))
	}
	fmt.Fprintf(&b, "- decided: %s\n", figure.Prose(p.procedure()))
	if p.o.LogName != "" {
		fmt.Fprintf(&b, "- raw log: %s\n", figure.Code(p.o.LogName, false))
	}
	const limits = 2 * most // one sentence or more says what is too small
	for _, cannot := range p.Cannot[:min(limits, len(p.Cannot))] {
		fmt.Fprintf(&b, "- cannot see: %s\n", figure.Prose(limitText(p.Decision, cannot)))
	}
	if n := len(p.Cannot) - limits; n > 0 {
		fmt.Fprintf(&b, "- and %d more that the text report names\n", n)
	}
	b.WriteString("\n</details>\n")
	return b.String()
}
