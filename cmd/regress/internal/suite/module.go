package suite

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/source"
)

// group is patterns that one call of go list understands: those of one module or workspace.
type group struct {
	dir      string
	patterns []string
}

// modules sorts patterns by the module that each is for. The go command knows one module, or the
// workspace of a go.work, at a time, and stops where it meets another; a pattern below such a
// place is asked for there.
//
// The pattern ./... stands for the whole suite: all modules of a go.work, the module at Dir, or,
// where there is neither, every module below. Modules with benchmarks that it does not reach are
// told in warnings.
func (s *Suite) modules(ctx context.Context, patterns []string) (groups []group, warnings []string, err error) {
	known, err := s.workspace(ctx)
	if err != nil {
		return nil, nil, err
	}
	home := moduleRoot(s.Dir, s.Root)
	add := func(dir, pattern string) {
		for i := range groups {
			if groups[i].dir == dir {
				groups[i].patterns = append(groups[i].patterns, pattern)
				return
			}
		}
		groups = append(groups, group{dir, []string{pattern}})
	}
	whole := false
	for _, pattern := range patterns {
		switch at := localDir(s.Dir, pattern); {
		case pattern == "./..." && (s.Work != "" || home == ""):
			whole = true
			for _, dir := range s.inside(known, home) {
				add(dir, "./...")
			}
		case at == "": // an import path
			add(s.Dir, pattern)
		default:
			whole = whole || pattern == "./..."
			if own := moduleRoot(at, s.Root); own != "" && own != home && !slices.Contains(known, own) {
				add(own, inModule(s.Dir, pattern, own))
				continue
			}
			add(s.Dir, pattern)
		}
	}
	if len(groups) == 0 || home == "" && s.Work == "" && groups[0].dir == s.Dir {
		if !s.Judged {
			return nil, nil, nil
		}
		return nil, nil, fmt.Errorf("%w: there is no go.mod in %s, above it or below: run `go mod init MODULE` there, or name another suite in regress.toml with suite.command", ErrNothing, s.Dir)
	}
	if whole && s.Judged {
		warnings = s.unreached(groups, known)
	}
	return groups, warnings, nil
}

// workspace lists the folders of the modules of the go.work in force; none: there is none.
func (s *Suite) workspace(ctx context.Context) ([]string, error) {
	if s.Work == "" {
		return nil, nil
	}
	text, err := s.command(ctx, s.Dir, "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, fmt.Errorf("read %s of the %s: %w", s.Work, s.Label, err)
	}
	return strings.Fields(text), nil
}

// inside returns the modules at or below Dir that the whole suite has: those known from a go.work,
// or else all that there are.
func (s *Suite) inside(known []string, home string) []string {
	if s.Work != "" {
		in := slices.DeleteFunc(slices.Clone(known), func(dir string) bool { return !within(dir, s.Dir) })
		if len(in) == 0 && home != "" && slices.Contains(known, home) {
			return []string{s.Dir} // a folder of one of its modules
		}
		return in
	}
	return nestedModules(s.Dir)
}

// unreached says which modules below Dir have benchmarks that are not measured.
func (s *Suite) unreached(groups []group, known []string) (warnings []string) {
	for _, dir := range nestedModules(s.Dir) {
		reached := slices.Contains(known, dir) || slices.ContainsFunc(groups, func(g group) bool { return g.dir == dir })
		if reached || dir == s.Dir {
			continue
		}
		functions, _ := source.Find(dir)
		if len(functions) == 0 {
			continue
		}
		rel, _ := filepath.Rel(s.Dir, dir)
		warnings = append(warnings, fmt.Sprintf(
			"the module %s in %s has benchmarks that are not measured, because ./... ends where another module begins: add \"./%[2]s/...\" to suite.packages in regress.toml beside \"./...\"",
			source.Module(dir), filepath.ToSlash(rel)))
	}
	return warnings
}

// localDir returns the folder that a pattern such as ./x/... begins at; empty where it is an import
// path.
func localDir(dir, pattern string) string {
	if pattern != "." && pattern != ".." && !strings.HasPrefix(pattern, "./") && !strings.HasPrefix(pattern, "../") && !filepath.IsAbs(pattern) {
		return ""
	}
	at, _, _ := strings.Cut(pattern, "...")
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, at)
	}
	return filepath.Clean(at)
}

// inModule returns a local pattern of dir as the folder of its module has it.
func inModule(dir, pattern, module string) string {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(dir, pattern)
	}
	below := strings.TrimPrefix(filepath.Clean(pattern), module)
	return "." + filepath.ToSlash(below)
}

// moduleRoot returns the nearest folder at or above dir that has a go.mod, not above top; empty:
// there is none.
func moduleRoot(dir, top string) string {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == top || at == filepath.Dir(at) {
			return ""
		}
	}
}

// nestedModules lists the folders at or below dir that have a go.mod. Like the go command it skips
// vendor, testdata and folders that begin with '.' or '_'.
func nestedModules(dir string) []string {
	var found []string
	_ = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // what cannot be read has no module that could be measured
		}
		base := entry.Name()
		if name != dir && (base == "vendor" || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
			found = append(found, name)
		}
		return nil
	})
	return found
}

func within(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+string(filepath.Separator))
}
