package placement

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// Between reads the difference between two commits of the repository at top. The tree of head is in
// dir, which need not be of the repository.
func Between(ctx context.Context, top, base, head, dir string) (*Finder, error) {
	in, err := repo.Open(ctx, top)
	if err != nil {
		return nil, fmt.Errorf("find the cause: %w", err)
	}
	text, err := in.DiffBetween(ctx, base, head)
	if err == nil && len(text) > maxDiff {
		err = fmt.Errorf("the difference has %d MiB, more than %d: it is not looked through", len(text)>>20, maxDiff>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("find the cause: %w", err)
	}
	t := &tree{top: dir, modules: map[string]string{}, files: map[string]*file{}}
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" || !entry.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		body, err := os.ReadFile(name)
		if m := moduleLine.FindSubmatch(body); err == nil && m != nil {
			t.modules[string(m[1])] = path.Dir(filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the cause: look for modules: %w", err)
	}
	return newFinder(t, parseDiff(text)), nil
}
