package main

import "github.com/urfave/cli/v2"

func runCommand(w *world) *cli.Command {
	own := []cli.Flag{
		stringFlag("base", "also measure this branch, tag or commit, interleaved"),
		&cli.IntFlag{Name: "rounds", Value: 6, Usage: "processes of each benchmark and side", EnvVars: []string{envName("rounds")}},
	}
	return &cli.Command{
		Name:      "run",
		Usage:     "measure only: print the raw log in the Go benchmark format",
		ArgsUsage: "[GROUP…]",
		Flags:     flags(own, measureFlags()),
		Action: func(c *cli.Context) error {
			s, err := w.open(c)
			if err != nil {
				return err
			}
			p := plan{base: c.String("base"), groups: c.Args().Slice(), rounds: c.Int("rounds")}
			if p.rounds < 1 {
				return usagef("--rounds %d measures nothing", p.rounds)
			}
			log, err := s.measure(c, p)
			if err != nil {
				return err
			}
			if c.String("output") == "" {
				if _, err := w.stdout.Write(log.Runs[0].Raw); err != nil {
					return err
				}
			}
			return s.complete(log.Problems, log.Stopped)
		},
	}
}
