package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// Session is what the store has of one series of one earlier measurement on the
// same class of machine.
type Session struct {
	Value  float64 // median of its rounds, in the unit of the row
	Commit string
}

const (
	leastSessions = 3  // fewer show no course
	mostSessions  = 20 // marks that fit in a table's cell at the width of a comment
)

// ShowsHistory says whether a row is shown with its history, where it has one.
func ShowsHistory(r gate.Row) bool {
	switch r.Verdict {
	case gate.Regressed, gate.Crept, gate.Improved, gate.Inconclusive:
		return true
	}
	return false
}

// sessions are those of a row, oldest first; nil where there are too few, and for
// rows that nobody must look at.
func (p *page) sessions(r gate.Row) []Session {
	if p.o.History == nil || r.Head == nil || !ShowsHistory(r) {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(p.o.History(r)), func(s Session) bool { return math.IsNaN(s.Value) || math.IsInf(s.Value, 0) })
	if len(all) < leastSessions {
		return nil
	}
	return all[max(len(all)-mostSessions, 0):]
}

// course draws the stored sessions of a row and, as the last mark, its head:
// "`▁▁▂▁▁█` 5 sessions and head, 238 ns to 269 ns". What moves by less than the smallest change to act
// on is drawn flat, so that noise does not look like mountains.
func (p *page) course(r gate.Row) string {
	var values []float64
	for _, s := range p.sessions(r) {
		values = append(values, s.Value)
	}
	if values == nil {
		return ""
	}
	values = append(values, r.Head.Median)
	lo, hi := slices.Min(values), slices.Max(values)
	span := max(hi-lo, r.MinEffect*math.Abs(hi))
	write := figure.Number
	if r.Exact {
		write = figure.Exact
	}
	from, to := write(lo, r.Unit), write(hi, r.Unit)
	if from != to {
		to = from + " to " + to
	}
	return fmt.Sprintf("`%s` %d sessions and head, %s", figure.Spark(values, lo, lo+span), len(values)-1, figure.Whole(to))
}

// began says where the stored sessions cross from the base's level to the
// head's, if they do so once. Where they waver it says nothing.
func (p *page) began(r gate.Row) string {
	all := p.sessions(r)
	if all == nil || r.Base == nil || r.Base.Median == r.Head.Median {
		return ""
	}
	middle := r.Base.Median/2 + r.Head.Median/2
	changed := func(s Session) bool { return s.Value > middle == (r.Head.Median > r.Base.Median) }
	first := slices.IndexFunc(all, changed)
	switch {
	case first < 0:
		return fmt.Sprintf("first seen here: all of the last %d stored sessions are nearer to base", len(all))
	case first == 0 || len(all)-first < 2 || slices.ContainsFunc(all[first:], func(s Session) bool { return !changed(s) }):
		return ""
	}
	commit := figure.Commit(all[first].Commit)
	if commit == "" {
		commit = "a commit that the store does not name"
	}
	return fmt.Sprintf("seen before: the last %d of %d stored sessions, from %s on, are nearer to head", len(all)-first, len(all), commit)
}
