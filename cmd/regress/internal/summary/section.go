package summary

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
)

// results are the tables of one machine.
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

// section is the families of one group of the suite.
type section struct {
	name     string
	families []*family
}

// sections sorts families by the group that they are in, the first by name where
// several have them; those that are in none come last. A group has a
// function when the first element of one of its alternatives matches it.
func (o Options) sections(all []*family) []section {
	groups := map[string][]*family{}
	for _, f := range all {
		name := ""
		for _, group := range slices.Sorted(maps.Keys(o.Groups)) {
			if name == "" && has(o.Groups[group].String(), "Benchmark"+f.function) {
				name = group
			}
		}
		groups[name] = append(groups[name], f)
	}
	var out []section
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if name != "" {
			out = append(out, section{name, groups[name]})
		}
	}
	if rest := groups[""]; len(rest) > 0 {
		out = append(out, section{"in no group", rest})
	}
	return out
}

// has says whether a pattern of go test -bench asks for a function. An alternative whose first
// element is no expression by itself asks for none.
func has(bench, function string) bool {
	for alternative := range strings.SplitSeq(bench, "|") {
		first, _, _ := strings.Cut(alternative, "/")
		if re, err := regexp.Compile(first); err == nil && re.MatchString(function) {
			return true
		}
	}
	return false
}

// family writes the tables of one function: percentiles as a drawing, of the others what somebody asked about
// open, and the rest folded.
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

// split says which units are open, and which are folded, but for those that are drawn. Where nobody asked
// about a function, its own units are open, or time alone where it has none and nothing is drawn.
func (f *family) split(drawn []string) (front, back []string) {
	asked := slices.ContainsFunc(f.units, f.asked)
	for _, unit := range f.units {
		own := !slices.Contains([]string{"sec/op", "B/s", "B/op", "allocs/op"}, unit)
		switch {
		case slices.Contains(drawn, unit):
		case asked && f.asked(unit), !asked && own:
			front = append(front, unit)
		default:
			back = append(back, unit)
		}
	}
	if i := slices.Index(back, "sec/op"); len(front) == 0 && len(drawn) == 0 && i >= 0 {
		return back[i : i+1], slices.Concat(back[:i], back[i+1:])
	}
	if len(front) == 0 && len(drawn) == 0 {
		return back, nil
	}
	return front, back
}

func (f *family) asked(unit string) bool {
	for _, m := range f.members {
		if m.by[unit].Asked {
			return true
		}
	}
	return false
}

// better says which way a unit improves.
func better(d baseline.Direction) string {
	switch d {
	case baseline.Lower:
		return "less is better"
	case baseline.Higher:
		return "more is better"
	}
	return "neither way is better"
}

// units is one table of a function whose names differ in one key at most: a row
// for each unit.
func (p *page) units(f *family, units []string) {
	rows := f.rows()
	columns := f.columns()
	header := []string{"unit"}
	for _, value := range columns {
		if value == "" {
			value = "median"
		}
		header = append(header, figure.Prose(value))
	}
	if len(f.keys) == 1 && f.column < 0 { // more values than stand side by side
		for _, unit := range units {
			p.unit(f, unit)
		}
		return
	}
	var out [][]string
	for _, unit := range units {
		cells := []string{figure.Prose(unit)}
		for _, column := range columns {
			cells = append(cells, measured(rows[0].cells[column], unit))
		}
		out = append(out, cells)
	}
	p.table(header, out, [2]int{1, len(header)})
}

// unit is one table of a function in one unit.
func (p *page) unit(f *family, unit string) {
	var all []Series
	for _, m := range f.sorted() {
		if s, has := m.by[unit]; has {
			all = append(all, s)
		}
	}
	title := fmt.Sprintf("**%s**, %s", figure.Prose(unit), better(all[0].Unit.Direction))
	if value, one := constant(all); one && len(all) > 1 {
		benchmarks := figure.Counted(len(all), "benchmark")
		if len(all) < len(f.members) {
			benchmarks += " that have it"
		}
		p.line("%s: %s in all %s.\n", title, figure.Whole(figure.Prose(figure.Exact(value, unit))), benchmarks)
		return
	}
	usual, rare := usual(all)
	if rare > 0 {
		title += fmt.Sprintf(": %s in %d of %s; where it is not:", figure.Whole(figure.Prose(figure.Exact(usual, unit))), len(all)-rare, figure.Counted(len(all), "benchmark"))
	}
	p.line("%s\n", title)
	columns := f.columns()
	header := f.titles(f.rowKeys())
	right := len(header)
	for _, value := range columns {
		if value == "" {
			value = "median"
		}
		header = append(header, figure.Prose(value))
	}
	var out [][]string
	var before []string
	for _, r := range f.rows() {
		own := labels(r.values)
		cells := fresh(own, before)
		empty := true
		for _, column := range columns {
			m := r.cells[column]
			cells = append(cells, measured(m, unit))
			if m != nil {
				s, has := m.by[unit]
				empty = empty && (!has || rare > 0 && always(s, usual))
			}
		}
		if !empty {
			out, before = append(out, cells), own
		}
	}
	p.table(header, out, [2]int{right, len(header)})
}

// usual is the value that all rounds of nearly all series of an exact unit have, such as no allocation, and how many
// series have another: rare is 0 where there is no such value.
func usual(all []Series) (value float64, rare int) {
	const many = 8 // fewer are a table that needs no shortening
	of := map[float64]int{}
	for _, s := range all {
		if s.Unit.Exact && always(s, s.Median) {
			if of[s.Median]++; of[s.Median] > of[value] {
				value = s.Median
			}
		}
	}
	if len(all) <= many || of[value]*4 < len(all)*3 {
		return 0, 0
	}
	return value, len(all) - of[value]
}

// always says whether every round of a series has a value.
func always(s Series, value float64) bool {
	return !slices.ContainsFunc(s.Rounds, func(v float64) bool { return v != value })
}

// constant says whether an exact unit has one value in all rounds of all series.
func constant(all []Series) (value float64, one bool) {
	value = all[0].Median
	for _, s := range all {
		if !s.Unit.Exact || !always(s, value) {
			return value, false
		}
	}
	return value, true
}

func (f *family) titles(keys []int) []string {
	var out []string
	for _, i := range keys {
		out = append(out, figure.Prose(f.keys[i]))
	}
	return out
}

func labels(values []string) []string {
	var out []string
	for _, value := range values {
		out = append(out, figure.Whole(figure.Prose(value)))
	}
	return out
}

const nothing = "–"

const leastSpread = .0005 // that is shown: less is below the digits of the figure

// measured writes a median and its spread.
func measured(m *member, unit string) string {
	if m == nil {
		return nothing
	}
	s, has := m.by[unit]
	if !has {
		return nothing
	}
	out := figure.Number(s.Median, unit)
	least, most := slices.Min(s.Rounds), slices.Max(s.Rounds)
	switch {
	case s.Unit.Exact && least == most:
		out = figure.Exact(s.Median, unit)
	case s.Unit.Exact: // a count that varies: a share of it says little
		out = fmt.Sprintf("%s (%s to %s)", figure.Exact(s.Median, unit), figure.Exact(least, unit), figure.Exact(most, unit))
	case s.Spread != nil && *s.Spread >= leastSpread:
		out += " ±" + figure.Percent(*s.Spread)
	}
	return figure.Whole(figure.Prose(out))
}
