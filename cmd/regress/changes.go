package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
)

// What trend --changes and watch have read of a large store and learned of it is kept in the user's
// cache, so that they read and fit new runs alone. It can be thrown away at any time, and is not
// used where a run that it has is gone from the store, or another one lies between them. The text
// is the same either way. Small stores, which are read faster than one looks, have none.
const (
	mostBehind = 8                   // new runs up to which what is kept is good enough
	keptFor    = 60 * 24 * time.Hour // without use
)

// leastKept is how many points a store has before they are kept; a variable for tests.
var leastKept = 200_000

// pageOf is course.Changes, or course.Watched.
type pageOf func(*course.Columns, []course.Commit) (course.Page, error)

// changesPage returns what changed in the wanted series on the first of the branches that the store
// has, and which that is. Where it has none the page has no series.
func (s *session) changesPage(ctx context.Context, query baseline.Query, branches []string, wanted func(baseline.Key) bool, all bool, of pageOf) (page course.Page, branch string, err error) {
	for _, query.Branch = range branches {
		c, keep, err := s.columns(ctx, query, wanted, all)
		if err != nil {
			return page, query.Branch, err
		}
		if c.Points() == 0 {
			continue
		}
		page, err = of(c, s.firstParents(ctx, query.Branch))
		page.Machines = s.machines
		if keep != "" && err == nil {
			s.keepColumns(keep, c)
		}
		return page, query.Branch, err
	}
	return page, query.Branch, nil
}

// columns returns what the store has of the wanted series, each with the anchors that were measured
// beside it, unless absolute values are asked for. all says that no series and no run is left out:
// then what is kept is used, and keep is the file where more than that is worth keeping; else it is
// empty.
func (a *archive) columns(ctx context.Context, query baseline.Query, wanted func(baseline.Key) bool, all bool) (c *course.Columns, keep string, err error) {
	store, err := a.store(ctx)
	if err != nil {
		return nil, "", err
	}
	query.Anchors = !a.absolute
	infos, err := store.List(ctx, query)
	whole := err == nil
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return nil, "", err
	}
	slices.Reverse(infos) // as a history is
	c = &course.Columns{}
	if file := a.columnsFile(query); all && whole {
		if c, keep = readColumns(file, infos), file; len(c.Runs) > 0 && len(infos)-len(c.Runs) <= mostBehind {
			keep = ""
		}
	}
	known := len(c.Runs)
	index := a.describeRuns(c, infos)
	if known == len(infos) {
		return c, keep, nil
	}
	if known > 0 {
		query.Since = cmp.Or(query.Since, infos[known].Time)
	}
	for p, err := range baseline.WithAnchors(store.History(ctx, query)) {
		if errors.Is(err, baseline.ErrDamaged) {
			a.note("warning: %v", err)
			return c, "", nil
		}
		if err != nil {
			return nil, "", err
		}
		at, listed := index[p.RunID]
		if !listed || at < known || !wanted(p.Key) { // put just now, or kept
			continue
		}
		c.Add(course.Name{Key: p.Key, Fingerprint: p.Fingerprint}, at, p.Center, held(p.Anchors))
	}
	if c.Points() < leastKept {
		keep = ""
	}
	return c, keep, nil
}

// describeRuns says in c what each run of a list is, oldest first, and returns their places by ID.
func (a *archive) describeRuns(c *course.Columns, infos []baseline.RunInfo) map[string]int {
	index := make(map[string]int, len(infos))
	a.machines = map[string]string{}
	words := map[baseline.Environment][2]string{}
	for i := range infos {
		info := &infos[i]
		said, known := words[info.Environment]
		if !known {
			said = [2]string{machineWords(info.Environment), environmentOf(info.Environment)}
			words[info.Environment] = said
		}
		if info.Side != baseline.Anchor {
			a.machines[info.Fingerprint] = said[0]
		}
		if i == len(c.Runs) {
			c.Runs = append(c.Runs, course.Run{ID: info.ID})
		}
		c.Runs[i].Point = course.Point{Commit: info.Commit, Time: info.Time, Environment: said[1], Facts: &info.Facts}
		index[info.ID] = i
	}
	return index
}

// columnsFile returns the file for what is kept of a query; empty where the user has no cache.
func (a *archive) columnsFile(query baseline.Query) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	where := a.cfg.Store
	if !isPostgres(where) {
		if where = cmp.Or(where, stateDir); !filepath.IsAbs(where) {
			where = filepath.Join(a.root, where)
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %v", where, query.Project, query.Branch, query.Anchors))
	return filepath.Join(cache, "regress", "trend", hex.EncodeToString(sum[:12]))
}

// readColumns returns what is kept in a file, where all of its runs are the oldest of a list and
// the next one, if there is one, is not of their time; else nothing.
func readColumns(file string, infos []baseline.RunInfo) *course.Columns {
	none := &course.Columns{}
	if file == "" {
		return none
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return none
	}
	c, ok := course.Decode(text)
	if !ok || len(c.Runs) > len(infos) {
		return none
	}
	for i, run := range c.Runs {
		if run.ID != infos[i].ID {
			return none
		}
	}
	if n := len(c.Runs); n > 0 && n < len(infos) && !infos[n].Time.After(infos[n-1].Time) {
		return none // nor are they one session
	}
	return c
}

// keepColumns writes what is kept into its file. Nothing depends on it: what goes wrong is told and
// no error. Files that nobody has used for long go.
func (a *archive) keepColumns(file string, c *course.Columns) {
	dir := filepath.Dir(file)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = replaceFile(file, c.Encode())
	}
	if err != nil {
		a.note("warning: the next trend --changes or watch reads the whole store again: %v", err)
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > keptFor {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// replaceFile writes a file that others see whole or not at all.
func replaceFile(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
