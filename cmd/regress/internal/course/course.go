// Package course shows how benchmarks went over the commits of a branch: New turns what a store
// has into data, with the segments and change points of pkg/gate/trend, and Text, Markdown and
// JSON write it. Where commits are known (git has them), points are in first-parent order and
// changes name their suspects; elsewhere they are in the order in which they were measured.
package course

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/trend"
)

// Commit is one commit of the branch; of one that neither git nor the store knows there is the ID
// alone.
type Commit struct {
	ID, Author, Subject string
	Time                time.Time
	Place               int // in first-parent order, from 1; 0: unknown
	Pull                int // number of the pull request that brought it; 0: unknown
}

// Point is what one run says of a series.
type Point struct {
	Commit      string
	Time        time.Time // of the measurement
	Value       float64   // in the unit; of a series with an Anchor as if that always took as long
	Spread      float64   // of the rounds, as baseline.Point has it
	Rounds      int       // how many; 0: unknown
	Environment string    // what measured, in words; equal where nothing that is known differs

	Measured float64         // as Value, but as it was measured; New sets it where it is 0
	Beside   []Held          // anchors that were measured beside it
	Facts    *baseline.Facts // of the commit; nil: unknown

	order int
}

// Series is one series on one class of machine.
type Series struct {
	Key         baseline.Key
	Fingerprint string
	Points      []Point // in order of their commits, then of time
	Anchor      *Anchor // what they are held against; nil: they are as they were measured
	Trend       trend.Trend

	at int // its place in Columns
}

// Page is all that is shown.
type Page struct {
	Series []Series // by key and fingerprint

	// Machines has what a class of machine is, in words, by fingerprint; nil: it is not known.
	Machines map[string]string

	Causes  []trend.Cause
	Commits []Commit // what the orders of trend count, oldest first; without git those that were measured
	ByTime  bool     // the commits are in the order of their first measurement: git does not know them all

	Measured []bool // by place among the commits: a series has a point there

	fill func(*Series) // see Fill; nil: all series have their points
}

// Name names a series.
type Name struct {
	Key         baseline.Key
	Fingerprint string
}

// New returns the page of points by series, each in order of time, which it keeps: a store has
// millions. history is the branch's first-parent history as git has it here, oldest first. Where a
// point is of a commit that it does not have, the places that points give their commits make the
// order, and where one has none, commits are in the order in which they were first measured.
// Series whose runs mostly have an anchor beside them are held against it. A value that has no
// course, because it is negative, is an error that names its series.
func New(points map[Name][]Point, history []Commit) (Page, error) {
	return newPage(points, history, nil)
}

// newPage is New with what was learned before, if anything was.
func newPage(points map[Name][]Point, history []Commit, learned *Learned) (Page, error) {
	page := Page{}
	place := page.arrange(points, history)
	page.Series = make([]Series, 0, len(points))
	for name, list := range points {
		page.Series = append(page.Series, Series{Key: name.Key, Fingerprint: name.Fingerprint, Points: list})
	}
	page.sort()
	linked := linksOf(points)
	if err := each(page.Series, func(s *Series) error { return s.follow(place, linked, learned) }); err != nil {
		return page, err
	}
	page.Measured = make([]bool, len(page.Commits))
	for _, s := range page.Series {
		for i := range s.Points {
			page.Measured[s.Points[i].order] = true
		}
	}
	page.group()
	return page, nil
}

// sort brings the series in order.
func (p *Page) sort() {
	slices.SortFunc(p.Series, func(a, b Series) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
}

// group fills in the causes.
func (p *Page) group() {
	var steps []trend.Step
	for _, s := range p.Series {
		for _, c := range s.Trend.Changes {
			steps = append(steps, trend.Step{Key: s.Key, Fingerprint: s.Fingerprint, Change: c})
		}
	}
	p.Causes = trend.Causes(steps)
}

// follow puts the points of a series in order and computes its course.
func (s *Series) follow(place map[string]int, linked links, learned *Learned) error {
	in, unit := s.arranged(place, linked)
	t, name := trend.New(trend.Policy{}), Name{s.Key, s.Fingerprint}
	if err := t.Add(in...); err != nil {
		return &SeriesError{name, err}
	}
	learned.resume(name, t)
	s.Trend = t.Trend()
	s.Trend.Scale(unit)
	learned.keep(name, t)
	return nil
}

// arranged puts the points of a series in order, held against an anchor where there is one, and
// returns what its course is made of, and what that is to be multiplied by. Ratios are followed as
// they are: what the anchor mostly takes, which makes times of them, is another after each run.
func (s *Series) arranged(place map[string]int, linked links) (in []trend.Point, unit float64) {
	for i := range s.Points {
		s.Points[i].Measured = cmp.Or(s.Points[i].Measured, s.Points[i].Value)
	}
	unit = s.hold(linked)
	for i := range s.Points {
		s.Points[i].order = place[s.Points[i].Commit]
	}
	slices.SortStableFunc(s.Points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.order, b.order), a.Time.Compare(b.Time))
	})
	in = make([]trend.Point, len(s.Points))
	for i := range s.Points {
		p := &s.Points[i]
		in[i] = trend.Point{Order: p.order, Value: p.Value, Environment: p.Environment}
		p.Value *= unit
	}
	return in, unit
}

// each does do to all series on all processors, and returns the error of the first that has one.
func each(all []Series, do func(*Series) error) error {
	errs := make([]error, len(all))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				errs[i] = do(&all[i])
			}
		})
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// SeriesError is an error with a series.
type SeriesError struct {
	Name Name
	Err  error
}

func (e *SeriesError) Error() string {
	return e.Name.Key.Path() + " " + e.Name.Key.Unit + ": " + e.Err.Error()
}
func (e *SeriesError) Unwrap() error { return e.Err }

// arrange fills in the commits and returns the place of each among them.
func (p *Page) arrange(points map[Name][]Point, history []Commit) map[string]int {
	first := map[string]time.Time{} // measurement
	for _, list := range points {
		for _, point := range list {
			if have, ok := first[point.Commit]; !ok || point.Time.Before(have) {
				first[point.Commit] = point.Time
			}
		}
	}
	said := said(points)
	place, unknown := places(history), false
	for id := range first {
		if _, ok := place[id]; !ok {
			unknown = true
		}
	}
	if p.Commits = history; !unknown {
		return place
	}
	if p.Commits = fill(history, said, first); p.Commits != nil {
		return places(p.Commits)
	}
	p.ByTime = true
	for _, c := range history {
		said[c.ID] = c
	}
	ids := make([]string, 0, len(first))
	for id := range first {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(first[a].Compare(first[b]), cmp.Compare(a, b)) })
	for _, id := range ids {
		c, ok := said[id]
		if !ok {
			c = Commit{ID: id, Time: first[id]}
		}
		p.Commits = append(p.Commits, c)
	}
	return places(p.Commits)
}

// places returns the index of each commit.
func places(commits []Commit) map[string]int {
	out := make(map[string]int, len(commits))
	for i, c := range commits {
		out[c.ID] = i
	}
	return out
}

// Latest leaves out causes that no commit later than after can have made.
func (p *Page) Latest(commits int) {
	p.Causes = slices.DeleteFunc(p.Causes, func(c trend.Cause) bool { return c.By < len(p.Commits)-commits })
}
