package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/urfave/cli/v2"
)

// runFlags are what run is asked.
type runFlags struct {
	fileFlags
	measureFlags
	base   ref
	rounds int
}

func runCommand(w *world) *cli.Command {
	f := new(runFlags)
	own := []cli.Flag{
		&cli.GenericFlag{Name: "base", Value: &f.base, Usage: "also measure the commit where HEAD left this branch, tag or commit, interleaved", EnvVars: []string{envName("base")}},
		roundsFlag(&f.rounds),
	}
	return &cli.Command{
		Name:      "run",
		Usage:     "measure only: print the raw log in the Go benchmark format",
		ArgsUsage: "[GROUP…]",
		Flags:     flags(own, f.measureFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.measureFlags.override),
	}
}

// run prints the log whatever it holds, and then says what is missing from it.
func (f *runFlags) run(ctx context.Context, s *session, groups []string) error {
	text, name, err := s.take(ctx, plan{measureFlags: f.measureFlags, base: string(f.base), groups: groups, rounds: f.rounds, all: true})
	if err != nil {
		return err
	}
	if f.output == "" {
		if _, err := s.stdout.Write(text); err != nil {
			return fmt.Errorf("print the raw log: %w; it is kept in %s", err, name)
		}
	}
	log, err := parse(name, bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.complete(log.Problems, log.Stopped)
}
