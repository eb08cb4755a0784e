package gate

import (
	"fmt"
	"math"

	"github.com/descartes/regress/pkg/baseline"
)

// waive accepts the regressions that an unexpired waiver covers and says of the
// others why none does. It returns a warning for every waiver that matches no series.
func waive(all []*series, in Input) (warnings []string) {
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
		if !matched && !in.OnlyHead {
			warnings = append(warnings, fmt.Sprintf("waiver %q%s matches no series: mend its pattern or remove it", w.Pattern, at(w)))
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
		s.verdict, s.waiver, s.why = Waived, s.twin.waiver, s.twin.why+judgedAs(s.twin)
	}
}

// waive applies one matching waiver; the first that covers a regression counts.
func (s *series) waive(w *Waiver, in Input) {
	if s.verdict != Regressed {
		return
	}
	worsening := s.worsening()
	switch {
	case !in.Today.Before(w.Expires):
		s.why += fmt.Sprintf("; the waiver%s expired on %s", at(w), w.Expires.UTC().Format("2006-01-02"))
	case !(worsening <= w.Ceiling):
		s.why += fmt.Sprintf("; beyond the %s that the waiver%s accepts", ceiling(w.Ceiling), at(w))
	default:
		s.verdict = Waived
		s.waiver = w.Reason
		s.why += fmt.Sprintf("; accepted up to %s until %s", ceiling(w.Ceiling), w.Expires.UTC().Format("2006-01-02"))
	}
}

// worsening is the relative change for the worse, infinite from zero.
func (s *series) worsening() float64 {
	if !math.IsNaN(s.shift) && !s.zeros() {
		return math.Abs(s.relative(s.shift))
	}
	base, head := median(s.base.values), median(s.head.values)
	if base == 0 {
		return math.Inf(1)
	}
	return math.Abs(head/base - 1)
}

func ceiling(x float64) string {
	if math.IsInf(x, 1) {
		return "any amount"
	}
	return percent(x)
}

func at(w *Waiver) string {
	if w.File == "" {
		return ""
	}
	return fmt.Sprintf(" at %s:%d", w.File, w.Line)
}

// seriesName is what waiver patterns match: "package.Name unit".
func seriesName(key baseline.Key) string { return key.String() }
