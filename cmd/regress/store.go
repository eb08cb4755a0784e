package main

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/dir"
	"github.com/descartes/regress/pkg/baseline/postgres"
)

// archive is the stored runs of the project, in a store that a command opens when it first asks.
type archive struct {
	*setup
	asked    bool
	opened   baseline.Store
	err      error
	absolute bool              // courses are of values as they were measured, without anchors
	machines map[string]string // the classes of machine that courses has met, in words
	learned  *memory           // of courses, for who reads them again; nil: nobody does
}

// store opens the store that is in force. A command opens it once: where that
// failed, it is not waited for again. The session closes it.
func (a *archive) store(ctx context.Context) (baseline.Store, error) {
	if !a.asked {
		a.asked = true
		a.opened, a.err = openStore(ctx, a.root, a.cfg.Store)
	}
	return a.opened, a.err
}

// close gives back what the command has opened.
func (s *session) close() {
	if s.measured != nil {
		s.measured.Close()
	}
	if s.counter != nil && s.counter().counter != nil {
		_ = s.counter().counter.Close() // what is left lies in a temporary directory
	}
	if s.opened != nil {
		_ = s.opened.Close() // what Put and Remove returned is kept already
	}
}

// openStore opens the store at where: a URL of PostgreSQL, or a directory, by
// default that of this project.
func openStore(ctx context.Context, root, where string) (baseline.Store, error) {
	if err := checkStore(where); err != nil {
		return nil, err
	}
	switch {
	case isPostgres(where):
		return postgres.Open(ctx, where)
	case where == "":
		where = stateDir
	}
	if !filepath.IsAbs(where) {
		where = filepath.Join(root, where)
	}
	return dir.Open(where)
}

// isPostgres reports whether where is spelt as a URL of PostgreSQL.
func isPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// What a directory is hardly called, and what drivers of databases take, which
// may hold a password: a URL, a user and password before a host, keywords with
// values, host:port. The careful form holds for what is spelt as a path.
var (
	likeDSN      = regexp.MustCompile(`[:=@\x00-\x1f\x7f]`)
	likeDSNPath  = regexp.MustCompile(`(?i)://|:[^/]*@|^//.*@|(password|passwd|pwd|user|dbname)\s*=|[\x00-\x1f\x7f]`)
	spelledPaths = []string{"/", "./", "../"}
)

// checkStore returns an error that shows nothing of where, which may hold a
// password, unless where names a directory or is a URL of PostgreSQL.
func checkStore(where string) error {
	if isPostgres(where) {
		if err := postgres.Validate(where); err != nil {
			return usageError{err}
		}
		return nil
	}
	forbidden := likeDSN
	if slices.ContainsFunc(spelledPaths, func(p string) bool { return strings.HasPrefix(where, p) }) {
		forbidden = likeDSNPath
	}
	if forbidden.MatchString(where) {
		return usagef("the store that was given (not shown, it may hold a password) is not a directory and not postgres://…: write postgres://user:password@host:5432/database, or ./NAME for a directory of a name with : = or @")
	}
	return nil
}

// stored returns the runs that query selects, oldest first, without their texts.
func (a *archive) stored(ctx context.Context, query baseline.Query) ([]baseline.Run, error) {
	store, err := a.store(ctx)
	if err != nil {
		return nil, err
	}
	var runs []baseline.Run
	for run, err := range store.Runs(ctx, query) {
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}
