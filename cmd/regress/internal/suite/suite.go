package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
)

// What can be wrong with a tree, for callers that branch. The message around each names the object
// and the remedy.
var (
	ErrBuild   = errors.New("does not build")
	ErrNothing = errors.New("nothing to measure")
)

// Suite is the benchmarks of one tree.
type Suite struct {
	Label    string     // names the side for people: "the base"
	Root     string     // top of the tree
	Dir      string     // where patterns of packages start; it need not exist in an old tree
	Judged   bool       // what is wrong here is the author's own, and told
	Project  string     // module path
	Version  string     // of the toolchain
	Work     string     // go.work in force; empty: none
	Inputs   Inputs     // what its benchmarks read, where that is said
	Packages []*Package // those that declare benchmarks, by path
	Runner   Runner
}

// Package is one package of a suite that declares benchmarks.
type Package struct {
	Path      string   // import path
	Dir       string   // absolute
	Functions []string // benchmark functions, sorted
	Others    []string // those of other shards, which are not run
	Compiled  []string // names of the Go files in Dir that are in the binary
	Tests     []string // those of them that are test files
	Embedded  []string // files below Dir that the program holds, without those of tests
	Binary    string   // empty: not built
	Hash      string   // of Binary, 16 hexadecimal digits
}

// Find returns the package of that path; nil: the suite has no benchmarks there.
func (s *Suite) Find(path string) *Package {
	for _, p := range s.Packages {
		if p.Path == path {
			return p
		}
	}
	return nil
}

// listed is what go list says about a package.
type listed struct {
	Dir, ImportPath                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
	EmbedFiles                         []string // those of GoFiles
	Module                             *struct{ Path string }
	Error                              *struct{ Err string }
}

// List finds the packages of the suite that declare benchmarks. A pattern that matches nothing is
// an error only in the tree that is judged: what it would have matched elsewhere is new. warnings
// are sentences for the log.
func (s *Suite) List(ctx context.Context, patterns []string) (warnings []string, err error) {
	if _, err := os.Stat(s.Dir); !s.Judged && errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	facts, err := s.command(ctx, s.Dir, "env", "GOVERSION", "GOWORK")
	if err != nil {
		return nil, fmt.Errorf("ask go about the %s: %w", s.Label, err)
	}
	s.Version, s.Work, _ = strings.Cut(strings.TrimSpace(facts), "\n")
	if s.Work == "off" {
		s.Work = ""
	}
	groups, warnings, err := s.modules(ctx, patterns)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		args := []string{"list", "-e", "-json=Dir,ImportPath,GoFiles,TestGoFiles,XTestGoFiles,EmbedFiles,Module,Error", "--"}
		text, err := s.command(ctx, g.dir, append(args, g.patterns...)...)
		if err != nil {
			return nil, fmt.Errorf("list the packages of the %s: %w", s.Label, err)
		}
		more, err := s.read(text)
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, more...)
	}
	if len(s.Packages) == 0 && len(warnings) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNothing, warnings[0])
	}
	slices.SortFunc(s.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	s.Packages = slices.CompactFunc(s.Packages, func(a, b *Package) bool { return a.Path == b.Path })
	return warnings, nil
}

// Divide leaves of the suite the functions of some shards, and returns how many belong to others.
func (s *Suite) Divide(shards baseline.Shards) (others int) {
	for _, p := range s.Packages {
		all := p.Functions
		p.Functions = nil
		for _, name := range all {
			if shards.Has(baseline.Function{Package: p.Path, Name: name}) {
				p.Functions = append(p.Functions, name)
			} else {
				p.Others = append(p.Others, name)
			}
		}
		others += len(p.Others)
	}
	s.Packages = slices.DeleteFunc(s.Packages, func(p *Package) bool { return len(p.Functions) == 0 })
	return others
}

// read takes in what go list printed.
func (s *Suite) read(text string) (warnings []string, err error) {
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var found listed
		if err := dec.Decode(&found); errors.Is(err, io.EOF) {
			return warnings, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list printed: %w", err)
		}
		if found.Error != nil && s.Judged {
			warnings = append(warnings, fmt.Sprintf("package %s of the %s was not read: %s", found.ImportPath, s.Label, firstLine(found.Error.Err)))
		}
		if found.Module != nil && s.Project == "" {
			s.Project = found.Module.Path
		}
		tests := slices.Concat(found.TestGoFiles, found.XTestGoFiles)
		names, err := declared(found.Dir, tests)
		if err != nil {
			return nil, fmt.Errorf("%w: a test file of the %s: %w", ErrBuild, s.Label, err)
		}
		if len(names) > 0 {
			s.Packages = append(s.Packages, &Package{
				Path: found.ImportPath, Dir: found.Dir, Functions: names, Compiled: slices.Concat(found.GoFiles, tests), Tests: tests, Embedded: found.EmbedFiles,
			})
		}
	}
}

// Unlike says in what the toolchains of two suites differ: part of any change may then come from
// there.
func Unlike(base, head *Suite) []string {
	var out []string
	if base.Version != "" && base.Version != head.Version {
		out = append(out, fmt.Sprintf("the %s is built by %s and the %s by %s: a change may come from the toolchain", base.Label, base.Version, head.Label, head.Version))
	}
	if base.Version != "" && (base.Work == "") != (head.Work == "") {
		out = append(out, fmt.Sprintf("only one of %s and %s has a go.work (%s), so the sides may use different versions of other modules; commit it, or set GOWORK=off", base.Label, head.Label, base.Work+head.Work))
	}
	return out
}

// declared parses test files and returns the names of their benchmark functions, sorted.
func declared(dir string, files []string) ([]string, error) {
	var names []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && source.IsBenchmark(tree, fn) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
