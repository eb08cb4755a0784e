package main

import (
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
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/baseline/postgres"
)

// session is what a command works on: the configuration and where it was found.
type session struct {
	*world
	cfg  config.Config
	root string // the directory of regress.toml, or the current one
	from string // the current directory
}

// open reads the configuration that is in force. A project without one works
// with the defaults.
func (w *world) open(c *cli.Context) (*session, error) {
	from, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the current directory: %w", err)
	}
	s := &session{world: w, cfg: config.Default(), root: from, from: from}
	path := c.String("config")
	if path == "" {
		path, err = config.Find(from)
		if errors.Is(err, fs.ErrNotExist) {
			return s, s.override(c)
		}
		if err != nil {
			return nil, usageError{err}
		}
	}
	if s.cfg, err = config.Load(path); err != nil {
		return nil, usageError{err}
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	s.root = filepath.Dir(path)
	return s, s.override(c)
}

// override lets flags win over the file.
func (s *session) override(c *cli.Context) error {
	if c.IsSet("budget") {
		s.cfg.Budget = c.Duration("budget")
	}
	if s.cfg.Budget <= 0 {
		return usagef("a budget of %s measures nothing: give a duration such as --budget 3m", s.cfg.Budget)
	}
	if v := c.String("benchtime"); v != "" {
		s.cfg.Suite.Benchtime = v
	}
	if v := c.String("store"); v != "" {
		s.cfg.Store = v
	}
	if v := c.String("project"); v != "" {
		s.cfg.Project = v
	}
	if c.Bool("strict") {
		s.cfg.Policy.Strict = true
	}
	return nil
}

// project is the name under which the store keeps what was measured here.
func (s *session) project(log baseline.Log) string {
	if s.cfg.Project != "" {
		return s.cfg.Project
	}
	for _, run := range log.Runs {
		if run.Project != "" {
			return run.Project
		}
	}
	return modulePath(s.root)
}

// modulePath reads the module line of the nearest go.mod at or above dir.
func modulePath(dir string) string {
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			for line := range strings.Lines(string(text)) {
				if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "module" {
					return strings.Trim(fields[1], `"`)
				}
			}
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return ""
	}
}

// store opens the store that is in force.
func (s *session) store(ctx context.Context) (baseline.Store, error) {
	where := s.cfg.Store
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return postgres.Open(ctx, where)
	}
	if where == "" {
		where = stateDir
	}
	if scheme, _, found := strings.Cut(where, "://"); found {
		return nil, usagef("store %s://…: only a directory or postgres://… is understood", scheme)
	}
	if !filepath.IsAbs(where) {
		where = filepath.Join(s.root, where)
	}
	return dir.Open(where)
}

// read reads result files, several as the shards of one measurement; "-" is the
// standard input.
func (s *session) read(names []string) (baseline.Log, error) {
	var logs []baseline.Log
	for _, name := range names {
		log, err := s.readOne(name)
		if err != nil {
			return baseline.Log{}, err
		}
		logs = append(logs, log)
	}
	if len(logs) == 1 {
		return logs[0], nil
	}
	return ingest.Merge(logs...)
}

func (s *session) readOne(name string) (baseline.Log, error) {
	if name == "-" {
		return parse("stdin", s.stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return baseline.Log{}, usagef("read results: %w", err)
	}
	defer file.Close()
	return parse(name, file)
}

// parse reads one log. One without results is an error, unless regress measured
// it and it says why: then the decision is on that.
func parse(name string, r io.Reader) (baseline.Log, error) {
	log, err := ingest.Read(name, r)
	if errors.Is(err, ingest.ErrNoBenchmarks) && (len(log.Same) > 0 || log.Procedure != "" && len(log.Problems) > 0) {
		err = nil
	}
	return log, err
}
