package gate

import (
	"fmt"
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
		s.finding = unknown(Inconclusive, "fixed", "")
		samples[i] = newSample(s.worse)
		worse[i], better[i] = samples[i].test(s.policy.effect)
		s.fixed(samples[i], level)
	})
	red, green := stat.Holm(worse, alpha), stat.Holm(better, alpha)
	for i, s := range pairs {
		s.p = worse[i]
		switch {
		case red[i] && s.shift >= relevant*s.policy.effect:
			s.regressed(alpha)
		case green[i] && -s.shift >= relevant*s.policy.effect:
			s.verdict, s.blocks, s.more, s.p, s.atMost = Improved, false, 0, better[i], math.NaN()
			s.why = s.looks()
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
	if able && n > 1 {
		const power = .8416 // Φ⁻¹(.8): being above the floor, too
		s.detectable = max(stat.Detectable(sd, nb, nh, level), relevant*s.policy.effect+power*stat.StandardError(sd, nb, nh))
	}
	if n < 2 || n < trustData && s.past == nil {
		s.atMost = math.NaN()
		s.short(max(enough, trustData), n, count(n, "round")+" a side cannot tell a change from noise")
		return
	}
	if clear {
		s.verdict = Unchanged
		s.why = s.claim()
		return
	}
	needed := stat.Rounds(sd, s.policy.effect, level)
	most := confirmLooks[len(confirmLooks)-1]
	limit := stat.Detectable(sd, most, most, level)
	switch {
	case !able:
		s.short(max(enough, min(needed, most)), n, s.looks()+", but "+count(n, "round")+" a side cannot show a change among so many series")
	case limit > noisy*s.policy.effect && s.shift < limit/2 || n >= most:
		s.why = s.tooNoisy(limit)
	default:
		s.short(min(max(needed, n+n/2), most), n, s.looks()+", and "+count(n, "round")+" a side do not settle whether that is noise")
	}
}

// short is the finding of a series with n rounds where needed would tell.
func (s *series) short(needed, n int, why string) {
	s.verdict, s.blocks, s.more = Inconclusive, true, max(needed-n, 1)
	s.why = fmt.Sprintf("%s; about %d would", why, n+s.more)
}
