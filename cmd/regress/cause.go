package main

import (
	"context"
	"maps"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/culprit"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/placement"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Looking for causes comes after the verdict and must not become the longer
// part of the run.
const (
	mostCauses = 5 // benchmarks that are looked into against one other side, the worst first
	causeLimit = 45 * time.Second
)

// causes profiles both sides of what regressed, and of what crept in, where the anchor is the
// other side, and says where it comes from. It is for what was measured here, and it can fail
// without harm: annotations then stand on the benchmarks' own lines.
func (s *session) causes(ctx context.Context, d gate.Decision) causes {
	if s.measured == nil || len(s.cfg.Suite.Command) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, causeLimit)
	defer cancel()
	out := causes{}
	look := func(verdict gate.Verdict, what string, against baseline.Side) {
		wants := suspects(d, verdict)
		if len(wants) == 0 || ctx.Err() != nil {
			return
		}
		s.note("profiling what %s, to find the cause", what)
		found, err := s.blame(ctx, against, wants)
		if err != nil {
			s.note("warning: the cause was not found, the verdict stands: %v", err)
		}
		maps.Copy(out, found)
	}
	look(gate.Regressed, "regressed", baseline.Base)
	look(gate.Crept, "crept in since "+d.Anchor, baseline.Anchor)
	return out
}

// suspects are the rows of a verdict whose cause is looked for, the worst first: those of the
// functions that come first.
func suspects(d gate.Decision, verdict gate.Verdict) []culprit.Want {
	var wants []culprit.Want
	functions := map[baseline.Function]bool{}
	for _, row := range d.Rows {
		function := row.Key().Function()
		if row.Verdict != verdict || !functions[function] && len(functions) == mostCauses {
			continue
		}
		functions[function] = true
		change := row.Change
		if row.Verdict == gate.Crept && row.Drift != nil {
			change = row.Drift.Change
		}
		want := culprit.Want{Key: row.Key()}
		if change != nil {
			want.Change = *change
		}
		wants = append(wants, want)
	}
	return wants
}

// blame looks for the cause of each want, head against another side.
func (s *session) blame(ctx context.Context, against baseline.Side, wants []culprit.Want) (causes, error) {
	finder := culprit.Finder{Session: s.measured}
	if s.counter != nil {
		finder.Counter = s.counter().counter
	}
	all, err := finder.Find(ctx, against, wants)
	if err != nil {
		return nil, err
	}
	out := causes{}
	for i, found := range all {
		if found.Uncounted != nil {
			s.note("where the work of %s grew was not counted but sampled: %v", wants[i].Name, found.Uncounted)
		}
		if found.Err != nil {
			s.note("warning: %v", found.Err)
			continue
		}
		out[wants[i].Key] = described(found)
		if found.File != "" && !found.Shared {
			s.note("%s %s: the likely cause is %s:%d", wants[i].Name, wants[i].Unit, found.File, found.First)
		}
	}
	return out, nil
}

// described is a cause as a report has it.
func described(found culprit.Found) report.Cause {
	out := report.Cause{File: found.File, First: found.First, Last: found.Last}
	for _, g := range found.Grown {
		var amount string
		switch found.Kind {
		case placement.CPU:
			amount = "+" + figure.Value(g.PerOp/1e9, "sec/op") + "/op"
		case placement.Work:
			amount = "+" + figure.Value(g.PerOp, baseline.Instructions)
		case placement.Space:
			amount = "+" + figure.Exact(g.PerOp, "B/op") + "/op"
		case placement.Objects:
			amount = "+" + figure.Exact(g.PerOp, "allocs/op") + " allocs/op"
		}
		out.Grown = append(out.Grown, g.Function+" "+amount)
	}
	return out
}
