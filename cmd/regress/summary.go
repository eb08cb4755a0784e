package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/summary"
	"github.com/descartes/regress/pkg/baseline"
)

func summaryCommand(w *world) *cli.Command {
	// The raw log is kept under its own name; -o is the page.
	measuring := slices.DeleteFunc(measureFlags(), func(f cli.Flag) bool { return slices.Contains(f.Names(), "output") })
	own := []cli.Flag{
		roundsFlag(),
		&cli.StringFlag{Name: "format", Value: "markdown", Usage: "markdown or json", EnvVars: []string{envName("format")}},
		stringFlag("page", "write the page to this file, such as LATEST_SUMMARY.md (default: print it)", "o"),
	}
	return &cli.Command{
		Name:      "summary",
		Usage:     "sum head up, measured now or read from FILEs: recommended configurations, targets, every table",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, measuring),
		Action:    w.withSession((*session).summary),
	}
}

// summary judges nothing, so a target that is missed is on the page and not in
// the exit code; results that are not whole are in both.
func (s *session) summary(c *cli.Context) error {
	write, err := summaryFormat(c.String("format"))
	if err != nil {
		return err
	}
	page := c.String("page")
	if err := writable(page); err != nil {
		return err
	}
	var log baseline.Log
	if c.Args().Present() {
		log, err = s.read(c.Args().Slice())
	} else {
		log, err = s.measure(c, plan{rounds: c.Int("rounds"), all: true})
	}
	if err != nil {
		return err
	}
	sum, err := summary.New(s.input(log), summary.Options{
		Project: s.project(log), Recommend: s.cfg.Recommend, Gains: s.cfg.Gains, Groups: s.cfg.Groups, Columns: s.cfg.Columns, Order: s.cfg.Order,
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := write(&out, sum); err != nil {
		return err
	}
	if page == "" {
		_, err = s.stdout.Write(out.Bytes())
	} else {
		err = os.WriteFile(page, out.Bytes(), 0o644)
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
