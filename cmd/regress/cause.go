package main

import (
	"context"
	"maps"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/placement"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Looking for causes comes after the verdict and must not become the longer
// part of the run.
const (
	mostCauses  = 5 // benchmarks that are profiled against one other side, the worst first
	causeLimit  = 45 * time.Second
	shortSample = 500 * time.Millisecond
	longSample  = 3 * time.Second
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
		wants, rows := suspects(d, verdict)
		if len(wants) == 0 || ctx.Err() != nil {
			return
		}
		s.note("profiling what %s, to find the cause", what)
		found, err := s.blame(ctx, against, wants, rows)
		if err != nil {
			s.note("warning: the cause was not found, the verdict stands: %v", err)
		}
		maps.Copy(out, found)
	}
	look(gate.Regressed, "regressed", baseline.Base)
	look(gate.Crept, "crept in since "+d.Anchor, baseline.Anchor)
	return out
}

// sampled is what to count for a unit, and what one of it is called.
func sampled(unit string) (measure.ProfileKind, placement.Kind) {
	switch unit {
	case "B/op":
		return measure.ProfileAllocs, placement.Space
	case "allocs/op":
		return measure.ProfileAllocs, placement.Objects
	}
	return measure.ProfileCPU, placement.CPU
}

// suspects are the profiles to take, and by their index the rows that they are
// for: one a function and kind, since sub-benchmarks of one function have
// mostly one cause.
func suspects(d gate.Decision, verdict gate.Verdict) ([]measure.ProfileWant, [][]gate.Row) {
	type group struct {
		function baseline.Function
		kind     measure.ProfileKind
	}
	var wants []measure.ProfileWant
	var rows [][]gate.Row
	index := map[group]int{}
	for _, row := range d.Rows { // the worst first
		if row.Verdict != verdict {
			continue
		}
		kind, _ := sampled(row.Unit)
		g := group{row.Key().Function(), kind}
		i, seen := index[g]
		if !seen {
			if len(wants) == mostCauses {
				continue
			}
			i = len(wants)
			index[g] = i
			wants = append(wants, measure.ProfileWant{Package: row.Package, Name: row.Name, Kind: kind, Time: sampleTime(row)})
			rows = append(rows, nil)
		}
		rows[i] = append(rows[i], row)
	}
	return wants, rows
}

// sampleTime grows as the change shrinks: at a hundred samples a second, 15 of
// them must be the growth to stand out.
func sampleTime(row gate.Row) time.Duration {
	change := row.Change
	if row.Verdict == gate.Crept && row.Drift != nil {
		change = row.Drift.Change
	}
	if change == nil || *change == 0 {
		return time.Second
	}
	share := max(*change, -*change)
	return min(max(time.Duration(.15/share*float64(time.Second)), shortSample), longSample)
}

// blame profiles what was measured, head against another side, and looks for the cause of each row.
func (s *session) blame(ctx context.Context, against baseline.Side, wants []measure.ProfileWant, rows [][]gate.Row) (causes, error) {
	profiles, err := s.measured.Profile(ctx, against, wants)
	if err != nil {
		return nil, err
	}
	finder, err := placement.Open(ctx, s.measured.Top(), s.measured.Commit(against))
	if err != nil {
		return nil, err
	}
	out := causes{}
	for i, p := range profiles {
		if p.Err != nil {
			s.note("warning: %v", p.Err)
			continue
		}
		for _, row := range rows[i] {
			_, kind := sampled(row.Unit)
			cause, err := finder.Find(placement.Pair{Base: p.Base, Head: p.Head, Kind: kind, Iterations: p.Iterations})
			if err != nil {
				s.note("warning: %s: %v", row.Name, err)
				continue
			}
			out[row.Key()] = described(cause, kind)
			if cause.File != "" && row.Name == p.Name {
				s.note("%s %s: the likely cause is %s:%d", row.Name, row.Unit, cause.File, cause.First)
			}
		}
	}
	return out, nil
}

// described is a cause as an annotation has it.
func described(cause placement.Cause, kind placement.Kind) report.Cause {
	out := report.Cause{File: cause.File, First: cause.First, Last: cause.Last}
	for _, g := range cause.Grown {
		amount := "+" + figure.Value(g.PerOp/1e9, "sec/op") + "/op"
		switch kind {
		case placement.Space:
			amount = "+" + figure.Exact(g.PerOp, "B/op") + "/op"
		case placement.Objects:
			amount = "+" + figure.Exact(g.PerOp, "allocs/op") + " allocs/op"
		}
		out.Grown = append(out.Grown, g.Function+" "+amount)
	}
	return out
}
