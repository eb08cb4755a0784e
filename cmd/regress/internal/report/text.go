package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

// wide is the number of columns from which the interval has room.
const wide = 96

// Text writes a report for a terminal or a log. The first screen says what
// happened, by how much, how sure that is, and what to do; then what is not
// known; then everything else.
func Text(w io.Writer, d gate.Decision, o Options) error {
	if o.Width > 0 {
		o.Width = max(o.Width, leastWidth)
	}
	t := text{view: look(d), o: o, pen: pen(o.Color), prose: cmp.Or(o.Width, proseWidth)}
	t.top()
	t.rows("Regressed", t.by[gate.Regressed], true, len(d.Rows))
	t.rows("Crept in since "+figure.Plain(t.Anchor), t.by[gate.Crept], true, len(d.Rows))
	t.rows("Missing from head", t.by[gate.Missing], true, len(d.Rows))
	broken, kept := t.promises(o.All)
	t.promised("Targets not met", broken)
	t.advice()
	t.rows("Not decided", t.by[gate.Inconclusive], true, t.most(10))
	t.promised("Targets met", kept)
	t.rows("Waived", t.by[gate.Waived], true, t.most(10))
	t.rows("Improved", t.by[gate.Improved], false, t.most(10))
	t.rows("The benchmark itself was changed", t.by[gate.Edited], false, t.most(10))
	t.rows("New, with nothing to compare with", t.by[gate.Added], false, t.most(5))
	t.rows("Removed with their function", t.by[gate.Removed], false, t.most(5))
	t.rest()
	t.list("What this could not have seen", limitTexts(d))
	t.facts()
	t.list("Warnings", texts(d.Warnings, warningText))
	t.problems()
	_, err := io.WriteString(w, figure.Uncommand(t.String()))
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

type text struct {
	view
	strings.Builder
	o     Options
	pen   pen
	prose int // columns that sentences are wrapped at
}

// narrow reports whether there is no room for what is good to have.
func (t *text) narrow() bool { return t.o.Width > 0 && t.o.Width < wide }

// write writes a table.
func (t *text) write(rows table.Table) {
	table.Text{Width: t.o.Width, Prose: t.prose, Indent: indent, Dim: t.pen.dim}.Write(&t.Builder, rows)
}

// most returns how many rows a section has that nobody must act on.
func (t *text) most(n int) int {
	if t.o.All {
		return len(t.Rows)
	}
	return n
}

var outcomes = map[gate.Outcome]struct{ word, color string }{
	gate.Pass:      {"PASS", "1;32"},
	gate.Fail:      {"FAIL", "1;31"},
	gate.Undecided: {"UNDECIDED", "1;33"},
}

// top writes the outcome, and what no table has.
func (t *text) top() {
	word := outcomes[t.Outcome].word
	for i, part := range table.Wrap(word+"  "+figure.Sentence(capital(t.headline)), t.prose-indent) {
		if i == 0 {
			rest := strings.TrimPrefix(part, word)
			fmt.Fprintf(t, "%s %s\n", t.pen.paint(outcomes[t.Outcome].color, word), t.pen.bold(rest))
			continue
		}
		fmt.Fprintf(t, "%*s%s\n", indent, "", t.pen.bold(part))
	}
	t.paragraph(t.twins())
	for _, reason := range t.reasons() {
		t.bullet(reason)
	}
}

// paragraph writes a sentence.
func (t *text) paragraph(say string) {
	for _, part := range table.Wrap(figure.Sentence(say), t.prose-indent) {
		fmt.Fprintf(t, "%*s%s\n", indent, "", part)
	}
}

// bullet writes a sentence of a list.
func (t *text) bullet(say string) {
	for i, part := range table.Wrap(figure.Sentence(say), t.prose-2*indent) {
		mark := "- "
		if i > 0 {
			mark = "  "
		}
		fmt.Fprintf(t, "%*s%s%s\n", indent, "", mark, part)
	}
}

// heading writes the title of a section; count is shown where it is above 0.
func (t *text) heading(title string, count int) {
	if count > 0 {
		title = fmt.Sprintf("%s (%d)", title, count)
	}
	fmt.Fprintf(t, "\n%s\n", t.pen.bold(title))
}

// rows writes a section of comparisons, at most most of them.
func (t *text) rows(title string, rows []gate.Row, why bool, most int) {
	if len(rows) == 0 {
		return
	}
	t.heading(title, len(rows))
	out := t.comparison(rows[:min(most, len(rows))], t.o, why)
	if t.narrow() {
		out.Clear(betweenColumn)
	}
	t.write(out)
	t.left(len(rows) - most)
}

// left says how many rows were left out.
func (t *text) left(n int) {
	if n > 0 {
		fmt.Fprintf(t, "%*sand %d more: --all shows them\n", indent, "", n)
	}
}

// promised writes a section of targets.
func (t *text) promised(title string, promises []promise) {
	if len(promises) == 0 {
		return
	}
	t.heading(title, 0)
	out := t.limits(promises)
	if t.narrow() {
		out.Clear(seriesColumn)
	}
	t.write(out)
}

// advice writes what to do.
func (t *text) advice() {
	steps := t.steps(t.o)
	if len(steps) == 0 {
		return
	}
	t.heading("What to do", 0)
	const verb = 9
	for _, s := range steps {
		lines := table.Wrap(figure.Sentence(s.say), t.prose-indent-verb)
		fmt.Fprintf(t, "%*s%-*s%s\n", indent, "", verb, s.verb, lines[0])
		for _, part := range lines[1:] {
			fmt.Fprintf(t, "%*s%s\n", indent+verb, "", part)
		}
		if s.command != "" {
			fmt.Fprintf(t, "%*s%s\n", indent+verb+indent, "", t.pen.bold(figure.Plain(s.command)))
		}
		for i, block := range s.blocks {
			if i > 0 {
				t.WriteByte('\n')
			}
			for _, part := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
				fmt.Fprintf(t, "%*s%s\n", indent+verb+indent, "", figure.Plain(part))
			}
		}
		if more := s.moreBlocks(); more != "" {
			fmt.Fprintf(t, "%*s%s\n", indent+verb, "", more)
		}
	}
}

// rest writes what nobody must look at.
func (t *text) rest() {
	folded := t.unchanged()
	if len(folded) == 0 {
		return
	}
	if t.o.All {
		t.rows("Unchanged", t.folded(), true, len(t.Rows))
	}
	t.heading("Nothing to look at", 0)
	for _, say := range folded {
		t.bullet(say)
	}
}

// list writes a section of sentences.
func (t *text) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	t.heading(title, 0)
	for _, item := range items {
		t.bullet(item)
	}
}

// facts writes where the figures are from.
func (t *text) facts() {
	t.heading("Measured", 0)
	const key = 10 // columns
	add := func(name, say string) {
		for _, part := range table.Wrap(figure.Sentence(say), t.prose-indent-key) {
			fmt.Fprintf(t, "%*s%-*s%s\n", indent, "", key, name, part)
			name = ""
		}
	}
	for _, side := range t.Sides {
		key, code, machine := sideFacts(side)
		if machine != "" {
			code += "; " + machine
		}
		add(key, code)
	}
	if len(t.Rows) > 0 && !strings.HasSuffix(t.common, "/") {
		add("package", t.common)
	}
	add("decided", t.procedure())
	if t.o.LogName != "" {
		add("raw log", t.o.LogName)
	}
}

// problems writes what went wrong, with its place.
func (t *text) problems() {
	problems := problemTexts(t.Problems)
	if len(problems) == 0 {
		return
	}
	t.heading("Problems", len(problems))
	most := t.most(20)
	for _, say := range problems[:min(most, len(problems))] {
		t.bullet(say)
	}
	t.left(len(problems) - most)
}

// pen writes colours, or does not.
type pen bool

// paint returns text in a colour.
func (p pen) paint(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// bold returns text that stands out.
func (p pen) bold(text string) string { return p.paint("1", text) }

// dim returns text that stands back.
func (p pen) dim(text string) string { return p.paint("2", text) }
