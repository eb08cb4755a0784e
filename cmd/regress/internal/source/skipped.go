package source

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
)

// Skipped returns the folders below dir that declare benchmarks and that ./... leaves out because
// they, or a folder above them, begin with '_': relative to dir, with slashes, sorted.
func Skipped(dir string) []string {
	folders := map[string]bool{}
	_ = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		base := filepath.Base(name)
		switch {
		case err != nil || !entry.IsDir() || name == dir:
			return nil // what cannot be read declares nothing that could be named
		case base[0] == '.' || base == "vendor" || base == "testdata" || base == "node_modules":
			return filepath.SkipDir
		case base[0] != '_':
			return nil
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		found, _ := Find(name) // what parses
		for _, position := range found {
			folders[path.Join(filepath.ToSlash(relative), path.Dir(position.File))] = true
		}
		return filepath.SkipDir
	})
	return slices.Sorted(maps.Keys(folders))
}
