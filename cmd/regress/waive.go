package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
)

// waiveFlags are what waive is asked.
type waiveFlags struct {
	fileFlags
	reason, until, ceiling string
}

func waiveCommand(w *world) *cli.Command {
	f := new(waiveFlags)
	ceiling := stringFlag(&f.ceiling, "ceiling", "the largest worsening it accepts: 20%, or any for what was zero before")
	ceiling.Value = "10%"
	own := []cli.Flag{
		stringFlag(&f.reason, "reason", "why it is acceptable"),
		stringFlag(&f.until, "until", "the first day on which it no longer counts: 2027-01-31"),
		ceiling,
	}
	return &cli.Command{
		Name:      "waive",
		Usage:     "accept a regression: append a [[waiver]] to regress.toml",
		ArgsUsage: "SERIES",
		Flags:     flags(own, f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run),
	}
}

func (f *waiveFlags) run(_ context.Context, s *session, args []string) error {
	if len(args) != 1 {
		return usagef("waive: give one SERIES, a regular expression of 'package.Name unit' as the report prints it")
	}
	for _, flag := range []struct{ name, value string }{{"reason", f.reason}, {"until", f.until}} {
		if strings.TrimSpace(flag.value) == "" {
			return usagef("waive: --%s is missing: a waiver says why it is acceptable, and ends", flag.name)
		}
	}
	waiver, err := config.NewWaiver(args[0], f.ceiling, f.reason, f.until)
	if err != nil {
		return usagef("waive: %w", err)
	}
	if !waiver.Expires.After(time.Now()) {
		return usagef("waive: --until %s has passed", f.until)
	}
	path := s.cfg.File
	if path == "" {
		path = filepath.Join(s.root, config.Name)
	}
	if err := config.AppendWaiver(path, waiver); err != nil {
		return usageError{err}
	}
	limit := "by any amount"
	if !math.IsInf(waiver.Ceiling, 1) {
		limit = fmt.Sprintf("up to +%g %%", 100*waiver.Ceiling)
	}
	fmt.Fprintf(s.stdout, "%s: waived %s %s until %s\n", s.shorten(path), waiver.Name, limit, waiver.Expires.Format(time.DateOnly))
	return nil
}
