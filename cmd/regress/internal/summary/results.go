package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
)

// results writes the tables of one machine.
func (p *page) results(m *Machine) {
	title := "## Results"
	if len(p.Machines) > 1 {
		title += " on " + figure.Code(m.machine()+", class "+m.Run.Environment.Fingerprint(), false)
	}
	p.line("%s\n", title)
	if len(m.Series) == 0 {
		p.line("Nothing was measured.\n")
		return
	}
	packages := map[string]bool{}
	for _, s := range m.Series {
		packages[s.Package] = true
	}
	parts := p.options.sections(m.families(p.options))
	for _, part := range parts {
		level := "###"
		if len(parts) > 1 {
			p.line("### %s\n", figure.Prose(part.name))
			level = "####"
		}
		for _, f := range part.families {
			name := f.function
			if len(packages) > 1 {
				name = f.pkg + "." + name
			}
			title := level + " " + figure.Prose(name)
			for _, part := range f.fixed {
				title += ", " + figure.Code(strings.TrimPrefix(part.Key+"="+part.Value, "="), false)
			}
			p.line("%s\n", title)
			p.family(f)
		}
	}
}

// family writes the tables of one function: percentiles as a drawing, of the others what somebody
// asked about open, and the rest folded.
func (p *page) family(f *family) {
	drawn := f.distributions()
	front, back := f.split(slices.Concat(drawn...))
	if len(f.keys) < 2 && len(front)+len(back) > 0 {
		p.units(f, append(front, back...))
		front, back = nil, nil
	}
	for _, unit := range front {
		p.unit(f, unit)
	}
	for _, units := range drawn {
		p.distribution(f, units)
	}
	if len(back) > 0 {
		p.fold(figure.Counted(len(back), "more unit"), func() {
			for _, unit := range back {
				p.unit(f, unit)
			}
		})
	}
	p.rounds(f)
}

// units writes one table of a function whose names differ in one key at most: a row for each unit.
func (p *page) units(f *family, units []string) {
	if len(f.keys) == 1 && f.column < 0 { // more values than stand side by side
		for _, unit := range units {
			p.unit(f, unit)
		}
		return
	}
	out := table.Table{Columns: append([]table.Column{{Title: "unit"}}, f.valueColumns("median")...)}
	cells := f.rows()[0].cells
	for _, unit := range units {
		row := []table.Cell{table.Say(unit)}
		for _, column := range f.columns() {
			row = append(row, measured(cells[column], unit))
		}
		out.Add(row)
	}
	p.table(out)
}

// unit writes one table of a function in one unit, or one sentence where a sentence says it all.
func (p *page) unit(f *family, unit string) {
	all := f.in(unit)
	title := fmt.Sprintf("**%s**, %s", figure.Prose(unit), better(all[0].Unit.Direction))
	if value, one := constant(all); one && len(all) > 1 {
		benchmarks := figure.Counted(len(all), "benchmark")
		if len(all) < len(f.members) {
			benchmarks += " that have it"
		}
		p.line("%s: %s in all %s.\n", title, whole(figure.Exact(value, unit)), benchmarks)
		return
	}
	value, rare := usual(all)
	if rare > 0 {
		title += fmt.Sprintf(": %s in %d of %s; where it is not:", whole(figure.Exact(value, unit)), len(all)-rare, figure.Counted(len(all), "benchmark"))
	}
	p.line("%s\n", title)
	p.table(f.table(unit, func(s Series) bool { return rare == 0 || !always(s, value) }))
}

// in returns the series of a family in a unit, in the order of tables.
func (f *family) in(unit string) []Series {
	var all []Series
	for _, m := range f.sorted() {
		if s, has := m.by[unit]; has {
			all = append(all, s)
		}
	}
	return all
}

// table returns the family in one unit, without the rows of which nothing is worth showing.
func (f *family) table(unit string, worth func(Series) bool) table.Table {
	out := table.Table{Columns: append(f.columnsOf(f.rowKeys()), f.valueColumns("median")...)}
	var before []string
	for _, r := range f.rows() {
		cells, shown := fresh(r.values, before), false
		for _, column := range f.columns() {
			m := r.cells[column]
			cells = append(cells, measured(m, unit))
			if m != nil {
				s, has := m.by[unit]
				shown = shown || has && worth(s)
			}
		}
		if shown {
			out.Add(cells)
			before = r.values
		}
	}
	return out
}

// whole returns a figure as Markdown that stays on one line.
func whole(text string) string { return figure.Whole(figure.Prose(text)) }
