package report

import (
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// figures of a row, as they stand in every table.
type figures struct{ base, head, change, between, sees string }

func figuresOf(r gate.Row) figures {
	write := figure.Number
	if r.Exact {
		write = figure.Exact
	}
	var f figures
	if creep(r) {
		r.Base, r.Change, r.Interval, r.Detectable = r.Drift.Anchor, r.Drift.Change, r.Drift.Interval, r.Drift.Detectable
	}
	if r.Base != nil {
		f.base = write(r.Base.Median, r.Unit)
	}
	if r.Head != nil {
		f.head = write(r.Head.Median, r.Unit)
	}
	switch {
	case r.Change != nil:
		f.change = figure.Change(*r.Change)
	case r.Base != nil && r.Head != nil && r.Base.Median == 0 && r.Head.Median != 0:
		f.change = "from zero"
	}
	if r.Interval != nil && !(r.Exact && r.Interval.Lo == r.Interval.Hi) {
		f.between = figure.Between(r.Interval.Lo, r.Interval.Hi)
	}
	if r.Detectable != nil {
		f.sees = figure.Percent(*r.Detectable)
	}
	return f
}

// interval is the title of the column of intervals: with their level where
// all have the same, as far as it is shown.
func interval(rows []gate.Row) string {
	level := ""
	for _, r := range rows {
		if r.Interval == nil {
			continue
		}
		own := figure.Percent(r.Interval.Level) + " "
		if level != "" && own != level {
			return "interval"
		}
		level = own
	}
	return level + "interval"
}
