package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
)

// reference looks up the stored runs of ref for the sides that were measured
// alone; where ref is empty, those of the branch that changes are made against.
// A log with both sides needs no store, and neither it nor git is asked: it must
// give the same decision everywhere.
func (a *archive) reference(ctx context.Context, log *baseline.Log, ref string) ([]baseline.Run, error) {
	var lone []int // of log.Runs
	for i, run := range log.Runs {
		if alone(*log, run) {
			lone = append(lone, i)
		}
	}
	if len(lone) == 0 {
		return nil, nil
	}
	if ref == "" {
		ref = a.mainBranch(ctx)
	}
	if log.Functions[baseline.Head] == nil {
		a.declare(ctx, log, lone)
	}
	var found []baseline.Run
	for _, i := range lone {
		run := &log.Runs[i]
		env := machineOf(ctx, *log, *run)
		runs, err := a.referenceOf(ctx, *log, ref, env.Fingerprint(), run.Environment.Fingerprint())
		if err != nil {
			return nil, fmt.Errorf("look up the baseline of %s: %w", ref, err)
		}
		if len(runs) > 0 && env != run.Environment && runs[0].Environment.Fingerprint() == env.Fingerprint() {
			run.Environment = env
			log.Warnings = append(log.Warnings, baseline.Warning{Kind: baseline.Noted, Detail: "the results do not say on how many processors they were measured: they are taken for those of this machine"})
		}
		found = append(found, runs...)
	}
	both := log.Procedure.Chosen() || slices.ContainsFunc(log.Runs, func(r baseline.Run) bool { return r.Side == baseline.Base })
	if len(found) == 0 && !both { // with both sides at hand nobody looked for one
		log.Warnings = append(log.Warnings, baseline.Warning{Kind: baseline.Noted, Detail: fmt.Sprintf(
			"the store has no baseline of %s for project %q: measure one with regress baseline update on %[1]s, or compare side by side with regress compare --base %[1]s", ref, a.project(*log))})
	}
	return found, nil
}

// mainBranch returns the branch that changes are made against; main where git knows none.
func (u *setup) mainBranch(ctx context.Context) string {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return "main"
	}
	return cmp.Or(in.DefaultBranch(ctx), "main")
}

// referenceOf returns the stored runs to compare with, oldest first: of branch
// ref on a class of machine, the first of prints that the store knows; else of commit
// ref; else of the branch on any machine, which the decision reports as not comparable.
func (a *archive) referenceOf(ctx context.Context, log baseline.Log, ref string, prints ...string) ([]baseline.Run, error) {
	branch := baseline.Query{Project: a.project(log), Branch: strings.TrimPrefix(ref, "origin/"), Limit: memoryRuns}
	commit := a.commit(ctx, ref)
	var queries []baseline.Query
	for _, print := range slices.Compact(prints) {
		branch.Fingerprint = print
		queries = append(queries, branch)
		if commit != "" {
			queries = append(queries, baseline.Query{Project: branch.Project, Commit: commit, Fingerprint: print, Limit: memoryRuns})
		}
	}
	branch.Fingerprint = ""
	for _, query := range append(queries, branch) {
		if runs, err := a.stored(ctx, query); err != nil || len(runs) > 0 {
			return runs, err
		}
	}
	return nil, nil
}

// alone reports whether run has no other side in its environment.
func alone(log baseline.Log, run baseline.Run) bool {
	print := run.Environment.Fingerprint()
	return run.Side.Judged() && !slices.ContainsFunc(log.Runs, func(other baseline.Run) bool {
		return other.Side == baseline.Base && other.Environment.Fingerprint() == print
	})
}

// declare notes which benchmarks the source declares, so that one that is gone
// from it is told from one that was not run. It does so only where the results
// are this repository's: every package of theirs declares benchmarks here, and
// the commit, where they name one, is the one checked out.
func (a *archive) declare(ctx context.Context, log *baseline.Log, lone []int) {
	declared, err := source.Find(a.root)
	if err != nil {
		return // what cannot be read may declare anything: "missing" is the careful word
	}
	packages := map[string]bool{}
	for function := range declared {
		packages[function.Package] = true
	}
	for _, i := range lone {
		run := log.Runs[i]
		if run.Commit != "" && run.Commit != a.commit(ctx, "HEAD") {
			return
		}
		for _, sample := range run.Samples {
			if !packages[sample.Package] {
				return
			}
		}
	}
	if log.Functions == nil {
		log.Functions = map[baseline.Side][]baseline.Function{}
	}
	for function := range declared {
		log.Functions[baseline.Head] = append(log.Functions[baseline.Head], function)
	}
	slices.SortFunc(log.Functions[baseline.Head], func(a, b baseline.Function) int {
		return strings.Compare(a.Package+"."+a.Name, b.Package+"."+b.Name)
	})
}

// commit resolves ref in this repository; empty when it cannot be.
func (u *setup) commit(ctx context.Context, ref string) string {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return ""
	}
	commit, err := in.Commit(ctx, ref)
	if err != nil {
		return ""
	}
	return commit
}
