package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/source"
)

// What a workflow says that depends on the repository.
const (
	goVersion = "go-version-file: go.mod"
	pushes    = "branches: [main, master]"
)

// workflow returns a workflow of init's for a repository: version is the file that says which Go it
// needs, empty where none does, and branch what changes are made against.
func workflow(text, version, branch string) []byte {
	switch version {
	case "go.mod":
	case "":
		text = strings.ReplaceAll(text, goVersion, "go-version: stable")
	default:
		text = strings.ReplaceAll(text, goVersion, "go-version-file: "+strconv.Quote(version))
	}
	if branch != "main" && branch != "master" {
		text = strings.ReplaceAll(text, pushes, "branches: ["+strconv.Quote(branch)+"]")
	}
	return []byte(text)
}

// goFile returns the file that says which Go the repository at top needs, relative to it and with
// slashes, and what a person should know of its benchmarks before the first comparison.
func goFile(top string) (version string, notes []string, err error) {
	modules, err := benchmarks(top)
	if err != nil {
		return "", nil, fmt.Errorf("init: look for modules: %w", err)
	}
	has := func(name string) bool { _, err := os.Stat(filepath.Join(top, name)); return err == nil }
	dirs := slices.Sorted(maps.Keys(modules))
	found := 0
	for _, dir := range dirs {
		found += modules[dir]
	}
	switch {
	case len(dirs) == 0:
		return "", []string{"there is no go.mod here: go mod init makes one, or set command in [suite] to a program that prints the Go benchmark format"}, nil
	case found == 0:
		note := "no benchmark was found: write one, func BenchmarkX(b *testing.B) in a _test.go file, and measure again"
		if skipped := source.Skipped(top); len(skipped) > 0 {
			note = fmt.Sprintf("the benchmarks are in %s, which ./... leaves out because of the '_': set packages to %q", skipped[0], "./"+skipped[0])
		}
		notes = append(notes, note)
	}
	switch {
	case has("go.work"):
		return "go.work", notes, nil
	case !has("go.mod"):
		return path.Join(dirs[0], "go.mod"), notes, nil
	}
	for _, dir := range dirs {
		if dir != "." && modules[dir] > 0 {
			notes = append(notes, fmt.Sprintf("%s is a module of its own, and its benchmarks (%d) are not measured by ./...: add %q to packages", dir, modules[dir], "./"+dir+"/..."))
		}
	}
	return "go.mod", notes, nil
}

// benchmarks returns how many benchmarks each module at or below top declares, by its folder
// relative to top, with slashes.
func benchmarks(top string) (map[string]int, error) {
	modules := map[string]int{}
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // what cannot be read is no module
		}
		switch base := entry.Name(); {
		case name != top && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")), base == "vendor", base == "testdata", base == "node_modules":
			return filepath.SkipDir
		}
		if info, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && info.Mode().IsRegular() {
			dir, err := filepath.Rel(top, name)
			if err != nil {
				return err
			}
			modules[filepath.ToSlash(dir)] = 0
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	declared, _ := source.Find(top) // the rest of the tree, where a file does not parse
	for _, position := range declared {
		for dir := path.Dir(position.File); ; dir = path.Dir(dir) {
			if _, is := modules[dir]; is {
				modules[dir]++
				break
			}
			if dir == "." {
				break
			}
		}
	}
	return modules, nil
}
