package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Transplant gives the tree of s the benchmark sources that another tree has: in each package of
// from, the test files, what lies in testdata, and what else in the package's folder the test files
// name and the program does not hold. A package whose folder is not in s stays away.
// undo puts back what was there; changed reports whether anything was another one. s must be a
// tree of its own, never the user's.
func (s *Suite) Transplant(from *Suite) (undo func() error, changed bool, err error) {
	var back []func() error
	undo = func() error {
		var errs []error
		for i := len(back) - 1; i >= 0; i-- {
			errs = append(errs, back[i]())
		}
		return errors.Join(errs...)
	}
	for _, p := range from.Packages {
		rel, err := filepath.Rel(from.Root, p.Dir)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		to := filepath.Join(s.Root, rel)
		if info, err := os.Stat(to); err != nil || !info.IsDir() {
			continue
		}
		named, err := readTests(p)
		if err != nil {
			return undo, changed, fmt.Errorf("read the benchmark sources of %s: %w", p.Path, err)
		}
		inputs := slices.DeleteFunc(named.inputs(), func(name string) bool { return slices.Contains(p.Embedded, filepath.ToSlash(name)) })
		old, err := benchSources(to, inputs)
		if err != nil {
			return undo, changed, fmt.Errorf("read the benchmark sources of %s: %w", p.Path, err)
		}
		now, err := benchSources(p.Dir, inputs)
		if err != nil {
			return undo, changed, fmt.Errorf("read the benchmark sources of %s: %w", p.Path, err)
		}
		if alike(old, now) {
			continue
		}
		changed = true
		back = append(back, func() error { return replace(to, now, old) })
		if err := replace(to, old, now); err != nil {
			return undo, changed, fmt.Errorf("put the benchmark sources of %s into an older tree: %w", p.Path, err)
		}
	}
	return undo, changed, nil
}

// benchSources returns the test files of a folder, its testdata, and those of some further files
// that it has, by their path below it.
func benchSources(dir string, further []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	read := func(name string, info fs.DirEntry) error {
		if !info.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = text
		return err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			if err := read(entry.Name(), entry); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range further {
		info, err := os.Lstat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = read(name, fs.FileInfoToDirEntry(info))
		}
		if err != nil {
			return nil, err
		}
	}
	err = filepath.WalkDir(filepath.Join(dir, "testdata"), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && entry.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return read(name, entry)
	})
	return out, err
}

func alike(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if other, has := b[name]; !has || !bytes.Equal(text, other) {
			return false
		}
	}
	return true
}

// replace takes the files of old out of a folder and writes those of now.
func replace(dir string, old, now map[string][]byte) error {
	for name := range old {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, text := range now {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
