package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
)

// baselineFlags are what the commands below baseline are asked.
type baselineFlags struct {
	fileFlags
	measureFlags
	storeFlags
	branch  string
	rounds  int
	count   bool
	anchors bool
}

func baselineCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:  "baseline",
		Usage: "keep, fetch, list, show and remove reference runs",
		Subcommands: []*cli.Command{
			baselineUpdateCommand(w),
			baselineFetchCommand(w),
			baselineListCommand(w),
			baselineShowCommand(w),
			baselineRemoveCommand(w),
			baselinePruneCommand(w),
			baselineRolesCommand(w),
		},
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usagef("baseline: say what to do: update, fetch, list, show, remove, prune or roles")
			}
			return unknownCommand("baseline: ", c.Args().First(), c.Command.Subcommands)
		},
	}
}

func baselineUpdateCommand(w *world) *cli.Command {
	f := new(baselineFlags)
	own := []cli.Flag{
		stringFlag(&f.branch, "branch", "the branch they belong to (default: what the log says, else the one checked out)"),
		roundsFlag(&f.rounds),
		countFlag(&f.count),
	}
	return &cli.Command{
		Name:      "update",
		Usage:     "store runs: measured now, or read from FILEs",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, f.measureFlags.flags(), f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.update, f.measureFlags.override, f.storeFlags.override),
	}
}

func baselineListCommand(w *world) *cli.Command {
	f := new(baselineFlags)
	own := []cli.Flag{
		stringFlag(&f.branch, "branch", "of this branch alone"),
		boolFlag(&f.anchors, "anchors", "also the runs of anchors, which were measured beside heads of the branch"),
	}
	return &cli.Command{
		Name:   "list",
		Usage:  "stored runs, newest first",
		Flags:  flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.list, f.storeFlags.override),
	}
}

func baselineShowCommand(w *world) *cli.Command {
	f := new(baselineFlags)
	return &cli.Command{
		Name:      "show",
		Usage:     "print the raw text of a stored run",
		ArgsUsage: "ID",
		Flags:     flags(f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.show, f.storeFlags.override),
	}
}

func baselineRemoveCommand(w *world) *cli.Command {
	f := new(baselineFlags)
	return &cli.Command{
		Name:      "remove",
		Usage:     "forget stored runs",
		ArgsUsage: "ID…",
		Flags:     flags(f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.remove, f.storeFlags.override),
	}
}

func (f *baselineFlags) update(ctx context.Context, s *session, files []string) error {
	p := plan{measureFlags: f.measureFlags, rounds: f.rounds, count: f.count}
	if len(files) == 0 {
		var err error
		if p.beside, err = s.beside(ctx, f.branch); err != nil {
			return err
		}
	}
	log, err := s.results(ctx, files, p)
	if err == nil {
		err = undivided(log)
	}
	if err != nil {
		return err
	}
	runs, err := f.runs(ctx, s, log)
	if err != nil {
		return err
	}
	// A broken benchmark in a baseline would show as missing in every pull request to come.
	if err := s.complete(ofKept(log.Problems, runs), log.Stopped); err != nil {
		return fmt.Errorf("baseline update: nothing was stored: %w", err)
	}
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	added, err := store.Put(ctx, runs...)
	if err != nil {
		return fmt.Errorf("baseline update: %w", err)
	}
	for _, run := range runs {
		what := ""
		if run.Side == baseline.Anchor {
			what = ", the anchor"
		}
		fmt.Fprintf(s.stdout, "%s  %.12s  %s  %s  %d series%s\n", run.ID()[:12], run.Commit, run.Branch, run.Environment.Fingerprint(), len(run.Samples), what)
	}
	fmt.Fprintf(s.stdout, "%d added, %d stored already\n", added, len(runs)-added)
	return nil
}

// runs returns what is to be kept of a log.
func (f *baselineFlags) runs(ctx context.Context, s *session, log baseline.Log) (runs []baseline.Run, err error) {
	project := s.project(log)
	for _, run := range log.Runs {
		if run.Side == baseline.Base && twin(log.Runs, run) {
			continue // an A/A run is one session
		}
		if env := machineOf(ctx, log, run); env != run.Environment {
			s.note("the results do not say on how many processors they were measured: they are stored as of this machine")
			run.Environment = env
		}
		run.Project = project
		if err := s.place(ctx, f.branch, &run); err != nil {
			return nil, err
		}
		if run.Dirty {
			return nil, fmt.Errorf("baseline update: the tree at %.12s has uncommitted changes, and a baseline nobody can check out again is of no use: commit first", run.Commit)
		}
		run.Facts = s.factsOf(ctx, run.Commit)
		runs = append(runs, run)
	}
	return s.joined(ctx, runs), nil
}

// twin reports whether head was measured on the same commit and machine.
func twin(runs []baseline.Run, base baseline.Run) bool {
	return slices.ContainsFunc(runs, func(head baseline.Run) bool {
		return head.Side == baseline.Head && head.Commit == base.Commit && head.Commit != "" && !head.Dirty &&
			head.Environment.Fingerprint() == base.Environment.Fingerprint()
	})
}

// place says of what commit, branch and time a run is, where its text does not:
// of what is checked out here, now.
func (u *setup) place(ctx context.Context, branch string, run *baseline.Run) error {
	if run.Commit == "" {
		if run.Commit = u.commit(ctx, "HEAD"); run.Commit == "" {
			return errors.New("baseline update: the results name no commit, and there is none checked out here: run it inside the repository that they come from")
		}
		u.note("the results name no commit: they are stored as of %.12s, which is checked out here", run.Commit)
	}
	if run.Time.IsZero() { // the newest is what head is held against, so there must be an order
		run.Time = time.Now().UTC()
	}
	if branch != "" && run.Side != baseline.Base {
		run.Branch = branch
	}
	run.Branch = strings.TrimPrefix(run.Branch, "origin/")
	if run.Branch == "" {
		run.Branch = u.branch(ctx)
	}
	if run.Branch == "" {
		return usagef("baseline update: neither the results nor the checkout name a branch: give one with --branch main")
	}
	return nil
}

// branch returns the one checked out here; empty when none is.
func (u *setup) branch(ctx context.Context) string {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return ""
	}
	return in.Branch(ctx)
}

// complete returns an error when something that should have been measured was not.
func (u *setup) complete(problems []baseline.Problem, stopped string) error {
	for _, p := range problems {
		u.note("%s%s", report.Where(p), report.ProblemText(p))
	}
	var errs []error
	if len(problems) > 0 {
		errs = append(errs, fmt.Errorf("%s in the results", figure.Counted(len(problems), "problem")))
	}
	if stopped != "" {
		errs = append(errs, fmt.Errorf("measuring stopped early: %s", stopped))
	}
	return errors.Join(errs...)
}

func (f *baselineFlags) list(ctx context.Context, s *session, _ []string) error {
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	query := baseline.Query{Project: s.project(baseline.Log{}), Branch: f.branch, Anchors: f.anchors}
	infos, err := store.List(ctx, query)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) { // beside the damaged ones stand those that can be read
		return err
	}
	if len(infos) == 0 {
		if other := s.noteEmpty(ctx, store, query); err == nil {
			err = other
		}
		return err
	}
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTIME\tCOMMIT\tBRANCH\tMACHINE\tSERIES")
	for _, i := range infos {
		cores := ""
		if i.Environment.Cores > 0 {
			cores = fmt.Sprintf(", %d cores", i.Environment.Cores)
		}
		branch := figure.Name(i.Branch)
		if i.Side == baseline.Anchor {
			branch += " (anchor)"
		}
		fmt.Fprintf(table, "%.12s\t%s\t%s\t%s\t%s %s%s\t%d\n", i.ID, i.Time.Format("2006-01-02 15:04"), figure.Plain(fmt.Sprintf("%.12s", i.Commit)),
			branch, i.Fingerprint, figure.Name(i.Environment.CPU), cores, i.Series)
	}
	return errors.Join(table.Flush(), err)
}

// noteEmpty says why a list is empty: the store is, or it has other branches or
// projects alone.
func (a *archive) noteEmpty(ctx context.Context, store baseline.Store, query baseline.Query) error {
	all, err := store.List(ctx, baseline.Query{})
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return err
	}
	branches, projects := map[string]int{}, map[string]int{}
	for _, info := range all {
		projects[info.Project]++
		if info.Project == query.Project || query.Project == "" {
			branches[info.Branch]++
		}
	}
	switch {
	case len(branches) > 0:
		a.note("the store has no run of branch %q; it has those of %s", query.Branch, tally(branches))
	case len(projects) > 0:
		a.note("the store has no run of project %q; it has those of %s: name one with --project", query.Project, tally(projects))
	case err == nil:
		a.note("the store is empty: regress baseline update fills it")
	}
	return nil
}

// tally returns the names that occur most, each with how often.
func tally(counts map[string]int) string {
	const most = 10
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(len(names), most)] {
		parts = append(parts, fmt.Sprintf("%q (%s)", name, figure.Counted(counts[name], "run")))
	}
	if len(names) > most {
		parts = append(parts, fmt.Sprintf("%d others", len(names)-most))
	}
	return strings.Join(parts, ", ")
}

func (f *baselineFlags) show(ctx context.Context, s *session, ids []string) error {
	if len(ids) != 1 {
		return usagef("baseline show: give one ID of regress baseline list")
	}
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	run, err := store.Get(ctx, ids[0])
	if err != nil {
		return unknown(err)
	}
	_, err = s.stdout.Write(run.Raw)
	return err
}

func (f *baselineFlags) remove(ctx context.Context, s *session, ids []string) error {
	if len(ids) == 0 {
		return usagef("baseline remove: give the IDs of regress baseline list")
	}
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := store.Remove(ctx, id); err != nil {
			return unknown(fmt.Errorf("baseline remove %s: %w", id, err))
		}
		fmt.Fprintf(s.stdout, "%s removed\n", id)
	}
	return nil
}

// unknown makes an ID that the store does not have the mistake of who typed it.
func unknown(err error) error {
	if errors.Is(err, baseline.ErrNotFound) {
		return usagef("%w: regress baseline list has the IDs", err)
	}
	return err
}
