package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
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

// ShowsHistory reports whether a row is shown with its history, where it has one.
func ShowsHistory(r gate.Row) bool {
	switch r.Verdict {
	case gate.Regressed, gate.Crept, gate.Improved, gate.Inconclusive:
		return true
	}
	return false
}

// sessions returns those of a row, oldest first; nil where there are too few, and for
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

// course returns a drawing of the stored sessions of a row and, as the last mark, its head:
// "`▁▁▂▁▁█` 5 sessions and head, 238 ns to 269 ns". What moves by less than the smallest change to
// act on is drawn flat, so that noise does not look like mountains.
func (p *page) course(r gate.Row) table.Cell {
	var values []float64
	for _, s := range p.sessions(r) {
		values = append(values, s.Value)
	}
	if values == nil {
		return nil
	}
	values = append(values, r.Head.Median)
	lo, hi := slices.Min(values), slices.Max(values)
	span := max(hi-lo, r.MinEffect*math.Abs(hi))
	ends := figure.Alike(r.Unit, r.Exact, lo, hi)
	to := ends[1]
	if ends[0] != to {
		to = ends[0] + " to " + to
	}
	sessions := fmt.Sprintf(" %d sessions and head, ", len(values)-1)
	return table.Named(figure.Spark(values, lo, lo+span)).Then(table.Say(sessions), table.Figure(to))
}

// began returns where the stored sessions leave the level of base for that of head, if they do so
// once. Where they waver it says nothing.
func (p *page) began(r gate.Row) string {
	all := p.sessions(r)
	if all == nil || r.Base == nil {
		return ""
	}
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = s.Value
	}
	at, ok := stat.Crossing(values, r.Base.Median, r.Head.Median)
	switch {
	case !ok:
		return ""
	case at == len(all):
		return fmt.Sprintf("first seen here: all of the last %d stored sessions are nearer to base", len(all))
	}
	commit := cmp.Or(figure.Commit(all[at].Commit), "a commit that the store does not name")
	return fmt.Sprintf("seen before: the last %d of %d stored sessions, from %s on, are nearer to head", len(all)-at, len(all), commit)
}
