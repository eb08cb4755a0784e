package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// Open opens the store in the directory path, which need not exist: the first
// Put makes it, and until then the store is empty.
func Open(path string) (baseline.Store, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("open store: %w", explain(err))
	case !info.IsDir():
		return nil, fmt.Errorf("open store %s: it is a file: name a directory or a postgres:// URL", path)
	}
	return &store{path: path}, nil
}

type store struct{ path string }

// Close returns nil: nothing is held between two calls.
func (s *store) Close() error { return nil }

const (
	suffix    = ".txt"
	temporary = ".put-" // begins the name of a file that is being written
	idLength  = 12      // digits of the ID in a file's name
)

// fileName returns <utc>-<sha12>-<id12>.txt; parts that are unknown are zeros.
func fileName(r baseline.Run) string {
	utc := strings.Repeat("0", 8) + "T" + strings.Repeat("0", 6) + "Z"
	if !r.Time.IsZero() {
		utc = r.Time.UTC().Format("20060102T150405Z")
	}
	sha := strings.Repeat("0", 12)
	if c := r.Commit; len(c) >= 12 && strings.Trim(c[:12], "0123456789abcdef") == "" {
		sha = c[:12]
	}
	return utc + "-" + sha + "-" + r.ID()[:idLength] + suffix
}

// idOf returns the part of the ID that a file's name holds; empty when it is no run's.
func idOf(name string) string {
	parts := strings.Split(strings.TrimSuffix(name, suffix), "-")
	if len(parts) != 3 || len(parts[2]) != idLength {
		return ""
	}
	return parts[2]
}

// names lists the runs' files, sorted; a directory that is not there has none.
func (s *store) names() ([]string, error) {
	entries, err := os.ReadDir(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Put keeps runs; see the package's promise.
func (s *store) Put(ctx context.Context, runs ...baseline.Run) (added int, err error) {
	if added, err = s.put(ctx, runs); err != nil {
		return 0, fmt.Errorf("put %d runs into store %s: %w", len(runs), s.path, err)
	}
	return added, nil
}

// put is Put without the words around its errors.
func (s *store) put(ctx context.Context, runs []baseline.Run) (int, error) {
	for _, r := range runs {
		if err := r.Validate(); err != nil {
			return 0, err
		}
	}
	if err := ctx.Err(); err != nil || len(runs) == 0 {
		return 0, err
	}
	if err := os.MkdirAll(s.path, 0o777); err != nil {
		return 0, explain(err)
	}
	unlock, err := lock(ctx, s.path)
	if err != nil {
		return 0, err
	}
	defer unlock()
	// Whoever holds the lock is the only writer: what lies here half-written was
	// left by a process that died.
	if err := s.sweep(); err != nil {
		return 0, err
	}
	b := batch{path: s.path}
	if err := s.fill(ctx, &b, runs); err != nil {
		return 0, errors.Join(err, b.discard())
	}
	return len(b.want), b.publish()
}

// fill writes the runs that are not there to temporary files.
func (s *store) fill(ctx context.Context, b *batch, runs []baseline.Run) error {
	have, err := s.byID()
	if err != nil {
		return err
	}
	for _, r := range runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := r.ID()
		damaged, found, err := s.whole(have[id[:idLength]], id)
		if err != nil {
			return err
		}
		if found || slices.Contains(b.ids, id) {
			continue
		}
		if err := b.write(id, fileName(r), encode(r)); err != nil {
			return explain(err)
		}
		for _, name := range damaged {
			if name != fileName(r) { // the rename itself replaces that one
				b.old = append(b.old, name)
			}
		}
	}
	return nil
}

// byID maps the IDs that files' names hold to the names.
func (s *store) byID() (map[string][]string, error) {
	names, err := s.names()
	m := make(map[string][]string, len(names))
	for _, name := range names {
		m[idOf(name)] = append(m[idOf(name)], name)
	}
	return m, err
}

// whole says whether one of names keeps the run undamaged, and which do not: a
// new copy replaces those.
func (s *store) whole(names []string, id string) (damaged []string, found bool, err error) {
	for _, name := range names {
		_, got, err := s.read(name)
		switch {
		case err == nil && got == id:
			return nil, true, nil
		case errors.Is(err, baseline.ErrDamaged):
			damaged = append(damaged, name)
		case err != nil:
			return nil, false, err
		}
	}
	return damaged, false, nil
}

// sweep removes files that a writer left half-written. The caller holds the lock.
func (s *store) sweep() error {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return explain(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporary) {
			if err := os.Remove(filepath.Join(s.path, e.Name())); err != nil {
				return explain(err)
			}
		}
	}
	return nil
}

// Remove forgets one run and every copy of it, damaged ones included.
func (s *store) Remove(ctx context.Context, id string) error {
	if err := s.remove(ctx, id); err != nil {
		return fmt.Errorf("remove run from store %s: %w", s.path, err)
	}
	return nil
}

// remove is Remove without the words around its errors.
func (s *store) remove(ctx context.Context, id string) error {
	names, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	unlock, err := lock(ctx, s.path)
	if err != nil {
		return err
	}
	defer unlock()
	gone := 0
	for _, name := range names {
		err := os.Remove(filepath.Join(s.path, name))
		switch {
		case err == nil:
			gone++
		case !errors.Is(err, fs.ErrNotExist):
			return explain(err)
		}
	}
	if gone == 0 { // another process was faster
		return fmt.Errorf("run %s: %w", id, baseline.ErrNotFound)
	}
	return syncDir(s.path)
}
