package trend

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// judge decides which candidates are change points.
type judge struct {
	*Series
	policy Policy
}

// candidate is a change point with the ends of the segments that meet in it.
type candidate struct {
	Change
	from, to int
}

// changes returns the change points that are left of cuts, indices in order, and the ends of the
// segments between them, that of the series included.
func (j judge) changes(cuts []int) (out []Change, ends []int) {
	all := make([]candidate, len(cuts))
	cuts = slices.Concat([]int{0}, cuts, []int{len(j.logs)})
	for {
		j.refresh(all, cuts)
		at := j.weakest(all)
		if at < 0 {
			break
		}
		all = slices.Delete(all, at, at+1)
		cuts = slices.Delete(cuts, at+1, at+2)
	}
	for _, c := range all {
		out = append(out, c.Change)
	}
	return out, cuts
}

// trend returns what is left of cuts, indices in order, and the segments between.
func (j judge) trend(cuts []int) Trend {
	out := Trend{Points: len(j.logs), Memory: j.fit.memory}
	out.Changes, cuts = j.changes(cuts)
	residuals := make([]float64, 0, len(j.logs))
	for i, to := range cuts[1:] {
		s, apart := j.segment(cuts[i], to)
		out.Segments = append(out.Segments, s)
		residuals = append(residuals, apart...)
	}
	out.Noise = stat.Scale(stat.Sorted(residuals))
	return out
}

// refresh brings all up to cuts, which are both ends of the series and what lies between. A cut
// moves to where it fits best between its neighbours; one whose neighbours stayed is left alone.
func (j judge) refresh(all []candidate, cuts []int) {
	stays := func(i int) bool {
		return all[i].At == cuts[i+1] && all[i].from == cuts[i] && all[i].to == cuts[i+2]
	}
	for i := range all {
		if !stays(i) {
			cuts[i+1] = j.place(cuts[i], cuts[i+1], cuts[i+2])
		}
	}
	for i := range all {
		if !stays(i) {
			all[i] = candidate{j.change(cuts[i], cuts[i+1], cuts[i+2]), cuts[i], cuts[i+2]}
		}
	}
}

// segment returns the segment of points from, up to to, and the distances from its level.
func (j judge) segment(from, to int) (s Segment, residuals []float64) {
	sorted := stat.Sorted(j.logs[from:to])
	mid := stat.Quantile(sorted, .5)
	for _, v := range j.logs[from:to] {
		residuals = append(residuals, v-mid)
	}
	s = Segment{From: from, To: to, Level: value(mid)}
	if sorted[0] > zeroLog {
		s.Spread = stat.Scale(sorted)
	}
	return s, residuals
}

// value returns what has the logarithm l.
func value(l float64) float64 {
	if l <= zeroLog/2 {
		return 0
	}
	return math.Exp(l)
}

// weakest returns the index of the change point that is to be dropped first; −1: all stand.
func (j judge) weakest(changes []candidate) int {
	limit := min(mostP, 2*j.policy.Alpha/float64(len(j.logs)))
	at := -1
	for i, c := range changes {
		if c.P > limit && (at < 0 || c.P > changes[at].P) {
			at = i
		}
	}
	if at >= 0 {
		return at
	}
	least := math.Log1p(max(j.policy.MinEffect, 0))
	for i, c := range changes {
		if size(c.Change) < least && (at < 0 || size(c.Change) < size(changes[at].Change)) {
			at = i
		}
	}
	return at
}

// size returns how far the levels are apart: as logarithms, infinitely where one of them is 0.
func size(c Change) float64 {
	if math.IsNaN(c.Shift) {
		return math.Inf(1)
	}
	return math.Abs(c.Shift)
}

// change returns the change point at, where segments from…at and at…to meet.
func (j judge) change(from, at, to int) Change {
	first, last := j.places(from, at, to)
	before := stat.Sorted(j.logs[max(from, at-neighbours):at])
	after := stat.Sorted(j.logs[at:min(to, at+neighbours)])
	c := Change{
		At: at, First: first, Last: last, Order: j.points[at].Order, After: j.points[first-1].Order, By: j.points[last].Order,
		P: j.p(before, after), Environment: j.moved(from, first, last, to),
	}
	lo, hi := stat.Quantile(before, .5), stat.Quantile(after, .5)
	c.From, c.To, c.Shift = value(lo), value(hi), hi-lo
	if c.From == 0 || c.To == 0 {
		c.Shift = math.NaN()
		return c
	}
	c.Interval = j.interval(before, after, c.Shift)
	return c
}

// p returns the two-sided p of the rank test; neighbours that are alike count for fewer. Then few
// points say little by their ranks, however far they are from the others, and Student's t may say
// more.
func (j judge) p(before, after []float64) float64 {
	one := math.Min(tail(before, after), tail(after, before))
	if j.fit.memory > 0 {
		all := -stat.NormalQuantile(max(one, tiniest))
		z := all / math.Sqrt(inflation(j.fit.memory))
		if min(len(before), len(after)) <= exactSide {
			z = max(z, min(all, student(before, after, j.fit.memory)))
		}
		one = math.Erfc(z/math.Sqrt2) / 2
	}
	return min(1, 2*one)
}

// student returns the normal quantile of Student's t of both sides (by D. Wallace's approximation),
// where neighbours are alike by rho and count for fewer. What rho is, so few points do not know
// well: half its standard error is added.
func student(before, after []float64, rho float64) float64 {
	n, m := float64(len(before)), float64(len(after))
	by := inflation(min(memoryMost, rho+.5/math.Sqrt(n+m)))
	lo, below := moments(before)
	hi, above := moments(after)
	variance := max((below+above)/(n+m-2), noiseFloor*noiseFloor)
	square := (hi - lo) * (hi - lo) / (variance * by * (1/n + 1/m))
	freedom := max(1, (n+m)/by-2)
	return math.Sqrt(freedom*math.Log1p(square/freedom)) * (8*freedom + 1) / (8*freedom + 3)
}

// moments returns the mean of x and the sum of squares about it.
func moments(x []float64) (mean, square float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	return mean, square
}

// tail returns the one-sided p: exactly where a side has few points, for which the normal
// approximation is too large by so much that the newest points of a step would have to wait for
// more. Where even that is not small, the exact one, which is dear beside ties, does not matter.
func tail(base, head []float64) float64 {
	r := stat.NewRank(base, head)
	near := r.Approximate()
	if min(len(base), len(head)) > exactSide || near > nowhereNear {
		return near
	}
	return r.P()
}

// interval returns the one for the shift between both sides, at 95 %, widened where neighbours
// are alike. It holds the shift of medians, which the policy is about, and which is reported.
func (j judge) interval(before, after []float64, shift float64) stat.Interval {
	lo, hi, level := stat.NewShifts(before, after).Interval(.95)
	if j.fit.memory > 0 {
		wider := math.Sqrt(inflation(j.fit.memory))
		mid := (lo + hi) / 2
		lo, hi = mid-(mid-lo)*wider, mid+(hi-mid)*wider
	}
	return stat.Interval{Lo: min(lo, shift), Hi: max(hi, shift), Level: level}
}

// place returns the index that fits best as the first of a new level, where segments from…mid and
// mid…to have their levels.
func (j judge) place(from, mid, to int) int {
	start, course := j.course(from, mid, to)
	best := 0
	for i, cost := range course {
		if cost < course[best] {
			best = i
		}
	}
	return start + best
}

// places returns the first and the last index that fit nearly as well as the best.
func (j judge) places(from, at, to int) (first, last int) {
	start, course := j.course(from, at, to)
	lo, hi := j.sides(from, at, to)
	sum, n := 0., 0
	for i := max(from, at-neighbours); i < min(to, at+neighbours); i++ {
		level := hi
		if i < at {
			level = lo
		}
		sum += math.Abs(j.logs[i] - level)
		n++
	}
	scale := max(sum/float64(n), noiseFloor/math.Sqrt2)
	if j.fit.memory > 0 {
		scale *= inflation(j.fit.memory)
	}
	best := slices.Min(course)
	first, last = at, at
	for i, cost := range course {
		if cost-best <= unlikely*scale {
			first, last = min(first, start+i), max(last, start+i)
		}
	}
	return first, last
}

// sides returns the levels of segments from…at and at…to where they meet.
func (j judge) sides(from, at, to int) (lo, hi float64) {
	return stat.Median(j.logs[max(from, at-neighbours):at]), stat.Median(j.logs[at:min(to, at+neighbours)])
}

// course returns how well a change from the level of from…mid to that of mid…to fits at start and
// at every index behind it, as costs that are less the better.
func (j judge) course(from, mid, to int) (start int, costs []float64) {
	lo, hi := j.sides(from, mid, to)
	start = max(from+minSegment, mid-neighbours)
	costs = []float64{0}
	sum := 0.
	for _, v := range j.logs[start:min(to-minSegment, mid+neighbours)] {
		sum += math.Abs(v-lo) - math.Abs(v-hi) // one more point of the old level
		costs = append(costs, sum)
	}
	return start, costs
}

// moved returns how the environment differs between both sides of a change whose first point is
// one of first to last: where no environment near it was there before and after. Runners that
// alternate are on both sides.
func (j judge) moved(from, first, last, to int) *Moved {
	before := j.points[max(from, first-neighbours):first]
	for _, p := range j.points[last:min(to, last+neighbours)] {
		if slices.ContainsFunc(before, func(q Point) bool { return q.Environment == p.Environment }) {
			return nil
		}
	}
	return &Moved{From: j.points[first-1].Environment, To: j.points[last].Environment}
}
