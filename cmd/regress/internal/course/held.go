package course

import (
	"cmp"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// A course is held against an anchor, an older commit that was measured beside each run, where most
// of its last runs have one: what a machine did to both is then out of it. A value is head/anchor
// times what the anchor mostly takes on the class of machine, so that it stays in the unit of the
// series. Where the anchor has moved on, head/old is brought to the new one by new/old, which some
// session measured: index = ratio × link. Where none did, each stretch has a level of its own, and
// the move counts as a change of what measures.

// lately is how many of the last runs are asked whether a course is held.
const lately = 20

// Held is an anchor beside a run.
type Held struct {
	Commit string
	Value  float64 // in the unit, as measured
}

// Anchor says what a course is held against.
type Anchor struct {
	Commit string  // the newest
	Value  float64 // what it mostly takes, in the unit: Point.Value over it is the ratio
	Left   int     // how many runs are left out, since they have no anchor beside them
	Moves  int     // of the anchor, to a commit that no session has measured beside the one before
}

// link is a pair of commits that one session has measured.
type link struct {
	key      baseline.Key
	from, to string
}

// links are the ratios to/from of pairs of anchors, all that were seen.
type links map[link][]float64

// linksOf returns what the points of all series say of one anchor over another. A head at the
// commit of an anchor is as good as that anchor: most releases were measured before they were one.
func linksOf(points map[Name][]Point) links {
	anchors := map[string]bool{}
	for _, list := range points {
		for _, p := range list {
			for _, h := range p.Beside {
				anchors[h.Commit] = true
			}
		}
	}
	out := links{}
	if len(anchors) < 2 {
		return out
	}
	for name, list := range points {
		for _, p := range list {
			all := p.Beside
			if anchors[p.Commit] && len(p.Beside) > 0 {
				all = append(slices.Clone(all), Held{p.Commit, cmp.Or(p.Measured, p.Value)})
			}
			out.add(name.Key, all)
		}
	}
	return out
}

// add notes the ratios between all that one session measured.
func (l links) add(key baseline.Key, all []Held) {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Commit != b.Commit && a.Value > 0 && b.Value > 0 {
				l[link{key, a.Commit, b.Commit}] = append(l[link{key, a.Commit, b.Commit}], b.Value/a.Value)
				l[link{key, b.Commit, a.Commit}] = append(l[link{key, b.Commit, a.Commit}], a.Value/b.Value)
			}
		}
	}
}

// hold holds a series against its anchors, where most of its last points have one. The points are
// in order of time. Their values are ratios then, and what they are to be multiplied by is
// returned: 1 where they are as they were measured.
func (s *Series) hold(linked links) (unit float64) {
	tail := s.Points[max(0, len(s.Points)-lately):]
	have := 0
	for _, p := range tail {
		if len(p.Beside) > 0 {
			have++
		}
	}
	if 2*have <= len(tail) {
		return 1
	}
	var kept []Point
	var order []string // of anchors, newest first
	typical := map[string][]float64{}
	for _, p := range slices.Backward(s.Points) {
		usable := p.Measured > 0
		for _, h := range p.Beside {
			usable = usable && h.Value > 0
		}
		if len(p.Beside) > 0 && !usable {
			return 1 // of nothing there is no ratio
		}
		if len(p.Beside) == 0 {
			continue
		}
		for _, h := range p.Beside {
			if !slices.Contains(order, h.Commit) {
				order = append(order, h.Commit)
			}
			typical[h.Commit] = append(typical[h.Commit], h.Value)
		}
		kept = append(kept, p)
	}
	slices.Reverse(kept)
	newest := latest(kept[len(kept)-1].Beside, kept)
	s.Anchor = &Anchor{Commit: newest, Value: stat.Median(typical[newest]), Left: len(s.Points) - len(kept)}
	s.Points = kept
	s.scale(linked, append([]string{newest}, slices.DeleteFunc(order, func(c string) bool { return c == newest })...), typical)
	return s.Anchor.Value
}

// latest returns the one of several anchors beside one run that came into use last.
func latest(beside []Held, points []Point) string {
	first := map[string]int{}
	for i, p := range points {
		for _, h := range p.Beside {
			if _, seen := first[h.Commit]; !seen {
				first[h.Commit] = i
			}
		}
	}
	return slices.MaxFunc(beside, func(a, b Held) int { return cmp.Compare(first[a.Commit], first[b.Commit]) }).Commit
}

// level is by what a ratio to an anchor is multiplied to make one to the newest, and of which
// stretch the anchor is.
type level struct {
	factor  float64
	stretch string // the newest anchor that links lead to
}

// scale sets the values of points to ratios to the newest anchor. Anchors are newest first: those
// that links lead to from one are of its stretch, the newest of the others begins another.
func (s *Series) scale(linked links, anchors []string, typical map[string][]float64) {
	levels := map[string]level{}
	stretches := 0
	for _, root := range anchors {
		if _, done := levels[root]; done {
			continue
		}
		stretches++
		levels[root] = level{1, root}
		if stretches > 1 {
			levels[root] = level{stat.Median(typical[root]) / s.Anchor.Value, root}
		}
		for reach := []string{root}; len(reach) > 0; reach = reach[1:] {
			for _, other := range anchors {
				ratios := linked[link{s.Key, reach[0], other}]
				if _, done := levels[other]; !done && len(ratios) > 0 {
					levels[other] = level{levels[reach[0]].factor * stat.Median(ratios), root}
					reach = append(reach, other)
				}
			}
		}
	}
	s.Anchor.Moves = stretches - 1
	for i := range s.Points {
		p := &s.Points[i]
		h := p.Beside[0]
		for _, other := range p.Beside[1:] { // the one of the newest stretch, and of these the newest
			if slices.Index(anchors, other.Commit) < slices.Index(anchors, h.Commit) {
				h = other
			}
		}
		by := levels[h.Commit].factor / h.Value
		p.Value, p.Spread = p.Measured*by, p.Spread*by*s.Anchor.Value
		if stretches > 1 {
			p.Environment += ", anchor " + figure.Commit(levels[h.Commit].stretch)
		}
	}
}

// said returns what points say of commits.
func said(points map[Name][]Point) map[string]Commit {
	out := map[string]Commit{}
	for _, list := range points {
		for _, p := range list {
			if _, seen := out[p.Commit]; seen || p.Facts == nil || *p.Facts == (baseline.Facts{}) {
				continue
			}
			out[p.Commit] = Commit{ID: p.Commit, Author: p.Facts.Author, Subject: p.Facts.Subject, Time: p.Facts.Time, Place: p.Facts.Place, Pull: p.Facts.Pull}
		}
	}
	return out
}

// fill adds to history what points say of its commits, and returns it with those that it lacks, by
// place; nil where a commit of first has no place.
func fill(history []Commit, said map[string]Commit, first map[string]time.Time) []Commit {
	offset, sure := 0, false
	for i := range history {
		c, ok := said[history[i].ID]
		if ok && c.Place > 0 {
			offset, sure = c.Place-i, true // a shallow clone does not begin at 1
		}
	}
	var out []Commit
	in := map[string]bool{}
	for i, c := range history {
		if sure {
			c.Place, c.Pull = i+offset, cmp.Or(c.Pull, said[c.ID].Pull)
			out, in[c.ID] = append(out, c), true
		}
	}
	for id := range first {
		if in[id] {
			continue
		}
		c, ok := said[id]
		if !ok || c.Place == 0 {
			return nil
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Commit) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), a.Time.Compare(b.Time), first[a.ID].Compare(first[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return out
}
