package gate

import (
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// sdFloor is the least standard deviation that is believed of a benchmark:
// .05 %, about the resolution of a printed value.
const sdFloor = .0005

// mostLost is how many rounds may lack a series on one side before asking for
// more is given up.
const mostLost = 6

// judge collects the series of a log and gives each its finding, against base
// and, where there is one, against the anchor: one family of tests, so that the
// budget for false alarms is that of the pull request whatever it is held against.
//
// The steps depend on each other in this order. What facts or counts decide leaves
// the family first, because it spends none of the budget; repetitions of another
// series leave it for the same reason. Then all that is left, of both comparisons,
// is tested together: the stakes of one are the divisor of the other. Only then do
// repetitions take over the finding of what they repeat, and only at the end do series of
// the anchor give up what they asked for and do not need.
func judge(in Input, anchored *Input) []*series {
	by := designOf(in.Log.Procedure)
	staged := by != nil
	if anchored != nil && staged {
		old := *anchored
		in.Log.Runs, old.Log.Runs = pairedRounds(in.Log.Runs), pairedRounds(old.Log.Runs)
		anchored = &old
	}
	all := collect(in)
	pairs, stored := divide(all, by)
	var against []*series
	if anchored != nil {
		against = attach(all, *anchored)
		more, _ := divide(against, by)
		pairs = append(pairs, more...)
	}
	f := newFacts(in)
	for _, family := range f.families(pairs) {
		if staged {
			judgeStaged(family.series, slices.Concat(all, against), f, family.alpha)
		} else {
			judgeFixed(family.series, family.alpha)
		}
	}
	judgeStored(stored)
	for _, s := range slices.Concat(all, against) {
		if s.verdict == "" { // counts of a benchmark whose time facts decide, or which has none
			s.finding = found(NotJudged, Counts, CountUnused)
		}
	}
	for _, s := range slices.Concat(all, against) {
		if s.twin != nil {
			s.finding = s.twin.finding
		}
	}
	for _, s := range against {
		s.dropRequests()
		if s.stage == "" { // whether it crashes is asked against base alone
			s.want, s.counts = 0, 0
		}
	}
	return all
}

// divide judges what needs no statistics, and sorts the rest by what it is held against.
func divide(all []*series, by *design) (pairs, stored []*series) {
	for _, s := range all {
		switch {
		case s.verdict != "":
		case by != nil && s.key.Unit == baseline.Instructions: // judged beside the time
		case s.unit.Exact && exact(s, s.asking(by)):
		case s.twoWay:
			pairs = append(pairs, s)
		default:
			stored = append(stored, s)
		}
	}
	withCounts(pairs, all)
	return measurable(withoutTwins(pairs), by), stored
}

// withCounts gives every time the counts of its benchmark.
func withCounts(pairs, all []*series) {
	counts := map[string]*series{}
	for _, s := range all {
		if s.key.Unit == baseline.Instructions && s.verdict == "" {
			counts[s.key.Path()+" "+s.env] = s
		}
	}
	if len(counts) == 0 {
		return
	}
	for _, s := range pairs {
		if s.key.Unit == "sec/op" {
			s.count = counts[s.key.Path()+" "+s.env]
		}
	}
}

// withoutTwins takes out the series that say the same as another one of their
// benchmark: B/s or msg/s that is a constant over sec/op in every round of both
// sides. Each test costs power, and the same number tested twice buys nothing.
func withoutTwins(pairs []*series) []*series {
	type at struct {
		key baseline.Key
		env string
	}
	isRate := func(s *series) bool {
		return s.unit.Direction == baseline.Higher && strings.HasSuffix(s.key.Unit, "/s")
	}
	if !slices.ContainsFunc(pairs, isRate) {
		return pairs
	}
	times := map[at]*series{}
	for _, s := range pairs {
		if s.key.Unit == "sec/op" {
			times[at{s.key.Benchmark(), s.env}] = s
		}
	}
	return slices.DeleteFunc(pairs, func(s *series) bool {
		if !isRate(s) {
			return false
		}
		t := times[at{s.key.Benchmark(), s.env}]
		if t == nil || !inverse(s, t) {
			return false
		}
		s.twin = t
		return true
	})
}

// inverse says whether the values of a rate are a constant over those of a
// time. Half a per cent is what rounding to a few printed digits can do; a real
// change of the work per operation is judged from the rate's own numbers.
func inverse(rate, time *series) bool {
	const rounding = .005
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, side := range [2][2]rounds{{rate.base, time.base}, {rate.head, time.head}} {
		r, t := side[0], side[1]
		if !slices.Equal(r.numbers, t.numbers) {
			return false
		}
		for i := range r.values {
			product := r.values[i] * t.values[i]
			if !(product > 0) {
				return false
			}
			lo, hi = min(lo, product), max(hi, product)
		}
	}
	return hi <= lo*(1+rounding)
}

// measurable puts every pair on the scale of the tests, and takes out those
// that have none.
func measurable(pairs []*series, by *design) []*series {
	completeOnly := by != nil
	return slices.DeleteFunc(pairs, func(s *series) bool {
		s.by = by
		base, head := s.base.values, s.head.values
		if completeOnly {
			base, head = complete(s.base, s.head)
		}
		if lost := s.unpaired(); completeOnly && lost > mostLost {
			s.finding = found(Inconclusive, "", "")
			s.wait(Reason{Code: OneSided, Rounds: lost})
			return true
		}
		p, ok := scale(base, head, s.unit.Direction)
		if !ok {
			s.finding = found(Inconclusive, "", Negative)
			return true
		}
		s.worse = p
		s.mids = s.medians()
		return false
	})
}

// asking returns the design by which more rounds of a count may be asked for; nil: none may.
func (s *series) asking(by *design) *design {
	if s.twoWay && s.unpaired() <= mostLost {
		return by
	}
	return nil
}

// medians returns the medians of the repetitions of a time in complete rounds, on the scale of the
// tests; nothing where a process has one value.
func (s *series) medians() (mids pair) {
	b, h := s.base, s.head
	if s.by == nil || len(b.medians) == 0 || len(b.medians) != len(b.values) || len(h.medians) != len(h.values) {
		return mids
	}
	b.values, h.values = b.medians, h.medians
	base, head := complete(b, h)
	mids, _ = scale(base, head, s.unit.Direction)
	return mids
}

// lost is the number of rounds that have the series on one side alone.
func (s *series) lost() int {
	both, _ := complete(s.base, s.head)
	return max(len(s.base.values), len(s.head.values)) - len(both)
}

// unpaired is the number of rounds that lack a side for no known reason: a process that
// died is one.
func (s *series) unpaired() int { return s.lost() - s.deaths.Base - s.deaths.Head }

// sample is a pair, sorted, with what the procedures ask of it.
type sample struct {
	stat.Shifts
	pairs      *stat.Signed // the differences of head and base; nil where the sides do not belong together
	base, head []float64
	shift      float64
}

// sample returns what the procedure of a series asks of some of its rounds.
func (s *series) sample(p pair) *sample {
	if s.by == nil || !s.by.paired {
		return newSample(p)
	}
	d := make([]float64, len(p.base))
	for i, v := range p.base {
		d[i] = p.head[i] - v
	}
	signed := stat.NewSigned(d)
	return &sample{pairs: &signed, base: stat.Sorted(p.base), head: stat.Sorted(p.head), shift: signed.HodgesLehmann()}
}

func newSample(p pair) *sample {
	base, head := stat.Sorted(p.base), stat.Sorted(p.head)
	s := &sample{Shifts: stat.NewShifts(base, head), base: base, head: head}
	s.shift = s.HodgesLehmann()
	return s
}

// worse returns the p of head being slower, and better that of its being faster.
func (s *sample) worse() float64 {
	if s.pairs != nil {
		return s.pairs.P()
	}
	return stat.MannWhitney(s.base, s.head)
}

func (s *sample) better() float64 {
	if s.pairs != nil {
		return s.pairs.Less()
	}
	return stat.MannWhitney(s.head, s.base)
}

// allBetter reports whether head is faster in every pair, or than base ever is.
func (s *sample) allBetter() bool {
	if s.pairs != nil {
		return s.pairs.AllBelow()
	}
	return s.head[len(s.head)-1] < s.base[0]
}

// middle is the median of all values once the shift is taken out of head's.
func (s *sample) middle() float64 {
	all := make([]float64, 0, len(s.base)+len(s.head))
	i := 0
	for _, v := range s.head { // both are sorted, so that merging them costs less than sorting
		v -= s.shift
		for ; i < len(s.base) && s.base[i] <= v; i++ {
			all = append(all, s.base[i])
		}
		all = append(all, v)
	}
	return stat.Quantile(append(all, s.base[i:]...), .5)
}

// sd is the standard deviation of one round to reckon with: what the past says while there
// are fewer than four rounds, then the larger of that and what this sample
// shows, and from eight rounds on what it shows alone: by then the past can
// only be wrong. Of pairs it is what their differences show, over √2, so that the same formulas
// hold; what the past says of sides that do not belong together is no guide to them.
func (s *sample) sd(past *baseline.Noise) float64 {
	n := min(len(s.base), len(s.head))
	switch {
	case s.pairs != nil:
		return max(sdFloor, s.pairs.Spread()/math.Sqrt2)
	case past == nil || n >= ignorePast:
		return max(sdFloor, stat.Within(s.base, s.head))
	case n < trustData:
		return max(sdFloor, past.SD)
	}
	return max(sdFloor, past.SD, stat.Within(s.base, s.head))
}

// clears says whether the upper bound of the shift stays clear of the effect to
// catch, and gives that bound.
func (s *sample) clears(sd, effect float64) (bound float64, ok bool) {
	n := min(len(s.base), len(s.head))
	bound = s.shift + screenZ(n)*stat.StandardError(sd, len(s.base), len(s.head))
	if bound >= screenShare*effect {
		return bound, false
	}
	if s.pairs != nil && bound-s.shift >= effect {
		return bound, false // it seems better by luck: so much noise could hide the effect
	}
	if n < trustData { // the past may be wrong about today: is the spread what it says?
		widest := max(s.base[len(s.base)-1]-s.base[0], s.head[len(s.head)-1]-s.head[0])
		return bound, widest < rangeSDs*sd+rangeShare*effect
	}
	return bound, true
}

// interval returns that of the shift, with the level that it attains.
func (s *sample) interval(want float64) (lo, hi, level float64) {
	if s.pairs != nil {
		return s.pairs.Interval(want)
	}
	return s.Interval(want)
}

// record puts the shift of a sample and its bound into a finding.
func (f *finding) record(s *sample, bound float64) {
	f.shift, f.middle, f.atMost = s.shift, s.middle(), bound
}

// interval adds the interval of the shift, which is dear: once, for the last look.
func (f *finding) interval(s *sample) {
	if s != nil {
		f.lo, f.hi, f.level = s.interval(reportLevel)
	}
}
