package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

// What the store is asked for a picture: it must not hold up the verdict.
const (
	historyRuns  = 20
	historyLimit = 10 * time.Second
)

// history gives the stored sessions of a row, read once for all rows of each
// class of machine; nil where no row is shown with its history, or the store has
// none. It illustrates: nothing is decided by it.
func (s *session) history(ctx context.Context, in gate.Input, d gate.Decision) func(gate.Row) []report.Session {
	if !slices.ContainsFunc(d.Rows, report.ShowsHistory) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyLimit)
	defer cancel()
	runs := map[string][]baseline.Run{} // oldest first, by fingerprint; "" for the only one
	for _, run := range in.Log.Runs {
		print := run.Environment.Fingerprint()
		if _, known := runs[print]; known || run.Side != baseline.Head && run.Side != baseline.None {
			continue
		}
		query := baseline.Query{Project: s.project(in.Log), Branch: baseBranch(in), Fingerprint: print, Limit: historyRuns}
		found, err := s.stored(ctx, query)
		if err == nil && len(found) == 0 { // compared with a commit: whatever is kept of its past
			query.Branch = ""
			found, err = s.stored(ctx, query)
		}
		if err != nil {
			s.note("warning: the report shows no history: %v", err)
			return nil
		}
		runs[print] = found
		runs[""] = found // asked for where a decision has one class of machine alone
	}
	return func(r gate.Row) []report.Session { return sessions(runs[r.Fingerprint], r.Key()) }
}

// sessions are the medians of one series.
func sessions(runs []baseline.Run, key baseline.Key) []report.Session {
	var all []report.Session
	for _, run := range runs {
		at, found := slices.BinarySearchFunc(run.Samples, key, func(s baseline.Sample, k baseline.Key) int { return s.Key.Compare(k) })
		if !found {
			continue
		}
		if rounds := run.Samples[at].PerRound(); len(rounds) > 0 {
			all = append(all, report.Session{Value: stat.Median(rounds), Commit: run.Commit})
		}
	}
	return all
}

// baseBranch is what was compared with; a commit where no branch was named.
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
