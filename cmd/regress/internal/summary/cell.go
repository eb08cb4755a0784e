package summary

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
)

const (
	nothing     = "–"   // in a cell without a value
	leastSpread = .0005 // that is shown: less is below the digits of the figure
)

// columnsOf returns the columns of some keys of a family, as titles.
func (f *family) columnsOf(keys []int) []table.Column {
	var out []table.Column
	for _, i := range keys {
		out = append(out, table.Column{Title: f.keys[i]})
	}
	return out
}

// valueColumns returns the columns of values that stand side by side; only is the title where there
// is but one without a name.
func (f *family) valueColumns(only string) []table.Column {
	var out []table.Column
	for _, value := range f.columns() {
		out = append(out, table.Column{Title: cmp.Or(value, only), Right: true})
	}
	return out
}

// labels returns the values of a member, in the order of tables.
func (f *family) labels(m *member) []string {
	var out []string
	for _, i := range f.order() {
		out = append(out, m.values[i])
	}
	return out
}

// fresh returns the labels of a row below one with the labels before: those that it shares from the
// left on are blank, but for the last, so that a reader sees where something changes.
func fresh(own, before []string) []table.Cell {
	out := make([]table.Cell, len(own))
	shared := true
	for i, label := range own {
		shared = shared && i < len(before) && before[i] == label
		if !shared || i == len(own)-1 {
			out[i] = table.Figure(label)
		}
	}
	return out
}

// measured returns the median of a member in a unit and its spread.
func measured(m *member, unit string) table.Cell {
	if m == nil {
		return table.Say(nothing)
	}
	s, has := m.by[unit]
	if !has {
		return table.Say(nothing)
	}
	return table.Figure(s.figure())
}

// figure returns the median and its spread: "1.23 µs ±2 %". A count that varies has its range
// instead, since a share of it says little.
func (s Series) figure() string {
	unit := s.Unit.Name
	least, most := slices.Min(s.Rounds), slices.Max(s.Rounds)
	switch {
	case s.Unit.Exact && least == most:
		return figure.Exact(s.Median, unit)
	case s.Unit.Exact:
		all := figure.Alike(unit, true, s.Median, least, most)
		return fmt.Sprintf("%s (%s to %s)", all[0], all[1], all[2])
	case s.Spread != nil && *s.Spread >= leastSpread:
		return figure.Number(s.Median, unit) + " ±" + figure.Percent(*s.Spread)
	}
	return figure.Number(s.Median, unit)
}
