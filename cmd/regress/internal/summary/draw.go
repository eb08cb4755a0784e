package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
)

// distribution draws the percentiles of every benchmark on one scale.
func (p *page) distribution(f *family, units []string) {
	var all []float64
	for _, unit := range units {
		for _, s := range f.in(unit) {
			all = append(all, s.Median)
		}
	}
	axis, drawn := scaleOf(all)
	_, of, _ := quantile(units[0])
	title := "Distribution of " + figure.Prose(of)
	if drawn {
		title += fmt.Sprintf(": logarithmic from %s to %s, %s", figure.Prose(figure.Number(axis.lo, units[0])), figure.Prose(figure.Number(axis.hi, units[0])), legend(units))
	}
	p.line("%s\n", title)
	if !drawn {
		p.table(f.percentiles(units, nil))
		return
	}
	p.table(f.percentiles(units, &axis))
}

// percentiles returns a row for every benchmark that has some of the units, and a bar behind those
// that have all; axis is nil where nothing is drawn.
func (f *family) percentiles(units []string, axis *scale) table.Table {
	out := table.Table{Columns: f.columnsOf(f.order())}
	for _, unit := range units {
		out.Columns = append(out.Columns, table.Column{Title: percentile(unit), Right: true})
	}
	if axis != nil {
		out.Columns = append(out.Columns, table.Column{})
	}
	var before []string
	for _, m := range f.sorted() {
		own := f.labels(m)
		cells := fresh(own, before)
		before = own
		var marks []float64
		for _, unit := range units {
			cells = append(cells, measured(m, unit))
			if s, has := m.by[unit]; has {
				marks = append(marks, s.Median)
			}
		}
		switch {
		case axis != nil && len(marks) == len(units):
			cells = append(cells, table.Named(axis.bar(marks)))
		case axis != nil:
			cells = append(cells, nil)
		}
		if len(marks) > 0 {
			out.Add(cells)
		}
	}
	return out
}

// percentile returns the short name of a percentile unit: "p99.9".
func percentile(unit string) string {
	number, _, _ := quantile(unit)
	return fmt.Sprintf("p%g", number)
}

// legend says in Markdown which shade of a bar reaches to which percentile.
func legend(units []string) string {
	var out []string
	for i, unit := range units {
		out = append(out, fmt.Sprintf("`%c` to %s", shade(i, len(units)), percentile(unit)))
	}
	return strings.Join(out, ", ")
}

// rounds draws every round of what somebody asked about and what varies: a drift or a step shows
// here, and in no median.
func (p *page) rounds(f *family) {
	out := table.Table{Columns: append(f.columnsOf(f.order()), table.Column{Title: "unit"}, table.Column{Title: "median", Right: true}, table.Column{Title: "rounds"})}
	var before []string
	for _, m := range f.sorted() {
		for _, unit := range f.units {
			s, has := m.by[unit]
			if !has || len(s.Rounds) < 3 || !s.Asked || slices.Min(s.Rounds) == slices.Max(s.Rounds) {
				continue
			}
			own := f.labels(m)
			out.Add(append(fresh(own, before), table.Say(unit), measured(m, unit), table.Named(spark(s.Rounds))))
			before = own
		}
	}
	if len(out.Rows) == 0 {
		return
	}
	p.fold("Rounds, in order", func() {
		p.line("The height of a line is at least %s of the median.\n", figure.Percent(sparkSpan))
		p.table(out)
	})
}
