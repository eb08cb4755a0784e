package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func targetsCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:      "targets",
		Usage:     "hold the suite, measured now or read from FILEs, against the absolute targets of regress.toml",
		ArgsUsage: "[FILE…]",
		Flags: flags([]cli.Flag{
			roundsFlag(),
		}, formatFlags(), measureFlags()),
		Action: w.withSession((*session).targets),
	}
}

func (s *session) targets(c *cli.Context) error {
	printReport, err := s.printer(c)
	if err != nil {
		return err
	}
	if len(s.cfg.Targets) == 0 {
		return usagef("targets: none are set: add a [[target]] to regress.toml (regress init shows how)")
	}
	var log baseline.Log
	if c.Args().Present() {
		log, err = s.read(c.Args().Slice())
	} else {
		log, err = s.measure(c, plan{rounds: c.Int("rounds")})
	}
	if err != nil {
		return err
	}
	in := s.input(log)
	in.OnlyHead = true
	decision := gate.Decide(in)
	if err := printReport(decision, in); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return outcome(decision)
}
