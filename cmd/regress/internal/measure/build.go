package measure

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/pkg/baseline"
)

// suite is one side, ready to run.
type suite struct {
	side     baseline.Side // None when the head is measured alone
	dir      string        // Options.Dir in this side's tree; it need not exist on the base
	project  string        // module path
	version  string        // of the toolchain
	work     string        // go.work in force; empty: none
	packages []*pkg        // those that declare benchmarks, by path
}

// pkg is one package of one side that declares benchmarks.
type pkg struct {
	path      string // import path
	dir       string // absolute
	functions []string
	compiled  []string // names of the Go files in dir that are in the binary
	binary    string
	hash      string // of binary, 16 hexadecimal digits
}

// marked returns the side as marks of the log name it: a head measured alone is the head.
func (s suite) marked() baseline.Side { return cmp.Or(s.side, baseline.Head) }

// label names the side for people.
func (s suite) label() string { return string(s.marked()) }

// short names its directories, in four letters: the paths of the binaries are
// equally long on all sides.
func (s suite) short() string { return s.label()[:4] }

// list finds the packages of the suite that declare benchmarks. A pattern that
// matches nothing on the base is not an error there: what it would have matched
// is new.
func (s *suite) list(ctx context.Context, patterns []string) (warnings []string, err error) {
	if _, err := os.Stat(s.dir); !s.side.Judged() && errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	facts, err := goCommand(ctx, s.dir, "env", "GOVERSION", "GOWORK")
	if err != nil {
		return nil, fmt.Errorf("ask go about the %s: %w", s.label(), err)
	}
	s.version, s.work, _ = strings.Cut(strings.TrimSpace(facts), "\n")
	args := []string{"list", "-e", "-json=Dir,ImportPath,GoFiles,TestGoFiles,XTestGoFiles,Module,Error", "--"}
	text, err := goCommand(ctx, s.dir, append(args, patterns...)...)
	if err != nil {
		return nil, fmt.Errorf("list the packages of the %s: %w", s.label(), err)
	}
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var found struct {
			Dir, ImportPath                    string
			GoFiles, TestGoFiles, XTestGoFiles []string
			Module                             *struct{ Path string }
			Error                              *struct{ Err string }
		}
		if err := dec.Decode(&found); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go list printed: %w", err)
		}
		if found.Error != nil && s.side.Judged() {
			warnings = append(warnings, fmt.Sprintf("package %s of the head was not read: %s", found.ImportPath, firstLine(found.Error.Err)))
		}
		if found.Module != nil && s.project == "" {
			s.project = found.Module.Path
		}
		tests := slices.Concat(found.TestGoFiles, found.XTestGoFiles)
		names, err := declared(found.Dir, tests)
		if err != nil {
			return nil, fmt.Errorf("%w: a test file of the %s: %w", ErrBuild, s.label(), err)
		}
		if len(names) > 0 {
			s.packages = append(s.packages, &pkg{path: found.ImportPath, dir: found.Dir, functions: names, compiled: slices.Concat(found.GoFiles, tests)})
		}
	}
	if len(s.packages) == 0 && len(warnings) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNothing, warnings[0])
	}
	slices.SortFunc(s.packages, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return warnings, nil
}

// unlike says in what the toolchains of two sides differ: part of any
// change may then come from there.
func unlike(base, head *suite) []string {
	var out []string
	if base.version != "" && base.version != head.version {
		out = append(out, fmt.Sprintf("the %s is built by %s and the head by %s: a change may come from the toolchain", base.label(), base.version, head.version))
	}
	if base.version != "" && (base.work == "") != (head.work == "") {
		out = append(out, fmt.Sprintf("only one of %s and head has a go.work (%s), so the sides may use different versions of other modules; commit it, or set GOWORK=off", base.label(), base.work+head.work))
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// declared parses test files and returns the names of their benchmark
// functions, sorted.
func declared(dir string, files []string) ([]string, error) {
	var names []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && isBenchmark(fn) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// isBenchmark follows cmd/go: BenchmarkXxx, no receiver, one parameter of type
// *B or *testing.B.
func isBenchmark(fn *ast.FuncDecl) bool {
	rest, ok := strings.CutPrefix(fn.Name.Name, "Benchmark")
	if first, _ := utf8.DecodeRuneInString(rest); !ok || unicode.IsLower(first) {
		return false
	}
	if fn.Recv != nil || fn.Type.TypeParams != nil || fn.Type.Results.NumFields() > 0 || fn.Type.Params.NumFields() != 1 {
		return false
	}
	star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch x := star.X.(type) {
	case *ast.Ident:
		return x.Name == "B"
	case *ast.SelectorExpr:
		return x.Sel.Name == "B"
	}
	return false
}

// build compiles the test binaries of all packages into dir. Everything that
// could make equal sources give different bytes is switched off.
func (s *suite) build(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a directory for the binaries: %w", err)
	}
	errs := make([]error, len(s.packages))
	slots := make(chan struct{}, max(1, runtime.NumCPU()))
	var wg sync.WaitGroup
	for i, p := range s.packages {
		// Numbers, not names: the path of the binary must be as long on both sides,
		// and two packages may have the same last element.
		p.binary = filepath.Join(dir, fmt.Sprintf("%04d-%s.test", i, filepath.Base(p.path)))
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = s.compile(ctx, p)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *suite) compile(ctx context.Context, p *pkg) error {
	if _, err := goCommand(ctx, p.dir, "test", "-c", "-trimpath", "-buildvcs=false", "-o", p.binary, "."); err != nil {
		return fmt.Errorf("%w: package %s of the %s:\n%w", ErrBuild, p.path, s.label(), err)
	}
	file, err := os.Open(p.binary)
	if err != nil {
		return fmt.Errorf("open the binary of %s: %w", p.path, err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("read the binary of %s: %w", p.path, err)
	}
	p.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return nil
}

// goCommand runs the go command and returns its standard output. Its error is
// the end of what it said, since compile errors are for the reader to see.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	child.Group(cmd)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command is not on PATH; install Go")
	}
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			const most = 4000
			if len(text) > most {
				text = text[:most] + "\n…"
			}
			err = errors.New(text)
		}
		return "", err
	}
	return stdout.String(), nil
}
