package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/source"
)

// suitePlan is how init sets a repository up: where regress.toml belongs, and what it measures.
type suitePlan struct {
	dir      string   // of regress.toml, relative to the top, with slashes
	packages []string // patterns of go test
	version  string   // the file that says which Go it needs, relative to the top; empty: none does
	notes    []string // what a person should know
}

// planSuite looks at the modules below top. module is the one that was asked for; empty: the one at
// the top, else the only one that has benchmarks.
func planSuite(ctx context.Context, top, module string) (suitePlan, error) {
	modules, err := benchmarks(top)
	if err != nil {
		return suitePlan{}, fmt.Errorf("init: look for modules: %w", err)
	}
	if module != "" {
		module = filepath.ToSlash(filepath.Clean(module))
		if _, is := modules[module]; !is {
			return suitePlan{}, usagef("init: %s is no module of this repository: there is no go.mod in it", module)
		}
		return only(module, modules), nil
	}
	if _, err := os.Stat(filepath.Join(top, "go.work")); err == nil {
		return workspace(ctx, top, modules)
	}
	if _, is := modules["."]; is {
		return only(".", modules), nil
	}
	names := slices.Sorted(maps.Keys(modules))
	if with := slices.DeleteFunc(slices.Clone(names), func(dir string) bool { return modules[dir] == 0 }); len(with) > 0 {
		names = with
	}
	switch len(names) {
	case 0:
		return suitePlan{dir: ".", packages: []string{"./..."}, notes: []string{
			"there is no go.mod here: go mod init makes one, or set command in [suite] to a program that prints the Go benchmark format",
		}}, nil
	case 1:
		return only(names[0], modules), nil
	}
	return suitePlan{}, usagef("init: there is no go.mod at the top and there are several below it: say which module is measured, such as regress init %s (of %s); or make one workspace of them: go work init ./%s",
		names[0], strings.Join(names, ", "), strings.Join(names, " ./"))
}

// only is the plan for one module of several.
func only(dir string, modules map[string]int) suitePlan {
	p := suitePlan{dir: dir, packages: []string{"./..."}, version: path.Join(dir, "go.mod")}
	p.unmeasured(modules, func(other string) bool { return other == dir })
	if modules[dir] == 0 {
		p.notes = append(p.notes, "no benchmark was found: write one, func BenchmarkX(b *testing.B) in a _test.go file, and measure again")
	}
	return p
}

// unmeasured notes the modules with benchmarks that the plan leaves out.
func (p *suitePlan) unmeasured(modules map[string]int, measured func(dir string) bool) {
	for _, other := range slices.Sorted(maps.Keys(modules)) {
		if n := modules[other]; n > 0 && !measured(other) {
			p.notes = append(p.notes, fmt.Sprintf("%s is a module of its own, and its benchmarks (%d) are not measured: a go.work at the top that names it would join it, or a regress.toml in it measures it alone", other, n))
		}
	}
}

// workspace is the plan for the modules that go.work names.
func workspace(ctx context.Context, top string, modules map[string]int) (suitePlan, error) {
	cmd := exec.CommandContext(ctx, "go", "work", "edit", "-json")
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(top, "go.work"))
	out, err := cmd.Output()
	if err != nil {
		return suitePlan{}, usagef("init: go.work is not understood: see go work edit -json: %w", err)
	}
	var work struct{ Use []struct{ DiskPath string } }
	if err := json.Unmarshal(out, &work); err != nil {
		return suitePlan{}, fmt.Errorf("init: read go.work: %w", err)
	}
	p := suitePlan{dir: ".", version: "go.work"}
	used, found := map[string]bool{}, 0
	for _, use := range work.Use {
		dir := path.Clean(filepath.ToSlash(use.DiskPath))
		if _, here := modules[dir]; !here {
			p.notes = append(p.notes, fmt.Sprintf("go.work names %s, which is not in this repository: a commit that is measured does not have it", use.DiskPath))
			continue
		}
		used[dir] = true
		found += modules[dir]
		p.packages = append(p.packages, "./"+path.Join(dir, "..."))
	}
	if len(p.packages) == 0 {
		return suitePlan{}, usagef("init: go.work names no module of this repository: go work use ./DIR")
	}
	p.unmeasured(modules, func(dir string) bool { return used[dir] })
	if found == 0 {
		p.notes = append(p.notes, "no benchmark was found: write one, func BenchmarkX(b *testing.B) in a _test.go file, and measure again")
	}
	return p, nil
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

// noteLeftOut notes what ./... leaves out without a regress.toml that somebody has thought about.
func (s *session) noteLeftOut() {
	if s.cfg.File != "" || s.has("go.work") || !s.has("go.mod") {
		return
	}
	var p suitePlan
	if modules, err := benchmarks(s.root); err == nil {
		p.unmeasured(modules, func(dir string) bool { return dir == "." })
	}
	for _, note := range p.notes {
		s.note("%s", note)
	}
}

func (s *session) has(name string) bool {
	_, err := os.Stat(filepath.Join(s.root, name))
	return err == nil
}

// noModule says in words of this project's own why the go command found nothing to build; nil where
// that is not for want of a go.mod.
func (s *session) noModule() error {
	if len(s.cfg.Suite.Command) > 0 || s.has("go.mod") {
		return nil
	}
	if s.has("go.work") {
		if !slices.Contains(s.cfg.Suite.Packages, "./...") {
			return nil
		}
		return usagef("./... names nothing at the top of a workspace: name its modules, --packages ./a/...,./b/..., or let regress init write a regress.toml that does")
	}
	if source.Module(s.root) != "" {
		return nil // the module is above
	}
	modules, err := benchmarks(s.root)
	if err != nil || len(modules) == 0 {
		return usagef("there is no go.mod in %s or above it: go mod init makes one, or set command in [suite] of regress.toml to a program that prints the Go benchmark format", s.root)
	}
	names := slices.Sorted(maps.Keys(modules))
	return usagef("there is no go.mod in %s, and there are modules below it: go to one (cd %s), or let regress init set them up (%s)", s.root, names[0], strings.Join(names, ", "))
}

// configuration returns regress.toml.
func (p suitePlan) configuration() []byte {
	quoted := make([]string, len(p.packages))
	for i, pattern := range p.packages {
		quoted[i] = strconv.Quote(pattern)
	}
	return []byte(strings.Replace(config.Template, `packages = ["./..."] `, "packages = ["+strings.Join(quoted, ", ")+"] ", 1))
}

// Lines of a workflow that depend on the repository.
var (
	actionLine = regexp.MustCompile(`(?m)^( *)- uses: descartes/regress@.*\n(?:( *)with:\n)?`)
	goVersion  = "go-version-file: go.mod"
	pushes     = "branches: [main, master]"
)

// workflow returns a workflow for this plan, in a repository whose changes are made against branch.
func (p suitePlan) workflow(text, branch string) []byte {
	switch p.version {
	case "go.mod":
	case "":
		text = strings.ReplaceAll(text, goVersion, "go-version: stable")
	default:
		text = strings.ReplaceAll(text, goVersion, "go-version-file: "+strconv.Quote(p.version))
	}
	if branch != "main" && branch != "master" {
		text = strings.ReplaceAll(text, pushes, "branches: ["+strconv.Quote(branch)+"]")
	}
	if p.dir != "." {
		text = actionLine.ReplaceAllStringFunc(text, func(step string) string {
			indent := strings.Repeat(" ", strings.Index(step, "-")+2)
			if !strings.Contains(step, "with:") {
				step += indent + "with:\n"
			}
			return step + indent + "  working-directory: " + strconv.Quote(p.dir) + "\n"
		})
	}
	return []byte(text)
}
