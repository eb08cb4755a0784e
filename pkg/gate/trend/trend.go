package trend

import (
	"fmt"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// Point is what one run says of one series.
type Point struct {
	Order       int     // place of its commit in first-parent order; several runs of a commit share it
	Value       float64 // ratio to the anchor, or the centre of the run in the unit; finite, at least 0
	Environment string  // names the machine and toolchain; equal where nothing that is known of them differs
}

// Policy says what a change point is; the zero value means the defaults.
type Policy struct {
	MinEffect float64 // the least relative shift of medians that is reported; 0: .02; negative: any
	Alpha     float64 // the level of the test, for all change points of a series together; 0: .05
}

// withDefaults returns p with its zero fields filled in.
func (p Policy) withDefaults() Policy {
	if p.MinEffect == 0 {
		p.MinEffect = defaultEffect
	}
	if p.Alpha == 0 {
		p.Alpha = defaultAlpha
	}
	return p
}

// Segment is a stretch of points without a change.
type Segment struct {
	From, To int     // indices of its points: From is the first, To the first of the next segment
	Level    float64 // median, in the unit of the values
	Spread   float64 // robust standard deviation of natural logarithms, .01 is about 1 %; 0 beside zeros
}

// Moved is a change of what measures: from one environment to another.
type Moved struct {
	From, To string // as Point.Environment, of the last point before and the first after
}

// Change is a change point: the values are at another level from here on.
type Change struct {
	At          int // index of the first point of the new level, as it fits best
	First, Last int // indices: the first point of the new level is one of these, at about 95 %
	Order       int // Point.Order of the point At
	After, By   int // Point.Order: the cause is one of the commits after After, up to and including By

	From, To    float64       // medians of at most 100 points on each side, in the unit of the values
	Shift       float64       // natural logarithm of the ratio of levels; NaN where one of them is 0
	Interval    stat.Interval // for Shift; zero where Shift is NaN
	P           float64       // two-sided, of the rank test on both sides
	Environment *Moved        // not nil: what measures changed here too, which explains more than a commit can
}

// Trend is the course of one series.
type Trend struct {
	Segments []Segment // at least one where there is a point, without gaps
	Changes  []Change  // one between two segments, in order
	Points   int       // how many there are
	Noise    float64   // robust standard deviation of natural logarithms about the segments' levels
	Memory   float64   // autocorrelation of that noise at lag 1; 0: none worth mention
}

// Latest returns the last segment: what a new value is to be held against. ok is false where
// there is no point.
func (t Trend) Latest() (s Segment, ok bool) {
	if len(t.Segments) == 0 {
		return Segment{}, false
	}
	return t.Segments[len(t.Segments)-1], true
}

// Scale multiplies the levels by a positive number, as where values were ratios to something.
func (t *Trend) Scale(by float64) {
	for i := range t.Segments {
		t.Segments[i].Level *= by
	}
	for i := range t.Changes {
		t.Changes[i].From *= by
		t.Changes[i].To *= by
	}
}

// Series is a history that grows. The zero value is empty and has the default policy. What Trend
// returns depends on the points and the policy alone: a series that got its points one by one and
// one that got them at once say the same. Not safe for concurrent use.
type Series struct {
	policy  Policy
	points  []Point
	logs    []float64 // of the values; see know
	unknown int       // of how many of the first values they were not computed
	zeros   int       // how many values are 0
	fit     fit
}

// New returns an empty series.
func New(policy Policy) *Series { return &Series{policy: policy} }

// Reset empties a series, which keeps its memory for the next points.
func (s *Series) Reset() {
	s.points, s.logs, s.unknown, s.zeros = s.points[:0], s.logs[:0], 0, 0
	s.fit = fit{level: s.fit.level, cost: s.fit.cost, open: s.fit.open, prev: s.fit.prev}
}

// Len returns how many points the series has.
func (s *Series) Len() int { return len(s.points) }

// Add appends points, which must be in the order of their commits. An error says which point is
// out of order, or has a value that is negative or not finite; that one and those behind it are
// not added.
func (s *Series) Add(points ...Point) error {
	s.points = slices.Grow(s.points, len(points))
	for i, p := range points {
		switch {
		case math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || p.Value < 0:
			return fmt.Errorf("trend: point %d has the value %g: a value is finite and at least 0", len(s.points), p.Value)
		case len(s.points) > 0 && p.Order < s.points[len(s.points)-1].Order:
			return fmt.Errorf("trend: point %d is of commit %d in order, and the one before it of %d: give points in the order of their commits", len(s.points), p.Order, s.points[len(s.points)-1].Order)
		}
		s.points = append(s.points, points[i])
		if p.Value == 0 {
			s.zeros++
		}
	}
	return nil
}

// logarithm returns the natural logarithm of a value. Nothing is the logarithm of 0: it becomes a
// level far below every other, so that a series can leave it and come back to it.
func logarithm(v float64) float64 {
	if v == 0 {
		return zeroLog
	}
	return math.Log(v)
}

// know computes the logarithms of the values from a point on, where they are not known: of a series
// that goes on from a state, those of most are never asked for.
func (s *Series) know(from int) {
	n, have := len(s.points), len(s.logs)
	s.logs = slices.Grow(s.logs, n-have)[:n]
	if have == 0 {
		s.unknown, have = n, n
	}
	for i := have; i < n; i++ {
		s.logs[i] = logarithm(s.points[i].Value)
	}
	for ; s.unknown > from; s.unknown-- {
		s.logs[s.unknown-1] = logarithm(s.points[s.unknown-1].Value)
	}
}

// cuts brings the fit up to all points and returns where its segments start, but for the first.
func (s *Series) cuts() []int {
	from := 0
	if s.fit.settled == checkpoint(len(s.points)) {
		from = max(0, len(s.fit.x)-minSegment)
	}
	s.know(from)
	s.fit.follow(s.logs)
	return s.fit.path()
}

// Trend returns segments and change points of what the series has.
func (s *Series) Trend() Trend {
	if len(s.points) == 0 {
		return Trend{}
	}
	s.know(0)
	return s.judge().trend(s.cuts())
}

// Changes returns the Changes of Trend alone, which costs less: nothing where there are none.
func (s *Series) Changes() []Change {
	if len(s.points) == 0 {
		return nil
	}
	cuts := s.cuts()
	if len(cuts) == 0 {
		return nil
	}
	s.know(0)
	out, _ := s.judge().changes(cuts)
	return out
}

func (s *Series) judge() judge { return judge{Series: s, policy: s.policy.withDefaults()} }

// Of returns the course of points, as a Series that got them does.
func Of(policy Policy, points []Point) (Trend, error) {
	s := New(policy)
	if err := s.Add(points...); err != nil {
		return Trend{}, err
	}
	return s.Trend(), nil
}
