package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// setup is what a command works on: the configuration and where it was found.
type setup struct {
	*world
	cfg  config.Config
	root string // the directory of regress.toml, or the current one
	bare bool   // there is no regress.toml
	from string // the current directory
}

// session is one command at work: its setup, the stored runs, the commands that it proposes, and
// what was built.
type session struct {
	*setup
	archive
	proposer
	measured *measure.Session // until the command ends; nil: nothing was
	counter  func() found     // what counts instructions, until the command ends; nil: it was not asked for
}

// action returns what a command does: it opens the session, lets the flags win
// over regress.toml, and runs run with the arguments that are no flags.
func (w *world) action(file *fileFlags, run func(context.Context, *session, []string) error, overrides ...func(*config.Config) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		s, err := w.open(file.config)
		if err != nil {
			return err
		}
		for _, override := range overrides {
			if err := override(&s.cfg); err != nil {
				return err
			}
		}
		defer s.close()
		return run(c.Context, s, c.Args().Slice())
	}
}

// open reads the configuration that is in force: the file that --config names, or the nearest one.
// A project without one works with the defaults. What is measured is where the nearest one stands,
// or here: a file that is named does not move it.
func (w *world) open(named string) (*session, error) {
	from, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the current directory: %w", err)
	}
	u := &setup{world: w, cfg: config.Default(), root: from, from: from}
	s := &session{setup: u, archive: archive{setup: u}, proposer: proposer{setup: u}}
	nearest, err := config.Find(from)
	switch {
	case err == nil:
		s.root = filepath.Dir(nearest)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, usageError{err}
	}
	path := cmp.Or(named, nearest)
	if u.bare = path == ""; !u.bare {
		if s.cfg, err = config.Load(path); err != nil {
			return nil, usageError{err}
		}
	}
	return s, nil
}

// baseOr returns the base that was typed, else what the event of a GitHub job compares with, else
// the branch that changes are made against. Without a branch there is nothing to measure beside.
func (u *setup) baseOr(ctx context.Context, typed string) (string, error) {
	if typed != "" {
		return typed, nil
	}
	if in, err := repo.Open(ctx, u.root); err == nil {
		if base := u.eventBase(ctx, in); base != "" {
			return base, nil
		}
		if branch := in.DefaultBranch(ctx); branch != "" {
			return branch, nil
		}
		if _, err := in.Commit(ctx, "HEAD"); err == nil { // without a commit, measuring says so
			return "", usagef("compare: say what to compare with, --base BRANCH: this repository has no origin/HEAD, main or master")
		}
	}
	return "main", nil
}

// undivided returns an error for a log that lacks shards: what is made of it would look whole.
func undivided(log baseline.Log) error {
	missing := log.Shards.Missing()
	if len(missing) == 0 {
		return nil
	}
	return usagef("%d of %s missing here: give the logs of all", len(missing), figure.Counted(log.Shards.Of, "shard"))
}

// project is the name under which the store keeps what was measured here.
func (u *setup) project(log baseline.Log) string {
	if u.cfg.Project != "" {
		return u.cfg.Project
	}
	for _, run := range log.Runs {
		if run.Project != "" {
			return run.Project
		}
	}
	return source.Project(u.root)
}

// results reads FILEs, several as the shards of one measurement; where there
// are none, it measures what p says.
func (s *session) results(ctx context.Context, files []string, p plan) (baseline.Log, error) {
	if len(files) == 0 {
		return s.measure(ctx, p)
	}
	logs := make([]baseline.Log, len(files))
	for i, name := range files {
		var err error
		if logs[i], err = readFile(name, s.stdin); errors.Is(err, fs.ErrNotExist) {
			err = usagef("%w%s", err, s.meant(ctx, name))
		}
		if err != nil {
			return baseline.Log{}, err
		}
	}
	if len(logs) == 1 {
		return logs[0], nil
	}
	return ingest.Merge(logs...)
}

// readFile reads one log; "-" is the standard input.
func readFile(name string, stdin io.Reader) (baseline.Log, error) {
	if name == "-" {
		return parse("stdin", stdin)
	}
	file, err := openFile(name)
	if err != nil {
		return baseline.Log{}, err
	}
	defer file.Close()
	return parse(name, file)
}

// openFile opens a log. A directory is none: people who type one mean a package.
func openFile(name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, usagef("read results: %s is a directory; --packages %[1]s measures the benchmarks in it", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, usagef("read results: %w", err)
	}
	return file, nil
}

// meant says what to do about a word that is no file, where it reads like something else: a name
// that git knows, packages, or a word without an extension.
func (u *setup) meant(ctx context.Context, name string) string {
	if strings.HasSuffix(name, "...") {
		return "; --packages " + name + " measures those packages"
	}
	if in, err := repo.Open(ctx, u.from); err == nil {
		if _, err := in.Commit(ctx, name); err == nil {
			return "; it is a branch, tag or commit: --base " + name + " compares with it"
		}
	}
	if strings.ContainsAny(name, "./\\-") {
		return ""
	}
	return "; a FILE is a log: --bench, --packages and --base say what to measure"
}

// parse reads one log. One without results is an error, unless regress measured
// it and it says why, or it is a shard: then the decision is on that.
func parse(name string, r io.Reader) (baseline.Log, error) {
	log, err := ingest.Read(name, r)
	if errors.Is(err, ingest.ErrNoBenchmarks) && (len(log.Same) > 0 || log.Shards.Of > 0 || log.Procedure != "" && len(log.Problems) > 0) {
		err = nil
	}
	return log, err
}
