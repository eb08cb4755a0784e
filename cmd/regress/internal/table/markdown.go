package table

import (
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

// Markdown returns the table as GitHub renders it, with an end of line after each row; nothing
// where it has no columns. Notes stand in the first cell of their row.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString(MarkdownHeader(t.Columns))
	for _, row := range t.Rows {
		b.WriteString(row.Markdown())
	}
	return b.String()
}

// MarkdownHeader returns the two lines that begin a table.
func MarkdownHeader(columns []Column) string {
	if len(columns) == 0 {
		return ""
	}
	titles, rules := "|", "|"
	for _, c := range columns {
		title := ""
		for i, line := range strings.Split(c.Title, "\n") {
			if i > 0 {
				title += "<br>" + figure.Whole(figure.Prose(line))
				continue
			}
			title = figure.Prose(line)
		}
		titles += " " + title + " |"
		if c.Right {
			rules += "--:|"
		} else {
			rules += ":--|"
		}
	}
	return titles + "\n" + rules + "\n"
}

// Markdown returns one row, for a page that has room for a part of a table.
func (r Row) Markdown() string {
	var b strings.Builder
	b.WriteByte('|')
	for i, cell := range r.Cells {
		b.WriteByte(' ')
		b.WriteString(cell.Markdown())
		if i == 0 {
			for _, note := range r.Notes {
				b.WriteString("<br>" + figure.Prose(note))
			}
		}
		b.WriteString(" |")
	}
	b.WriteByte('\n')
	return b.String()
}

// Markdown returns the cell as it stands between two bars.
func (c Cell) Markdown() string {
	var b strings.Builder
	for _, p := range c {
		text := ""
		switch p.Style {
		case Break:
			b.WriteString("<br>")
			continue
		case Name:
			text = figure.Code(p.Text, true)
		case Number:
			text = figure.Whole(figure.Prose(p.Text))
		default:
			text = figure.Prose(p.Text)
		}
		if p.Strong && text != "" {
			text = "**" + text + "**"
		}
		b.WriteString(text)
	}
	return b.String()
}
