package placement

import (
	"context"
	"fmt"
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
	most       = .5  // of the growth must be of one function
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
	if best != nil && best.home < most*total {
		return cause, nil
	}
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
