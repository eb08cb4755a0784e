package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
)

// distribution draws the percentiles of every benchmark on one scale.
func (p *page) distribution(f *family, units []string) {
	var all []float64
	for _, m := range f.members {
		for _, unit := range units {
			if s, has := m.by[unit]; has {
				all = append(all, s.Median)
			}
		}
	}
	axis, drawn := scaleOf(all)
	_, of, _ := quantile(units[0])
	header := f.titles(f.order())
	right := len(header)
	legend := []string{}
	for i, unit := range units {
		number, _, _ := quantile(unit)
		name := fmt.Sprintf("p%g", number)
		header = append(header, name)
		shade := []rune(shades)[min(i, 3)]
		if i == len(units)-1 {
			shade = []rune(shades)[3]
		}
		legend = append(legend, fmt.Sprintf("`%c` to %s", shade, name))
	}
	title := "Distribution of " + figure.Prose(of)
	if drawn {
		header = append(header, "")
		title += fmt.Sprintf(": logarithmic from %s to %s, %s", figure.Prose(figure.Number(axis.lo, units[0])), figure.Prose(figure.Number(axis.hi, units[0])), strings.Join(legend, ", "))
	}
	var rows [][]string
	var before []string
	for _, m := range f.sorted() {
		own := f.labels(m)
		cells := fresh(own, before)
		before = own
		var marks []float64
		for _, unit := range units {
			s, has := m.by[unit]
			if !has {
				cells = append(cells, nothing)
				continue
			}
			marks = append(marks, s.Median)
			cells = append(cells, measured(m, unit))
		}
		if drawn && len(marks) == len(units) {
			cells = append(cells, "`"+axis.bar(marks)+"`")
		} else if drawn {
			cells = append(cells, "")
		}
		if len(marks) > 0 {
			rows = append(rows, cells)
		}
	}
	p.line("%s\n", title)
	p.table(header, rows, [2]int{right, right + len(units)})
}

// fresh are the labels of a row below one with the labels before: those that it shares from the left on are blank, but
// for the last, so that a reader sees where something changes.
func fresh(own, before []string) []string {
	out := slices.Clone(own)
	for i := 0; i < len(own)-1 && i < len(before) && before[i] == own[i]; i++ {
		out[i] = ""
	}
	return out
}

// labels of a member, in order.
func (f *family) labels(m *member) []string {
	var out []string
	for _, i := range f.order() {
		out = append(out, figure.Whole(figure.Prose(m.values[i])))
	}
	return out
}

// rounds draws every round of what somebody asked about and what varies: a drift or a step shows
// here, and in no median.
func (p *page) rounds(f *family) {
	var rows [][]string
	var before []string
	for _, m := range f.sorted() {
		for _, unit := range f.units {
			s, has := m.by[unit]
			if !has || len(s.Rounds) < 3 || !s.Asked || slices.Min(s.Rounds) == slices.Max(s.Rounds) {
				continue
			}
			own := f.labels(m)
			cells := fresh(own, before)
			before = own
			rows = append(rows, append(cells, figure.Prose(unit), measured(m, unit), "`"+spark(s.Rounds)+"`"))
		}
	}
	if len(rows) == 0 {
		return
	}
	p.fold("Rounds, in order", func() {
		p.line("The height of a line is at least %s of the median.\n", figure.Percent(sparkSpan))
		header := append(f.titles(f.order()), "unit", "median", "rounds")
		p.table(header, rows, [2]int{len(header) - 2, len(header) - 1})
	})
}
