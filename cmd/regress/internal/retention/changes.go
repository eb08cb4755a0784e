package retention

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/pkg/gate/trend"
)

// leastNear is how many points are kept on each side of a change to begin with. Sixteen on sixteen
// that do not overlap have a p of 3·10⁻⁹: a step that is large beside the noise needs no more, and
// one that is not is given twice as many until it is found.
const leastNear = 16

// keepChanges keeps what the change points of all series need. Runs that are kept for one series
// change what is left of the others, so all are looked at until nothing is missing.
func (p *Plan) keepChanges() {
	all := make([]*course, 0, len(p.series))
	for _, c := range p.series {
		slices.SortStableFunc(c.points, func(a, b point) int {
			return cmp.Or(cmp.Compare(p.order[a.run], p.order[b.run]), p.runs[a.run].Time.Compare(p.runs[b.run].Time))
		})
		all = append(all, c)
	}
	changes := make([][]trend.Change, len(all))
	each(len(all), func(i int) { changes[i] = p.changes(all[i].points) })
	for i, c := range all {
		p.keepNear(c, changes[i])
	}
	lost := make([]bool, len(all))
	for again := true; again; {
		each(len(all), func(i int) { lost[i] = p.loses(all[i], changes[i]) })
		again = false
		for i, c := range all {
			if lost[i] {
				again = true
				c.near *= 2
				p.keepNear(c, changes[i])
			}
		}
	}
}

// keepNear keeps the points of a course that are near its changes.
func (p *Plan) keepNear(c *course, changes []trend.Change) {
	for _, change := range changes {
		for _, at := range c.points[max(0, change.At-c.near):min(len(c.points), change.At+c.near)] {
			p.keep(at.run, Change)
		}
	}
}

// loses reports whether one of changes is not found in what is kept of a course.
func (p *Plan) loses(c *course, changes []trend.Change) bool {
	if len(changes) == 0 {
		return false
	}
	left := make([]point, 0, len(c.points))
	for _, at := range c.points {
		if p.why[at.run] != Forgotten {
			left = append(left, at)
		}
	}
	if len(left) == len(c.points) {
		return false
	}
	have := p.changes(left)
	return slices.ContainsFunc(changes, func(want trend.Change) bool {
		return !slices.ContainsFunc(have, func(h trend.Change) bool { return h.After < want.By && want.After < h.By })
	})
}

// changes returns the change points of a course.
func (p *Plan) changes(points []point) []trend.Change {
	in := make([]trend.Point, len(points))
	for i, at := range points {
		in[i] = trend.Point{Order: p.order[at.run], Value: at.value}
	}
	// Note: points are in order and none is negative, so there is no error.
	t, _ := trend.Of(trend.Policy{}, in)
	return t.Changes
}

// each does do to 0..n-1 on all processors.
func each(n int, do func(int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
