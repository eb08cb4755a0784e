package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// plan says what a command wants measured beyond what the configuration says.
type plan struct {
	measureFlags
	base   string          // ref; empty: head alone
	groups []string        // of regress.toml; none: the whole suite
	rounds int             // fixed in advance; 0: as the decision asks
	resume string          // an interrupted log
	next   bool            // let the decision ask for rounds
	all    bool            // also what is proven the same
	count  bool            // count instructions where something can
	shards baseline.Shards // the part of the suite that is measured here; zero: all of it

	// beside is what to measure in pairs with head, which is its last; none: head alone, or base.
	beside []measure.Revision
}

// measure runs the suite and reads the log back from its own text, so that what
// is decided now is what a replay decides.
func (s *session) measure(ctx context.Context, p plan) (baseline.Log, error) {
	text, name, err := s.take(ctx, p)
	if err != nil {
		return baseline.Log{}, err
	}
	return parse(name, bytes.NewReader(text))
}

// take runs the suite and keeps the raw log, and returns its text and where it
// is kept.
func (s *session) take(ctx context.Context, p plan) (text []byte, name string, err error) {
	options, err := s.options(ctx, p)
	if err != nil {
		return nil, "", err
	}
	kept, err := s.keep(p.output, p.resume)
	if err != nil {
		return nil, "", err
	}
	name = s.shorten(kept.file.Name())
	options.Log = kept.file
	var wipe func()
	if s.progress {
		options.Progress, wipe = measure.Line(s.stderr, s.width)
	} else {
		options.Progress, wipe = measure.Lines(func(line string) { s.note("%s", line) }, progressEvery)
	}
	result, err := s.run(ctx, options)
	wipe()
	s.noteUncounted(p.next)
	written, closing := kept.close()
	if err == nil {
		err = closing
	}
	if err != nil {
		if written && errors.Is(err, measure.ErrNothing) {
			s.note("raw log, without a result: %s", name)
		} else if written {
			s.note("what was measured is kept: %s", name)
		}
		if errors.Is(err, repo.ErrRef) || errors.Is(err, measure.ErrRef) { // typed, and no such thing
			err = usageError{err}
		}
		return nil, name, err
	}
	s.note("raw log: %s", name)
	switch {
	case result.Identical:
		held := ""
		if result.Anchor != "" {
			held = ", and nothing is held against " + result.Anchor
		}
		s.note("base and head are the same commit %.12s and the tree is clean%s: this measures the noise of this machine (A/A)%s", result.HeadCommit, s.behind(ctx, p.base, result.HeadCommit), held)
	case result.Anchor != "" && result.AnchorCommit == result.BaseCommit:
		s.note("the anchor %s is the base itself: one comparison answers for both", result.Anchor)
	}
	if result.Stopped != "" && p.next {
		s.note("stopped by the %s; go on with: %s --resume %s", result.Stopped, s.compare(p.base, p.bench, 0), figure.Word(name))
	}
	return result.Text, name, nil
}

// behind says why base and head are one commit where they were not named alike: the base is where
// HEAD left ref, and ref stands on top of HEAD. Empty where ref is HEAD.
func (u *setup) behind(ctx context.Context, ref, head string) string {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return ""
	}
	commit, err := in.Commit(ctx, ref)
	if err != nil || commit == head {
		return ""
	}
	return fmt.Sprintf(", because %s (%.12s) has HEAD in its history and the base is the commit where the two part; check %[1]s out and compare it with --base %.12[3]s to see what it adds", ref, commit, head)
}

// progressEvery is how often a log, which nobody watches, says that building goes on.
const progressEvery = 15 * time.Second

// run measures in a session that stays open, for what is asked about the same binaries afterwards.
func (s *session) run(ctx context.Context, options measure.Options) (measure.Result, error) {
	made, err := measure.Open(ctx, options)
	if err != nil {
		return measure.Result{}, err
	}
	s.measured = made
	return made.Run(ctx)
}

// shorten names a file relative to where the user stands.
func (u *setup) shorten(name string) string {
	if relative, err := filepath.Rel(u.from, name); err == nil && !strings.HasPrefix(relative, "..") {
		return relative
	}
	return name
}

func (s *session) options(ctx context.Context, p plan) (measure.Options, error) {
	suite := s.cfg.Suite
	options := measure.Options{
		Dir:       s.root,
		Base:      p.base,
		Project:   cmp.Or(s.cfg.Project, source.Project(s.root)),
		Packages:  suite.Packages,
		Inputs:    suite.Inputs,
		Shards:    p.shards,
		Command:   suite.Command,
		Benchtime: suite.Benchtime,
		Timeout:   suite.Timeout,
		Budget:    s.cfg.Budget,
		Rounds:    p.rounds,
		Seed:      p.seed,
		All:       p.all,
		Env:       p.env.Value(),
	}
	if !p.next && p.rounds < 1 {
		return options, usagef("--rounds %d measures nothing: give 1 or more", p.rounds)
	}
	pattern, err := s.cfg.Select(p.groups...)
	if err != nil {
		return options, usageError{err}
	}
	if p.bench != "" {
		pattern = p.bench
	}
	options.Bench = pattern
	if p.resume != "" {
		if options.Resume, err = os.ReadFile(p.resume); err != nil {
			return options, usagef("resume: %w", err)
		}
	}
	if p.count && len(suite.Command) == 0 {
		options.Counter = s.counting(ctx)
	}
	if !p.next {
		options.Spare = gate.ToCount
		if options.Revisions = p.beside; len(p.beside) > 0 {
			options.Budget *= time.Duration(len(p.beside))                   // as long for each as for head alone
			options.All = true                                               // head is kept whatever it has in common
			options.Next = func(baseline.Log) []baseline.Want { return nil } // in pairs, and no more rounds
		}
		return options, nil
	}
	options.Anchor = s.cfg.Anchor
	options.Noise = s.memory(ctx)
	options.Next = func(log baseline.Log) []baseline.Want { return gate.Next(s.input(log)) }
	return options, nil
}

// memory learns from the store how noisy each benchmark is on this class of
// machine. A store that does not answer, or takes too long, costs rounds and not the verdict.
func (a *archive) memory(ctx context.Context) map[baseline.Key]baseline.Noise {
	ctx, cancel := context.WithTimeoutCause(ctx, memoryLimit, fmt.Errorf("the store took longer than %v", memoryLimit))
	defer cancel()
	runs, err := a.here(ctx)
	if err != nil {
		a.note("warning: nothing is known of past noise, so more rounds are needed: %v", err)
		return nil
	}
	return gate.Learn(runs)
}

// memoryRuns bounds what is read to learn noise: past fifty sessions the median
// of their spreads moves by less than its own error.
const memoryRuns = 50

// memoryLimit is how long the store may take to say it: a server that sends a little now and then
// is never silent. A test makes it shorter.
var memoryLimit = time.Minute

// input is everything a decision depends on. Waivers expire by the day on
// which the log was started, so that a replay decides as the run did.
func (u *setup) input(log baseline.Log) gate.Input {
	today := started(log)
	if today.IsZero() {
		today = time.Now().UTC()
	}
	if log.Bench == u.cfg.Suite.Bench {
		log.Bench = "" // the whole suite, as this project has it
	}
	return gate.Input{Log: log, Policy: u.cfg.Policy, Targets: u.cfg.Targets, Waivers: u.cfg.Waivers, Today: today}
}
