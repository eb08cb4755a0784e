package gate

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// design is what tells the two staged procedures apart: how many rounds there are at each look, and
// whether the sides of a round belong together. doc.go says what each figure is for; TABLE.md in
// accuracy shows what they reach, and its tests fail when one is made worse.
type design struct {
	screen  []int     // rounds a side at each look of the screen
	confirm []int     // fresh rounds a side at each look of the confirmation
	weights []float64 // of a series' part of the false-alarm budget, by look; they sum to 1
	improve int       // fresh rounds on which an improvement is tested
	paired  bool      // the sides of a round were measured right after each other
}

var (
	twoStage = &design{
		screen: []int{2, 3, 4, 6, 8}, confirm: []int{8, 12, 20, 34}, weights: []float64{.2, .2, .2, .4}, improve: 8,
	}
	inPairs = &design{
		screen: []int{4, 6, 8}, confirm: []int{12, 16, 24, 40}, weights: []float64{.2, .2, .2, .4}, improve: 12, paired: true,
	}
)

// designOf returns the design of a procedure; nil where regress did not choose the rounds.
func designOf(p baseline.Procedure) *design {
	switch p {
	case baseline.TwoStage:
		return twoStage
	case baseline.Paired:
		return inPairs
	}
	return nil
}

// screenEnd returns the number of rounds a side after which the screen is over; every further
// round is fresh.
func (d *design) screenEnd() int { return d.screen[len(d.screen)-1] }

// most returns the number of fresh rounds a side after which nothing more is asked.
func (d *design) most() int { return d.confirm[len(d.confirm)-1] }

const (
	trustData   = 4   // rounds from which the sample's own spread counts
	ignorePast  = 8   // rounds from which it counts alone
	screenShare = .7  // a bound below this share of the effect passes
	rangeSDs    = 6   // with fewer rounds than trustData each side's range stays below
	rangeShare  = .3  // 6·s + .3·effect
	relevant    = .5  // share of the effect below which a shift is never a regression
	doubtful    = .1  // stake of a survivor whose screen showed less than that; 1 for the others
	noisy       = 1.5 // detectable shift, in effects, beyond which a benchmark is too noisy
	hopeless    = 2   // beyond which the screen says so already
	giveUp      = 12  // fresh rounds from which it may be called that; the spread of eight is a guess
	reportLevel = .95 // of the interval in a report
)

// screenZ is how many standard errors stand between the shift and its bound.
func screenZ(n int) float64 {
	if n <= 2 {
		return 2.5
	}
	return 2.3
}

// judgeStaged judges the measured series of a log whose rounds regress chose; whole is all that the
// log has, with what counts alone have decided.
func judgeStaged(measured, whole []*series, f facts, alpha float64) {
	var survivors, lost, better []*series
	middles := map[*series]*series{} // of what passed: its medians, where they did not
	waiting := 0                     // series whose screen is not over
	for _, s := range measured {
		switch s.screen(alpha) {
		case passed:
			if m := s.seekMiddle(); m != nil {
				middles[s] = m
				if m.want > 0 {
					waiting++
				} else {
					survivors = append(survivors, m)
				}
			} else if s.seekImprovement() {
				better = append(better, s)
			}
		case gaveUp:
			lost = append(lost, s)
		case survived:
			survivors = append(survivors, s)
		case unfinished:
			waiting++
		}
	}
	suspects := weighAll(slices.Concat(survivors, lost), f, &waiting)
	settled := func(s *series) bool {
		if !s.doubtful() || !s.settleByWork(f, whole) {
			return false
		}
		if s.seemedBetter() {
			better = append(better, s)
		}
		return true
	}
	survivors, lost = slices.DeleteFunc(survivors, settled), slices.DeleteFunc(lost, settled)
	// Until every screen is over the stakes are not known; the most that they can
	// be keeps the level whatever happens. What is too noisy to confirm counts that much too: left
	// out, it would hand its part of the budget to others.
	stakes := float64(waiting + len(lost) + len(suspects))
	for _, s := range survivors {
		s.stake = 1
		if s.doubtful() && s.weight != unsettled {
			s.stake = doubtful
		}
		stakes += s.stake
	}
	for _, s := range survivors {
		s.confirm(alpha, stakes, waiting == 0)
	}
	for _, s := range suspects {
		s.confirmWork(alpha, stakes, waiting == 0)
	}
	holm(survivors, alpha, stakes)
	for _, s := range lost {
		sd := s.sample(s.worse.first(s.by.screenEnd())).sd(s.past)
		s.detectable = s.sees(sd, alpha/stakes)
		s.tooNoisy(s.detectable)
	}
	for _, s := range slices.Concat(survivors, lost) {
		if s.verdict == Inconclusive && s.state == over && !s.settleByWork(f, whole) {
			s.unsettledByWork(f)
		}
	}
	confirmImprovements(better, survivors, alpha, waiting == 0)
	end(measured, middles)
}

// end gives each series the verdict of its medians, where these were looked at, and ends the
// counts that nothing hangs on any more.
func end(measured []*series, middles map[*series]*series) {
	for _, s := range measured {
		if m := middles[s]; m != nil {
			s.adopt(m)
		}
		s.heed()
	}
}

// weighAll looks at the counts of what time alone could not let go of, and returns those whose
// work seems to have grown. waiting counts those of which more counts are needed to say so.
func weighAll(all []*series, f facts, waiting *int) (suspects []*series) {
	for _, s := range all {
		if !f.countable(s) {
			continue
		}
		switch s.weight = s.weigh(); s.weight {
		case counting:
			*waiting++
		case more:
			suspects = append(suspects, s)
		}
	}
	return suspects
}

// doubtful reports whether the screen of a survivor showed less than a regression would.
func (s *series) doubtful() bool { return s.seemed < relevant*s.policy.effect }

// seemedBetter reports whether head beat base in all rounds of the screen of a survivor, which was
// too noisy to pass.
func (s *series) seemedBetter() bool {
	return s.seemed <= -relevant*s.policy.effect && s.sample(s.worse.first(s.by.screenEnd())).allBetter()
}

// ending is how the screen of a series ended.
type ending int

const (
	passed     ending = iota
	gaveUp            // too noisy to confirm anything
	survived          // to be confirmed
	unfinished        // the next look needs more rounds
)

// screen looks at the first rounds and lets go of what is clearly not slower.
func (s *series) screen(alpha float64) ending {
	have := len(s.worse.base)
	s.finding = found(Inconclusive, Screen, "")
	var last *sample
	defer func() { s.interval(last) }()
	for _, n := range s.by.screen {
		if s.past == nil && n < trustData {
			continue
		}
		if n > have {
			s.ask(n-have, Reason{Code: NextLook, Rounds: have, Needed: n})
			if last != nil {
				s.reason = Reason{Code: MoreRounds, Rounds: have}
			}
			return unfinished
		}
		sm := s.sample(s.worse.first(n))
		last = sm
		sd := sm.sd(s.past)
		bound, ok := sm.clears(sd, s.policy.effect)
		s.record(sm, bound)
		if ok {
			s.decide(Unchanged, s.claim())
			s.detectable = s.sees(sd, alpha)
			return passed
		}
		if n == s.by.screenEnd() {
			s.detectable = s.sees(sd, alpha)
		}
	}
	if s.detectable > hopeless*s.policy.effect && s.shift < s.detectable/2 {
		s.seemed = math.Inf(-1)
		return gaveUp
	}
	s.seemed = s.shift
	return survived
}

// confirm tests a survivor of the screen on the rounds after it, at the part of
// alpha that its stake is of all stakes. final says that the stakes are, so that
// fresh rounds may be asked for.
func (s *series) confirm(alpha, stakes float64, final bool) {
	fresh := pair{s.worse.base[s.by.screenEnd():], s.worse.head[s.by.screenEnd():]}
	have := len(fresh.base)
	seemed, stake := s.seemed, s.stake
	s.finding = found(Inconclusive, Confirm, Unsettled)
	s.seemed, s.stake, s.p = seemed, stake, 1
	level := alpha * stake / stakes
	var last *sample
	defer func() { s.interval(last) }()
	for i, n := range s.by.confirm {
		if n > have {
			s.wait(Reason{Code: Unconfirmed, Needed: n - have})
			if final {
				s.want = n - have
			}
			return
		}
		sm := s.sample(fresh.first(n))
		last = sm
		sd := sm.sd(s.past)
		bound, ok := sm.clears(sd, s.policy.effect)
		s.record(sm, bound)
		if sm.shift >= relevant*s.policy.effect { // else it cannot be red here, and enumerating is dear
			s.p = min(s.p, sm.worse()/s.by.weights[i])
		}
		s.detectable = s.sees(sd, level)
		switch {
		case s.p <= level && sm.shift >= relevant*s.policy.effect:
			s.regressed()
			return
		case ok:
			s.decide(Unchanged, s.claim())
			return
		case n >= giveUp && s.detectable > noisy*s.policy.effect && sm.shift < s.detectable/2:
			s.tooNoisy(s.detectable)
			return
		}
	}
	s.reason.Rounds = have
}

// holm takes the survivors that their part of alpha did not reject down Holm's
// steps: what was rejected leaves its stake to the others.
func holm(survivors []*series, alpha, stakes float64) {
	for again := true; again; {
		again = false
		left := stakes
		for _, s := range survivors {
			if s.verdict == Regressed {
				left -= s.stake
			}
		}
		for _, s := range survivors {
			if s.verdict == Inconclusive && s.p <= alpha*s.stake/left && s.shift >= relevant*s.policy.effect {
				s.regressed()
				again = true
				break // the next step has a larger level
			}
		}
	}
}

// regressed turns a finding red.
func (s *series) regressed() {
	s.decide(Regressed, Told)
	s.atMost = math.NaN()
}

// tooNoisy ends a series of which a shift below sees cannot be told from noise.
func (s *series) tooNoisy(sees float64) {
	s.decide(Inconclusive, TooNoisy)
	s.reason.Bound = s.size(sees)
}

// claim is what a series that passed cannot be.
func (s *series) claim() Code {
	switch {
	case s.zeros():
		return NotWorse
	case s.shift < -relevant*s.policy.effect:
		return PerhapsBetter
	case s.atMost <= 0:
		return NotWorse
	}
	return WithinBound
}

// sees is the shift that the procedure finds four times in five when a series is
// tested at a level: it must not pass the screen's last look, where passing is easiest
// for a small shift, be above the floor when it is tested, and be told from noise
// by the last look.
func (s *series) sees(sd, level float64) float64 {
	// Not passing any of several looks, four times in five each way round, takes
	// this many standard errors of the last one; a test checks it by simulation.
	const allLooks = 1.5
	n := s.by.screenEnd()
	through := screenShare*s.policy.effect - (screenZ(n)-allLooks)*stat.StandardError(sd, n, n)
	most := s.by.most()
	told := stat.Detectable(sd, most, most, s.by.weights[len(s.by.weights)-1]*level)
	firstRed := s.by.confirm[0]
	floor := relevant*s.policy.effect + stat.Power*stat.StandardError(sd, firstRed, firstRed)
	return max(through, told, floor)
}

// confirmImprovements tests what seems better: what passed the screen, and of what was too noisy to
// pass it whatever fresh rounds have not called slower.
func confirmImprovements(better, survivors []*series, alpha float64, final bool) {
	noisier := slices.DeleteFunc(slices.Clone(survivors), func(s *series) bool { return s.byMedian || !s.seemedBetter() })
	for _, s := range better {
		s.confirmImprovement(alpha, len(better)+len(noisier), final)
	}
	for _, s := range noisier {
		if s.state == over && s.verdict != Regressed {
			s.confirmImprovement(alpha, len(better)+len(noisier), false)
		}
	}
}

// seekImprovement looks at a series that passed the screen for the opposite
// change. Where it seems better it asks for the rest of the screen, and answers
// true when in all of those rounds head beats base.
func (s *series) seekImprovement() bool {
	if -s.shift < relevant*s.policy.effect || s.atMost >= 0 {
		return false
	}
	end := s.by.screenEnd()
	if have := len(s.worse.base); have < end {
		s.want = end - have
		return false
	}
	sm := s.sample(s.worse.first(end))
	return sm.allBetter()
}

// confirmImprovement tests one of k series that seemed better on fresh rounds,
// once. It spends nothing of the budget for false regressions: an improvement
// never gates, but a false one misleads all the same.
func (s *series) confirmImprovement(alpha float64, k int, final bool) {
	fresh := pair{s.worse.base[s.by.screenEnd():], s.worse.head[s.by.screenEnd():]}
	if have := len(fresh.base); have < s.by.improve {
		if final {
			s.want = s.by.improve - have
		}
		return
	}
	sm := s.sample(fresh.first(s.by.improve))
	p := sm.better()
	if p <= alpha/float64(k) && -sm.shift >= relevant*s.policy.effect {
		s.record(sm, math.NaN())
		s.interval(sm)
		s.decide(Improved, Better)
		s.stage, s.p = Confirm, p
	}
}
