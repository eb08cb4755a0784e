// Package summary turns what was measured into a page to keep: what to choose,
// which targets are met and by how much, and every figure in tables. It judges
// nothing itself; targets and recommendations are the gate's. The same log gives
// the same bytes.
//
//	summary.go       a log as medians with their spread
//	family.go        series of one shape: which name key is columns, which are rows
//	section.go       families by the groups of regress.toml
//	choice.go        which units of a family are shown, and which need no table
//	order.go         64B before 1KiB
//	cell.go, bar.go  what stands in a cell: figures, labels, distributions and rounds
//	markdown.go      the page
//	recommended.go   its tables, with gains.go, targets.go, results.go and draw.go
//	json.go          the same for programs
//
// What the tables look like follows from the names alone: "key=value" parts are
// columns and rows, whatever a suite calls them.
package summary

import (
	"errors"
	"math"
	"regexp"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Options is what a summary is given besides the log.
type Options struct {
	Project   string
	Recommend []choice.Recommend
	Gains     []choice.Gain
	Groups    map[string]*regexp.Regexp // parts of the suite by name, in the syntax of go test -bench: sections of the page
	Columns   []string                  // name keys to be columns of tables, by preference; else the key with the fewest values
	Order     []string                  // values of name keys that stand in this order, before all others: "small", "large"
}

// Summary is head of a log in numbers.
type Summary struct {
	Project     string
	Machines    []Machine // one in most logs
	Recommended []choice.Recommendation
	Gains       []choice.GainRow
	Targets     []gate.TargetRow
	Problems    []baseline.Problem
	Warnings    []baseline.Warning
	Stopped     string // why measuring ended early; empty when it did not
	TwoSided    bool   // the log has a base as well, of which nothing is shown
	Bench       string // the part of the suite that was asked for; empty: all, or unknown
	Seed        uint64

	options Options
}

// Machine is what one class of machine measured.
type Machine struct {
	Run    baseline.Run // its facts; Samples and Raw are left out
	Series []Series     // in order of key
}

// Series is one benchmark in one unit.
type Series struct {
	baseline.Key
	Unit   baseline.Unit // hides Key.Unit; its Name is the same
	Name   baseline.Name // hides Key.Name
	Rounds []float64     // a value a round, in order; at least one
	Median float64       // of Rounds
	Asked  bool          // a target, a recommendation or a gain is about it
	Spread *float64      // robust standard deviation relative to the median; nil for one round
}

// ErrNoHead says that a log has nothing to sum up.
var ErrNoHead = errors.New("sum up: the log has base alone: give results of head, or results without sides")

// New sums head of in.Log up, and holds it against in.Targets. It fails with ErrNoHead alone.
func New(in gate.Input, o Options) (Summary, error) {
	in.OnlyHead = true
	s := Summary{
		Project: o.Project, Recommended: choice.Recommendations(in.Log, o.Recommend), Gains: choice.Gains(in.Log, o.Gains), Targets: gate.Decide(in).Targets,
		Problems: in.Log.Problems, Warnings: in.Log.Warnings, Stopped: in.Log.Stopped, Bench: in.Log.Bench, Seed: in.Log.Seed, options: o,
	}
	for _, run := range in.Log.Runs {
		if !run.Side.Judged() {
			s.TwoSided = true
			continue
		}
		m := Machine{Run: run}
		m.Run.Samples, m.Run.Raw = nil, nil
		for _, sample := range run.Samples {
			if rounds := sample.PerRound(); len(rounds) > 0 {
				own := series(sample.Key, in.Log.Procs, in.Log.Units[sample.Unit], rounds)
				own.Asked = asked(own, in.Targets, o)
				m.Series = append(m.Series, own)
			}
		}
		s.Machines = append(s.Machines, m)
	}
	if len(s.Machines) == 0 {
		return s, ErrNoHead
	}
	return s, nil
}

// series returns a series summed up.
func series(key baseline.Key, procs baseline.Procs, unit baseline.Unit, rounds []float64) Series {
	sorted := stat.Sorted(rounds)
	unit.Name = key.Unit
	s := Series{Key: key, Unit: unit, Name: procs.Parse(key.Name), Rounds: rounds, Median: stat.Quantile(sorted, .5)}
	spread := stat.Scale(sorted) / math.Abs(s.Median)
	if len(rounds) > 1 && !math.IsNaN(spread) && !math.IsInf(spread, 0) {
		s.Spread = &spread
	}
	return s
}

// asked reports whether a target, a recommendation or a gain is about a series.
func asked(s Series, targets []gate.Target, o Options) bool {
	name := s.Key.Path()
	about := func(unit string, where *regexp.Regexp) bool {
		return unit == s.Unit.Name && (where == nil || where.MatchString(name))
	}
	for _, t := range targets {
		if about(t.Unit, t.Benchmark) {
			return true
		}
	}
	for _, q := range o.Recommend {
		if _, has := s.Name.Value(q.Choose); has && about(q.Unit, q.Where) {
			return true
		}
	}
	for _, g := range o.Gains {
		if _, has := s.Name.Value(g.Key); has && about(g.Unit, g.Where) {
			return true
		}
	}
	return false
}
