package summary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// mostColumns is how many values of a key stand side by side; a key with more is
// rows.
const mostColumns = 8

// family is the benchmarks of one function whose names have the same keys.
type family struct {
	pkg, function string
	fixed         []baseline.Part    // keys with one value
	keys          []string           // keys with several, in order of the name; a part without a key is "name"
	column        int                // of keys; -1: none
	units         []string           // sorted
	members       map[string]*member // by id
	compare       func(a, b string) int
}

// member is one benchmark.
type member struct {
	values []string // of family.keys
	by     map[string]Series
}

// id returns the name of a member by its values.
func id(values []string) string { return strings.Join(values, "/") } // no value has a slash

// families returns the series of a machine by shape, in order of package and function.
func (m Machine) families(o Options) []*family {
	procs := map[string]bool{}
	for _, s := range m.Series {
		value, _ := s.Name.Value(baseline.ProcsKey)
		procs[value] = true
	}
	groups := map[string][]Series{}
	for _, s := range m.Series {
		if n := len(s.Name.Parts); len(procs) == 1 && n > 0 && s.Name.Parts[n-1].Key == baseline.ProcsKey { // a fact of the machine, and not of the benchmark
			s.Name.Parts = s.Name.Parts[:n-1]
		}
		shape := []string{s.Package, s.Name.Function}
		for _, p := range s.Name.Parts {
			shape = append(shape, p.Key)
		}
		at := fmt.Sprintf("%q", shape)
		groups[at] = append(groups[at], s)
	}
	var out []*family
	for _, at := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, newFamily(groups[at], o))
	}
	return out
}

// newFamily returns the family of series of one shape.
func newFamily(all []Series, o Options) *family {
	f := &family{pkg: all[0].Package, function: all[0].Name.Function, column: -1, members: map[string]*member{}, compare: ordered(o.Order)}
	var varying []int
	var counts []int
	for i, part := range all[0].Name.Parts {
		values := map[string]bool{}
		for _, s := range all {
			values[s.Name.Parts[i].Value] = true
		}
		if len(values) == 1 {
			f.fixed = append(f.fixed, part)
			continue
		}
		varying, counts = append(varying, i), append(counts, len(values))
		f.keys = append(f.keys, cmp.Or(part.Key, "name"))
	}
	units := map[string]bool{}
	for _, s := range all {
		values := make([]string, len(varying))
		for k, i := range varying {
			values[k] = s.Name.Parts[i].Value
		}
		at := f.members[id(values)]
		if at == nil {
			at = &member{values: values, by: map[string]Series{}}
			f.members[id(values)] = at
		}
		at.by[s.Unit.Name] = s
		units[s.Unit.Name] = true
	}
	f.units = slices.Sorted(maps.Keys(units))
	f.column = chooseColumn(f.keys, counts, o.Columns)
	return f
}

// chooseColumn returns the index of the first preferred key, else the one with the fewest values.
func chooseColumn(keys []string, counts []int, preferred []string) int {
	best := -1
	for i := range keys {
		if counts[i] <= mostColumns && (best < 0 || counts[i] < counts[best]) {
			best = i
		}
	}
	for _, key := range preferred {
		if i := slices.Index(keys, key); i >= 0 && counts[i] <= mostColumns {
			return i
		}
	}
	return best
}

// sorted returns the members in the order of tables: neighbours differ in the column.
func (f *family) sorted() []*member {
	return slices.SortedFunc(maps.Values(f.members), func(a, b *member) int {
		for _, i := range f.order() {
			if c := f.compare(a.values[i], b.values[i]); c != 0 {
				return c
			}
		}
		return 0
	})
}

// order returns the indexes of the keys in the order of tables: the column last.
func (f *family) order() []int {
	var out []int
	for i := range f.keys {
		if i != f.column {
			out = append(out, i)
		}
	}
	if f.column >= 0 {
		out = append(out, f.column)
	}
	return out
}

// rowKeys returns the indexes of the keys that are not the column.
func (f *family) rowKeys() []int {
	order := f.order()
	if f.column >= 0 {
		return order[:len(order)-1]
	}
	return order
}

// columns returns the values side by side; one without a name where no key is.
func (f *family) columns() []string {
	if f.column < 0 {
		return []string{""}
	}
	seen := map[string]bool{}
	for _, m := range f.members {
		seen[m.values[f.column]] = true
	}
	return slices.SortedFunc(maps.Keys(seen), f.compare)
}

// row is the members that differ in the column alone, by its value.
type row struct {
	values []string // of the row keys
	cells  map[string]*member
}

// rows returns the members that stand side by side, row by row.
func (f *family) rows() []row {
	var out []row
	at := ""
	for _, m := range f.sorted() {
		var values []string
		for _, i := range f.rowKeys() {
			values = append(values, m.values[i])
		}
		if own := id(values); len(out) == 0 || own != at {
			at = own
			out = append(out, row{values, map[string]*member{}})
		}
		column := ""
		if f.column >= 0 {
			column = m.values[f.column]
		}
		out[len(out)-1].cells[column] = m
	}
	return out
}

// quantile returns the number of a percentile unit and what it is a percentile of:
// "p99.9-latency-sec" is 99.9 and "latency-sec".
func quantile(unit string) (number float64, of string, ok bool) {
	rest, ok := strings.CutPrefix(unit, "p")
	digits, of, dashed := strings.Cut(rest, "-")
	number, err := strconv.ParseFloat(digits, 64)
	return number, of, ok && dashed && err == nil && number > 0 && number < 100 && strings.Trim(digits, "0123456789.") == ""
}

// distributions returns the percentile units that belong together, ascending, where
// there are at least two.
func (f *family) distributions() [][]string {
	by := map[string][]string{}
	for _, unit := range f.units {
		if _, of, ok := quantile(unit); ok {
			by[of] = append(by[of], unit)
		}
	}
	var out [][]string
	for _, of := range slices.Sorted(maps.Keys(by)) {
		units := by[of]
		slices.SortFunc(units, func(a, b string) int {
			x, _, _ := quantile(a)
			y, _, _ := quantile(b)
			return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
		})
		if len(units) > 1 {
			out = append(out, units)
		}
	}
	return out
}
