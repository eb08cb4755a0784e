package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func compareCommand(w *world) *cli.Command {
	own := []cli.Flag{
		&cli.StringFlag{Name: "base", Value: "main", Usage: "branch, tag or commit to compare with: measured beside head, or looked up in the store for a FILE of head alone", EnvVars: []string{envName("base")}},
		boolFlag("strict", "a series that is too noisy to decide fails"),
		stringFlag("resume", "go on from the raw log of an interrupted run"),
		&cli.BoolFlag{Name: "github", Usage: "report to GitHub: check run, annotations, job summary (default inside Actions)", EnvVars: []string{envName("github"), "GITHUB_ACTIONS"}},
	}
	return &cli.Command{
		Name:      "compare",
		Usage:     "measure base and head side by side on this machine, or read FILEs, and decide",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, formatFlags(), measureFlags(), storeFlags()),
		Action: func(c *cli.Context) error {
			s, err := w.open(c)
			if err != nil {
				return err
			}
			return s.compare(c)
		},
	}
}

func (s *session) compare(c *cli.Context) error {
	printReport, err := s.printer(c)
	if err != nil {
		return err
	}
	hub := s.github(c)
	log, err := s.compareLog(c)
	if err != nil {
		hub.broken(c.Context, err)
		return err
	}
	in := s.input(log)
	if in.Stored, err = s.reference(c.Context, &in.Log, c.String("base")); err != nil {
		hub.broken(c.Context, err)
		return err
	}
	decision := gate.Decide(in)
	if err := printReport(decision); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	hub.finish(c.Context, in, decision)
	return outcome(decision)
}

func (s *session) compareLog(c *cli.Context) (baseline.Log, error) {
	if c.Args().Present() {
		return s.read(c.Args().Slice())
	}
	return s.measure(c, plan{base: c.String("base"), resume: c.String("resume"), next: true})
}

// outcome turns a decision into what main exits with.
func outcome(d gate.Decision) error {
	if d.Outcome == gate.Pass {
		return nil
	}
	return outcomeError{d.Outcome}
}

// reference looks up the stored runs of ref for the sides that were measured
// alone. A log with both sides needs no store.
func (s *session) reference(ctx context.Context, log *baseline.Log, ref string) ([]baseline.Run, error) {
	if !slices.ContainsFunc(log.Runs, func(r baseline.Run) bool { return alone(log, r) }) {
		return nil, nil
	}
	query := baseline.Query{Project: s.project(*log), Branch: strings.TrimPrefix(ref, "origin/"), Limit: memoryRuns}
	runs, err := s.stored(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look up the baseline of %s: %w", ref, err)
	}
	if len(runs) == 0 {
		if commit := s.commit(ctx, ref); commit != "" {
			query.Branch, query.Commit = "", commit
			if runs, err = s.stored(ctx, query); err != nil {
				return nil, fmt.Errorf("look up the baseline of commit %.12s: %w", commit, err)
			}
		}
	}
	if len(runs) == 0 {
		log.Warnings = append(log.Warnings, fmt.Sprintf(
			"the store has no baseline of %s for project %q: measure one with regress baseline update, or compare side by side with regress compare --base %s", ref, query.Project, ref))
	}
	return runs, nil
}

// alone reports whether run has no other side in its environment.
func alone(log *baseline.Log, run baseline.Run) bool {
	print := run.Environment.Fingerprint()
	return run.Side != baseline.Base && !slices.ContainsFunc(log.Runs, func(other baseline.Run) bool {
		return other.Side == baseline.Base && other.Environment.Fingerprint() == print
	})
}

// stored reads whole runs, oldest first.
func (s *session) stored(ctx context.Context, query baseline.Query) ([]baseline.Run, error) {
	store, err := s.store(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	infos, err := store.List(ctx, query)
	if err != nil {
		return nil, err
	}
	runs := make([]baseline.Run, 0, len(infos))
	for _, info := range slices.Backward(infos) {
		run, err := store.Get(ctx, info.ID)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// commit resolves ref in this repository; empty when it cannot be.
func (s *session) commit(ctx context.Context, ref string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", s.root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// printer chooses the format before anything is measured for it.
func (s *session) printer(c *cli.Context) (func(gate.Decision) error, error) {
	options := report.Options{Color: s.color, Width: s.width, All: c.Bool("all")}
	switch format := c.String("format"); format {
	case "text":
		return func(d gate.Decision) error { return report.Text(s.stdout, d, options) }, nil
	case "markdown":
		return func(d gate.Decision) error { return report.Markdown(s.stdout, d, options) }, nil
	case "json":
		return func(d gate.Decision) error { return report.JSON(s.stdout, d) }, nil
	default:
		return nil, usagef("no format %q: text, markdown or json", format)
	}
}
