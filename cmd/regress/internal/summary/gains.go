package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// gains is a row for each question, and behind a fold each pair of benchmarks.
func (p *page) gains() {
	if len(p.Gains) == 0 {
		return
	}
	p.line("## Gains\n")
	p.line("How many times better one value is than another in benchmarks that differ in nothing else: the geometric mean, with its interval. A claim is met where the whole interval is.\n")
	var rows [][]string
	var notes []string
	for _, g := range p.Gains {
		name := g.Name
		if g.Fingerprint != "" {
			name += " on " + g.Fingerprint
		}
		claim := nothing
		if g.Claim > 0 {
			claim = fmt.Sprintf("%g×", g.Claim)
		}
		rows = append(rows, []string{
			verdict(g), figure.Prose(name) + "<br>" + figure.Code(g.Key+"="+g.Of, true) + " over " + figure.Code(g.Key+"="+g.Over, true),
			figure.Prose(g.Unit), claim, gained(g),
		})
		for _, w := range g.Warnings {
			notes = append(notes, "- "+figure.Prose(name+": "+w))
		}
	}
	p.table([]string{"", "gain", "by", "claim", "measured"}, rows, [2]int{3, 4})
	if len(notes) > 0 {
		p.line("%s\n", strings.Join(notes, "\n"))
	}
	if slices.ContainsFunc(p.Gains, func(g gate.GainRow) bool { return len(g.Each) > 1 }) {
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

// verdict on a claim; a row without one has a dash.
func verdict(g gate.GainRow) string {
	if g.Verdict == "" {
		return nothing
	}
	return figure.Whole(signs[g.Verdict] + " " + string(g.Verdict))
}

// gained is the gain over all benchmarks, its interval, and the least and most of
// one.
func gained(g gate.GainRow) string {
	if g.Times == nil {
		return figure.Prose(g.Why)
	}
	out := []string{"**" + figure.Times(*g.Times) + "**"}
	if i := g.Interval; i != nil && i.Lo != i.Hi {
		out = append(out, figure.Whole(between(i)+" at "+figure.Percent(i.Level)))
	}
	least, most := extremes(g.Each)
	rest := figure.Counted(len(g.Each), "benchmark") + " of " + figure.Counted(g.Rounds, "round")
	if len(g.Each) > 1 && least > 0 {
		rest = figure.Times(least) + " to " + figure.Times(most) + " in " + rest
	}
	out = append(out, figure.Whole(rest))
	if g.Verdict == gate.Unclear {
		out = append(out, figure.Prose(g.Why))
	}
	return strings.Join(out, "<br>")
}

func between(i *gate.Interval) string { return figure.Times(i.Lo) + " to " + figure.Times(i.Hi) }

func extremes(each []gate.GainCell) (least, most float64) {
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

// each is a table of one gain in every pair of benchmarks, laid out as the results are.
func (p *page) each(g gate.GainRow) {
	cells := map[baseline.Key]gate.GainCell{}
	var m Machine
	for i, c := range g.Each {
		key := baseline.Key{Package: c.Package, Name: fmt.Sprint(i), Unit: g.Unit}
		cells[key] = c
		m.Series = append(m.Series, Series{Key: key, Unit: baseline.Unit{Name: g.Unit}, Name: gate.Name{Function: c.Function, Parts: c.Parts}})
	}
	for _, f := range m.families(p.options) {
		header := append([]string{"benchmark"}, f.titles(f.rowKeys())...)
		right := len(header)
		for _, value := range f.columns() {
			if value == "" {
				value = "gain"
			}
			header = append(header, figure.Prose(value))
		}
		var rows [][]string
		var before []string
		for _, r := range f.rows() {
			names := append([]string{figure.Prose(f.function)}, labels(r.values)...)
			own := fresh(names, before)
			before = names
			for _, column := range f.columns() {
				own = append(own, gain(r.cells[column], g.Unit, cells))
			}
			rows = append(rows, own)
		}
		p.table(header, rows, [2]int{right, len(header)})
	}
}

// gain in one cell of a table, with its interval.
func gain(m *member, unit string, cells map[baseline.Key]gate.GainCell) string {
	if m == nil {
		return nothing
	}
	c := cells[m.by[unit].Key]
	if c.Times == nil {
		return nothing
	}
	say := figure.Times(*c.Times)
	if i := c.Interval; i != nil && i.Lo != i.Hi {
		say += " (" + between(i) + ")"
	}
	return figure.Whole(say)
}
