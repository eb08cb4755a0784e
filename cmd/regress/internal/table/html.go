package table

import (
	"fmt"
	"html"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

// HTML returns the table as an element of a page. Columns of numbers have the class "right", and
// the notes of a row stand in a row of class "notes" below it. Nothing from the data becomes
// markup.
func (t Table) HTML() string {
	var b strings.Builder
	b.WriteString("<table>\n<thead><tr>")
	for _, c := range t.Columns {
		lines := strings.Split(c.Title, "\n")
		for i, line := range lines {
			lines[i] = escape(line)
		}
		fmt.Fprintf(&b, `<th scope="col"%s>%s</th>`, class(c), strings.Join(lines, "<br>"))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for i, cell := range row.Cells {
			fmt.Fprintf(&b, "<td%s>%s</td>", class(t.Columns[i]), cell.HTML())
		}
		b.WriteString("</tr>\n")
		if len(row.Notes) > 0 {
			notes := make([]string, len(row.Notes))
			for i, note := range row.Notes {
				notes[i] = escape(note)
			}
			fmt.Fprintf(&b, "<tr class=\"notes\"><td colspan=\"%d\">%s</td></tr>\n", len(t.Columns), strings.Join(notes, "<br>"))
		}
	}
	b.WriteString("</tbody>\n</table>\n")
	return b.String()
}

// HTML returns the cell as the content of an element.
func (c Cell) HTML() string {
	var b strings.Builder
	for _, p := range c {
		text := escape(p.Text)
		switch p.Style {
		case Break:
			b.WriteString("<br>")
			continue
		case Name:
			text = "<code>" + text + "</code>"
		case Number:
			text = figure.Whole(text)
		}
		if p.Strong && text != "" {
			text = "<strong>" + text + "</strong>"
		}
		b.WriteString(text)
	}
	return b.String()
}

// class returns the attribute of the cells of a column.
func class(c Column) string {
	if c.Right {
		return ` class="right"`
	}
	return ""
}

// escape returns text as content of an element or an attribute.
func escape(text string) string { return html.EscapeString(figure.Plain(text)) }
