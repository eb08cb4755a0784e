package placement

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/count"
)

// Pair are the profiles of one benchmark, of the same number of iterations.
type Pair struct {
	Base, Head         []byte        // in the format of pprof
	BaseWork, HeadWork count.Profile // of Work instead
	Kind               Kind
	Iterations         int
}

// Cause is what a pair of profiles says. Without a File no change explains
// enough of the growth.
type Cause struct {
	File        string  // relative to the repository
	First, Last int     // lines in the head, from 1
	Share       float64 // of the growth that the change explains, 0 to 1
	Grown       []Grown // at most three, the worst first
}

// Limits of what is believed.
const (
	leastShare = .15 // of the growth: less leaves the most of it unexplained
	surely     = 1.5 // standard deviations of the counts
	enough     = .7  // of the best score makes a change deeper in the stack the better answer
	seldom     = .4  // of a growth in a function that the base hardly called: the call is new
	magnitude  = 10. // times dearer is more than a change without a new loop or call can do
	firm       = .5  // weights from here on make a claim to the whole of a sample
	ours       = .1  // of the growth must be under a function of the repository
	narrow     = 12  // lines: a longer hunk is narrowed to its heaviest line
)

// Finder knows the difference between a commit and the working tree.
type Finder struct {
	tree    *tree
	changes []*change
}

// Open reads the difference between commit and the working tree of the
// repository at top, and where its modules are.
func Open(ctx context.Context, top, commit string) (*Finder, error) {
	t, err := openTree(ctx, top)
	if err != nil {
		return nil, fmt.Errorf("find the cause: %w", err)
	}
	changes, err := difference(ctx, top, commit)
	if err != nil {
		return nil, fmt.Errorf("find the cause: %w", err)
	}
	return newFinder(t, changes), nil
}

// newFinder parses what stands around the changes.
func newFinder(t *tree, changes []*change) *Finder {
	for _, c := range changes {
		dir := path.Dir(c.new)
		t.parse(dir)
		for path.Ext(c.new) != ".go" && dir != "." && dir != "/" { // what embeds it stands beside or above it
			dir = path.Dir(dir)
			t.parse(dir)
		}
	}
	return &Finder{tree: t, changes: changes}
}

// Find says which change made the head of a pair dearer.
func (f *Finder) Find(pair Pair) (Cause, error) {
	base, head, err := pair.read()
	if err != nil {
		return Cause{}, err
	}
	cause := Cause{Grown: grown(base, head, pair.Iterations)}
	if head.total <= base.total {
		return cause, nil
	}
	for _, s := range head.stacks {
		for _, fr := range s.frames {
			if name := f.tree.resolve(fr.file); path.Ext(name) == ".go" {
				f.tree.parse(path.Dir(name))
			}
		}
	}
	field := survey(f.tree, f.changes)
	scores := field.weigh(base, head)
	total := f.attributable(head) - f.attributable(base)
	if total < ours*(head.total-base.total) {
		return cause, nil
	}
	best := choose(scores, total)
	if best != nil {
		best = f.tree.named(best, scores)
	}
	if best == nil {
		return cause, nil
	}
	cause.File, cause.Share = best.touch.hunk.file, min(best.score/total, 1)
	cause.First, cause.Last = best.lines()
	return cause, nil
}

// read reads both sides.
func (p Pair) read() (base, head samples, err error) {
	if p.Kind == Work {
		return counted(p.BaseWork), counted(p.HeadWork), nil
	}
	if base, err = read(p.Base, p.Kind); err != nil {
		return base, head, fmt.Errorf("base: %w", err)
	}
	if head, err = read(p.Head, p.Kind); err != nil {
		return base, head, fmt.Errorf("head: %w", err)
	}
	return base, head, nil
}

// attributable is what a profile has under functions of the repository and of
// its modules. The rest is the collector's and the scheduler's, on stacks of
// their own: it follows from the growth and says nothing of where that is.
func (f *Finder) attributable(s samples) float64 {
	total := 0.
	for _, one := range s.stacks {
		if slices.ContainsFunc(one.frames, func(fr frame) bool { return f.tree.resolve(fr.file) != "" }) {
			total += one.value
		}
	}
	return total
}

// score is what a touch explains.
type score struct {
	touch  *touch
	score  float64 // weighted
	claim  float64 // weights from firm on taken for 1
	chance float64 // variance of score
	depth  float64 // sum of depth times value
	weight float64 // sum of value, for depth
	heavy  map[int]float64

	ownBase, ownHead   float64 // on its own lines
	restBase, restHead float64 // in the rest of the function
	base, claimBase    float64
}

// weigh scores every touch.
func (f *field) weigh(base, head samples) []*score {
	all := map[*touch]*score{}
	tally := func(s samples, sign float64, at func(frame) point) {
		for _, one := range s.stacks {
			reached, depth, lines := f.reached(one, at)
			for t, weight := range reached {
				if all[t] == nil {
					all[t] = &score{touch: t, heavy: map[int]float64{}}
				}
				all[t].count(one.value, sign, weight, s.period, depth[t], lines[t])
			}
		}
	}
	tally(head, +1, func(fr frame) point {
		name := f.tree.resolve(fr.file)
		return f.here(name, fr.line)
	})
	tally(base, -1, func(fr frame) point {
		name := f.tree.resolve(fr.file)
		return f.there(name, fr)
	})
	scores := slices.Collect(maps.Values(all))
	for _, s := range scores {
		s.correct(head.period)
	}
	slices.SortFunc(scores, func(a, b *score) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.touch.hunk.file, b.touch.hunk.file), cmp.Compare(a.touch.first, b.touch.first))
	})
	return scores
}

// reached are the touches that a stack belongs to: with which weight, how deep,
// and at which line; 0 for one that is not in the touch's own function.
func (f *field) reached(s stack, at func(frame) point) (map[*touch]float64, map[*touch]int, map[*touch]int) {
	weights, depth, lines := map[*touch]float64{}, map[*touch]int{}, map[*touch]int{}
	for i, fr := range s.frames {
		p := at(fr)
		if len(p.file) > 7 && p.file[:7] == "module:" {
			p.line = 0
		}
		for t, weight := range f.in[p] {
			if i > 0 {
				callee := shortName(s.frames[i-1].function)
				if t == p.touch && t.both[callee] {
					weight = min(weight, inherit)
				} else if via, ok := f.via[p][t]; ok && !via[callee] {
					weight *= beside
				}
			}
			if weight > weights[t] {
				weights[t], depth[t], lines[t] = weight, len(s.frames)-i, 0
				if t == p.touch || t.decl != nil && p.file == t.hunk.file && p.line >= t.decl.first && p.line <= t.decl.last {
					lines[t] = fr.line
				}
			}
		}
	}
	return weights, depth, lines
}

// count adds one sample.
func (s *score) count(value, sign, weight, period float64, depth, line int) {
	s.score += sign * value * weight
	s.chance += value * period * weight * weight
	if sign > 0 {
		s.depth += value * weight * float64(depth)
		s.weight += value * weight
		s.heavy[line] += value * weight
	} else {
		s.base += value * weight
	}
	if weight == own && sign > 0 {
		s.ownHead += value
	} else if weight == own {
		s.ownBase += value
	}
	switch {
	case weight >= firm && !s.touch.reordered && !s.touch.retuned:
		s.claim += sign * value
		if sign < 0 {
			s.claimBase += value
		}
	case weight <= rest && line > 0 && sign > 0:
		s.restHead += value
	case weight <= rest && line > 0:
		s.restBase += value
	}
}

// correct takes out of a score what comes from the function being called more
// often: by how much its lines that the change does not govern grew, at least.
func (s *score) correct(period float64) {
	if s.restBase <= 4*period {
		woken := s.restHead > 8*period && s.restHead > s.weight/10
		blown := s.ownHead > s.weight/2 && s.ownBase < s.ownHead/magnitude && plain(s.touch.hunk)
		if woken || blown { // the function was hardly called before
			s.score *= seldom
			s.claim = 0
		}
		return
	}
	more := (s.restHead - math.Sqrt(s.restHead*period)) / (s.restBase + math.Sqrt(s.restBase*period))
	if more > 1 {
		s.score -= (more - 1) * s.base
		s.claim -= (more - 1) * s.claimBase
	}
}

// meanDepth is how many frames from the root the touch is.
func (s *score) meanDepth() float64 { return s.depth / max(s.weight, 1) }

// choose takes the best score, or one that is deeper in the stack and explains
// about as much; nil when none explains enough.
func choose(scores []*score, total float64) *score {
	if len(scores) == 0 || scores[0].score < leastShare*total || scores[0].score < surely*math.Sqrt(scores[0].chance) {
		return nil
	}
	best := scores[0]
	for _, s := range scores[1:] {
		if s.claim >= enough*max(scores[0].claim, scores[0].score) && s.meanDepth() > best.meanDepth()+.5 {
			best = s
		}
	}
	return best
}

// lines are what to point at.
func (s *score) lines() (first, last int) {
	t := s.touch
	if t.hunk.newCount == 0 {
		return t.first, t.first + 1
	}
	if t.last-t.first < narrow {
		return t.first, t.last
	}
	first, most := t.first, 0.
	for line, value := range s.heavy {
		if line >= t.first && line <= t.last && (value > most || value == most && line < first) {
			first, most = line, value
		}
	}
	return first, first
}
