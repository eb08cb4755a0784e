package placement

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// score is what a touch explains.
type score struct {
	touch    *touch
	score    float64 // weighted
	claim    float64 // weights from firm on taken for 1
	chance   float64 // variance of score
	depth    float64 // sum of depth times value
	weight   float64 // sum of value, for depth
	heavy    map[int]float64
	home     float64 // growth that it and the others in its function have a part in that is not weak
	function string  // its own, as the linker names it

	ownBase, ownHead   float64 // on its own lines
	restBase, restHead float64 // in the rest of the function
	base, claimBase    float64
}

// weigh scores every touch.
func (f *field) weigh(base, head samples) []*score {
	all := map[*touch]*score{}
	homes := map[any]*home{}
	tally := func(s samples, sign float64, at func(frame) point, more func(from, to frame) float64) {
		for _, one := range s.stacks {
			reached := f.reached(one, at, more)
			for t, r := range reached {
				if all[t] == nil {
					all[t] = &score{touch: t, heavy: map[int]float64{}}
				}
				all[t].count(one.value, sign, s.period, r)
			}
			shared(reached, homes, sign*one.value)
		}
	}
	tally(head, +1, func(fr frame) point { return f.here(f.tree.resolve(fr.file), fr.line) }, func(from, to frame) float64 {
		return growth(base, head, call{from.function, to.function})
	})
	tally(base, -1, func(fr frame) point { return f.there(f.tree.resolve(fr.file), fr) }, func(frame, frame) float64 { return 1 })
	scores := slices.Collect(maps.Values(all))
	for _, s := range scores {
		calls := growth(base, head, call{to: s.function})
		s.correct(head, calls)
		s.home = homes[s.touch.home()].reach(calls)
	}
	slices.SortFunc(scores, func(a, b *score) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.touch.hunk.file, b.touch.hunk.file), cmp.Compare(a.touch.first, b.touch.first))
	})
	return scores
}

// home is a function, or a hunk outside of functions, with what its touches have a part in
// together.
type home struct{ base, head float64 }

// home returns what a touch is in: a *decl or a *hunk.
func (t *touch) home() any {
	if t.decl != nil {
		return t.decl
	}
	return t.hunk
}

// shared adds a sample to every home of which a touch has a part in it that is not weak; of the
// base the value is negative.
func shared(reached map[*touch]reach, homes map[any]*home, value float64) {
	seen := map[any]bool{}
	for t, r := range reached {
		if r.weight < weak || seen[t.home()] {
			continue
		}
		seen[t.home()] = true
		if homes[t.home()] == nil {
			homes[t.home()] = &home{}
		}
		if value > 0 {
			homes[t.home()].head += value
		} else {
			homes[t.home()].base -= value
		}
	}
}

// reach returns the growth that the home has a part in, without what comes from being called so
// many times as often; 0: that is not known.
func (h *home) reach(calls float64) float64 {
	if h == nil {
		return 0
	}
	return h.head - max(calls, 1)*h.base
}

// growth is how many times as often as in the base a call happens in the head; 0: not known.
func growth(base, head samples, c call) float64 {
	if base.calls[c] == 0 {
		return 0
	}
	return head.calls[c] / base.calls[c]
}

// reach is how a stack belongs to a touch.
type reach struct {
	weight   float64
	depth    int    // frames from the root
	line     int    // of the frame; 0 for one that is not in the touch's own function
	function string // of the frame, where it has a line
}

// reached are the touches that a stack belongs to. More is how many times as often as in the base
// one function calls another; 0: not known.
func (f *field) reached(s stack, at func(frame) point, more func(from, to frame) float64) map[*touch]reach {
	all := map[*touch]reach{}
	for i, fr := range s.frames {
		p := at(fr)
		if len(p.file) > 7 && p.file[:7] == "module:" {
			p.line = 0
		}
		for t, weight := range f.in[p] {
			if i > 0 {
				callee := shortName(s.frames[i-1].function)
				if t.decl != nil && callee == t.decl.fn.Name.Name && callee != shortName(fr.function) {
					continue // what happens in its own function is no reading of its result
				}
				if t == p.touch && t.both[callee] {
					weight = min(weight, inherit+(1-inherit)*extra(more(fr, s.frames[i-1])))
				} else if via, ok := f.via[p][t]; ok && !via[callee] {
					weight *= beside
				}
			}
			if weight <= all[t].weight {
				continue
			}
			r := reach{weight: weight, depth: len(s.frames) - i}
			if t == p.touch || t.decl != nil && p.file == t.hunk.file && p.line >= t.decl.first && p.line <= t.decl.last {
				r.line, r.function = fr.line, closure.ReplaceAllString(fr.function, "")
			}
			all[t] = r
		}
	}
	return all
}

// extra is the part of the calls in the head that is more than the base has.
func extra(more float64) float64 {
	if more <= 1 {
		return 0
	}
	return 1 - 1/more
}

// count adds one sample.
func (s *score) count(value, sign, period float64, r reach) {
	weight := r.weight
	s.score += sign * value * weight
	s.chance += value * period * weight * weight
	if r.function != "" {
		s.function = r.function
	}
	if sign > 0 {
		s.depth += value * weight * float64(r.depth)
		s.weight += value * weight
		s.heavy[r.line] += value * weight
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
	case weight <= rest && r.line > 0 && sign > 0:
		s.restHead += value
	case weight <= rest && r.line > 0:
		s.restBase += value
	}
}

// correct takes out of a score what comes from the function being called more often: calls times
// as often or, where that is not known (0), by how much its lines that the change does not
// govern grew, at least.
func (s *score) correct(head samples, calls float64) {
	if calls > 0 {
		s.less(calls)
		return
	}
	if head.calls != nil && s.restBase == 0 && s.base > 0 {
		return // it was inlined and is no more: that its other lines cost something now tells nothing
	}
	period := head.period
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
	s.less(more)
}

// less takes out what the base would cost if it ran more times as often.
func (s *score) less(more float64) {
	if more > 1 {
		s.score -= (more - 1) * s.base
		s.claim -= (more - 1) * s.claimBase
	}
}

// meanDepth is how many frames from the root the touch is.
func (s *score) meanDepth() float64 { return s.depth / max(s.weight, 1) }
