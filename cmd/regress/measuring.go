package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// plan says what a command wants measured beyond what the configuration says.
type plan struct {
	base   string   // ref; empty: head alone
	groups []string // of regress.toml; none: the whole suite
	rounds int      // fixed; 0: as the decision asks
	resume string   // an interrupted log
	next   bool     // let the decision ask for rounds
}

// measure runs the suite and keeps the raw log. The log is read back from its
// own text, so that what is decided now is what a replay decides.
func (s *session) measure(c *cli.Context, p plan) (baseline.Log, error) {
	options, err := s.options(c, p)
	if err != nil {
		return baseline.Log{}, err
	}
	kept, err := s.keepLog(c.String("output"))
	if err != nil {
		return baseline.Log{}, err
	}
	defer kept.Close()
	name := s.shorten(kept.Name())
	options.Log = kept
	wipe := func() {}
	if s.progress {
		options.Progress, wipe = measure.Line(s.stderr, s.width)
	}
	result, err := measure.Run(c.Context, options)
	wipe()
	if err != nil {
		if info, statErr := kept.Stat(); statErr == nil && info.Size() > 0 {
			s.note("what was measured is kept: %s", name)
		} else {
			_ = os.Remove(kept.Name())
		}
		return baseline.Log{}, err
	}
	s.note("raw log: %s", name)
	if result.Identical {
		s.note("base and head are the same commit %.12s and the tree is clean: this measures the noise of this machine (A/A)", result.HeadCommit)
	}
	if c.Context.Err() != nil {
		s.note("interrupted; go on with: regress compare --resume %s", name)
	}
	return parse(name, bytes.NewReader(result.Text))
}

// shorten names a file relative to where the user stands.
func (s *session) shorten(name string) string {
	if relative, err := filepath.Rel(s.from, name); err == nil && !strings.HasPrefix(relative, "..") {
		return relative
	}
	return name
}

func (s *session) options(c *cli.Context, p plan) (measure.Options, error) {
	suite := s.cfg.Suite
	options := measure.Options{
		Dir:       s.root,
		Base:      p.base,
		Project:   s.cfg.Project,
		Packages:  suite.Packages,
		Command:   suite.Command,
		Benchtime: suite.Benchtime,
		Timeout:   suite.Timeout,
		Budget:    s.cfg.Budget,
		Rounds:    p.rounds,
		Seed:      c.Uint64("seed"),
		All:       c.Bool("all"),
	}
	pattern, err := s.cfg.Select(p.groups...)
	if err != nil {
		return options, usageError{err}
	}
	if v := c.String("bench"); v != "" {
		pattern = v
	}
	options.Bench = pattern
	if p.resume != "" {
		if options.Resume, err = os.ReadFile(p.resume); err != nil {
			return options, usagef("resume: %w", err)
		}
	}
	if !p.next {
		return options, nil
	}
	options.Noise = s.memory(c.Context)
	options.Next = func(log baseline.Log) []measure.Want {
		var wants []measure.Want
		for _, w := range gate.Next(s.input(log)) {
			wants = append(wants, measure.Want(w))
		}
		return wants
	}
	return options, nil
}

// memory learns from the store how noisy each benchmark is on this class of
// machine. A store that does not answer costs rounds and not the verdict.
func (s *session) memory(ctx context.Context) map[baseline.Key]baseline.Noise {
	runs, err := s.stored(ctx, baseline.Query{Project: s.project(baseline.Log{}), Limit: memoryRuns})
	if err != nil {
		s.note("warning: nothing is known of past noise, so more rounds are needed: %v", err)
		return nil
	}
	return gate.Learn(s.sameMachine(ctx, runs))
}

// memoryRuns bounds what is read to learn noise: past fifty sessions the median
// of their spreads moves by less than its own error.
const memoryRuns = 50

// input is everything a decision depends on. Waivers expire by the day on
// which the log was started, so that a replay decides as the run did.
func (s *session) input(log baseline.Log) gate.Input {
	today := time.Now().UTC()
	if len(log.Runs) > 0 && !log.Runs[0].Time.IsZero() {
		today = log.Runs[0].Time
	}
	return gate.Input{Log: log, Policy: s.cfg.Policy, Targets: s.cfg.Targets, Waivers: s.cfg.Waivers, Today: today}
}

// keepLog creates the raw log: where the user wants it, else under .regress/log,
// so that every run can be replayed.
func (s *session) keepLog(output string) (*os.File, error) {
	if output == "" {
		folder := filepath.Join(s.root, stateDir, "log")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, fmt.Errorf("keep the raw log: %w", err)
		}
		output = filepath.Join(folder, time.Now().UTC().Format("20060102T150405.000Z")+".txt")
	}
	file, err := os.Create(output)
	if err != nil {
		return nil, usagef("write the raw log: %w", err)
	}
	return file, nil
}
