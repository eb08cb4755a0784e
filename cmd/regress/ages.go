package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/past"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
)

// ages finds out of which commit and of what time old results are.
type ages struct {
	*importFlags
	in      repo.Repo
	clone   bool         // there is one
	main    string       // the branch that results are of where they do not say
	given   repo.Entry   // what --commit names
	history []repo.Entry // of main, oldest first
	places  map[string]int
	known   map[string]repo.Entry // by the name that was asked for; of one that git does not know, without a commit
	lacking map[string]bool       // commits that git does not know
}

func newAges(ctx context.Context, u *setup, f *importFlags) (*ages, error) {
	a := &ages{importFlags: f, places: map[string]int{}, known: map[string]repo.Entry{}, lacking: map[string]bool{}}
	var err error
	a.in, err = repo.Open(ctx, u.root)
	if a.clone = err == nil; ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if f.commit != "" {
		var ok bool
		if a.given, ok = a.find(ctx, f.commit); !ok {
			return nil, usagef("--commit %q: git does not know it here%s", f.commit, a.remedy(ctx))
		}
	}
	a.main = f.branch
	if a.main == "" && a.clone {
		a.main = u.branches(ctx, "")[0]
		if a.main == "" {
			a.main = a.in.Branch(ctx)
		}
	}
	if a.main == "" {
		return nil, usagef("import: there is no branch here that the results could be of: give one with --branch main")
	}
	if !a.clone {
		return a, nil
	}
	for _, ref := range []string{a.main, "origin/" + a.main} {
		if entries, err := a.in.FirstParents(ctx, ref, mostCommits); err == nil && len(entries) > len(a.history) {
			a.history = entries
		}
	}
	for i, e := range a.history {
		a.known[e.Commit] = e
		if len(a.history) < mostCommits {
			a.places[e.Commit] = i + 1
		}
	}
	return a, nil
}

// find returns what git knows of a commit, and whether it knows it.
func (a *ages) find(ctx context.Context, name string) (repo.Entry, bool) {
	e, asked := a.known[name]
	if !asked && a.clone {
		e, _ = a.in.Entry(ctx, name)
		a.known[name] = e
	}
	return e, e.Commit != ""
}

// place returns a run with its commit, time, branch and what git knows of the commit.
func (a *ages) place(ctx context.Context, path string, run baseline.Run) (baseline.Run, error) {
	if run.Dirty {
		return run, fmt.Errorf("the tree at %.12s had uncommitted changes, so that nobody can check out what was measured", run.Commit)
	}
	header, name := past.Header(run.Raw), past.Name(within(path))
	if run.Commit != "" {
		header.Commits = []string{run.Commit}
	}
	if !run.Side.Judged() {
		name.Commits = nil // the file is named by its head
	}
	e, err := a.commit(ctx, append(header.Commits, name.Commits...), header.Or(name))
	if err != nil {
		return run, err
	}
	run.Commit = e.Commit
	for _, at := range []time.Time{run.Time, header.Time, e.Time, name.Time, run.Facts.Time} {
		if run.Time.IsZero() {
			run.Time = at
		}
	}
	if run.Time.IsZero() {
		return run, fmt.Errorf("nothing says when commit %.12s was measured: git does not know it here%s, and no date stands in the name, such as 2024-05-31", e.Commit, a.remedy(ctx))
	}
	if run.Branch = strings.TrimPrefix(run.Branch, "origin/"); run.Branch == "" || a.branch != "" && run.Side.Judged() {
		run.Branch = a.main
	}
	if !e.Time.IsZero() {
		run.Facts.Time, run.Facts.Author, run.Facts.Subject = e.Time, baseline.Clip(e.Author), baseline.Clip(e.Subject)
		if run.Branch == a.main {
			run.Facts.Place = a.places[e.Commit]
		}
	}
	return run, nil
}

// commit returns the first of some names that git knows, else the first that is a whole one. Where
// there is none, flags say.
func (a *ages) commit(ctx context.Context, names []string, hint past.Hint) (repo.Entry, error) {
	for _, name := range names {
		if e, ok := a.find(ctx, name); ok {
			return e, nil
		}
	}
	if i := slices.IndexFunc(names, past.Full); i >= 0 {
		a.lacking[names[i]] = true
		return repo.Entry{Commit: names[i]}, nil
	}
	switch {
	case len(names) > 0:
		return repo.Entry{}, fmt.Errorf("git does not know the commit %.64q here%s; a commit that is gone must be named in full", names[0], a.remedy(ctx))
	case a.given.Commit != "":
		return a.given, nil
	case a.byDate && !hint.Time.IsZero():
		return a.dated(hint)
	case a.byDate:
		return repo.Entry{}, errors.New("neither a commit nor a date stands in it or in its name, such as 3fc9e01 or 2024-05-31")
	case !hint.Time.IsZero():
		return repo.Entry{}, errors.New("it has a date and no commit: --by-date takes the last commit of the branch by then, --commit NAME says which")
	}
	return repo.Entry{}, errors.New("nothing says of which commit it is: put the commit into the file's name, as in 3fc9e01.txt, or give --commit NAME")
}

// dated returns the last commit of the branch by the end of a day, or by a time.
func (a *ages) dated(hint past.Hint) (repo.Entry, error) {
	end := hint.Time
	if hint.Day {
		end = end.AddDate(0, 0, 1)
	}
	for _, e := range slices.Backward(a.history) {
		if e.Time.Before(end) {
			return e, nil
		}
	}
	return repo.Entry{}, fmt.Errorf("git knows no commit of %s by %s", a.main, hint.Time.Format(time.DateOnly))
}

// remedy says what to do where git may lack commits for want of history; empty otherwise.
func (a *ages) remedy(ctx context.Context) string {
	switch {
	case !a.clone:
		return " (this is no clone: run it in one)"
	case a.in.Shallow(ctx):
		return " (this clone is shallow: " + repo.Deepen + ")"
	}
	return ""
}

// within returns the part of a path that may say something of its file: a folder that the user's
// home lies in does not.
func within(path string) string {
	if !filepath.IsAbs(path) {
		return path
	}
	parts := strings.Split(filepath.ToSlash(path), "/")
	const most = 4
	return strings.Join(parts[max(0, len(parts)-most):], "/")
}
