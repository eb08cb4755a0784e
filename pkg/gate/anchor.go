package gate

import (
	"cmp"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// splitAnchor splits what was measured into the comparison of head with base and that
// of head with the anchor, whose sides are then called base and head too; nil: there
// is none. What failed at the anchor cannot be mended any more, so that it is
// no problem of the first.
func (in Input) splitAnchor() (current Input, anchored *Input) {
	old := in
	old.Stored, old.Log.Runs, old.Log.Problems = nil, nil, nil
	current = in
	current.Log.Runs, current.Log.Problems = nil, nil
	found := len(in.Log.SameAnchor) > 0
	for _, run := range in.Log.Runs {
		if run.Side != baseline.Anchor {
			current.Log.Runs = append(current.Log.Runs, run)
		}
		if run.Side != baseline.Base {
			found = found || run.Side == baseline.Anchor
			run.Side = anchorAsBase(run.Side)
			old.Log.Runs = append(old.Log.Runs, run)
		}
	}
	for _, p := range in.Log.Problems {
		if p.Side != baseline.Anchor {
			current.Log.Problems = append(current.Log.Problems, p)
		}
		if p.Side != baseline.Base {
			found = found || p.Side == baseline.Anchor
			p.Side = anchorAsBase(p.Side)
			old.Log.Problems = append(old.Log.Problems, p)
		}
	}
	if !found || in.OnlyHead {
		return current, nil
	}
	old.Log.Same = in.Log.SameAnchor
	old.Log.Edited = map[baseline.Side]map[baseline.Function]bool{baseline.Base: in.Log.Edited[baseline.Anchor]}
	old.Log.Functions = map[baseline.Side][]baseline.Function{}
	for _, side := range []baseline.Side{baseline.Anchor, baseline.Head} {
		if functions, known := in.Log.Functions[side]; known {
			old.Log.Functions[anchorAsBase(side)] = functions
		}
	}
	return current, &old
}

// anchorAsBase is a side as the comparison with the anchor has it.
func anchorAsBase(side baseline.Side) baseline.Side {
	if side == baseline.Anchor {
		return baseline.Base
	}
	return side
}

// pairedRounds leaves of head, benchmark by benchmark, the rounds in which base was run
// too. With an anchor head is measured on while one of the two comparisons is
// decided already, and those rounds are none that base has lost.
func pairedRounds(runs []baseline.Run) []baseline.Run {
	type at struct {
		print string
		key   baseline.Key
	}
	ran := map[at]map[int]bool{}
	for _, run := range runs {
		if run.Side != baseline.Base {
			continue
		}
		for _, s := range run.Samples {
			rounds := ran[at{run.Environment.Fingerprint(), s.Benchmark()}]
			if rounds == nil {
				rounds = map[int]bool{}
				ran[at{run.Environment.Fingerprint(), s.Benchmark()}] = rounds
			}
			for _, r := range s.Rounds {
				rounds[r] = true
			}
		}
	}
	out := slices.Clone(runs)
	for i, run := range out {
		if run.Side == baseline.Base {
			continue
		}
		out[i].Samples = make([]baseline.Sample, 0, len(run.Samples))
		for _, s := range run.Samples {
			if rounds := ran[at{run.Environment.Fingerprint(), s.Benchmark()}]; rounds != nil {
				s = onlyRounds(s, rounds)
			}
			out[i].Samples = append(out[i].Samples, s)
		}
	}
	return out
}

// onlyRounds is the part of a sample that was measured in the given rounds.
func onlyRounds(s baseline.Sample, rounds map[int]bool) baseline.Sample {
	out := baseline.Sample{Key: s.Key}
	for i, r := range s.Rounds {
		if rounds[r] && i < len(s.Values) {
			out.Values, out.Rounds = append(out.Values, s.Values[i]), append(out.Rounds, r)
		}
	}
	return out
}

// attach collects the comparison with the anchor and gives each series of all its own.
func attach(all []*series, anchored Input) []*series {
	type at struct {
		key baseline.Key
		env string
	}
	current := map[at]*series{}
	for _, s := range all {
		if len(s.head.values) > 0 || s.verdict == SameCode {
			current[at{s.key, s.env}] = s
		}
	}
	var out []*series
	for _, old := range collect(anchored) {
		s := current[at{old.key, old.env}]
		if s == nil || !old.twoWay && old.verdict != SameCode {
			continue // gone from head, or head alone was measured on that machine
		}
		s.anchor = old
		out = append(out, old)
	}
	return out
}

// anchorName is what the reader calls the anchor.
func (in Input) anchorName() string {
	if in.Log.AnchorRef != "" {
		return in.Log.AnchorRef
	}
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base || run.Side == baseline.Anchor {
			return cmp.Or(run.Branch, run.Commit[:min(len(run.Commit), 10)], "the anchor")
		}
	}
	return "the anchor"
}

// dropRequests drops the request for more rounds of a series that is not slower than the
// anchor: that it is faster needs no proof, so it costs no round.
func (s *series) dropRequests() {
	if s.verdict == Unchanged || s.verdict == Improved {
		s.want, s.counts = 0, 0
	}
}

// applyCreep gives every series that became slower since the anchor its verdict, once
// the waivers are through. A change whose own regression is red already is not red
// twice, and one that proves to run the same code as base is not guilty of what
// came before it: its row has the creep in Drift alone.
func applyCreep(all []*series) {
	for _, s := range all {
		if s.anchor == nil {
			continue
		}
		blame := s.verdict != Regressed && s.verdict != SameCode && s.verdict != NotJudged
		switch {
		case blame && s.anchor.verdict == Regressed:
			s.verdict, s.state = Crept, over
		case blame && s.anchor.verdict == Waived:
			s.verdict, s.state = Waived, over
		}
	}
}

// drift is what a row shows against the anchor; nil: nothing.
func (s *series) drift() *Drift {
	if s.anchor == nil {
		return nil
	}
	r := s.anchor.row(false)
	return &Drift{
		Verdict: r.Verdict, Reason: r.Reason, Anchor: r.Base, Head: r.Head, Change: r.Change, Interval: r.Interval, P: r.P,
		Detectable: r.Detectable, AtMost: r.AtMost, Stage: r.Stage, JudgedAs: r.JudgedAs, Waivers: r.Waivers,
	}
}

// anchorOpen names the benchmarks of which the comparison with the anchor is not over:
// the promise is as absolute as a target.
func anchorOpen(all []*series) []string {
	return pick(all, func(s *series) bool {
		unfinished := s.anchor != nil && s.anchor.verdict == Inconclusive && s.anchor.stage != "" && s.anchor.state == open
		return unfinished && s.verdict != Regressed && s.verdict != Crept && !(s.verdict == Inconclusive && s.state == open)
	})
}

// anchorLimits says what the comparison with the anchor is blind to.
func anchorLimits(all []*series) (out []Limit) {
	out = limit(out, NoisyToAnchor, pick(all, func(s *series) bool {
		return s.anchor != nil && s.anchor.verdict == Inconclusive && s.anchor.stage != "" && s.anchor.state == over
	}))
	return limit(out, NotHeld, pick(all, func(s *series) bool {
		judged := s.verdict == Improved || s.verdict == Unchanged || s.verdict == Inconclusive || s.verdict == Added
		return judged && (s.anchor == nil || s.anchor.verdict == Edited || s.anchor.verdict == Inconclusive && s.anchor.stage == "")
	}))
}
