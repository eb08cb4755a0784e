package table

import (
	"strings"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

const (
	gap      = 2   // between columns
	leastKey = 16  // columns of the terminal that a column that gives way always has
	mostCell = 20  // of any other: no figure of ours is longer, a foreign unit may be
	mostWide = 100 // of any where there is no terminal
)

// Text is how a table is laid out for a terminal or a log.
type Text struct {
	Width  int                      // columns of the terminal; 0: as wide as the table needs
	Indent int                      // spaces before every line
	Prose  int                      // columns that notes are wrapped at; 0: Width
	Dim    func(text string) string // shows the header and the notes; nil: as they are
}

// Write appends the table to b. Where the width does not suffice, a cell is wrapped, at a space or
// behind a slash if it can be, and a name in the first column stands on a line of its own, once for
// all of its rows: nothing is ever cut.
//
// Note: text/tabwriter counts the bytes of colours as columns and cannot wrap, which is all that
// there is to do here.
func (o Text) Write(b *strings.Builder, t Table) {
	if len(t.Rows) == 0 {
		return
	}
	if o.Dim == nil {
		o.Dim = func(text string) string { return text }
	}
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = make([]string, len(row.Cells))
		for k, cell := range row.Cells {
			rows[i][k] = figure.Name(cell.String())
		}
	}
	widths := o.widths(t.Columns, rows)
	margin := strings.Repeat(" ", o.Indent)
	if titles, any := headerOf(t.Columns); any {
		b.WriteString(margin + o.Dim(o.line(t.Columns, titles, widths)) + "\n")
	}
	alone := "" // the name that stands on a line of its own above
	for i, cells := range rows {
		first := t.Rows[i].Cells[0]
		if len(first) > 0 && first[0].Style == Name && utf8.RuneCountInString(cells[0]) > widths[0] {
			if cells[0] != alone {
				b.WriteString(margin + cells[0] + "\n")
			}
			alone, cells[0] = cells[0], ""
		}
		o.row(b, t.Columns, cells, widths)
		for _, note := range t.Rows[i].Notes {
			for _, part := range Wrap(figure.Sentence(note), o.prose()-2*o.Indent) {
				b.WriteString(margin + margin + o.Dim(part) + "\n")
			}
		}
	}
}

// prose returns the columns that notes are wrapped at.
func (o Text) prose() int {
	if o.Prose > 0 {
		return o.Prose
	}
	return o.Width
}

// headerOf returns the titles on one line, and whether there is any.
func headerOf(columns []Column) (titles []string, any bool) {
	titles = make([]string, len(columns))
	for i, c := range columns {
		titles[i] = strings.ReplaceAll(c.Title, "\n", " ")
		any = any || c.Title != ""
	}
	return titles, any
}

// widths returns the columns that each column takes; 0 for one that is empty.
func (o Text) widths(columns []Column, rows [][]string) []int {
	w := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			w[i] = max(w[i], utf8.RuneCountInString(cell))
		}
	}
	total := o.Indent - gap
	for i, c := range columns {
		if w[i] > 0 {
			w[i] = max(w[i], utf8.RuneCountInString(c.Title))
			total += w[i] + gap
		}
	}
	if o.Width <= 0 {
		for i, c := range columns {
			if !c.Wraps { // else one endless name would push the figures of all others out of sight
				w[i] = min(w[i], mostWide)
			}
		}
		return w
	}
	if total <= o.Width {
		return w
	}
	rest := o.Width - o.Indent
	last := 0 // the other column that gives way; 0: none
	for i, c := range columns {
		switch {
		case i == 0 || w[i] == 0:
		case c.Wraps:
			last = i
		default:
			w[i] = min(w[i], max(mostCell, utf8.RuneCountInString(c.Title)))
			rest -= w[i] + gap
		}
	}
	if last > 0 {
		w[0] = min(w[0], max(rest/2, leastKey))
		w[last] = min(w[last], max(rest-w[0]-gap, leastKey))
	} else {
		w[0] = min(w[0], max(rest, leastKey))
	}
	return w
}

// row writes the cells of one row, on as many lines as the one that wraps most needs.
func (o Text) row(b *strings.Builder, columns []Column, cells []string, widths []int) {
	wrapped, more := make([][]string, len(cells)), 0
	for i, cell := range cells {
		if utf8.RuneCountInString(cell) <= widths[i] {
			continue
		}
		wrapped[i] = fold(cell, widths[i])
		cells[i] = wrapped[i][0]
		more = max(more, len(wrapped[i])-1)
	}
	margin := strings.Repeat(" ", o.Indent)
	b.WriteString(margin + o.line(columns, cells, widths) + "\n")
	for n := 1; n <= more; n++ {
		next := make([]string, len(cells))
		for i, lines := range wrapped {
			if n < len(lines) {
				next[i] = lines[n]
			}
		}
		b.WriteString(margin + o.line(columns, next, widths) + "\n")
	}
}

// line returns one line of cells that fit.
func (o Text) line(columns []Column, cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		fill := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
		if columns[i].Right {
			b.WriteString(fill + cell)
		} else {
			b.WriteString(cell + fill)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// fold breaks the text of a cell so that each line fits: at spaces, else behind a slash, else
// anywhere.
func fold(text string, width int) []string {
	var lines []string
	rest := []rune(text)
	for len(rest) > width {
		end := width
		for i := width; i > 0; i-- {
			if rest[i] == ' ' || rest[i-1] == ' ' || rest[i-1] == '/' {
				end = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(rest[:end]), " "))
		rest = []rune(strings.TrimLeft(string(rest[end:]), " "))
	}
	return append(lines, string(rest))
}

// Wrap breaks prose at spaces into lines of at most width columns; a word longer than a line is
// left whole, and so is everything where width is not above 0. A number stays with what it counts.
func Wrap(text string, width int) []string {
	var lines []string
	at := ""
	for _, word := range together(strings.Fields(text)) {
		switch {
		case at == "":
			at = word
		case width <= 0 || utf8.RuneCountInString(at)+1+utf8.RuneCountInString(word) <= width:
			at += " " + word
		default:
			lines = append(lines, at)
			at = word
		}
	}
	if at != "" {
		lines = append(lines, at)
	}
	return lines
}

// together joins each number with the word behind it: 3.3 %, 12 ns/op.
func together(words []string) (out []string) {
	number := false
	for _, word := range words {
		if number {
			out[len(out)-1] += " " + word
		} else {
			out = append(out, word)
		}
		number = isNumber(word)
	}
	return out
}

// isNumber reports whether a word is a number, with a sign or without.
func isNumber(word string) bool {
	digits := strings.TrimLeft(word, "+-−~≥≤")
	return digits != "" && strings.Trim(digits, "0123456789.,") == "" && !strings.HasSuffix(digits, ".") && !strings.HasSuffix(digits, ",")
}
