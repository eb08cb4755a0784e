package gate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// apart splits what was measured into the comparison of head with base and that
// of head with the anchor, which then stands where base does; nil: there is none.
// What failed at the anchor cannot be mended any more, so that it is
// no problem of the first.
func (in Input) apart() (own Input, past *Input) {
	old := in
	old.Stored, old.Log.Runs, old.Log.Problems = nil, nil, nil
	own = in
	own.Log.Runs, own.Log.Problems = nil, nil
	found := len(in.Log.SameAnchor) > 0
	for _, run := range in.Log.Runs {
		if run.Side != baseline.Anchor {
			own.Log.Runs = append(own.Log.Runs, run)
		}
		if run.Side != baseline.Base {
			found = found || run.Side == baseline.Anchor
			old.Log.Runs = append(old.Log.Runs, moved(run))
		}
	}
	for _, p := range in.Log.Problems {
		if p.Side != baseline.Anchor {
			own.Log.Problems = append(own.Log.Problems, p)
		}
		if p.Side != baseline.Base {
			if p.Side == baseline.Anchor {
				p.Side, found = baseline.Base, true
			}
			old.Log.Problems = append(old.Log.Problems, p)
		}
	}
	if !found || in.OnlyHead {
		return own, nil
	}
	old.Log.Same = in.Log.SameAnchor
	old.Log.Functions = map[baseline.Side][]baseline.Function{}
	for from, to := range map[baseline.Side]baseline.Side{baseline.Anchor: baseline.Base, baseline.Head: baseline.Head} {
		if functions, known := in.Log.Functions[from]; known {
			old.Log.Functions[to] = functions
		}
	}
	return own, &old
}

// moved is a run as the comparison with the anchor has it.
func moved(run baseline.Run) baseline.Run {
	if run.Side == baseline.Anchor {
		run.Side = baseline.Base
	}
	return run
}

// paired leaves of head, benchmark by benchmark, the rounds in which base was run
// too. With an anchor head is measured on while one of the two comparisons is
// decided already, and those rounds are none that base has lost.
func paired(runs []baseline.Run) []baseline.Run {
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
				s = within(s, rounds)
			}
			out[i].Samples = append(out[i].Samples, s)
		}
	}
	return out
}

// within is the part of a sample that was measured in the given rounds.
func within(s baseline.Sample, rounds map[int]bool) baseline.Sample {
	out := baseline.Sample{Key: s.Key}
	for i, r := range s.Rounds {
		if rounds[r] && i < len(s.Values) {
			out.Values, out.Rounds = append(out.Values, s.Values[i]), append(out.Rounds, r)
		}
	}
	return out
}

// hold collects the comparison with the anchor and gives each series of all its own.
func hold(all []*series, past Input) []*series {
	type at struct {
		key baseline.Key
		env string
	}
	own := map[at]*series{}
	for _, s := range all {
		if len(s.head.values) > 0 || s.verdict == SameCode {
			own[at{s.key, s.env}] = s
		}
	}
	var out []*series
	for _, old := range collect(past) {
		s := own[at{old.key, old.env}]
		if s == nil || !old.twoWay && old.verdict != SameCode {
			continue // gone from head, or head alone was measured on that machine
		}
		if old.verdict == New {
			old.why = past.since() + " does not have it"
		}
		s.anchor = old
		out = append(out, old)
	}
	return out
}

// since is what the reader calls the anchor.
func (in Input) since() string {
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

// settled takes back what the procedure may want to know beside whether head is slower than
// the anchor: that it is faster needs no proof, so it costs no round.
func (s *series) settled() {
	if s.verdict == Unchanged || s.verdict == Improved {
		s.want, s.more = 0, 0
	}
}

// crept says how a regression against the anchor reads, and what of it is this
// change's own.
func (s *series) crept(since string) {
	old := s.anchor
	switch {
	case old.stage == "exact" || old.zeros():
		old.why = fmt.Sprintf("crept %s since %s", old.fromTo(median(old.base.values), median(old.head.values)), since)
	default:
		old.why = "crept " + signed(old.relative(old.shift))
		if old.level > 0 {
			lo, hi := old.relative(old.lo), old.relative(old.hi)
			old.why += fmt.Sprintf(" [%s, %s]", strings.TrimSuffix(signed(min(lo, hi)), " %"), strings.TrimSuffix(signed(max(lo, hi)), " %"))
		}
		old.why += " since " + since
	}
	switch {
	case s.stage == "exact" && len(s.base.values) > 0:
		old.why += fmt.Sprintf(" (this change's own part: %s)", s.fromTo(median(s.base.values), median(s.head.values)))
	case !math.IsNaN(s.shift) && !s.zeros():
		old.why += fmt.Sprintf(" (this change's own part: %s)", signed(s.relative(s.shift)))
	}
}

// creep gives every series that became slower since the anchor its verdict, once
// the waivers are through. A change whose own regression is red already is not red
// twice, and one that proves to run the same code as base is not guilty of what
// came before it.
func creep(all []*series, since string) {
	for _, s := range all {
		old := s.anchor
		if old == nil || old.verdict != Regressed && old.verdict != Waived {
			continue
		}
		switch s.verdict {
		case Regressed:
			s.why += fmt.Sprintf("; %s since %s", old.looks(), since)
		case SameCode, NotJudged:
			s.warnings = append(s.warnings, old.why+": not this change's doing")
		default:
			s.verdict, s.why, s.blocks = Crept, old.why, false
			if old.verdict == Waived {
				s.verdict, s.waiver = Waived, old.waiver
			}
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
		Verdict: r.Verdict, Why: r.Why, Anchor: r.Base, Change: r.Change, Interval: r.Interval, P: r.P,
		Detectable: r.Detectable, AtMost: r.AtMost,
	}
}

// unheld are the reasons for which the comparison with the anchor is not over:
// the promise is as absolute as a target.
func unheld(all []*series, in Input, since string) (out []string) {
	names := pick(all, func(s *series) bool {
		open := s.anchor != nil && s.anchor.verdict == Inconclusive && s.anchor.stage != "" && s.anchor.blocks
		return open && s.verdict != Regressed && s.verdict != Crept && !(s.verdict == Inconclusive && s.blocks)
	})
	if len(names) > 0 {
		by := ""
		if in.Log.Stopped != "" {
			by = " by the " + in.Log.Stopped
		}
		out = append(out, fmt.Sprintf("%s left undecided%s against %s: %s", count(len(names), "benchmark"), by, since, list(names)))
	}
	return out
}

// unseen says what the comparison with the anchor is blind to.
func unseen(all []*series, since string) (out []string) {
	say := func(what string, match func(*series) bool) {
		if names := pick(all, match); len(names) > 0 {
			out = append(out, what+": "+list(names))
		}
	}
	say("too noisy to tell what has crept in since "+since, func(s *series) bool {
		return s.anchor != nil && s.anchor.verdict == Inconclusive && s.anchor.stage != "" && !s.anchor.blocks
	})
	say("not held against "+since, func(s *series) bool {
		judged := s.verdict == Improved || s.verdict == Unchanged || s.verdict == Inconclusive || s.verdict == New
		return judged && (s.anchor == nil || s.anchor.verdict == Inconclusive && s.anchor.stage == "")
	})
	return out
}
