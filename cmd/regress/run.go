package main

import (
	"bytes"
	"fmt"

	"github.com/urfave/cli/v2"
)

func runCommand(w *world) *cli.Command {
	own := []cli.Flag{
		stringFlag("base", "also measure this branch, tag or commit, interleaved"),
		roundsFlag(),
	}
	return &cli.Command{
		Name:      "run",
		Usage:     "measure only: print the raw log in the Go benchmark format",
		ArgsUsage: "[GROUP…]",
		Flags:     flags(own, measureFlags()),
		Action:    w.withSession((*session).run),
	}
}

// run prints the log whatever it holds, and then says what is missing from it.
func (s *session) run(c *cli.Context) error {
	text, name, err := s.take(c, plan{base: c.String("base"), groups: c.Args().Slice(), rounds: c.Int("rounds"), all: true})
	if err != nil {
		return err
	}
	if c.String("output") == "" {
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
