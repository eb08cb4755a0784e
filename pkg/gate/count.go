package gate

import (
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// The constants of the rule by which counts decide where time cannot; doc.go says what each is
// for.
var (
	countConfirm = []int{6, 8, 12}                    // fresh counts a side at each look
	countWeights = []float64{.3, .3, .4}              // of a series' part of the false-alarm budget; they sum to 1
	countScreen  = []int{2, 3, 5}                     // counts a side before: two, and more where they differ
	countWavers  = []float64{.005, .005, math.Inf(1)} // spread of a side above which more are counted
)

// CoverUser is the least share of a benchmark's time in user mode of which its instructions speak.
const CoverUser = .8

const (
	moreWork    = .9   // of the smallest change to act on: growth of work above which it is more
	sameWork    = .01  // growth of work below which it is the same
	countSpread = .015 // spread of a side at which counting is given up
	coverSystem = .15  // largest share in the kernel
)

// ToCount says what to count of a log that is kept for a history, and not judged: of each benchmark
// that was timed as many counts a side as judging begins with, two, and more where those of a side
// differ. In order of Key.
func ToCount(log baseline.Log) (out []baseline.Want) {
	if log.Counter == "" {
		return nil
	}
	sides := map[baseline.Key][][]float64{} // by benchmark: the counts of each side
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			key := s.Benchmark()
			if _, refused := log.Uncounted[key]; refused || s.Unit != "sec/op" || len(s.Values) == 0 {
				continue
			}
			key.Unit = baseline.Instructions
			var counts []float64
			if sample := sampleOf(run, key); sample != nil {
				counts = sample.Values
			}
			sides[s.Benchmark()] = append(sides[s.Benchmark()], counts)
		}
	}
	for key, counts := range sides {
		if n := lacking(counts); n > 0 {
			out = append(out, baseline.Want{Package: key.Package, Name: key.Name, Rounds: n, Count: true})
		}
	}
	slices.SortFunc(out, func(a, b baseline.Want) int {
		return baseline.Key{Package: a.Package, Name: a.Name}.Compare(baseline.Key{Package: b.Package, Name: b.Name})
	})
	return out
}

// lacking returns how many counts more of each side it takes until those of each agree, or there
// are as many as judging begins with at most; 0: none. A side that gets no more does not hold up
// others.
func lacking(sides [][]float64) int {
	least, most := math.MaxInt, 0
	for _, counts := range sides {
		least, most = min(least, len(counts)), max(most, len(counts))
	}
	for i, n := range countScreen {
		if most >= countScreen[len(countScreen)-1] {
			return 0
		}
		if least < n {
			return n - least
		}
		if !slices.ContainsFunc(sides, func(counts []float64) bool { return wavers(counts[:n]) > countWavers[i] }) {
			return 0
		}
	}
	return 0
}

// Repeats reports whether counts of one side are as alike as two of them must be to be believed.
func Repeats(counts []float64) bool { return len(counts) > 1 && wavers(counts) <= countWavers[0] }

// wavers returns by how much the largest of counts is above the least.
func wavers(counts []float64) float64 { return slices.Max(counts)/slices.Min(counts) - 1 }

// weight says what counting has made of a benchmark.
type weight int

const (
	uncountable weight = iota // nothing can be said of it
	counting                  // more counts were asked for
	unsettled                 // grown by less than the effect, or it wavers
	same                      // not more work
	more                      // more work by nearly the effect or above: to be confirmed
)

// countable reports whether a series is a time of which the work can be counted.
func (f facts) countable(s *series) bool {
	if s.by == nil || !s.by.paired || s.byMedian || f.in.Log.Counter == "" || s.key.Unit != "sec/op" {
		return false
	}
	_, refused := f.in.Log.Uncounted[s.key.Benchmark()]
	return !refused
}

// covers reports whether instructions stand for the time of a benchmark: it worked in user mode,
// and nobody else worked for it.
func (f facts) covers(key baseline.Key) bool {
	w, known := f.in.Log.Work[key.Benchmark()]
	return known && w.User >= CoverUser && w.System < coverSystem && !w.Children
}

// weigh looks at the first counts of a time that could not be judged so far, and asks for them
// where they are not there.
func (s *series) weigh() weight {
	c := s.count
	if c == nil || !c.twoWay {
		s.counts = countScreen[0]
		return counting
	}
	c.finding = found(NotJudged, Counts, "")
	have := min(len(c.base.values), len(c.head.values))
	if have > 0 && min(slices.Min(c.base.values), slices.Min(c.head.values)) <= 0 {
		c.reason = Reason{Code: CountWavers}
		return uncountable // no program does nothing, and nothing has no logarithm
	}
	for i, n := range countScreen {
		if have < n {
			s.counts = n - have
			c.wait(Reason{Code: CountAgain, Rounds: have})
			return counting
		}
		base, head := stat.Sorted(c.base.values[:n]), stat.Sorted(c.head.values[:n])
		apart := max(wavers(base), wavers(head))
		if apart > countWavers[i] {
			continue
		}
		s.weighed = n
		c.shift = math.Log(stat.Quantile(head, .5) / stat.Quantile(base, .5))
		c.middle = math.Log(stat.Quantile(base, .5))
		switch {
		case apart > countSpread:
			c.reason = Reason{Code: CountWavers, Bound: apart}
			return uncountable
		case c.shift < math.Log1p(sameWork):
			c.decide(Unchanged, SameCount)
			return same
		case c.shift >= moreWork*c.policy.effect && head[0] > base[n-1]:
			c.seemed, c.stake = c.shift, 1
			return more
		}
		c.reason = Reason{Code: CountGrew, Bound: c.policy.minEffect}
		c.verdict = Unchanged
		return unsettled
	}
	return uncountable
}

// confirmWork tests counts that seemed to have grown on fresh ones, which were counted in an order
// that knows no sides, at the part of alpha that their stake is of all stakes.
func (s *series) confirmWork(alpha, stakes float64, final bool) {
	c, from := s.count, s.weighed
	fresh := pair{logs(c.base.values[from:]), logs(c.head.values[from:])}
	have := min(len(fresh.base), len(fresh.head))
	seemed, middle := c.seemed, c.middle
	c.finding = found(Inconclusive, Counts, Unsettled)
	c.seemed, c.middle, c.stake, c.p = seemed, middle, 1, 1
	for i, n := range countConfirm {
		if n > have {
			for i+1 < len(countConfirm) && stat.Least(n, n) > alpha*c.stake/stakes*countWeights[i] {
				i++
				n = countConfirm[i] // sooner no counts whatever would tell
			}
			c.wait(Reason{Code: Unconfirmed, Needed: n - have})
			if final {
				s.counts = n - have
			}
			return
		}
		sm := newSample(fresh.first(n))
		c.record(sm, math.NaN())
		c.interval(sm)
		c.p = min(c.p, sm.worse()/countWeights[i])
		if c.p <= alpha*c.stake/stakes && sm.shift >= moreWork*c.policy.effect {
			c.decide(Regressed, MoreWork)
			return
		}
	}
	c.reason.Rounds = have
}

// settleByWork gives a time that could not be judged the verdict of its work where that is the
// same and stands for it; others are the further units of the benchmark, which must not have grown.
func (s *series) settleByWork(f facts, others []*series) bool {
	if s.weight != same || !f.covers(s.key) {
		return false
	}
	grown := slices.ContainsFunc(others, func(o *series) bool {
		return o.unit.Exact && o.key.Benchmark() == s.key.Benchmark() && o.env == s.env &&
			(o.verdict == Regressed || o.verdict == Inconclusive)
	})
	if grown {
		return false
	}
	detectable := s.detectable
	s.decide(SameWork, WorkEqual)
	s.reason.Bound = s.size(max(s.count.shift, 0))
	s.detectable, s.atMost = detectable, math.NaN()
	return true
}

// unsettledByWork says why no count gave a time that could not be judged a verdict.
func (s *series) unsettledByWork(f facts) {
	s.reason.Text = f.in.Log.Uncounted[s.key.Benchmark()]
	if s.weight == same && !f.covers(s.key) {
		s.count.reason.Code = CountPartly
		if w, known := f.in.Log.Work[s.key.Benchmark()]; known {
			s.count.reason.Work = &w
		}
	}
}

// heed ends the counts of a time that is judged: work alone is red only where the time does not
// show that nothing has become slower, and what seems to have grown is not asked on where the time
// is red already.
func (s *series) heed() {
	c := s.count
	if c == nil {
		return
	}
	switch s.verdict {
	case Regressed:
		s.counts = 0
		if c.verdict == Inconclusive && s.weight == more {
			c.decide(NotJudged, CountUnused)
			if math.IsNaN(c.shift) {
				c.shift = c.seemed
			}
		}
	case Unchanged, Improved:
		s.counts = 0
		switch c.verdict {
		case "":
			c.finding = found(NotJudged, Counts, WorkNotTime)
		case Regressed, Inconclusive:
			c.decide(NotJudged, WorkNotTime)
		}
	}
}

// logs returns the logarithms of values above zero.
func logs(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.Log(v)
	}
	return out
}
