package main

import (
	"context"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// What the store is asked for a picture: it must not hold up the verdict.
const (
	historyRuns  = 20
	historyLimit = 10 * time.Second
)

// history returns a function that gives the stored sessions of a row; nil where
// no row is shown with its history, or the store has none. The store is read here, once
// for each class of machine. It illustrates: nothing is decided by it.
func (a *archive) history(ctx context.Context, in gate.Input, d gate.Decision) func(gate.Row) []report.Session {
	var shown []baseline.Key
	for _, r := range d.Rows {
		if report.ShowsHistory(r) {
			shown = append(shown, r.Key())
		}
	}
	if len(shown) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyLimit)
	defer cancel()
	sessions := map[string]map[baseline.Key][]report.Session{} // by fingerprint; "" for the only one
	for _, run := range in.Log.Runs {
		print := run.Environment.Fingerprint()
		if _, known := sessions[print]; known || run.Side != baseline.Head && run.Side != baseline.None {
			continue
		}
		found, err := a.sessions(ctx, baseline.Query{Project: a.project(in.Log), Branch: baseBranch(in), Fingerprint: print, Limit: historyRuns}, shown)
		if err != nil {
			a.note("warning: the report shows no history: %v", err)
			return nil
		}
		sessions[print] = found
		sessions[""] = found // asked for where a decision has one class of machine alone
	}
	return func(r gate.Row) []report.Session { return sessions[r.Fingerprint][r.Key()] }
}

// sessions returns what the store has of the series, oldest first: of the branch
// in query, or, where that has no run, as when a commit was compared with, of any.
func (a *archive) sessions(ctx context.Context, query baseline.Query, series []baseline.Key) (map[baseline.Key][]report.Session, error) {
	store, err := a.store(ctx)
	if err != nil {
		return nil, err
	}
	one := query
	one.Limit = 1
	infos, err := store.List(ctx, one)
	if err != nil {
		return nil, err
	}
	if len(infos) == 0 {
		query.Branch = ""
	}
	found := map[baseline.Key][]report.Session{}
	for p, err := range store.History(ctx, query, series...) {
		if err != nil {
			return nil, err
		}
		found[p.Key] = append(found[p.Key], report.Session{Value: p.Center, Commit: p.Commit})
	}
	return found, nil
}

// baseBranch returns what was compared with; a commit where no branch was named.
func baseBranch(in gate.Input) string {
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base {
			return strings.TrimPrefix(run.Branch, "origin/")
		}
	}
	for _, run := range in.Stored {
		return run.Branch
	}
	return ""
}
