package gate

import (
	"math"

	"github.com/descartes/regress/pkg/gate/stat"
)

// judgeFixed judges pairs whose rounds somebody else chose: one rank test each,
// corrected over all of them.
func judgeFixed(pairs []*series, alpha float64) {
	worse, better := make([]float64, len(pairs)), make([]float64, len(pairs))
	samples := make([]*sample, len(pairs))
	level := alpha / float64(len(pairs))
	parallel(len(pairs), func(i int) {
		s := pairs[i]
		s.finding = found(Inconclusive, Fixed, "")
		samples[i] = newSample(s.worse)
		worse[i], better[i] = samples[i].test(s.policy.effect)
		s.fixed(samples[i], level)
	})
	red, green := stat.Holm(worse, alpha), stat.Holm(better, alpha)
	for i, s := range pairs {
		s.p = worse[i]
		switch {
		case red[i] && s.shift >= relevant*s.policy.effect:
			s.regressed()
		case green[i] && -s.shift >= relevant*s.policy.effect:
			s.decide(Improved, Better)
			s.p, s.atMost = better[i], math.NaN()
		}
	}
}

// smallPairs is the n·m up to which every p is enumerated whatever it is.
const smallPairs = 10 * 10

// test gives the p of both directions. Enumerating with ties costs, so in larger
// samples it is done only where a verdict can hang on it: the shift is
// relevant and p neither far above every level nor, where the approximation is
// known to be too large, far below.
func (s *sample) test(effect float64) (worse, better float64) {
	p := func(base, head []float64, shift float64) float64 {
		r := stat.NewRank(base, head)
		if !r.Tied() || len(base)*len(head) <= smallPairs {
			return r.P()
		}
		about := r.Approximate()
		if shift >= relevant*effect && about < .05 && about > 1e-9 {
			return r.P()
		}
		return about
	}
	return p(s.base, s.head, s.shift), p(s.head, s.base, -s.shift)
}

// fixed is the finding of a series that no test has told apart: unchanged when
// its bound is clear of the effect, else inconclusive with what it would take.
func (s *series) fixed(sm *sample, level float64) {
	nb, nh := len(sm.base), len(sm.head)
	n := min(nb, nh)
	sd := sm.sd(s.past)
	bound, clear := sm.clears(sd, s.policy.effect)
	s.record(sm, bound)
	s.interval(sm)
	enough := stat.Enough(level)
	able := stat.Least(nb, nh) <= level
	if able && n > 1 { // and being above the floor, too
		s.detectable = max(stat.Detectable(sd, nb, nh, level), relevant*s.policy.effect+stat.Power*stat.StandardError(sd, nb, nh))
	}
	if n < 2 || n < trustData && s.past == nil {
		s.atMost = math.NaN()
		s.short(TooFew, n, max(enough, trustData))
		return
	}
	if clear {
		s.decide(Unchanged, s.claim())
		return
	}
	needed := stat.Rounds(sd, s.policy.effect, level)
	most := twoStage.most()
	limit := stat.Detectable(sd, most, most, level)
	switch {
	case !able:
		s.short(TooFewAmong, n, max(enough, min(needed, most)))
	case limit > noisy*s.policy.effect && s.shift < limit/2 || n >= most:
		s.tooNoisy(limit)
	default:
		s.short(StillOpen, n, min(max(needed, n+n/2), most))
	}
}

// short is the finding of a series with n rounds where needed would tell.
func (s *series) short(why Code, n, needed int) {
	s.wait(Reason{Code: why, Rounds: n, Needed: max(needed, n+1)})
}
