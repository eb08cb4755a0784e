package measure

import (
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// same marks the benchmarks of every package whose test binary is equal to the
// byte on both sides and below whose directory no file differs. Who compares a
// commit with itself asks for the noise of the machine: there nothing is marked.
func (m *measurement) same(ctx context.Context) error {
	if len(m.suites) < 2 || m.res.Identical || len(m.o.Command) > 0 || ctx.Err() != nil {
		return nil
	}
	for _, s := range m.suites[:len(m.suites)-1] {
		if err := m.sameAs(ctx, s, map[baseline.Side]string{baseline.Base: m.repo.base, baseline.Anchor: m.repo.anchor}[s.side]); err != nil {
			return err
		}
	}
	return nil
}

// sameAs marks what the head has in common with one other side.
func (m *measurement) sameAs(ctx context.Context, other *suite, commit string) error {
	var changed []string
	read := false
	for _, p := range m.head().packages {
		twin := other.find(p.path)
		if twin == nil || twin.hash != p.hash {
			continue
		}
		if !read {
			var err error
			if changed, err = m.repo.Changed(ctx, commit); err != nil {
				return err
			}
			read = true
		}
		if !m.untouched(p, twin, filepath.Join(m.tmp, "tree-"+other.short()), changed) {
			continue
		}
		if err := m.markSame(p.path, other.side); err != nil {
			return err
		}
	}
	return nil
}

// untouched reports whether no file below the directory of p differs, other than
// Go files that are in the binary: of these, nothing but comments can differ. A
// package outside the tree, or one that has moved, is not vouched for.
func (m *measurement) untouched(p, twin *pkg, tree string, changed []string) bool {
	rel, err := filepath.Rel(m.repo.Top, p.dir)
	if err != nil || !filepath.IsLocal(rel) || twin.dir != filepath.Join(tree, rel) {
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

// markSame notes what is proven of the benchmarks of a package. What is the same
// at the base is not run; what is the same at the anchor needs no round of it.
func (m *measurement) markSame(path string, side baseline.Side) error {
	for _, key := range slices.SortedFunc(maps.Keys(m.entries), baseline.Key.Compare) {
		e := m.entries[key]
		_, has := e.targets[side]
		if _, both := e.targets[baseline.Head]; key.Package != path || !has || !both {
			continue
		}
		if side == baseline.Base {
			e.same = sameWhy
		} else {
			delete(e.targets, side)
		}
		if err := m.once(ingest.Same(side, key, sameWhy)); err != nil {
			return err
		}
	}
	return nil
}
