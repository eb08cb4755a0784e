package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/decided"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// decisionsFlags are what decisions is asked.
type decisionsFlags struct {
	fileFlags
	storeFlags
	format, branch, since string
}

// lastMonth is how far decisions looks back unless told otherwise.
const lastMonth = 31 * 24 * time.Hour

func decisionsCommand(w *world) *cli.Command {
	f := new(decisionsFlags)
	own := []cli.Flag{
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "text", Usage: "text or json", EnvVars: []string{envName("format")}},
		stringFlag(&f.branch, "branch", "of changes from this branch alone"),
		stringFlag(&f.since, "since", "since this day, such as 2026-05-31 (default: of the last 31 days)"),
	}
	return &cli.Command{
		Name:   "decisions",
		Usage:  "what comparisons have decided, what was red, and what came of it",
		Flags:  flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

func (f *decisionsFlags) run(ctx context.Context, s *session, _ []string) error {
	write := map[string]func(io.Writer, decided.Page, int) error{"text": decided.Text, "json": decided.JSON}[f.format]
	if write == nil {
		return usagef("--format %q: text or json", f.format)
	}
	query := baseline.Query{Project: s.project(baseline.Log{}), Branch: f.branch, Since: time.Now().Add(-lastMonth)}
	if f.since != "" {
		var err error
		if query.Since, err = time.Parse(time.DateOnly, f.since); err != nil {
			return usagef("--since %q: give a day, such as 2026-05-31", f.since)
		}
	}
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	var decisions []baseline.Decision
	for d, err := range store.Decisions(ctx, query) {
		if errors.Is(err, baseline.ErrDamaged) {
			s.note("warning: %v", err)
			break
		}
		if err != nil {
			return fmt.Errorf("decisions: %w", err)
		}
		decisions = append(decisions, d)
	}
	query.Branch = s.branches(ctx, "")[0] // what is there was merged
	runs, err := store.List(ctx, query)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return fmt.Errorf("decisions: %w", err)
	}
	return write(s.stdout, decided.Of(decisions, runs), s.width)
}

// remember keeps a decision in the store, for who asks later what was red and what came of it. The
// verdict does not wait for it, and none is kept that nobody could find again or trust: of a tree
// with changes, of no commit, of a fork.
func (s *session) remember(ctx context.Context, log baseline.Log, d gate.Decision) {
	if !s.hasStore() {
		return
	}
	kept, ok := s.kept(log, d)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, historyLimit)
	defer cancel()
	store, err := s.store(ctx)
	if err == nil {
		_, err = store.PutDecisions(ctx, kept)
	}
	if err != nil {
		s.note("the decision is not kept: %v", err)
	}
}

// kept returns a decision as a store keeps it; false where none is to be kept.
func (s *session) kept(log baseline.Log, d gate.Decision) (out baseline.Decision, ok bool) {
	out = baseline.Decision{Project: s.project(log), Time: started(log), Outcome: string(d.Outcome), Version: version()}
	for _, side := range d.Sides {
		switch {
		case side.Side.Judged():
			if side.Dirty {
				return out, false
			}
			out.Commit, out.Branch = side.Commit, side.Branch
		case side.Side == baseline.Base:
			out.Base, out.Against = side.Commit, strings.TrimPrefix(side.Branch, "origin/")
		}
	}
	if env, inJob, _ := s.jobFacts(); inJob {
		if env.Fork {
			return out, false
		}
		out.Pull = env.Pull
		if out.Commit == env.Measured && env.SHA != "" {
			out.Commit = env.SHA // not the merge commit, which is gone tomorrow
		}
		if out.Branch == "" {
			out.Branch = env.Branch
		}
	}
	if out.Commit == "" || out.Time.IsZero() || d.OnlyTargets {
		return out, false
	}
	for i := range d.Rows { // a row is large
		r := &d.Rows[i]
		if r.Verdict == gate.NotJudged {
			continue
		}
		change, interval := r.Change, r.Interval
		if r.Verdict == gate.Crept && r.Drift != nil {
			change, interval = r.Drift.Change, r.Drift.Interval
		}
		j := baseline.Judged{Key: r.Key(), Fingerprint: r.Fingerprint, Verdict: string(r.Verdict), Change: change, Waiver: baseline.Clip(report.WaivedFor(*r))}
		if interval != nil {
			j.Lo, j.Hi = &interval.Lo, &interval.Hi
		}
		out.Verdicts = append(out.Verdicts, j)
	}
	return out, true
}

// hasStore reports whether there is a store: a comparison makes none, so that it leaves no
// directory behind where nobody keeps anything.
func (a *archive) hasStore() bool {
	where := a.cfg.Store
	if isPostgres(where) {
		return true
	}
	if where == "" {
		where = stateDir
	}
	if !filepath.IsAbs(where) {
		where = filepath.Join(a.root, where)
	}
	info, err := os.Stat(where)
	return err == nil && info.IsDir()
}
