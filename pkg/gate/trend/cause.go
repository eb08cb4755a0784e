package trend

import (
	"cmp"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// Step is a change point with the series that it is of.
type Step struct {
	Key         baseline.Key
	Fingerprint string             // class of machine; empty where values are ratios, which are of none
	Direction   baseline.Direction // which way the unit improves
	Change      Change
}

// Worse reports whether the values changed for the worse; false where the unit has no direction.
func (s Step) Worse() bool { return s.to(-1) }

// Better reports whether the values changed for the better; false where the unit has no
// direction.
func (s Step) Better() bool { return s.to(1) }

// to reports whether the change has a sign: 1 where it is for the better.
func (s Step) to(sign float64) bool {
	switch s.Direction {
	case baseline.Lower:
		return sign*(s.Change.From-s.Change.To) > 0
	case baseline.Higher:
		return sign*(s.Change.To-s.Change.From) > 0
	}
	return false
}

// reaches reports whether a commit is in the range of the step. The best place of a step is in its
// range, also where that is between runs of one commit, so that every step is of some cause.
func (s Step) reaches(order int) bool { return s.after() < order && order <= s.Change.By }

// after returns the commit behind which the range of the step begins.
func (s Step) after() int { return min(s.Change.After, s.Change.Order-1) }

// size returns how large the step is: the absolute value of its logarithm, 1 where one side is 0.
func (s Step) size() float64 {
	if d := size(s.Change); !math.IsInf(d, 1) {
		return d
	}
	return 1
}

// Cause is what several series have in common that step at the same commit.
type Cause struct {
	// After and By are Point.Order: one of the commits after After, up to and including By, which
	// is in the range of every step. Equal, they say that runs of one commit differ.
	After, By int
	Order     int     // the one among them that fits most of the steps best
	Steps     []Step  // largest first, one of a series
	Size      float64 // sum over the steps of |natural logarithm of the ratio of levels|
	Worse     int     // how many steps are for the worse
	Better    int     // and for the better; the rest have no direction
	Moved     bool    // what measures changed too, at most of the steps
}

// Causes groups steps, any order, by the commit that may have made them, the largest cause first:
// that which moved many series by much. The commit that lies in the ranges of most steps takes
// them all, then that which lies in most of the others, until none is left. Two steps of one
// series are never of one cause.
func Causes(steps []Step) []Cause {
	rest := slices.Clone(steps)
	slices.SortStableFunc(rest, func(a, b Step) int {
		return cmp.Or(-cmp.Compare(a.size(), b.size()), a.Key.Compare(b.Key), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.Change.By, b.Change.By))
	})
	var out []Cause
	for len(rest) > 0 {
		var c Cause
		c, rest = take(rest, common(rest))
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return cmp.Or(-cmp.Compare(a.Size, b.Size), cmp.Compare(a.By, b.By)) })
	return out
}

// common returns the commit that is the best place of a step and lies in the ranges of most; of
// several the one that is the best place of most, then the first.
func common(steps []Step) int {
	afters, bys, best := make([]int, len(steps)), make([]int, len(steps)), map[int]int{}
	for i, s := range steps {
		afters[i], bys[i] = s.after(), s.Change.By
		best[s.Change.Order]++
	}
	slices.Sort(afters)
	slices.Sort(bys)
	order, most := 0, 0
	for at, exact := range best {
		begun, _ := slices.BinarySearch(afters, at) // ranges that begin before it
		ended, _ := slices.BinarySearch(bys, at)    // and end before it
		n := begun - ended
		if n > most || n == most && (exact > best[order] || exact == best[order] && at < order) {
			order, most = at, n
		}
	}
	return order
}

// take returns the cause at a commit, and the steps that are not of it. Of a series with two
// steps in whose ranges it lies, the nearer is taken.
func take(steps []Step, order int) (c Cause, rest []Step) {
	type series struct {
		key         baseline.Key
		fingerprint string
	}
	apart := func(s Step) int { return max(s.Change.Order-order, order-s.Change.Order) }
	nearest := map[series]int{} // index among steps
	for i, s := range steps {
		if !s.reaches(order) {
			continue
		}
		of := series{s.Key, s.Fingerprint}
		if have, ok := nearest[of]; !ok || apart(s) < apart(steps[have]) {
			nearest[of] = i
		}
	}
	c = Cause{After: math.MinInt, By: math.MaxInt, Order: order}
	moved, within := 0, 0 // within one commit
	rest = make([]Step, 0, len(steps))
	for i, s := range steps {
		if !s.reaches(order) || nearest[series{s.Key, s.Fingerprint}] != i {
			rest = append(rest, s)
			continue
		}
		c.Steps = append(c.Steps, s)
		c.After, c.By = max(c.After, s.after()), min(c.By, s.Change.By)
		c.Size += s.size()
		if s.Worse() {
			c.Worse++
		}
		if s.Better() {
			c.Better++
		}
		if s.Change.Environment != nil {
			moved++
		}
		if s.Change.After == s.Change.By {
			within++
		}
	}
	if within == len(c.Steps) {
		c.After = c.By
	}
	c.Moved = 2*moved > len(c.Steps)
	return c, rest
}
