package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// beside returns what a baseline measures in pairs with head: the anchor that regress.toml names,
// so that the ratio of the two depends on no machine. Where the anchor has moved on since the last
// run and no run has held the new one against the old, it is both, once: so the history goes on
// over the move. Empty: head is measured alone, since no anchor is named, or there is none.
func (s *session) beside(ctx context.Context, branch string) ([]measure.Revision, error) {
	if s.cfg.Anchor == "" {
		return nil, nil
	}
	in, err := repo.Open(ctx, s.root)
	if err != nil {
		return nil, nil // measuring says so
	}
	head, err := in.Head(ctx)
	if err != nil {
		return nil, nil
	}
	anchor, err := s.anchorOf(ctx, in, head)
	if err != nil {
		return nil, err
	}
	last, linked := s.lastAnchor(ctx, cmp.Or(branch, in.Branch(ctx)), anchor.Commit)
	old := measure.Revision{Side: baseline.Base, Commit: last, Ref: last, Optional: true}
	if _, err := in.Commit(ctx, last); last == "" || err != nil || last == head {
		old.Commit = "" // it is no more, or head itself
	}
	working := measure.Revision{Side: baseline.Head, Commit: head, Ref: in.Branch(ctx), Working: true}
	switch {
	case anchor.Commit == head || anchor.Commit == "":
		if old.Commit == "" {
			return nil, nil
		}
		old.Side = baseline.Anchor // a new release is held against the one before
		return []measure.Revision{old, working}, nil
	case old.Commit == "" || old.Commit == anchor.Commit || linked:
		return []measure.Revision{anchor, working}, nil
	}
	s.note("the anchor has moved on from %.12s to %s: both are measured beside head, this once", old.Commit, anchor.Ref)
	return []measure.Revision{old, anchor, working}, nil
}

// anchorOf resolves the anchor that regress.toml names; without a commit where there is none yet.
func (u *setup) anchorOf(ctx context.Context, in repo.Repo, head string) (r measure.Revision, err error) {
	r = measure.Revision{Side: baseline.Anchor, Ref: u.cfg.Anchor, Optional: true}
	if u.cfg.Anchor != measure.LastRelease {
		if r.Commit, err = in.Commit(ctx, u.cfg.Anchor); err != nil {
			return r, usagef("anchor: %w", err)
		}
		return r, nil
	}
	if r.Ref, r.Commit, err = in.Release(ctx, head); err == nil && r.Commit == "" {
		why := "there is no release tag (vX.Y.Z) yet"
		if in.Shallow(ctx) {
			why = "this clone is shallow and has no release tag; " + repo.Deepen
		}
		u.note("anchor = %q: head is measured alone: %s", u.cfg.Anchor, why)
	}
	return r, err
}

// lastAnchor returns the commit of the anchor that a run of the branch was last held against, and
// whether a stored session has both it and another one. A store that does not answer costs the
// link between two anchors, not the run.
func (a *archive) lastAnchor(ctx context.Context, branch, next string) (last string, linked bool) {
	store, err := a.store(ctx)
	var infos []baseline.RunInfo
	if err == nil {
		infos, err = store.List(ctx, baseline.Query{Project: a.project(baseline.Log{}), Branch: branch, Anchors: true})
	}
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		a.note("warning: which anchor was the last is not known: %v", err)
		return "", false
	}
	newest := slices.IndexFunc(infos, func(info baseline.RunInfo) bool { return info.Side == baseline.Anchor })
	if newest < 0 {
		return "", false
	}
	last = infos[newest].Commit
	with := map[string]map[string]bool{} // commits of a session
	for _, info := range infos {
		if info.Session != "" {
			if with[info.Session] == nil {
				with[info.Session] = map[string]bool{}
			}
			with[info.Session][info.Commit] = true
		}
	}
	for _, commits := range with {
		linked = linked || commits[last] && commits[next]
	}
	return last, linked
}

// joined gives runs of one text their session, and anchors the branch of the head that they stand
// beside, with centers that make its ratio to them that of pairs. A base that was an anchor of the
// branch before is one still: see beside. An anchor without a head is left out.
func (s *session) joined(ctx context.Context, runs []baseline.Run) (out []baseline.Run) {
	for _, run := range runs {
		run.Session = baseline.SessionOf(run.Raw)
		head := slices.IndexFunc(runs, func(other baseline.Run) bool {
			return other.Side.Judged() && baseline.SessionOf(other.Raw) == run.Session && other.Environment.Fingerprint() == run.Environment.Fingerprint()
		})
		switch {
		case run.Side.Judged():
			if len(runs) == 1 {
				run.Session = "" // nothing stands beside it
			}
		case head < 0:
			if run.Side == baseline.Anchor {
				continue
			}
		case run.Side == baseline.Anchor || s.wasAnchor(ctx, runs[head].Branch, run.Commit):
			run.Side, run.Branch = baseline.Anchor, runs[head].Branch
			run = baseline.Hold(run, runs[head])
		}
		out = append(out, run)
	}
	return repeating(out)
}

// repeating returns runs without the system calls of benchmarks whose counts of them differ within
// a run: most of those are the runtime's, and come by how long it takes.
func repeating(runs []baseline.Run) []baseline.Run {
	waver := map[baseline.Key]bool{}
	for _, run := range runs {
		for _, s := range run.Samples {
			waver[s.Key] = waver[s.Key] || s.Unit == baseline.Syscalls && !gate.Repeats(s.Values)
		}
	}
	for i := range runs {
		runs[i].Samples = slices.DeleteFunc(slices.Clone(runs[i].Samples), func(s baseline.Sample) bool { return waver[s.Key] })
	}
	return runs
}

// wasAnchor reports whether the store has a run of that commit as anchor of the branch.
func (a *archive) wasAnchor(ctx context.Context, branch, commit string) bool {
	store, err := a.store(ctx)
	if err != nil {
		return false // Put says so
	}
	infos, _ := store.List(ctx, baseline.Query{Project: a.project(baseline.Log{}), Branch: branch, Commit: commit, Anchors: true})
	return slices.ContainsFunc(infos, func(info baseline.RunInfo) bool { return info.Side == baseline.Anchor })
}

// ofKept returns the problems but for those of anchors: what is broken in an old release is no
// fault of the branch, and there is no ratio to it.
func ofKept(problems []baseline.Problem, runs []baseline.Run) []baseline.Problem {
	sides := map[baseline.Side]bool{}
	for _, run := range runs {
		sides[run.Side] = true
	}
	return slices.DeleteFunc(slices.Clone(problems), func(p baseline.Problem) bool {
		return p.Side == baseline.Anchor || p.Side == baseline.Base && !sides[baseline.Base] && sides[baseline.Anchor]
	})
}

// factsOf returns what git says of a commit here, and the event of a job on a forge. What is not
// known stays so: it is shown and decides nothing.
func (u *setup) factsOf(ctx context.Context, commit string) (f baseline.Facts) {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return f
	}
	e, known := in.Entry(ctx, commit)
	if !known || e.Commit != commit {
		return f
	}
	f = baseline.Facts{Time: e.Time, Author: baseline.Clip(e.Author), Subject: baseline.Clip(e.Subject)}
	if f.Place, err = in.Place(ctx, commit); err != nil {
		u.note("warning: %v", err)
	}
	if env, inJob, err := u.jobFacts(); inJob && err == nil && env.SHA == commit {
		f.Pull = cmp.Or(env.Pull, env.Brought)
	}
	return f
}
