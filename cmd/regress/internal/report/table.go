package report

import (
	"strings"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

// table is aligned columns. The first takes what width is left; a name that does
// not fit there has a line of its own, once for all its rows. Other cells that do not fit are
// shortened in the middle. Notes stand below a row.
//
// Note: text/tabwriter counts the bytes of colours as columns and cannot
// shorten, which is all that there is to do here.
type table struct {
	titles []string // empty: no header line
	right  []bool   // by column: numbers stand to the right
	free   bool     // the last column, too, takes what is left
	rows   []line
}

type line struct {
	cells []string
	notes []string // wrapped below the row
}

const (
	indent   = 2
	gap      = 2
	leastKey = 16 // columns that the first column always has
	mostCell = 20 // columns of any other: no figure of ours is longer, a foreign unit may be
)

func (t *table) add(cells []string, notes ...string) {
	t.rows = append(t.rows, line{cells, notes})
}

// widths of the columns, all empty ones 0.
func (t *table) widths(width int) []int {
	w := make([]int, len(t.right))
	for _, row := range t.rows {
		for i, cell := range row.cells {
			w[i] = max(w[i], utf8.RuneCountInString(cell))
			if i > 0 && !(t.free && i == len(w)-1) {
				w[i] = min(w[i], mostCell)
			}
		}
	}
	for i, title := range t.titles {
		if w[i] > 0 {
			w[i] = max(w[i], utf8.RuneCountInString(title))
		}
	}
	first, last := 0, len(w)-1
	if !t.free {
		last = 0 // the first column alone gives way
	}
	rest := width - indent
	for i, n := range w {
		if i != first && i != last && n > 0 {
			rest -= n + gap
		}
	}
	if last > first && w[last] > 0 {
		w[first] = min(w[first], max(rest/2, leastKey))
		w[last] = min(w[last], max(rest-w[first]-gap, leastKey))
	} else {
		w[first] = min(w[first], max(rest, leastKey))
	}
	return w
}

func (t *table) write(b *strings.Builder, p pen, width int) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.widths(width)
	if t.titles != nil {
		b.WriteString(p.dim(t.line(t.titles, widths)) + "\n")
	}
	last := ""
	for _, row := range t.rows {
		cells := row.cells
		if !t.free && utf8.RuneCountInString(cells[0]) > widths[0] { // what tells it from others may be in the middle
			cells = append([]string{""}, cells[1:]...)
			if row.cells[0] != last {
				b.WriteString(strings.Repeat(" ", indent) + row.cells[0] + "\n")
			}
			last = row.cells[0]
		}
		b.WriteString(t.line(cells, widths) + "\n")
		for _, note := range row.notes {
			for _, part := range wrap(note, width-2*indent) {
				b.WriteString(strings.Repeat(" ", 2*indent) + p.dim(part) + "\n")
			}
		}
	}
}

func (t *table) line(cells []string, widths []int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", indent))
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell = figure.Shorten(cell, widths[i])
		fill := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if t.right[i] {
			cell, fill = fill, cell
		}
		b.WriteString(cell + fill)
	}
	return strings.TrimRight(b.String(), " ")
}

// wrap breaks prose at spaces; a word longer than a line is left whole.
func wrap(text string, width int) []string {
	var lines []string
	at := ""
	for _, word := range strings.Fields(text) {
		switch {
		case at == "":
			at = word
		case utf8.RuneCountInString(at)+1+utf8.RuneCountInString(word) <= width:
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

// pen writes colours, or does not.
type pen bool

func (p pen) paint(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p pen) bold(text string) string { return p.paint("1", text) }
func (p pen) dim(text string) string  { return p.paint("2", text) }
