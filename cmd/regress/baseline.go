package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline"
)

func baselineCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:  "baseline",
		Usage: "keep, list, show and remove reference runs",
		Subcommands: []*cli.Command{
			{
				Name:      "update",
				Usage:     "store runs: measured now, or read from FILEs",
				ArgsUsage: "[FILE…]",
				Flags: flags([]cli.Flag{
					stringFlag("branch", "the branch they belong to (default: what the log says, else the one checked out)"),
					&cli.IntFlag{Name: "rounds", Value: 6, Usage: "processes of each benchmark, when measuring", EnvVars: []string{envName("rounds")}},
				}, measureFlags(), storeFlags()),
				Action: w.withSession((*session).baselineUpdate),
			},
			{
				Name:   "list",
				Usage:  "stored runs, newest first",
				Flags:  flags([]cli.Flag{stringFlag("branch", "of this branch alone")}, storeFlags()),
				Action: w.withSession((*session).baselineList),
			},
			{
				Name:      "show",
				Usage:     "print the raw text of a stored run",
				ArgsUsage: "ID",
				Flags:     flags(storeFlags()),
				Action:    w.withSession((*session).baselineShow),
			},
			{
				Name:      "remove",
				Usage:     "forget stored runs",
				ArgsUsage: "ID…",
				Flags:     flags(storeFlags()),
				Action:    w.withSession((*session).baselineRemove),
			},
		},
		Action: func(c *cli.Context) error {
			return usagef("baseline: no command %q: one of update, list, show, remove", c.Args().First())
		},
	}
}

// withSession opens the session and runs a command on it.
func (w *world) withSession(run func(*session, *cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		s, err := w.open(c)
		if err != nil {
			return err
		}
		return run(s, c)
	}
}

func (s *session) baselineUpdate(c *cli.Context) error {
	log, err := s.baselineLog(c)
	if err != nil {
		return err
	}
	project := s.project(log)
	var runs []baseline.Run
	for _, run := range log.Runs {
		run.Project = project
		if run.Side != baseline.Base {
			run.Branch = s.branch(c, run)
		}
		if run.Commit == "" {
			run.Commit = s.commit(c.Context, "HEAD")
		}
		if run.Dirty {
			return fmt.Errorf("baseline update: the tree at %.12s has uncommitted changes, and a baseline nobody can check out again is of no use: commit first", run.Commit)
		}
		runs = append(runs, run)
	}
	// A broken benchmark in a baseline would show as missing in every pull request to come.
	if err := s.complete(log.Problems, log.Stopped); err != nil {
		return fmt.Errorf("baseline update: nothing was stored: %w", err)
	}
	store, err := s.store(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	added, err := store.Put(c.Context, runs...)
	if err != nil {
		return fmt.Errorf("baseline update: %w", err)
	}
	for _, run := range runs {
		fmt.Fprintf(s.stdout, "%s  %.12s  %s  %s  %d series\n", run.ID()[:12], run.Commit, run.Branch, run.Environment.Fingerprint(), len(run.Samples))
	}
	fmt.Fprintf(s.stdout, "%d added, %d stored already\n", added, len(runs)-added)
	return nil
}

func (s *session) baselineLog(c *cli.Context) (baseline.Log, error) {
	if c.Args().Present() {
		return s.read(c.Args().Slice())
	}
	return s.measure(c, plan{rounds: c.Int("rounds")})
}

// branch is where a run of head belongs.
func (s *session) branch(c *cli.Context, run baseline.Run) string {
	if v := c.String("branch"); v != "" {
		return v
	}
	if run.Branch != "" {
		return run.Branch
	}
	return "main"
}

// complete is an error when something that should have been measured was not.
func (s *session) complete(problems []baseline.Problem, stopped string) error {
	for _, p := range problems {
		where := p.File
		if p.Line > 0 {
			where = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		s.note("%s: %s", where, p.Message)
	}
	var errs []error
	if len(problems) > 0 {
		errs = append(errs, fmt.Errorf("%d problems in the results", len(problems)))
	}
	if stopped != "" {
		errs = append(errs, fmt.Errorf("measuring stopped early: %s", stopped))
	}
	return errors.Join(errs...)
}

func (s *session) baselineList(c *cli.Context) error {
	store, err := s.store(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	infos, err := store.List(c.Context, baseline.Query{Project: s.project(baseline.Log{}), Branch: c.String("branch")})
	if err != nil {
		return err
	}
	if len(infos) == 0 {
		s.note("the store is empty: regress baseline update fills it")
		return nil
	}
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTIME\tCOMMIT\tBRANCH\tMACHINE\tSERIES")
	for _, i := range infos {
		e := i.Environment
		fmt.Fprintf(table, "%.12s\t%s\t%.12s\t%s\t%s %s, %d cores\t%d\n", i.ID, i.Time.Format("2006-01-02 15:04"), i.Commit, i.Branch, i.Fingerprint, e.CPU, e.Cores, i.Series)
	}
	return table.Flush()
}

func (s *session) baselineShow(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("baseline show: give one ID of regress baseline list")
	}
	store, err := s.store(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Get(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(run.Raw)
	return err
}

func (s *session) baselineRemove(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("baseline remove: give the IDs of regress baseline list")
	}
	store, err := s.store(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	for _, id := range c.Args().Slice() {
		if err := store.Remove(c.Context, id); err != nil {
			return fmt.Errorf("baseline remove %s: %w", id, err)
		}
		fmt.Fprintf(s.stdout, "%s removed\n", id)
	}
	return nil
}
