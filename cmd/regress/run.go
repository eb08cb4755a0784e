package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/pkg/baseline"
)

// runFlags are what run is asked.
type runFlags struct {
	fileFlags
	measureFlags
	base   ref
	rounds int
	shard  shard
}

// shard is the value of a flag such as 2/5.
type shard struct{ baseline.Shards }

// Set reads what was typed: one shard.
func (s *shard) Set(text string) (err error) {
	if s.Shards, err = baseline.ParseShards(text); err == nil && len(s.Have) != 1 {
		err = fmt.Errorf("%q is more than one: write one shard, such as 2/5", text)
	}
	return err
}

func runCommand(w *world) *cli.Command {
	f := new(runFlags)
	own := []cli.Flag{
		&cli.GenericFlag{Name: "base", Value: &f.base, Usage: "also measure the commit where HEAD left this branch, tag or commit, interleaved", EnvVars: []string{envName("base")}},
		roundsFlag(&f.rounds),
		&cli.GenericFlag{Name: "shard", Value: &f.shard, Usage: "measure the second of five parts of the suite, `2/5`, beside the base as compare does: regress compare LOG… of all parts decides", EnvVars: []string{envName("shard")}},
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
	p := plan{measureFlags: f.measureFlags, base: string(f.base), groups: groups, rounds: f.rounds, all: true}
	if f.shard.Of > 0 {
		var err error
		if p, err = f.part(ctx, s, groups); err != nil {
			return err
		}
	}
	text, name, err := s.take(ctx, p)
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
	if f.shard.Of > 0 { // what is missing is for the decision to say
		s.note("shard %s is measured; regress compare LOG… with the logs of all %d decides", f.shard, f.shard.Of)
		return nil
	}
	return s.complete(log.Problems, log.Stopped)
}

// part returns how a shard is measured: as compare measures the whole suite.
func (f *runFlags) part(ctx context.Context, s *session, groups []string) (p plan, err error) {
	if len(s.cfg.Suite.Command) > 0 {
		return p, usagef("run: --shard divides Go benchmarks, and this suite is a command: give it a part of the suite with --bench")
	}
	base, err := s.baseOr(ctx, string(f.base))
	if err == nil {
		err = s.idle(ctx, base, f.base == "")
	}
	return plan{measureFlags: f.measureFlags, base: base, groups: groups, shards: f.shard.Shards, next: true, count: true}, err
}
