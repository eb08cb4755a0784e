package report

import (
	"fmt"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

var symbols = map[gate.Outcome]string{gate.Pass: "✅", gate.Fail: "❌", gate.Undecided: "⚠️"}

// top returns the answer: a headline and at most a handful of lines, of bounded length.
func (p *page) top() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", symbols[p.Outcome], figure.Prose(capital(p.headline)))
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
	line("Look at", p.links())
	if twins := p.twins(); twins != "" {
		line("Note", figure.Prose(twins))
	}
	for _, also := range answers[1:] {
		line(also.key, also.say)
	}
	return b.String()
}

// capital returns a sentence that starts with a capital, unless it starts with a name.
func capital(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

type answer struct{ key, say string }

// named returns a row in prose: its benchmark and its unit.
func (p *page) named(r gate.Row) string {
	return figure.Code(p.rowLabel(r), false) + " " + figure.Code(r.Unit, false)
}

// more adds how many there are beside the one that was told.
func more(say string, n int) string {
	if n > 1 {
		say += fmt.Sprintf("; and %d more", n-1)
	}
	return say
}

// grave returns the facts that somebody must act on, the gravest first.
func (p *page) grave() []answer {
	var out []answer
	add := func(key string, verdict gate.Verdict, say func(gate.Row) string) {
		if rows := p.by[verdict]; len(rows) > 0 {
			out = append(out, answer{key, more(p.named(rows[0])+say(rows[0]), len(rows))})
		}
	}
	regressed := "Regressed"
	if rows := p.by[gate.Regressed]; len(rows) > 0 && rows[0].Unit == baseline.Instructions {
		regressed = "More work"
	}
	add(regressed, gate.Regressed, func(r gate.Row) string { return " " + fromTo(r) })
	add("Crept", gate.Crept, func(r gate.Row) string {
		say := " " + fromTo(r) + " since " + figure.Prose(p.Anchor)
		if r.Change != nil {
			say += "; this change's own part " + figure.Whole(figure.Change(*r.Change))
		}
		return say
	})
	if broken, _ := p.promises(false); len(broken) > 0 {
		out = append(out, answer{"Target", more(p.promiseLine(broken[0]), len(broken))})
	}
	add("Missing", gate.Missing, func(r gate.Row) string { return " ran at base and printed nothing at head" + p.crash(r) })
	if p.Outcome != gate.Fail {
		add("Not decided", gate.Inconclusive, func(r gate.Row) string { return ": " + figure.Prose(p.why(r)) })
	}
	if reasons := p.reasons(); len(reasons) > 0 {
		out = append(out, answer{"Also", more(figure.Prose(reasons[0]), len(reasons))})
	}
	return out
}

// crash returns why a benchmark printed nothing, where a problem says so.
func (p *page) crash(r gate.Row) string {
	for _, problem := range p.Problems {
		if (problem.Kind.Died() || problem.Kind == baseline.NotRun) && problem.Package == r.Package && problem.Name == r.Name && problem.Side.Judged() {
			return ": " + figure.Prose(ProblemText(problem))
		}
	}
	return ""
}

// light returns the facts that are good to know: one line where something grave
// stands above them.
func (p *page) light() []answer {
	var out []answer
	if rows := p.by[gate.Improved]; len(rows) > 0 {
		out = append(out, answer{"Improved", more(p.named(rows[0])+" "+fromTo(rows[0]), len(rows))})
	}
	if folded := p.unchanged(); len(folded) > 0 {
		out = append(out, answer{"Unchanged", sentences(folded)})
	}
	if _, kept := p.promises(false); len(kept) > 0 {
		out = append(out, answer{"Targets met", tightest(kept)})
	}
	if len(p.Cannot) > 0 {
		say, told := limitText(p.Decision, p.Cannot[0]), 1
		for told < len(p.Cannot) && p.Cannot[told-1].Code == gate.EffectBelow && p.Cannot[told].Code == gate.EffectBelow {
			told++
			say = fmt.Sprintf("a slowdown of less than %s, depending on the benchmark, is not looked for", percents(p.Cannot[0].Effect, p.Cannot[told-1].Effect))
		}
		say = figure.Prose(say)
		if n := len(p.Cannot) - told; n > 0 {
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
		return []answer{{"The rest", sentences(counts)}}
	}
	return out
}

// sentences joins sentences of which each has room of its own: none pushes out what another could
// not have seen.
func sentences(all []string) string { return strings.Join(texts(all, figure.Prose), "; ") }

// fromTo returns both sides of a row and, where it has one, its change.
func fromTo(r gate.Row) string {
	f := figuresOf(r)
	say := figure.Whole(f.base) + " → " + figure.Whole(f.head)
	if f.change == "" {
		return say
	}
	return say + ", **" + figure.Whole(f.change) + "**"
}

// tightest returns how near the nearest of all kept promises is.
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
		say += fmt.Sprintf("; the tightest, %s, with %s", figure.Prose(least.Target), figure.Margin(least.Margin))
	}
	return say
}

// promiseLine returns a target in one line.
func (p *page) promiseLine(t promise) string {
	say := fmt.Sprintf("%s (%s): %s", figure.Prose(t.Target), figure.Whole(figure.Prose(figure.Against(t.TargetRow.Below, t.TargetRow.Limit, t.TargetRow.Unit))), t.Verdict)
	if t.Value != nil {
		say += ", " + figure.Whole(figure.Prose(figure.Value(*t.Value, t.Unit)))
	}
	if t.Name != "" {
		say += " on " + figure.Code(p.label(t.Package, t.Name), false)
	}
	return say
}

// sure returns how far to trust the worst row.
func (p *page) sure() string {
	red := p.red()
	if len(red) == 0 {
		return ""
	}
	say := figure.Prose(p.why(red[0]))
	if red[0].Verdict == gate.Crept {
		say = fmt.Sprintf("judged as the change itself is: noise does this in less than one of %.0f unchanged pull requests", 1/p.Policy.Alpha)
	}
	if red[0].Stage == gate.Exact {
		say = "a count without noise: " + say + " in every round"
	}
	if between := figuresOf(red[0]).between; between != "" && red[0].Unit != baseline.Instructions { // a count hardly varies
		say += fmt.Sprintf("; between %s", figure.Whole(strings.Replace(between, " to ", " and ", 1)))
	}
	return say
}

// since returns which commits were compared, and where the stored sessions saw the change begin.
func (p *page) since() string {
	if p.head == nil {
		return ""
	}
	_, head, _ := sideFacts(*p.head)
	if p.base == nil {
		return "head alone, " + figure.Prose(head)
	}
	_, base, _ := sideFacts(*p.base)
	say := figure.Prose(base) + " → " + figure.Prose(head) // in prose, GitHub links a commit that it knows
	for _, side := range p.Sides {
		if side.Side == baseline.Anchor {
			say += "; held against " + figure.Prose(p.Anchor) + " too, " + figure.Prose(figure.Commit(side.Commit))
			break
		}
	}
	for _, verdict := range []gate.Verdict{gate.Regressed, gate.Improved} {
		if rows := p.by[verdict]; len(rows) > 0 {
			if began := p.began(rows[0]); began != "" {
				say += "; " + figure.Prose(began)
			}
			break
		}
	}
	return say
}

// todo returns every step in one line; the blocks to paste stand below.
func (p *page) todo() string {
	var parts []string
	for _, s := range p.steps(p.o) {
		say := "**" + s.verb + "** " + figure.Prose(strings.TrimSuffix(s.say, ":"))
		if s.command != "" {
			say += ":"
		}
		if s.command != "" {
			say += " " + figure.Command(s.command)
		}
		if len(s.blocks) > 0 {
			say += " (below)"
		}
		parts = append(parts, say)
	}
	return strings.Join(parts, " · ")
}

// links returns the pages that belong to the report.
func (p *page) links() string {
	const most = 5
	var out []string
	for _, l := range p.o.Links[:min(most, len(p.o.Links))] {
		if link := figure.Link(l.Text, l.URL); link != "" {
			out = append(out, link)
		}
	}
	return strings.Join(out, " · ")
}
