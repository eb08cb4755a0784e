package report

import (
	"fmt"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/table"
)

// page is Markdown of bounded size. What must be there is reserved first;
// tables are then cut at rows, and say how many were left out.
type page struct {
	view
	strings.Builder
	o    Options
	left int // bytes that sections may still use
}

// listing is a table, or lines where it has no columns, that may be cut.
type listing struct {
	title   string // Markdown
	columns []table.Column
	open    bool // shown without a click
	whole   bool // one line that is a text of its own, and not counted
	rows    int
	row     func(i int) table.Row
	line    func(i int) string // Markdown with its end of line, where there are no columns
}

// closing is what an omitted or cut listing may add.
const closing = 120

// sections is an upper bound on how many listings a page has; each keeps room
// for its closing line, so that what was left out is always said.
const sections = 12

// section writes a listing, as much of it as there is room for, and says what was left out.
func (p *page) section(l listing) {
	if l.rows == 0 {
		return
	}
	title := l.title
	if !l.whole {
		title = fmt.Sprintf("%s (%d)", l.title, l.rows)
	}
	before, after := fmt.Sprintf("\n<details><summary>%s</summary>\n\n", title), "\n</details>\n"
	if l.open {
		before, after = fmt.Sprintf("\n**%s**\n\n", title), ""
	}
	before += table.MarkdownHeader(l.columns)
	line := l.line
	if l.row != nil {
		line = func(i int) string { return l.row(i).Markdown() }
	}
	var rows strings.Builder
	used, shown := len(before)+len(after), 0
	for shown < l.rows {
		row := line(shown)
		if used+len(row) > p.left {
			break
		}
		rows.WriteString(row)
		used += len(row)
		shown++
	}
	if shown == 0 {
		fmt.Fprintf(p, "\n%s: left out, no room; the text report has them.\n", title)
		return
	}
	p.left -= used
	p.WriteString(before)
	p.WriteString(rows.String())
	if shown < l.rows {
		fmt.Fprintf(p, "\n%d more rows left out, no room; the text report has them.\n", l.rows-shown)
	}
	p.WriteString(after)
}
