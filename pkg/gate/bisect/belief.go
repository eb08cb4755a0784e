package bisect

import (
	"math"
	"slices"
)

// Reading is what one session says of two commits: how much of the whole shift lies between them.
type Reading struct {
	From    int     // index of the earlier commit
	At      int     // index of the later one
	Share   float64 // of the shift from the first commit of the history to its last
	Error   float64 // standard error of Share
	Freedom int     // degrees of freedom of Error, such as pairs less one; 0: a count, or known exactly
	Direct  bool    // the two were measured beside each other alone, not between both ends
}

// Pair are two commits, by index.
type Pair struct{ From, At int }

// History is what is known of the commits of a range so far.
type History struct {
	Last     int       // index of the bad commit; the good one is 0
	Skipped  []int     // what cannot be measured: it does not build, crashes, or lacks the benchmark
	Equal    []Pair    // commits with the same program
	Reverts  []int     // commits that say they take another one back
	Readings []Reading // in any order
	Small    float64   // share of the whole below which a part is not divided further; 0: a tenth
}

// Belief says how likely it is of each commit that it is the one.
type Belief struct {
	One     []float64 // by index: that this commit took the step; [0] is 0
	Several float64   // that no one commit did; with One it sums to 1
}

// How much is believed before anything is measured, and how a reading may err.
const (
	severalPrior = .1
	revertPrior  = .1   // of what is left, where the history has reverts
	stray        = .003 // of the readings say anything at all
	wobble       = .08  // standard deviation of what other commits add, as a share of the whole
	leastFree    = 3    // degrees of freedom, at least
	manyFree     = 30   // of what is counted
	never        = -50  // logarithm of the weight of what is proven not to be
)

// hypothesis is a course of one step, or of a step that was taken back and taken again.
type hypothesis struct {
	again  int // where the step was taken for good
	up     int // where it was taken first, and
	down   int // where it was taken back; 0: never
	weight float64
}

// level returns the share of the whole that a commit has.
func (h hypothesis) level(at int) float64 {
	if at >= h.again || h.down > 0 && at >= h.up && at < h.down {
		return 1
	}
	return 0
}

// hypotheses returns all courses, with the logarithm of their prior as weight.
func (h History) hypotheses() []hypothesis {
	var single, pulses []hypothesis
	for c := 1; c <= h.Last; c++ {
		single = append(single, hypothesis{again: c})
		for _, down := range h.Reverts {
			for up := 1; up < down && down < c; up++ {
				pulses = append(pulses, hypothesis{again: c, up: up, down: down})
			}
		}
	}
	one := 1 - severalPrior
	if len(pulses) > 0 {
		one *= 1 - revertPrior
	}
	for i := range single {
		single[i].weight = math.Log(one / float64(len(single)))
	}
	for i := range pulses {
		pulses[i].weight = math.Log((1 - severalPrior) * revertPrior / float64(len(pulses)))
	}
	return append(single, pulses...)
}

// weigh returns all hypotheses with the logarithm of their posterior, up to a constant, as weight.
func (h History) weigh() []hypothesis {
	all := h.hypotheses()
	for i := range all {
		it := &all[i]
		for _, r := range h.Readings {
			it.weight += r.log(it.level(r.At) - it.level(r.From))
		}
		for _, e := range h.Equal {
			if it.level(e.From) != it.level(e.At) {
				it.weight += never
			}
		}
	}
	return all
}

// log returns the logarithm of the likelihood of a reading where share is expected.
func (r Reading) log(share float64) float64 {
	return math.Log((1-stray)*r.density(share) + stray*astray(r.Share))
}

// density returns how likely the reading is about a share.
func (r Reading) density(share float64) float64 {
	free := float64(max(leastFree, min(r.Freedom, manyFree)))
	if r.Freedom == 0 {
		free = manyFree
	}
	scale := math.Hypot(r.Error, wobble)
	t := (r.Share - share) / scale
	a, _ := math.Lgamma((free + 1) / 2)
	b, _ := math.Lgamma(free / 2)
	return math.Exp(a-b-(free+1)/2*math.Log1p(t*t/free)) / math.Sqrt(free*math.Pi) / scale
}

// astray returns how likely a share is of a reading that says anything at all: alike between −1 and
// 2, and falling beyond, so that no reading is impossible.
func astray(share float64) float64 {
	beyond := max(0, math.Abs(share-.5)-1.5)
	return .3 / (1 + beyond*beyond)
}

// severalLog returns the logarithm of the likelihood of all readings where every commit has a share
// of its own, and none takes more than half. Readings of the same two commits have one share.
func (h History) severalLog() float64 {
	type group struct {
		Pair
		direct bool
	}
	groups := map[group][]Reading{}
	var order []group
	for _, r := range h.Readings {
		p := group{Pair{r.From, r.At}, r.Direct}
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], r)
	}
	const steps = 40
	sum := 0.
	for _, p := range order {
		if p.From == 0 && p.At == h.Last {
			continue // the whole, by definition
		}
		all := 0.
		for i := range steps + 1 {
			share := float64(i) / steps
			if p.direct { // neighbours: neither way more than half, else it were one commit
				share -= .5
			}
			log := 0.
			for _, r := range groups[p] {
				log += r.log(share)
			}
			all += math.Exp(log)
		}
		sum += math.Log(all / (steps + 1))
	}
	return sum
}

// Believe returns how likely each commit is the one, from all that was measured.
func (h History) Believe() Belief {
	b := Belief{One: make([]float64, h.Last+1)}
	if !slices.ContainsFunc(h.inner(), h.measurable) {
		b.One[h.Last] = 1 // nothing lies between
		return b
	}
	all := h.weigh()
	several := math.Log(severalPrior) + h.severalLog()
	top := several
	for _, it := range all {
		top = max(top, it.weight)
	}
	sum := math.Exp(several - top)
	for _, it := range all {
		sum += math.Exp(it.weight - top)
	}
	for _, it := range all {
		b.One[it.again] += math.Exp(it.weight-top) / sum
	}
	b.Several = math.Exp(several-top) / sum
	return b
}

// inner returns the indices between good and bad.
func (h History) inner() []int {
	var out []int
	for i := 1; i < h.Last; i++ {
		out = append(out, i)
	}
	return out
}

func (h History) measurable(at int) bool { return !slices.Contains(h.Skipped, at) }
