package summary

import (
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
)

// gains writes a row for each question and, behind a fold, each pair of benchmarks.
func (p *page) gains() {
	if len(p.Gains) == 0 {
		return
	}
	p.line("## Gains\n")
	p.line("How many times better one value is than another in benchmarks that differ in nothing else: the geometric mean, with its interval. A claim is met where the whole interval is.\n")
	out := table.Table{Columns: []table.Column{{}, {Title: "gain"}, {Title: "by"}, {Title: "claim", Right: true}, {Title: "measured"}}}
	var notes []string
	for _, g := range p.Gains {
		name, claim := g.Name, nothing
		if g.Fingerprint != "" {
			name += " on " + g.Fingerprint
		}
		if g.Claim > 0 {
			claim = fmt.Sprintf("%g×", g.Claim)
		}
		of := table.Named(g.Key+"="+g.Of).Then(table.Say(" over "), table.Named(g.Key+"="+g.Over))
		out.Add([]table.Cell{verdict(g), table.Say(name).Below(of), table.Say(g.Unit), table.Figure(claim), gained(g)})
		for _, w := range g.Warnings {
			notes = append(notes, name+": "+report.GainWarning(w))
		}
	}
	p.table(out)
	p.bullets(notes)
	if slices.ContainsFunc(p.Gains, func(g choice.GainRow) bool { return len(g.Each) > 1 }) {
		p.fold("In each benchmark", func() {
			for _, g := range p.Gains {
				if len(g.Each) > 1 {
					p.line("**%s**, %s\n", figure.Prose(g.Name), figure.Prose(g.Unit))
					p.each(g)
				}
			}
		})
	}
}

// verdict returns the verdict on a claim; a dash where nothing is claimed.
func verdict(g choice.GainRow) table.Cell {
	if g.Verdict == "" {
		return table.Say(nothing)
	}
	return table.Figure(signs[gate.TargetVerdict(g.Verdict)] + " " + string(g.Verdict))
}

// gained returns the gain over all benchmarks, its interval, and the least and most of one.
func gained(g choice.GainRow) table.Cell {
	if g.Times == nil {
		return table.Say(report.GainWhy(g))
	}
	rest := figure.Counted(len(g.Each), "benchmark") + " of " + figure.Counted(g.Rounds, "round")
	if least, most := extremes(g.Each); len(g.Each) > 1 && least > 0 {
		rest = figure.Times(least) + " to " + figure.Times(most) + " in " + rest
	}
	out := table.Figure(figure.Times(*g.Times)).Strong().Below(certain(g.Interval)).Below(table.Figure(rest))
	if g.Verdict == choice.Undecided {
		out = out.Below(table.Say(report.GainWhy(g)))
	}
	return out
}

// extremes returns the least and the greatest gain of one benchmark; 0 where one is not known.
func extremes(each []choice.GainCell) (least, most float64) {
	for _, c := range each {
		if c.Times == nil {
			return 0, 0
		}
		if least == 0 || *c.Times < least {
			least = *c.Times
		}
		most = max(most, *c.Times)
	}
	return least, most
}

// each writes a table of one gain in every pair of benchmarks, laid out as the results are.
func (p *page) each(g choice.GainRow) {
	cells := map[baseline.Key]choice.GainCell{}
	var m Machine
	for i, c := range g.Each {
		key := baseline.Key{Package: c.Package, Name: fmt.Sprint(i), Unit: g.Unit}
		cells[key] = c
		m.Series = append(m.Series, Series{Key: key, Unit: baseline.Unit{Name: g.Unit}, Name: baseline.Name{Function: c.Function, Parts: c.Parts}})
	}
	for _, f := range m.families(p.options) {
		out := table.Table{Columns: append([]table.Column{{Title: "benchmark"}}, f.columnsOf(f.rowKeys())...)}
		out.Columns = append(out.Columns, f.valueColumns("gain")...)
		var before []string
		for _, r := range f.rows() {
			names := append([]string{f.function}, r.values...)
			row := fresh(names, before)
			before = names
			for _, column := range f.columns() {
				row = append(row, gain(r.cells[column], g.Unit, cells))
			}
			out.Add(row)
		}
		p.table(out)
	}
}

// gain returns the gain in one cell of a table, with its interval.
func gain(m *member, unit string, cells map[baseline.Key]choice.GainCell) table.Cell {
	if m == nil {
		return table.Say(nothing)
	}
	c := cells[m.by[unit].Key]
	if c.Times == nil {
		return table.Say(nothing)
	}
	say := figure.Times(*c.Times)
	if i := c.Interval; i != nil && i.Lo != i.Hi {
		say += " (" + between(i) + ")"
	}
	return table.Figure(say)
}
