package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/gate"
)

// targetsFlags are what targets is asked.
type targetsFlags struct {
	fileFlags
	measureFlags
	formatFlags
	rounds int
}

func targetsCommand(w *world) *cli.Command {
	f := new(targetsFlags)
	return &cli.Command{
		Name:      "targets",
		Usage:     "hold the suite, measured now or read from FILEs, against the absolute targets of regress.toml",
		ArgsUsage: "[FILE…]",
		Flags:     flags([]cli.Flag{roundsFlag(&f.rounds)}, f.formatFlags.flags(), f.measureFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.measureFlags.override),
	}
}

func (f *targetsFlags) run(ctx context.Context, s *session, files []string) error {
	printReport, err := f.printer(ctx, s)
	if err != nil {
		return err
	}
	if len(s.cfg.Targets) == 0 {
		s.note("no target is set, so nothing was measured: a [[target]] in %s is an absolute limit (regress init shows how)", config.Name)
		return nil
	}
	log, err := s.results(ctx, files, plan{measureFlags: f.measureFlags, rounds: f.rounds, all: f.all})
	if err != nil {
		return err
	}
	in := s.input(log)
	in.OnlyHead = true
	decision := gate.Decide(in)
	if err := printReport(decision, in, nil); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return outcome(decision)
}
