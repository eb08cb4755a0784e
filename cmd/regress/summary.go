package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/summary"
)

// summaryFlags are what summary is asked.
type summaryFlags struct {
	fileFlags
	measureFlags
	rounds int
	format string
	page   string
}

func summaryCommand(w *world) *cli.Command {
	f := new(summaryFlags)
	own := []cli.Flag{
		roundsFlag(&f.rounds),
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "markdown", Usage: "markdown or json", EnvVars: []string{envName("format")}},
		stringFlag(&f.page, "page", "write the page to this file, such as LATEST_SUMMARY.md (default: print it)", "o"),
	}
	return &cli.Command{
		Name:      "summary",
		Usage:     "sum head up, measured now or read from FILEs: recommended configurations, targets, every table",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, f.loud(), f.fileFlags.flags()), // the raw log is kept under its own name; -o is the page
		Action:    w.action(&f.fileFlags, f.run, f.measureFlags.override),
	}
}

// run judges nothing, so a target that is missed is on the page and not in
// the exit code; results that are not whole are in both.
func (f *summaryFlags) run(ctx context.Context, s *session, files []string) error {
	write, err := summaryFormat(f.format)
	if err != nil {
		return err
	}
	if err := writable(f.page); err != nil {
		return err
	}
	log, err := s.results(ctx, files, plan{measureFlags: f.measureFlags, rounds: f.rounds, all: true})
	if err == nil {
		err = undivided(log)
	}
	if err != nil {
		return err
	}
	page := s.cfg.Summary
	sum, err := summary.New(s.input(log), summary.Options{
		Project: s.project(log), Recommend: page.Recommend, Gains: page.Gains, Groups: s.cfg.Groups, Columns: page.Columns, Order: page.Order,
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := write(&out, sum); err != nil {
		return err
	}
	if f.page == "" {
		_, err = s.stdout.Write(out.Bytes())
	} else {
		err = os.WriteFile(f.page, out.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return s.complete(log.Problems, log.Stopped)
}

func summaryFormat(name string) (func(io.Writer, summary.Summary) error, error) {
	switch name {
	case "markdown":
		return summary.Markdown, nil
	case "json":
		return summary.JSON, nil
	}
	return nil, usagef("--format %q: markdown or json", name)
}

// writable finds out before minutes of measuring whether a page can be written.
func writable(page string) error {
	if page == "" {
		return nil
	}
	if page == "-" {
		return usagef("--page - is no file: regress summary prints the page without it")
	}
	if info, err := os.Stat(page); err == nil && info.IsDir() {
		return usagef("--page %s is a directory: name a file in it", page)
	}
	if _, err := os.Stat(filepath.Dir(page)); err != nil {
		return usagef("write the summary: %w", err)
	}
	return nil
}
