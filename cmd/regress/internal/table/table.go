// Package table holds a header and rows of cells as data and writes them as text for a terminal or
// a log, as Markdown for GitHub and as HTML for a browser. What is shown is decided once, where a
// table is made; how it looks, and what has to be escaped, is the business of each writer: a cell
// holds the text of the data as it is, whoever wrote it.
//
//	table.go     the data
//	text.go      aligned columns; what does not fit is wrapped and never cut
//	markdown.go  a table as GitHub renders it, or its rows one by one
//	html.go      a table of a page
//
// Its neighbours are figure, which makes single facts readable and harmless, and report and
// summary, which fill tables.
package table

import "strings"

// Table is a header and rows. Every row has as many cells as there are columns.
type Table struct {
	Columns []Column
	Rows    []Row
}

// Column is one column of a table. In text, a column without anything in its rows is left out, and
// so is the header where no column has a title.
type Column struct {
	Title string // may hold line breaks
	Right bool   // its cells stand to the right, as numbers do
	Wraps bool   // in text, gives way where the width does not suffice; the first column always does
}

// Row is one line of a table, and what is said about it below.
type Row struct {
	Cells []Cell
	Notes []string // sentences
}

// Add appends a row.
func (t *Table) Add(cells []Cell, notes ...string) {
	t.Rows = append(t.Rows, Row{cells, notes})
}

// Clear empties a column, which text then leaves out.
func (t *Table) Clear(column int) {
	for _, row := range t.Rows {
		row.Cells[column] = nil
	}
}

// Style says what a piece of a cell is, and so how a writer shows it.
type Style int

// The styles of pieces.
const (
	Prose  Style = iota // words
	Name                // a name from the data: code where there is such a thing
	Number              // a figure, never broken over two lines
	Break               // the end of a line within the cell
)

// Piece is text of one style.
type Piece struct {
	Style  Style
	Strong bool
	Text   string // as it is in the data; unused for a Break
}

// Cell is pieces one after another.
type Cell []Piece

// Say returns a cell of words.
func Say(text string) Cell { return Cell{{Style: Prose, Text: text}} }

// Named returns a cell that shows a name.
func Named(text string) Cell { return Cell{{Style: Name, Text: text}} }

// Figure returns a cell that shows a number, with its unit if it has one.
func Figure(text string) Cell { return Cell{{Style: Number, Text: text}} }

// Strong returns the cell with every piece emphasised.
func (c Cell) Strong() Cell {
	out := make(Cell, len(c))
	for i, p := range c {
		p.Strong = true
		out[i] = p
	}
	return out
}

// Then returns the cell with others behind it on the same line.
func (c Cell) Then(others ...Cell) Cell {
	out := append(Cell{}, c...)
	for _, other := range others {
		out = append(out, other...)
	}
	return out
}

// Below returns the cell with another on a line below; the cell itself where the other is empty.
func (c Cell) Below(other Cell) Cell {
	if other.Empty() {
		return c
	}
	return c.Then(Cell{{Style: Break}}, other)
}

// Empty reports whether nothing is in the cell.
func (c Cell) Empty() bool {
	for _, p := range c {
		if p.Text != "" || p.Style == Name {
			return false
		}
	}
	return true
}

// String returns the text of a cell on one line, as it is in the data.
func (c Cell) String() string {
	if len(c) == 1 {
		return c[0].Text
	}
	var b strings.Builder
	for _, p := range c {
		if p.Style == Break {
			b.WriteByte(' ')
		}
		b.WriteString(p.Text)
	}
	return b.String()
}
