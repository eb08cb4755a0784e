package measure

import (
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// same marks the benchmarks of every package whose test binary is equal to the
// byte on both sides and below whose directory no file differs. Who compares a
// commit with itself asks for the noise of the machine: there nothing is marked.
func (m *measurement) same(ctx context.Context) error {
	if len(m.suites) < 2 || m.res.Identical || len(m.o.Command) > 0 || ctx.Err() != nil {
		return nil
	}
	base := map[string]*pkg{}
	for _, p := range m.suites[0].packages {
		base[p.path] = p
	}
	var changed []string
	read := false
	for _, p := range m.suites[1].packages {
		twin := base[p.path]
		if twin == nil || twin.hash != p.hash {
			continue
		}
		if !read {
			var err error
			if changed, err = m.repo.changed(ctx); err != nil {
				return err
			}
			read = true
		}
		if !m.untouched(p, twin, changed) {
			continue
		}
		if err := m.markSame(p.path); err != nil {
			return err
		}
	}
	return nil
}

// untouched reports whether no file below the directory of p differs, other than
// Go files that are in the binary: of these, nothing but comments can differ. A
// package outside the tree, or one that has moved, is not vouched for.
func (m *measurement) untouched(p, twin *pkg, changed []string) bool {
	rel, err := filepath.Rel(m.repo.top, p.dir)
	if err != nil || !filepath.IsLocal(rel) || twin.dir != filepath.Join(m.tmp, "tree", rel) {
		return false
	}
	for _, file := range changed {
		dir, name := path.Split(file)
		if path.Clean(dir) == filepath.ToSlash(rel) && slices.Contains(p.compiled, name) && slices.Contains(twin.compiled, name) {
			continue
		}
		if rel == "." || strings.HasPrefix(file, filepath.ToSlash(rel)+"/") {
			return false
		}
	}
	return true
}

const sameWhy = "the test binaries are equal to the byte, and below the package's directory no file differs but for comments in its code"

func (m *measurement) markSame(path string) error {
	for _, key := range slices.SortedFunc(maps.Keys(m.entries), baseline.Key.Compare) {
		e := m.entries[key]
		if key.Package != path || len(e.targets) < 2 {
			continue
		}
		e.same = sameWhy
		if err := m.once("# same: " + orDash(key.Package) + " " + key.Name + " " + sameWhy + "\n"); err != nil {
			return err
		}
	}
	return nil
}
