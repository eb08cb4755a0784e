package gate

import (
	"math"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// waive accepts the regressions that an unexpired waiver covers and notes of the
// others why none does. It returns a warning for every waiver that matches no series of a
// measurement of the whole suite.
func waive(all []*series, in Input) (warnings []Warning) {
	for i := range in.Waivers {
		w := &in.Waivers[i]
		if w.Series == nil {
			continue
		}
		matched := false
		for _, s := range all {
			if w.Series.MatchString(seriesName(s.key)) {
				matched = true
				s.waive(w, in)
				if s.anchor != nil {
					s.anchor.waive(w, in)
				}
			}
		}
		if !matched && !in.OnlyHead && in.Log.Bench == "" && len(in.Log.Shards.Missing()) == 0 {
			warnings = append(warnings, Warning{Code: WaiverUnused, Waiver: w.Name, Place: w.Place})
		}
	}
	for _, s := range all {
		s.follow()
		if s.anchor != nil {
			s.anchor.follow()
		}
	}
	return warnings
}

// follow takes over what a waiver did to the series that this one repeats: it is the same number.
func (s *series) follow() {
	if s.twin != nil && s.verdict == Regressed && s.twin.verdict == Waived {
		s.verdict, s.waivers = Waived, s.twin.waivers
	}
}

// waive applies one matching waiver; the first that covers a regression counts.
func (s *series) waive(w *Waiver, in Input) {
	if s.verdict != Regressed {
		return
	}
	a := Accepted{State: Covers, Reason: w.Reason, Place: w.Place, Ceiling: min(w.Ceiling, math.MaxFloat64), Expires: w.Expires}
	switch {
	case !in.Today.Before(w.Expires):
		a.State = Ended
	case !(s.worsening() <= w.Ceiling):
		a.State = Beyond
	default:
		s.verdict = Waived
	}
	if math.IsNaN(a.Ceiling) {
		a.Ceiling = 0
	}
	s.waivers = append(s.waivers, a)
}

// worsening is the relative change for the worse, infinite from zero.
func (s *series) worsening() float64 {
	if !math.IsNaN(s.shift) && !s.zeros() {
		return math.Abs(s.relative(s.shift))
	}
	base, head := stat.Median(s.base.values), stat.Median(s.head.values)
	if base == 0 {
		return math.Inf(1)
	}
	return math.Abs(head/base - 1)
}

// seriesName is what waiver patterns match: "package.Name unit".
func seriesName(key baseline.Key) string { return key.String() }
