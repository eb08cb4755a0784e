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
	p.bullets("Problems", len(d.Problems) <= 5 && d.Outcome != gate.Pass, len(d.Problems), func(i int) string { return where(d.Problems[i]) + d.Problems[i].Message })
	p.bullets("Warnings", false, len(d.Warnings), func(i int) string { return d.Warnings[i] })
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
	fmt.Fprintf(&b, "### %s %s\n\n", symbols[p.Outcome], prose(capital(p.headline())))
	line := func(key, say string) {
		if say != "" {
			fmt.Fprintf(&b, "- **%s:** %s\n", key, say)
		}
	}
	answers := append(p.grave(), p.light()...)
	if len(answers) == 0 {
		answers = []answer{{"Measured", "nothing"}}
	}
	line(answers[0].key, answers[0].say)
	line("How sure", p.sure())
	line("Since", p.since())
	line("What to do", p.todo())
	if twins := p.twins(); twins != "" {
		line("Note", prose(twins))
	}
	for _, also := range answers[1:] {
		line(also.key, also.say)
	}
	return b.String()
}

// capital starts a sentence with a capital, unless it starts with a name.
func capital(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

type answer struct{ key, say string }

func (p *page) named(r gate.Row) string {
	return code(p.rowLabel(r), false) + " " + code(r.Unit, false)
}

// more says how many there are beside the one that was told.
func more(say string, n int) string {
	if n > 1 {
		say += fmt.Sprintf("; and %d more", n-1)
	}
	return say
}

// grave are the facts that somebody must act on, the gravest first.
func (p *page) grave() []answer {
	var out []answer
	add := func(key string, verdict gate.Verdict, say func(gate.Row) string) {
		if rows := p.by[verdict]; len(rows) > 0 {
			out = append(out, answer{key, more(p.named(rows[0])+say(rows[0]), len(rows))})
		}
	}
	add("Regressed", gate.Regressed, func(r gate.Row) string { return " " + fromTo(r) })
	if broken, _ := p.promises(false); len(broken) > 0 {
		out = append(out, answer{"Target", more(p.promiseLine(broken[0]), len(broken))})
	}
	add("Missing", gate.Missing, func(gate.Row) string { return " ran at base and printed nothing at head" })
	if p.Outcome != gate.Fail {
		add("Not decided", gate.Inconclusive, func(r gate.Row) string { return ": " + prose(r.Why) })
	}
	if reasons := p.reasons(); len(reasons) > 0 {
		out = append(out, answer{"Also", more(prose(reasons[0]), len(reasons))})
	}
	return out
}

// light are the facts that are good to know: one line where something grave
// stands above them.
func (p *page) light() []answer {
	var out []answer
	if rows := p.by[gate.Improved]; len(rows) > 0 {
		out = append(out, answer{"Improved", more(p.named(rows[0])+" "+fromTo(rows[0]), len(rows))})
	}
	if folded := p.unchanged(); len(folded) > 0 {
		out = append(out, answer{"Unchanged", prose(strings.Join(folded, "; "))})
	}
	if _, kept := p.promises(false); len(kept) > 0 {
		out = append(out, answer{"Targets met", tightest(kept)})
	}
	if len(p.Cannot) > 0 {
		say := prose(p.Cannot[0])
		if n := len(p.Cannot) - 1; n > 0 {
			say += fmt.Sprintf("; and %d more below", n)
		}
		out = append(out, answer{"Cannot see", say})
	}
	if p.Outcome == gate.Fail && len(out) > 0 {
		counts := []string{}
		if n := len(p.by[gate.Inconclusive]); n > 0 {
			counts = append(counts, fmt.Sprintf("%d not decided", n))
		}
		if n := len(p.by[gate.Improved]); n > 0 {
			counts = append(counts, fmt.Sprintf("%d improved", n))
		}
		counts = append(counts, p.unchanged()...)
		if _, kept := p.promises(false); len(kept) > 0 {
			counts = append(counts, fmt.Sprintf("targets met: %d", len(kept)))
		}
		return []answer{{"The rest", prose(strings.Join(counts, "; "))}}
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
	if red[0].Stage == "exact" {
		say = "a count without noise: " + say + " in every round"
	}
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
		return "head alone, " + prose(head)
	}
	_, base, _ := sideFacts(*p.base)
	return prose(base) + " → " + prose(head) // in prose, GitHub links a commit that it knows
}

// todo is every step in one line; the blocks to paste stand below.
func (p *page) todo() string {
	var parts []string
	for _, s := range p.steps(p.o) {
		say := "**" + s.verb + "** " + prose(strings.TrimSuffix(s.say, ":"))
		if s.command != "" {
			say += ":"
		}
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
		header: "| benchmark | base → head | change | 95 % interval |\n|:--|--:|--:|--:|\n",
		row: func(i int) string {
			r := rows[i]
			f := figuresOf(r)
			change := cell(f.change)
			if r.Verdict == gate.Regressed && change != "" {
				change = "**" + change + "**"
			}
			label := code(p.rowLabel(r), true) + " " + prose(r.Unit)
			if r.Waiver != "" {
				label += "<br>" + prose(r.Waiver)
			}
			if i := strings.LastIndex(r.Why, "; "); i >= 0 && waiverNamed(r) {
				label += "<br>" + prose(r.Why[i+2:])
			}
			for _, warning := range r.Warnings {
				label += "<br>" + prose(warning)
			}
			both := strings.TrimSuffix(f.base+" → "+f.head, " → ")
			return fmt.Sprintf("| %s | %s | %s | %s |", label, cell(both), change, cell(f.between))
		},
	})
}

// undecided is a table of rows whose reason matters more than their figures.
func (p *page) undecided(title string, rows []gate.Row) {
	p.section(listing{
		title: title, rows: len(rows),
		header: "| benchmark | change | sees | why |\n|:--|--:|--:|:--|\n",
		row: func(i int) string {
			r := rows[i]
			f := figuresOf(r)
			if f.sees != "" {
				f.sees = "≥ " + f.sees
			}
			why := prose(strings.Join(append([]string{r.Why}, r.Warnings...), "; "))
			return fmt.Sprintf("| %s %s | %s | %s | %s |", code(p.rowLabel(r), true), prose(r.Unit), cell(f.change), cell(f.sees), why)
		},
	})
}

func (p *page) promised(title string, promises []promise, open bool) {
	p.section(listing{
		title: title, open: open, rows: len(promises),
		header: "| target | limit | measured | margin |\n|:--|--:|--:|--:|\n",
		row: func(i int) string {
			t := promises[i]
			label, measured := prose(t.Target), string(t.Verdict)
			if t.Value != nil {
				measured = value(*t.Value, t.Unit)
			}
			if t.Name != "" {
				label += "<br>" + code(p.label(t.Package, t.Name), true)
			}
			if t.series > 1 {
				label += fmt.Sprintf(" (closest of %d)", t.series)
			}
			if t.Verdict != gate.Met {
				label += "<br>" + prose(string(t.Verdict)+": "+t.Why)
			}
			return fmt.Sprintf("| %s | %s | %s | %s |", label, cell(prose(against(t.TargetRow))), cell(prose(measured)), cell(margin(t.Margin)))
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
		p.section(listing{title: "Accept it: paste into regress.toml, with a reason", whole: true, rows: 1, row: func(int) string { return text }})
	}
}

func (p *page) bullets(title string, open bool, n int, item func(int) string) {
	p.section(listing{title: title, open: open, rows: n, row: func(i int) string { return "- " + prose(item(i)) }})
}

// facts is the last section: where the figures are from and what they cannot
// show. Bounded: sentences are, and so is their number.
func (p *page) facts() string {
	var b strings.Builder
	b.WriteString("\n<details><summary>How it was measured, and what it could not have seen</summary>\n\n")
	const most = 4
	for _, side := range p.Sides[:min(most, len(p.Sides))] {
		key, at, machine := sideFacts(side)
		fmt.Fprintf(&b, "- %s: %s", prose(key), prose(at))
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
