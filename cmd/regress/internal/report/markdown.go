package report

import (
	"fmt"
	"io"
	"strings"

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
	broken, kept := p.promises(o.All)
	p.promised("Targets not met", broken, true)
	p.accepting()
	p.undecided("Missing from head", p.by[gate.Missing])
	p.undecided("Not decided", p.by[gate.Inconclusive])
	p.comparisons("Waived", p.by[gate.Waived], false)
	p.comparisons("Improved", p.by[gate.Improved], false)
	p.promised("Targets met", kept, false)
	p.bullets("Problems", len(d.Problems), func(i int) string { return where(d.Problems[i]) + d.Problems[i].Message })
	p.bullets("Warnings", len(d.Warnings), func(i int) string { return d.Warnings[i] })
	p.undecided("New or removed", append(append([]gate.Row{}, p.by[gate.New]...), p.by[gate.Removed]...))
	if o.All {
		p.comparisons("Nothing to look at", p.folded(), false)
	}
	p.WriteString(facts)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

var symbols = map[gate.Outcome]string{gate.Pass: "✅", gate.Fail: "❌", gate.Undecided: "❔"}

// top is the answer: a headline and at most a handful of lines, of bounded length.
func (p *page) top() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", symbols[p.Outcome], prose(p.headline()))
	line := func(key, say string) {
		if say != "" {
			fmt.Fprintf(&b, "- **%s:** %s\n", key, say)
		}
	}
	answers := p.answers()
	line(answers[0].key, answers[0].say)
	line("How sure", p.sure())
	line("Since", p.since())
	line("What to do", p.todo())
	for _, also := range answers[1:] {
		line(also.key, also.say)
	}
	if len(p.Cannot) > 0 {
		say := prose(p.Cannot[0])
		if n := len(p.Cannot) - 1; n > 0 {
			say += fmt.Sprintf("; and %d more below", n)
		}
		line("Cannot see", say)
	}
	if twins := p.twins(); twins != "" {
		line("Note", prose(twins))
	}
	return b.String()
}

type answer struct{ key, say string }

// answers are the facts that a reader came for, the gravest first.
func (p *page) answers() []answer {
	var out []answer
	add := func(key, say string, n int) {
		if n > 1 {
			say += fmt.Sprintf("; and %d more", n-1)
		}
		if n > 0 {
			out = append(out, answer{key, say})
		}
	}
	first := func(verdict gate.Verdict, say func(gate.Row) string) (string, int) {
		if rows := p.by[verdict]; len(rows) > 0 {
			return say(rows[0]), len(rows)
		}
		return "", 0
	}
	named := func(r gate.Row) string { return code(p.rowLabel(r), false) + " " + code(r.Unit, false) }
	say, n := first(gate.Regressed, func(r gate.Row) string { return named(r) + " " + fromTo(r) })
	add("Regressed", say, n)
	broken, kept := p.promises(false)
	if len(broken) > 0 {
		add("Target", p.promiseLine(broken[0]), len(broken))
	}
	say, n = first(gate.Missing, func(r gate.Row) string { return named(r) + " ran at base and printed nothing at head" })
	add("Missing", say, n)
	say, n = first(gate.Inconclusive, func(r gate.Row) string { return named(r) + ": " + prose(r.Why) })
	add("Not decided", say, n)
	for _, reason := range p.reasons()[:min(1, len(p.reasons()))] {
		add("Also", prose(reason), len(p.reasons()))
	}
	say, n = first(gate.Improved, func(r gate.Row) string { return named(r) + " " + fromTo(r) })
	add("Improved", say, n)
	if folded := p.unchanged(); len(folded) > 0 {
		add("Unchanged", prose(strings.Join(folded, "; ")), 1)
	}
	if len(kept) > 0 {
		add("Targets met", tightest(kept), 1)
	}
	if len(out) == 0 {
		out = append(out, answer{"Nothing", "was measured: no benchmark printed a result"})
	}
	return out
}

func fromTo(r gate.Row) string {
	f := figuresOf(r)
	return fmt.Sprintf("%s → %s, **%s**", cell(f.base), cell(f.head), cell(f.change))
}

// tightest says how near the nearest of all kept promises is.
func tightest(kept []promise) string {
	series, least := 0, kept[0]
	for _, k := range kept {
		series += k.series
		if k.Margin != nil && (least.Margin == nil || *k.Margin < *least.Margin) {
			least = k
		}
	}
	say := fmt.Sprintf("%d, on %d series", len(kept), series)
	if least.Margin != nil {
		say += fmt.Sprintf("; the tightest, %s, with %s", prose(least.Target), margin(least.Margin))
	}
	return say
}

func (p *page) promiseLine(t promise) string {
	say := fmt.Sprintf("%s (%s): %s", prose(t.Target), cell(prose(against(t.TargetRow))), t.Verdict)
	if t.Value != nil {
		say += ", " + cell(prose(value(*t.Value, t.Unit)))
	}
	if t.Name != "" {
		say += " on " + code(p.label(t.Package, t.Name), false)
	}
	return say
}

// sure says how far to trust the worst row.
func (p *page) sure() string {
	red := p.by[gate.Regressed]
	if len(red) == 0 {
		return ""
	}
	say := prose(red[0].Why)
	if between := figuresOf(red[0]).between; between != "" {
		say += fmt.Sprintf("; between %s", cell(strings.Replace(between, " to ", " and ", 1)))
	}
	return say
}

func (p *page) since() string {
	if p.head == nil {
		return ""
	}
	_, head, _ := sideFacts(*p.head)
	if p.base == nil {
		return "head alone, " + code(head, false)
	}
	_, base, _ := sideFacts(*p.base)
	return code(base, false) + " → " + code(head, false)
}

// todo is every step in one line; the blocks to paste stand below.
func (p *page) todo() string {
	var parts []string
	for _, s := range p.steps(p.o) {
		say := "**" + s.verb + "** " + prose(strings.TrimSuffix(s.say, ":"))
		if s.command != "" {
			say += " " + command(s.command)
		}
		if len(s.blocks) > 0 {
			say += " (below)"
		}
		parts = append(parts, say)
	}
	return strings.Join(parts, " · ")
}

// comparisons is a table of rows with both sides.
func (p *page) comparisons(title string, rows []gate.Row, open bool) {
	p.section(listing{
		title: title, open: open, rows: len(rows),
		header: "| benchmark | unit | base | head | change | 95 % interval |\n|:--|:--|--:|--:|--:|--:|\n",
		row: func(i int) string {
			r := rows[i]
			f := figuresOf(r)
			change := cell(f.change)
			if r.Verdict == gate.Regressed && change != "" {
				change = "**" + change + "**"
			}
			label := code(p.rowLabel(r), true)
			if r.Waiver != "" {
				label += "<br>" + prose(r.Waiver)
			}
			if strings.Contains(r.Why, "waiver") && r.Verdict == gate.Regressed {
				label += "<br>" + prose(r.Why)
			}
			for _, warning := range r.Warnings {
				label += "<br>" + prose(warning)
			}
			return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", label, code(r.Unit, true), cell(f.base), cell(f.head), change, cell(f.between))
		},
	})
}

// undecided is a table of rows whose reason matters more than their figures.
func (p *page) undecided(title string, rows []gate.Row) {
	p.section(listing{
		title: title, rows: len(rows),
		header: "| benchmark | unit | change | sees | why |\n|:--|:--|--:|--:|:--|\n",
		row: func(i int) string {
			r := rows[i]
			f := figuresOf(r)
			if f.sees != "" {
				f.sees = "≥ " + f.sees
			}
			why := prose(strings.Join(append([]string{r.Why}, r.Warnings...), "; "))
			return fmt.Sprintf("| %s | %s | %s | %s | %s |", code(p.rowLabel(r), true), code(r.Unit, true), cell(f.change), cell(f.sees), why)
		},
	})
}

func (p *page) promised(title string, promises []promise, open bool) {
	p.section(listing{
		title: title, open: open, rows: len(promises),
		header: "| target | limit | measured | margin | series |\n|:--|--:|--:|--:|:--|\n",
		row: func(i int) string {
			t := promises[i]
			measured, series := string(t.Verdict), ""
			if t.Value != nil {
				measured = value(*t.Value, t.Unit)
			}
			if t.Name != "" {
				series = code(p.label(t.Package, t.Name), true)
			}
			if t.series > 1 {
				series += fmt.Sprintf(" (closest of %d)", t.series)
			}
			if t.Verdict != gate.Met {
				series = strings.TrimPrefix(series+"<br>"+prose(string(t.Verdict)+": "+t.Why), "<br>")
			}
			return fmt.Sprintf("| %s | %s | %s | %s | %s |", prose(t.Target), cell(prose(against(t.TargetRow))), cell(prose(measured)), cell(margin(t.Margin)), series)
		},
	})
}

// accepting holds the blocks to paste, each whole or not at all.
func (p *page) accepting() {
	for _, s := range p.steps(p.o) {
		if len(s.blocks) == 0 {
			continue
		}
		text := fenced("toml", plainLines(strings.Join(s.blocks, "\n")))
		if more := s.moreBlocks(); more != "" {
			text += "\n" + prose(more) + "\n"
		}
		p.section(listing{title: "Accept it: paste into regress.toml, with a reason", rows: 1, row: func(int) string { return text }})
	}
}

func (p *page) bullets(title string, n int, item func(int) string) {
	p.section(listing{title: title, rows: n, row: func(i int) string { return "- " + prose(item(i)) }})
}

// facts is the last section: where the figures are from and what they cannot
// show. Bounded: sentences are, and so is their number.
func (p *page) facts() string {
	var b strings.Builder
	b.WriteString("\n<details><summary>How it was measured, and what it could not have seen</summary>\n\n")
	const most = 4
	for _, side := range p.Sides[:min(most, len(p.Sides))] {
		key, at, machine := sideFacts(side)
		fmt.Fprintf(&b, "- %s: %s", prose(key), code(at, false))
		if machine != "" {
			b.WriteString(", " + prose(machine))
		}
		b.WriteString("\n")
	}
	if len(p.Rows) > 0 && p.common != "" && !strings.HasSuffix(p.common, "/") {
		fmt.Fprintf(&b, "- package: %s\n", code(p.common, false))
	}
	fmt.Fprintf(&b, "- decided: %s\n", prose(p.procedure()))
	if p.o.LogName != "" {
		fmt.Fprintf(&b, "- raw log: %s\n", code(p.o.LogName, false))
	}
	for _, cannot := range p.Cannot[:min(most, len(p.Cannot))] {
		fmt.Fprintf(&b, "- cannot see: %s\n", prose(cannot))
	}
	if n := len(p.Cannot) - most; n > 0 {
		fmt.Fprintf(&b, "- and %d more that the text report names\n", n)
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// plainLines makes each line of a block harmless and keeps the lines.
func plainLines(block string) string {
	lines := strings.Split(block, "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return strings.Join(lines, "\n")
}
