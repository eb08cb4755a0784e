package gate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// series is one benchmark in one unit on one class of machine: what was
// measured of it, what the policy says of it and, once judged, what was found.
type series struct {
	key     baseline.Key
	env     string // fingerprint
	unit    baseline.Unit
	policy  limits
	base    rounds
	head    rounds
	past    *baseline.Noise // nil: no history
	stored  []baseline.Run  // sessions of this environment, when there is no base side
	twin    *series         // judged in place of this one: the same information
	counts  int             // of instructions, a side, that the procedure asks for next
	weighed int             // counts a side by which its weight was told; what comes after them is fresh
	count   *series         // the counted work of the benchmark, of one that is a time
	anchor  *series         // the same against the anchor; nil: nothing is known of that
	twoWay  bool            // both sides were measured in this log
	broken  bool            // a value is not a number
	deaths  Deaths          // processes that died

	weight weight  // what counting has made of it
	by     *design // the procedure that chose its rounds; nil: regress did not
	// values of complete rounds as logarithms, turned so that larger is worse, and likewise the
	// medians of the repetitions, where there are several
	worse, mids pair
	byMedian    bool // it is a copy whose worse are the medians

	waivers []Accepted // what waivers mean for it
	finding
}

// rounds is one side of a series: one value a round, in order of round.
type rounds struct {
	numbers []int
	values  []float64
	medians []float64 // of the repetitions in each process; nil where values are all that there is
}

// roundsOf makes one value of each round of a sample, the median of what a process printed; clean
// is false when a value had to be left out.
func roundsOf(s baseline.Sample) (out rounds, clean bool) {
	out.numbers, out.values, clean = s.ByRound()
	return out, clean
}

// second is how many repetitions a process has of which the second fastest is its value; of fewer
// it is the fastest.
const second = 20

// repetitions makes one value of each round of a sample of pairs. Of a time it is a low quantile
// of what the process printed, and of a rate a high one: what else the machine does only slows. Of
// all other units it is the median. The second result is the medians of a time, or nothing where
// a process printed one value.
func repetitions(s baseline.Sample, unit baseline.Unit) (out rounds, medians []float64, clean bool) {
	var at func(sorted []float64) float64
	switch {
	case unit.Name == "sec/op":
		at = func(sorted []float64) float64 { return sorted[min(1, len(sorted)/second)] }
	case unit.Direction == baseline.Higher && strings.HasSuffix(unit.Name, "/s"):
		at = func(sorted []float64) float64 { return sorted[len(sorted)-1-min(1, len(sorted)/second)] }
	default:
		out, clean = roundsOf(s)
		return out, nil, clean
	}
	out.numbers, out.values, clean = s.ByRoundOf(at)
	if unit.Name == "sec/op" && len(out.values) < len(s.Values) {
		_, medians, _ = s.ByRound()
	}
	return out, medians, clean
}

// pair is both sides of a series on the same scale.
type pair struct{ base, head []float64 }

// first is the pair of the first n rounds.
func (p pair) first(n int) pair { return pair{p.base[:n], p.head[:n]} }

// finding is what a procedure says of one series. Shifts are logarithms, larger is worse.
type finding struct {
	verdict    Verdict
	stage      Stage
	reason     Reason // Shift and Bound are filled in by row
	state      state
	want       int // rounds a side that the procedure asks for next
	shift      float64
	middle     float64 // of base, and of head less the shift; NaN: unknown
	lo, hi     float64 // of shift
	level      float64 // of [lo, hi]; 0: no interval
	p          float64 // one-sided, NaN: no test
	detectable float64 // NaN: unknown
	atMost     float64 // upper bound of shift; NaN: no claim
	seemed     float64 // shift at the screen, for a survivor
	stake      float64 // its part of all stakes is its part of the budget
}

// state says whether measuring more could change a verdict.
type state int

const (
	over state = iota // more rounds are not worth their time, whatever the verdict
	open              // undecided for want of rounds, or of a side: the outcome cannot be Pass
)

// found is a finding without a number, for which nothing more is asked.
func found(v Verdict, stage Stage, code Code) finding {
	nan := math.NaN()
	return finding{verdict: v, stage: stage, reason: Reason{Code: code}, shift: nan, middle: nan, p: nan, detectable: nan, atMost: nan, seemed: nan}
}

// decide ends a series with a verdict.
func (f *finding) decide(v Verdict, code Code) {
	f.verdict, f.reason, f.state, f.want = v, Reason{Code: code}, over, 0
}

// wait leaves a series inconclusive until there is more to go by.
func (f *finding) wait(why Reason) {
	f.verdict, f.reason, f.state, f.want = Inconclusive, why, open, 0
}

// ask leaves a series inconclusive and asks for n more rounds a side.
func (f *finding) ask(n int, why Reason) {
	f.wait(why)
	f.want = n
}

// group is everything measured on one class of machine.
type group struct {
	print      string
	base, head map[baseline.Key]rounds
	keys       []baseline.Key // of both, each once, as they come
	baseRun    *baseline.Run  // the first of its side, for the reader
	headRun    *baseline.Run
	broken     map[baseline.Key]bool
}

// groups sorts the runs of a log by fingerprint; shards of one environment add up.
func groups(log baseline.Log) []*group {
	byPrint := map[string]*group{}
	for i := range log.Runs {
		run := &log.Runs[i]
		if run.Side == baseline.Anchor {
			continue // a comparison of its own: see splitAnchor
		}
		print := run.Environment.Fingerprint()
		g := byPrint[print]
		if g == nil {
			g = &group{
				print: print, broken: map[baseline.Key]bool{},
				base: make(map[baseline.Key]rounds, len(run.Samples)), head: make(map[baseline.Key]rounds, len(run.Samples)),
			}
			byPrint[print] = g
		}
		side, other := g.head, g.base
		if run.Side == baseline.Base {
			side, other = g.base, g.head
			g.baseRun = cmp.Or(g.baseRun, run)
		} else {
			g.headRun = cmp.Or(g.headRun, run)
		}
		for _, s := range run.Samples {
			got, clean := rounds{}, false
			if log.Procedure == baseline.Paired {
				got, got.medians, clean = repetitions(s, unitOf(log, s.Unit))
			} else {
				got, clean = roundsOf(s)
			}
			before, again := side[s.Key]
			if _, there := other[s.Key]; !again && !there {
				g.keys = append(g.keys, s.Key)
			}
			side[s.Key] = before.join(got)
			if !clean {
				g.broken[s.Key] = true
			}
		}
	}
	return slices.SortedFunc(maps.Values(byPrint), func(a, b *group) int { return cmp.Compare(a.print, b.print) })
}

// join appends a further shard of the same side: its rounds count on.
func (r rounds) join(more rounds) rounds {
	if len(r.numbers) == 0 {
		return more
	}
	last := r.numbers[len(r.numbers)-1]
	out := rounds{numbers: slices.Clone(r.numbers), values: slices.Concat(r.values, more.values)}
	if len(r.medians)+len(more.medians) == len(out.values) {
		out.medians = slices.Concat(r.medians, more.medians)
	}
	for _, n := range more.numbers {
		out.numbers = append(out.numbers, last+max(n, 1))
	}
	slices.Sort(out.numbers)
	return out
}

// complete keeps the rounds that both sides have: labels are exchangeable
// within a round, and a round that lost a side to a crash tells nothing.
func complete(base, head rounds) (b, h []float64) {
	if slices.Equal(base.numbers, head.numbers) {
		return base.values, head.values
	}
	i, j := 0, 0
	for i < len(base.numbers) && j < len(head.numbers) {
		switch c := cmp.Compare(base.numbers[i], head.numbers[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			b, h = append(b, base.values[i]), append(h, head.values[j])
			i, j = i+1, j+1
		}
	}
	return b, h
}

// scale turns values into logarithms of worsening. Zeros among positive values
// stand a factor of ten below the smallest of those, so that they rank where they
// belong and spread the noise estimate as wide as they should. ok is false for
// negative values, which have no relative change.
func scale(base, head []float64, direction baseline.Direction) (p pair, ok bool) {
	least := math.Inf(1)
	for _, side := range [2][]float64{base, head} {
		for _, v := range side {
			if v < 0 {
				return p, false
			}
			if v > 0 {
				least = min(least, v)
			}
		}
	}
	if math.IsInf(least, 1) {
		least = 1
	}
	sign := 1.
	if direction == baseline.Higher {
		sign = -1
	}
	floor := math.Log(least) - math.Ln10
	logs := make([]float64, 0, len(base)+len(head))
	for _, side := range [2][]float64{base, head} {
		for _, v := range side {
			if v == 0 {
				logs = append(logs, sign*floor)
			} else {
				logs = append(logs, sign*math.Log(v))
			}
		}
	}
	return pair{logs[:len(base):len(base)], logs[len(base):]}, true
}
