package gate

import (
	"fmt"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
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
	s.finding = unknown(Inconclusive, "stored", "")
	s.blocks = true
	var mids []float64
	var sessions []baseline.Sample
	for _, run := range s.stored {
		if sample := sampleOf(run, s.key); sample != nil {
			sessions = append(sessions, *sample)
			got, _ := collapse(*sample)
			if p, ok := scale(got.values, nil, s.unit.Direction); ok && len(p.base) > 0 {
				mids = append(mids, stat.Median(p.base))
			}
		}
	}
	p, ok := scale(s.head.values, nil, s.unit.Direction)
	n := len(p.base)
	if !ok {
		s.why = "printed negative values, which have no relative change"
		return
	}
	s.shift = stat.Median(p.base) - stat.Median(mids)
	if len(mids) < storedSessions {
		s.why = fmt.Sprintf("%s stored on this class of machine: fewer than %d cannot tell the code from the day; regress compare --base measures both sides here", count(len(mids), "session"), storedSessions)
		return
	}
	if n < storedRounds {
		s.more = storedRounds - n
		s.why = fmt.Sprintf("%s of head; a stored baseline needs %d", count(n, "round"), storedRounds)
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
	s.detectable = max(storedShare*s.policy.effect-storedZ*se+.8416*se, s.policy.effect*relevant)
	if s.atMost < storedShare*s.policy.effect {
		s.verdict, s.blocks = Unchanged, false
		s.why = fmt.Sprintf("%s than in %s", s.claim(), count(len(mids), "earlier session"))
		return
	}
	s.why = s.looks() + " than in earlier sessions, which no stored baseline tells from the day's machine: confirm with regress compare --base"
}

// withinSessions is the robust standard deviation of the logarithms inside a
// session: the median, over sessions, of what withinSession says; 0 when none can say.
func withinSessions(sessions []baseline.Sample) float64 {
	var each []float64
	for _, sample := range sessions {
		got, _ := collapse(sample)
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

// Learn computes the noise memory from stored runs of one class of machine,
// any order: for every series the spread inside a session, between the medians
// of sessions once the factor that moves a whole session is taken out, and of
// that factor. A series of a single session has no Between.
func Learn(runs []baseline.Run) map[baseline.Key]baseline.Noise {
	type session struct {
		run int
		mid float64
	}
	mids := map[baseline.Key][]session{}
	samples := map[baseline.Key][]baseline.Sample{}
	for i, run := range runs {
		for _, sample := range run.Samples {
			got, clean := collapse(sample)
			p, ok := scale(got.values, nil, baseline.Lower)
			if !clean || !ok || len(p.base) == 0 {
				continue
			}
			mids[sample.Key] = append(mids[sample.Key], session{i, stat.Median(p.base)})
			samples[sample.Key] = append(samples[sample.Key], sample)
		}
	}
	// Every series' distance from its own middle, by session; the median over
	// the series of a session is its run-wide factor.
	apart := make([][]float64, len(runs))
	middle := map[baseline.Key]float64{}
	for key, list := range mids {
		all := make([]float64, len(list))
		for i, one := range list {
			all[i] = one.mid
		}
		middle[key] = stat.Median(all)
		for _, one := range list {
			apart[one.run] = append(apart[one.run], one.mid-middle[key])
		}
	}
	factors := make([]float64, len(runs))
	var moved []float64
	for i := range runs {
		if len(apart[i]) > 0 {
			slices.Sort(apart[i]) // the sum must not depend on the order of a map
			factors[i] = stat.Median(apart[i])
			moved = append(moved, factors[i])
		}
	}
	runWide := stat.Scale(stat.Sorted(moved))
	out := map[baseline.Key]baseline.Noise{}
	for key, list := range mids {
		rest := make([]float64, len(list))
		for i, one := range list {
			rest[i] = one.mid - middle[key] - factors[one.run]
		}
		sd := withinSessions(samples[key])
		if sd == 0 && !repeated(samples[key]) {
			continue // a single value everywhere: nothing is known of its spread
		}
		out[key] = baseline.Noise{SD: sd, Between: stat.Scale(stat.Sorted(rest)), RunWide: runWide, Sessions: len(list)}
	}
	return out
}

// repeated says whether any session has two rounds.
func repeated(sessions []baseline.Sample) bool {
	return slices.ContainsFunc(sessions, func(s baseline.Sample) bool {
		got, _ := collapse(s)
		return len(got.values) > 1
	})
}
