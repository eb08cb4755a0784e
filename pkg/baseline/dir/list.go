package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

// listed is a run that a query selects, and every file of it: copies of one run
// may lie in two.
type listed struct {
	baseline.RunInfo
	files []*entry
}

// selected returns the runs that q selects, newest first.
func (c *catalog) selected(q baseline.Query) []listed {
	var runs []listed
	seen := make(map[string]int, len(c.entries))
	prints := map[baseline.Environment]string{}
	for _, e := range c.entries {
		if i, found := seen[e.id]; found {
			if i >= 0 {
				runs[i].files = append(runs[i].files, e)
			}
			continue
		}
		env := e.run.Environment
		print, found := prints[env]
		if !found {
			print = env.Fingerprint()
			prints[env] = print
		}
		info := e.info(print)
		if !lookup.Matches(q, info) {
			seen[e.id] = -1
			continue
		}
		seen[e.id] = len(runs)
		runs = append(runs, listed{info, []*entry{e}})
	}
	slices.SortFunc(runs, func(a, b listed) int { return lookup.NewestFirst(a.RunInfo, b.RunInfo) })
	if q.Limit > 0 && len(runs) > q.Limit {
		runs = runs[:q.Limit]
	}
	return runs
}

// look answers q from the index and what is newer than it. The caller closes the catalog.
func (s *store) look(ctx context.Context, doing string, q baseline.Query) (*catalog, []listed, error) {
	err := q.Validate()
	if err == nil {
		var c *catalog
		if c, err = s.catalog(ctx); err == nil {
			for i, bad := range c.bad {
				c.bad[i] = fmt.Errorf("%s: %w", doing, bad)
			}
			return c, c.selected(q), nil
		}
	}
	return nil, nil, fmt.Errorf("%s %s: %w", doing, s.path, err)
}

// List reads headers alone, and those only of files that the index does not know.
// Beside the runs that are whole it returns an error for each file that is not, which
// wraps [baseline.ErrDamaged].
func (s *store) List(ctx context.Context, q baseline.Query) ([]baseline.RunInfo, error) {
	c, runs, err := s.look(ctx, "list store", q)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var infos []baseline.RunInfo
	for _, r := range runs {
		infos = append(infos, r.RunInfo)
	}
	return infos, errors.Join(c.bad...)
}

// History streams points from the index, and reads the files of runs whose points
// are not in it.
func (s *store) History(ctx context.Context, q baseline.Query, series ...baseline.Key) iter.Seq2[baseline.Point, error] {
	return func(yield func(baseline.Point, error) bool) {
		c, runs, err := s.look(ctx, "history of store", q)
		if err != nil {
			yield(baseline.Point{}, err)
			return
		}
		defer c.close()
		asked := asked{series: series}
		for _, r := range slices.Backward(runs) {
			if err := ctx.Err(); err != nil {
				yield(baseline.Point{}, fmt.Errorf("history of store %s: %w", s.path, err))
				return
			}
			data, err := firstWhole(r.files, c.points)
			switch {
			case errors.Is(err, fs.ErrNotExist): // removed by another process just now
				continue
			case err != nil:
				c.bad = append(c.bad, fmt.Errorf("history of store: %w", err))
				continue
			}
			if !c.yield(r, data, &asked, yield) {
				return
			}
		}
		if err := errors.Join(c.bad...); err != nil {
			yield(baseline.Point{}, err)
		}
	}
}

// asked are the series that History was asked for, none: all. It remembers for
// each number of a key whether that is one.
type asked struct {
	series []baseline.Key
	known  []bool // by number, as far as the catalog had keys
	keys   []baseline.Key
}

// has reports whether the series of that number was asked for.
func (a *asked) has(key uint32) bool {
	for len(a.known) < len(a.keys) {
		a.known = append(a.known, slices.Contains(a.series, a.keys[len(a.known)]))
	}
	return len(a.series) == 0 || a.known[key]
}

// yield yields the points of one run that are asked for.
func (c *catalog) yield(r listed, data []byte, a *asked, yield func(baseline.Point, error) bool) bool {
	a.keys = c.keys // new ones came with the points of a file
	return eachPacked(data, a.has, func(key uint32, p baseline.Point) bool {
		p.Key = c.keys[key]
		p.RunID, p.Commit, p.Branch, p.Fingerprint = r.ID, r.Commit, r.Branch, r.Fingerprint
		p.Side, p.Session, p.Time = r.Side, r.Session, r.Time
		return yield(p, nil)
	})
}

// Runs reads whole files of runs, and keeps their texts to itself.
func (s *store) Runs(ctx context.Context, q baseline.Query) iter.Seq2[baseline.Run, error] {
	return func(yield func(baseline.Run, error) bool) {
		c, runs, err := s.look(ctx, "read store", q)
		if err != nil {
			yield(baseline.Run{}, err)
			return
		}
		defer c.close()
		for _, r := range slices.Backward(runs) {
			if err := ctx.Err(); err != nil {
				yield(baseline.Run{}, fmt.Errorf("read store %s: %w", s.path, err))
				return
			}
			run, err := firstWhole(r.files, func(e *entry) (baseline.Run, error) {
				run, _, err := s.read(e.name)
				return run, err
			})
			switch {
			case errors.Is(err, fs.ErrNotExist): // removed by another process just now
				continue
			case err != nil:
				c.bad = append(c.bad, fmt.Errorf("read store: %w", err))
				continue
			}
			run.Raw = nil
			if !yield(run, nil) {
				return
			}
		}
		if err := errors.Join(c.bad...); err != nil {
			yield(baseline.Run{}, err)
		}
	}
}

// firstWhole returns what read says of the first file that it can read, or its
// last error.
func firstWhole[T any](files []*entry, read func(*entry) (T, error)) (out T, err error) {
	for _, e := range files {
		if out, err = read(e); err == nil {
			return out, nil
		}
	}
	return out, err
}
