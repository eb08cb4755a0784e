package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
)

func waiveCommand(w *world) *cli.Command {
	ceiling := stringFlag("ceiling", "the largest worsening it accepts: 20%, or any for what was zero before")
	ceiling.Value = "10%"
	return &cli.Command{
		Name:      "waive",
		Usage:     "accept a regression: append a [[waiver]] to regress.toml",
		ArgsUsage: "SERIES",
		Flags: flags([]cli.Flag{
			stringFlag("reason", "why it is acceptable"),
			stringFlag("until", "the first day on which it no longer counts: 2027-01-31"),
			ceiling,
		}),
		Action: w.withSession((*session).waive),
	}
}

func (s *session) waive(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("waive: give one SERIES, a regular expression of 'package.Name unit' as the report prints it")
	}
	for _, flag := range []string{"reason", "until"} {
		if strings.TrimSpace(c.String(flag)) == "" {
			return usagef("waive: --%s is missing: a waiver says why it is acceptable, and ends", flag)
		}
	}
	waiver, err := config.NewWaiver(c.Args().First(), c.String("ceiling"), c.String("reason"), c.String("until"))
	if err != nil {
		return usagef("waive: %w", err)
	}
	if !waiver.Expires.After(time.Now()) {
		return usagef("waive: --until %s has passed", c.String("until"))
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
	fmt.Fprintf(s.stdout, "%s: waived %s %s until %s\n", s.shorten(path), waiver.Pattern, limit, waiver.Expires.Format(time.DateOnly))
	return nil
}
