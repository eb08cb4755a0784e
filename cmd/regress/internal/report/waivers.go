package report

import (
	"math"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Waivers returns what would accept the regressions of a decision, and nothing else: the worst
// first, one for each benchmark function, since one slowdown shows in several of its units and
// sub-benchmarks. What grew from zero stands apart, because its ceiling is any amount. Left out
// are regressions that a waiver names already, and series too long to be pasted; more counts the
// latter.
func Waivers(d gate.Decision, expires time.Time) (waivers []gate.Waiver, more int) {
	return look(d).waivers(expires)
}

// waivers returns the waivers of Waivers.
func (v view) waivers(expires time.Time) (waivers []gate.Waiver, more int) {
	type group struct {
		function baseline.Function
		any      bool
	}
	var order []group
	keys, ceilings := map[group][]baseline.Key{}, map[group]float64{}
	for _, r := range slices.Concat(v.red(), v.told) {
		if r.Verdict == gate.Waived {
			continue
		}
		if waiverNamed(r) {
			continue
		}
		key, ceiling := r.Key(), ceiling(r)
		g := group{key.Function(), math.IsInf(ceiling, 1)}
		if length(append(keys[g], key)) > longestSeries {
			more++
			continue
		}
		if len(keys[g]) == 0 {
			order = append(order, g)
		}
		keys[g] = append(keys[g], key)
		ceilings[g] = max(ceilings[g], ceiling)
	}
	for _, g := range order {
		waivers = append(waivers, gate.Waiver{Name: config.SeriesPattern(v.Procs, keys[g]...), Ceiling: ceilings[g], Expires: expires})
	}
	return waivers, more
}

// length returns the bytes of some keys.
func length(keys []baseline.Key) (n int) {
	for _, key := range keys {
		n += len(key.Package) + len(key.Name) + len(key.Unit)
	}
	return n
}

// ceiling returns how much of r to accept: the far end of what was measured, in whole percent, and
// any amount of what was zero. Both this measurement and the next one of the same code err, by
// h/1.96 each where h is half the 95 % interval, and so their difference by √2 of that: it exceeds
// h once in twelve times, and h/2, which was considered, once in four. Who has accepted a change
// does not want to be asked again by chance; a further step of the size of the noise would not have
// been seen anyway.
func ceiling(r gate.Row) float64 {
	if creep(r) {
		r.Change, r.Interval = r.Drift.Change, r.Drift.Interval
	}
	if r.Change == nil {
		return math.Inf(1)
	}
	most := math.Abs(*r.Change)
	if r.Interval != nil && !r.Exact {
		most = max(most, math.Abs(r.Interval.Lo), math.Abs(r.Interval.Hi))
	}
	return max(math.Ceil(most*100-1e-9)/100, .01)
}
