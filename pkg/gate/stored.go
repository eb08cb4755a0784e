package gate

import (
	"math"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
	"github.com/descartes/regress/pkg/gate/trend"
)

const (
	storedSessions = 10   // earlier sessions below which a stored baseline says nothing
	storedRounds   = 3    // of head
	storedShare    = .8   // a bound below this share of the effect passes
	storedZ        = 2    // standard errors between the shift and its bound
	medianSE       = 1.25 // √(π/2): the standard error of a median over that of a mean
)

// judgeStored judges series of a log that has no base side against stored
// sessions of the same class of machine. It may let go of a series, and never
// makes one red: what differs between sessions is not the code alone.
func judgeStored(all []*series) {
	for _, s := range all {
		s.againstStored()
	}
}

func (s *series) againstStored() {
	s.finding = found(Inconclusive, Stored, "")
	s.state = open
	var mids []float64
	var sessions []baseline.Sample
	for _, run := range s.stored {
		if sample := sampleOf(run, s.key); sample != nil {
			got, _ := roundsOf(*sample)
			if p, ok := scale(got.values, nil, s.unit.Direction); ok && len(p.base) > 0 {
				sessions = append(sessions, *sample)
				mids = append(mids, stat.Median(p.base))
			}
		}
	}
	p, ok := scale(s.head.values, nil, s.unit.Direction)
	n := len(p.base)
	if !ok {
		s.reason = Reason{Code: Negative}
		return
	}
	// What was before the last change point was the time of another code, or another machine.
	earlier := lastLevel(mids)
	mids, sessions = mids[earlier:], sessions[earlier:]
	s.middle = stat.Median(mids)
	s.shift = stat.Median(p.base) - s.middle
	if len(mids) < storedSessions {
		s.reason = Reason{Code: FewSessions, Sessions: len(mids), Needed: storedSessions, Earlier: earlier}
		return
	}
	if n < storedRounds {
		s.reason = Reason{Code: FewOfHead, Rounds: n, Needed: storedRounds}
		return
	}
	within := sdFloor
	if s.past != nil {
		within = max(within, s.past.SD)
	} else {
		within = max(within, withinSessions(sessions))
	}
	// The spread of the session medians holds the run-wide factor too: today's is
	// part of the shift and cannot be told from a change of everything.
	between := max(stat.Scale(stat.Sorted(mids)), sdFloor)
	h := float64(len(mids))
	se := math.Sqrt(between*between*(1+math.Pi/2/h) + medianSE*medianSE*within*within/float64(n))
	s.atMost = s.shift + storedZ*se
	s.detectable = max(storedShare*s.policy.effect-storedZ*se+stat.Power*se, s.policy.effect*relevant)
	if s.atMost < storedShare*s.policy.effect {
		s.decide(Unchanged, s.claim())
		s.reason.Sessions = len(mids)
		return
	}
	s.reason = Reason{Code: StoredDiffers}
}

// segments returns the stretches of sessions between change points: of mids, the logarithms of
// their medians in order of time. What trend refuses, as values beyond all numbers, is one stretch.
func segments(mids []float64) []trend.Segment {
	points := make([]trend.Point, len(mids))
	for i, mid := range mids {
		points[i] = trend.Point{Order: i, Value: math.Exp(mid)}
	}
	course, err := trend.Of(trend.Policy{}, points)
	if err != nil {
		return []trend.Segment{{To: len(mids)}}
	}
	return course.Segments
}

// lastLevel returns how many sessions were before the last change point of mids.
func lastLevel(mids []float64) int {
	if len(mids) == 0 {
		return 0
	}
	all := segments(mids)
	return all[len(all)-1].From
}

// withinSessions is the robust standard deviation of the logarithms inside a
// session: the median, over sessions, of what withinSession says; 0 when none can say.
func withinSessions(sessions []baseline.Sample) float64 {
	var each []float64
	for _, sample := range sessions {
		got, _ := roundsOf(sample)
		if p, ok := scale(got.values, nil, baseline.Lower); ok && len(p.base) > 1 {
			each = append(each, withinSession(p.base))
		}
	}
	return stat.Median(each)
}

// withinSession is 1.4826 times the median absolute deviation from the median.
// Two and three values lie too close to their own median for that; there it is
// the median difference between two values over .954, which is what it is between
// two normal values of standard deviation 1.
func withinSession(logs []float64) float64 {
	if len(logs) >= trustData {
		return stat.Scale(stat.Sorted(logs))
	}
	const normalPair = .6745 * math.Sqrt2
	var apart []float64
	for i, v := range logs {
		for _, w := range logs[:i] {
			apart = append(apart, math.Abs(v-w))
		}
	}
	return stat.Median(apart) / normalPair
}
