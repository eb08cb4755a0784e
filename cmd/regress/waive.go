package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/gate"
)

func waiveCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "waive",
		Usage:     "accept a regression: append a [[waiver]] to regress.toml",
		ArgsUsage: "SERIES",
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "reason", Usage: "why it is acceptable"},
			&cli.StringFlag{Name: "until", Usage: "the first day on which it no longer counts: 2027-01-31"},
			&cli.StringFlag{Name: "ceiling", Value: "10%", Usage: "the largest worsening it accepts"},
		}),
		Action: w.withSession((*session).waive),
	}
}

func (s *session) waive(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("waive: give one SERIES, as the report prints it: 'package.Name unit' (flags first)")
	}
	waiver := gate.Waiver{Pattern: c.Args().First(), Reason: strings.TrimSpace(c.String("reason"))}
	if waiver.Reason == "" {
		return usagef("waive: --reason is missing: whoever reads it next year wants to know why")
	}
	var err error
	if waiver.Series, err = regexp.Compile(`^(?:` + waiver.Pattern + `)$`); err != nil {
		return usagef("waive: SERIES is a regular expression: %w", err)
	}
	if waiver.Expires, err = time.Parse(time.DateOnly, c.String("until")); err != nil {
		return usagef("waive: --until %q is no day: write it as 2027-01-31; a waiver without an end is a threshold nobody chose", c.String("until"))
	}
	if !waiver.Expires.After(time.Now()) {
		return usagef("waive: --until %s has passed", c.String("until"))
	}
	number, isShare := strings.CutSuffix(c.String("ceiling"), "%")
	if waiver.Ceiling, err = strconv.ParseFloat(strings.TrimSpace(number), 64); err != nil || !(waiver.Ceiling > 0) {
		return usagef("waive: --ceiling %q: write a share such as 20%%", c.String("ceiling"))
	}
	if isShare {
		waiver.Ceiling /= 100
	}
	path := s.cfg.File
	if path == "" {
		path = filepath.Join(s.root, config.Name)
	}
	if err := config.AppendWaiver(path, waiver); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s: waived %s up to +%g %% until %s\n", s.shorten(path), waiver.Pattern, 100*waiver.Ceiling, waiver.Expires.Format(time.DateOnly))
	return nil
}
