package bisect

import (
	"cmp"
	"math"
	"slices"
)

// Kind says what a step is for.
type Kind int

// The kinds.
const (
	Done     Kind = iota // nothing is left to find out
	Probe                // measure At beside the first commit and the last
	Adjacent             // measure At beside From, which come next to each other
)

// Step is what to measure next.
type Step struct {
	Kind     Kind
	From, At int // indices
}

// Comparisons returns how many comparisons of two revisions a step takes.
func (s Step) Comparisons() int {
	switch s.Kind {
	case Probe:
		return 2
	case Adjacent:
		return 1
	}
	return 0
}

// Sure is the probability from which a commit is named.
const Sure = .99

const (
	listed     = .9   // that several commits did it: from here on all of their steps are looked for
	oftenProbe = 3    // times that one commit is measured, at most
	oftenPair  = 2    // times that two neighbours are
	smallPart  = .1   // of the whole: a part that is not divided
	unclear    = .005 // on which side a commit stands, where nothing is left to find out
)

// Cell is a commit, or a run of them that cannot be told apart: it begins behind From and ends with
// To, which are the nearest commits that can be measured.
type Cell struct {
	From, To int
	P        float64 // that the step lies in it
}

// Cells returns the cells of the history in order, with the belief of each.
func (h History) Cells(b Belief) (out []Cell) {
	from, p := 0, 0.
	for at := 1; at <= h.Last; at++ {
		p += b.One[at]
		if at == h.Last || h.measurable(at) {
			out = append(out, Cell{From: from, To: at, P: p})
			from, p = at, 0
		}
	}
	return out
}

// Likeliest returns the cell that is believed in most.
func (h History) Likeliest(b Belief) Cell {
	return slices.MaxFunc(h.Cells(b), func(a, b Cell) int { return cmp.Compare(a.P, b.P) })
}

// Next returns what to measure next.
func (h History) Next() Step {
	b := h.Believe()
	if b.Several >= listed {
		return h.divide()
	}
	best := h.Likeliest(b)
	one := 1 - b.Several
	pair := Step{Adjacent, best.From, best.To}
	if best.From == 0 && best.To == h.Last {
		return Step{} // what was confirmed is the answer
	}
	if best.P >= Sure*one {
		seen := h.times(best.From, best.To, true)
		if seen == 0 || best.P < Sure && seen < oftenPair {
			return pair
		}
		if best.P >= Sure {
			return Step{}
		}
	}
	if at := h.median(); at > 0 {
		return Step{Probe, 0, at}
	}
	if h.times(best.From, best.To, true) < oftenPair {
		return pair
	}
	return Step{}
}

// times returns how often two commits were held against each other, alone or between both ends.
func (h History) times(from, at int, direct bool) (n int) {
	for _, r := range h.Readings {
		if r.From == from && r.At == at && r.Direct == direct {
			n++
		}
	}
	return n
}

// median returns the commit of which it is least known whether it has the step; 0: of all that can
// be measured it is known.
func (h History) median() int {
	all := h.weigh()
	top := math.Inf(-1)
	for _, it := range all {
		top = max(top, it.weight)
	}
	slow, sum := make([]float64, h.Last+1), 0.
	for _, it := range all {
		p := math.Exp(it.weight - top)
		sum += p
		for at := 1; at < h.Last; at++ {
			slow[at] += p * it.level(at)
		}
	}
	best, least := 0, .5-unclear
	for _, at := range h.inner() {
		if !h.measurable(at) || h.times(0, at, false) >= oftenProbe {
			continue
		}
		if off := math.Abs(slow[at]/sum - .5); off < least-1e-12 {
			best, least = at, off
		}
	}
	return best
}

// Part is one step of several: the share of the whole that lies between two commits.
type Part struct {
	From, To int // the commits behind From, up to and including To
	Share    float64
	Error    float64 // standard error of Share
}

// Parts returns what was measured as a list of parts that sum to 1, in the order of the commits.
func (h History) Parts() (out []Part) {
	levels := map[int]Part{0: {}, h.Last: {Share: 1}}
	for at := range h.Last {
		weight, sum := 0., 0.
		for _, r := range h.Readings {
			if r.From == 0 && r.At == at && at > 0 {
				w := 1 / max(r.Error*r.Error, 1e-6)
				weight += w
				sum += w * r.Share
			}
		}
		if weight > 0 {
			levels[at] = Part{Share: sum / weight, Error: math.Sqrt(1 / weight)}
		}
	}
	from := 0
	for at := 1; at <= h.Last; at++ {
		to, known := levels[at]
		if !known {
			continue
		}
		out = append(out, Part{From: from, To: at, Share: to.Share - levels[from].Share, Error: math.Hypot(to.Error, levels[from].Error)})
		from = at
	}
	return out
}

// Clear reports whether a part is more than chance and large enough to speak of.
func (h History) Clear(p Part) bool {
	return p.Share >= cmp.Or(h.Small, smallPart) && p.Share > 3*p.Error
}

// divide returns the step that takes the largest part apart.
func (h History) divide() Step {
	parts := h.Parts()
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(b.Share, a.Share) })
	for _, p := range parts {
		if !h.Clear(p) {
			continue
		}
		var inside []int
		for at := p.From + 1; at < p.To; at++ {
			if h.measurable(at) && !h.same(p.From, at) && !h.same(at, p.To) {
				inside = append(inside, at)
			}
		}
		if len(inside) > 0 {
			return Step{Probe, 0, inside[len(inside)/2]}
		}
	}
	return Step{}
}

// same reports whether two commits are known to have the same program.
func (h History) same(a, b int) bool {
	return slices.Contains(h.Equal, Pair{a, b}) || slices.Contains(h.Equal, Pair{b, a})
}

// Settled reports whether more rounds of a reading would tell little: it lies on one side, or its
// error is small.
func (r Reading) Settled() bool {
	const odds, fine = 300, .1
	slow, fast := r.density(1), r.density(0)
	return r.Error <= fine || max(slow, fast) >= odds*min(slow, fast)
}
