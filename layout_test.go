package regress

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/descartes/regress"

// The law of the house: who may import whom. It reads the imports itself: a
// test that asked the go command would be answered from the test cache after a
// bad import was added.

// packages are the houses of this module, one a line. One that is not here fails,
// and so does one that is here and gone, here or in a rule below.
var packages = []string{
	".",
	"bench",
	"bench/agent",
	"cmd/regress",
	"cmd/regress/internal/bisection",
	"cmd/regress/internal/child",
	"cmd/regress/internal/config",
	"cmd/regress/internal/course",
	"cmd/regress/internal/count",
	"cmd/regress/internal/count/counttest",
	"cmd/regress/internal/decided",
	"cmd/regress/internal/culprit",
	"cmd/regress/internal/culprit/hitrate",
	"cmd/regress/internal/figure",
	"cmd/regress/internal/finding",
	"cmd/regress/internal/forge",
	"cmd/regress/internal/forge/forgetest",
	"cmd/regress/internal/gitea",
	"cmd/regress/internal/gitea/giteatest",
	"cmd/regress/internal/github",
	"cmd/regress/internal/github/githubtest",
	"cmd/regress/internal/gitlab",
	"cmd/regress/internal/gitlab/gitlabtest",
	"cmd/regress/internal/measure",
	"cmd/regress/internal/nearest",
	"cmd/regress/internal/past",
	"cmd/regress/internal/placement",
	"cmd/regress/internal/repo",
	"cmd/regress/internal/report",
	"cmd/regress/internal/retention",
	"cmd/regress/internal/site",
	"cmd/regress/internal/source",
	"cmd/regress/internal/suite",
	"cmd/regress/internal/summary",
	"cmd/regress/internal/table",
	"cmd/regress/internal/watch",
	"cmd/regress/internal/webhook",
	"pkg/baseline",
	"pkg/baseline/dir",
	"pkg/baseline/ingest",
	"pkg/baseline/internal/lookup",
	"pkg/baseline/machine",
	"pkg/baseline/postgres",
	"pkg/baseline/postgres/pgtest",
	"pkg/baseline/postgres/scale",
	"pkg/baseline/storetest",
	"pkg/gate",
	"pkg/gate/accuracy",
	"pkg/gate/accuracy/changepoints",
	"pkg/gate/accuracy/culprit",
	"pkg/gate/accuracy/inject",
	"pkg/gate/accuracy/internal/field",
	"pkg/gate/accuracy/record",
	"pkg/gate/bisect",
	"pkg/gate/choice",
	"pkg/gate/stat",
	"pkg/gate/trend",
	"pkg/ipc",
	"pkg/ipc/codec",
	"pkg/ipc/eventlog",
	"pkg/ipc/internal/cores",
	"pkg/ipc/internal/family",
	"pkg/ipc/internal/frame",
	"pkg/ipc/internal/parent",
	"pkg/ipc/internal/ring",
	"pkg/ipc/internal/wait",
	"pkg/ipc/ipctest",
	"pkg/ipc/netconn",
	"pkg/ipc/pattern",
	"pkg/ipc/pipe",
	"pkg/ipc/shm",
	"pkg/ipc/transport",
	"pkg/ipc/unix",
}

// doors names the packages that may import a third-party module, by prefix.
// Test files may import what they need.
var doors = map[string][]string{
	"golang.org/x/perf":             {"pkg/baseline/ingest"},
	"github.com/shirou/gopsutil":    {"pkg/baseline/machine", "bench"},
	"github.com/jackc/pgx":          {"pkg/baseline/postgres"},
	"github.com/google/go-github":   {"cmd/regress/internal/github"},
	"github.com/getkin/kin-openapi": {"cmd/regress/internal/forge/forgetest"},
	"github.com/google/pprof":       {"cmd/regress/internal/placement", "cmd/regress/internal/measure"},
	"github.com/urfave/cli":         {"cmd/regress"},
	"github.com/BurntSushi/toml":    {"cmd/regress/internal/config"},
	"github.com/go-json-experiment": {"pkg/ipc/codec"},
	"github.com/klauspost/compress": {"pkg/ipc/codec"},
	"github.com/HdrHistogram":       {"bench"},
	"golang.org/x/sys":              {"pkg/ipc", "bench", "pkg/baseline", "cmd/regress", "pkg/gate/accuracy/record"}, // memfd, prctl, landlock, affinity
	"golang.org/x/term":             {"cmd/regress"},
}

// forbidden lists, by importing folder, prefixes of our own that it must not import.
var forbidden = map[string][]string{
	"pkg/baseline":                 {"pkg/gate", "pkg/ipc", "cmd", "bench"},
	"pkg/baseline/dir":             {"pkg/baseline/postgres"},
	"pkg/baseline/postgres":        {"pkg/baseline/dir"},
	"pkg/gate":                     {"pkg/baseline/ingest", "pkg/baseline/dir", "pkg/baseline/postgres", "pkg/baseline/machine", "pkg/gate/choice", "pkg/ipc", "cmd", "bench"},
	"pkg/gate/bisect":              {"pkg", "cmd", "bench"},
	"pkg/gate/stat":                {"pkg", "cmd", "bench"},
	"pkg/gate/trend":               {"pkg/gate/choice", "pkg/gate/accuracy", "cmd", "bench"},
	"pkg/ipc":                      {"pkg/baseline", "pkg/gate", "cmd", "bench"},
	"bench":                        {"pkg/baseline", "pkg/gate", "cmd"},
	"cmd/regress/internal/child":   {"pkg", "bench", "cmd"},
	"cmd/regress/internal/count":   {"pkg", "bench", "cmd/regress/internal/suite", "cmd/regress/internal/measure", "cmd/regress/internal/report"},
	"cmd/regress/internal/culprit": {"pkg/gate", "pkg/ipc", "bench", "cmd/regress/internal/report"},
	"cmd/regress/internal/nearest": {"pkg", "bench", "cmd"},
	"cmd/regress/internal/past":    {"pkg", "bench", "cmd"},
	"cmd/regress/internal/repo":    {"pkg", "bench", "cmd/regress/internal/suite", "cmd/regress/internal/measure", "cmd/regress/internal/report"},
	"cmd/regress/internal/source":  {"pkg/gate", "pkg/ipc", "bench", "cmd"},
	"cmd/regress/internal/suite":   {"pkg/gate", "pkg/ipc", "bench", "cmd/regress/internal/measure", "cmd/regress/internal/report"},
	"cmd/regress/internal/measure": {"pkg/gate", "pkg/ipc", "bench", "cmd/regress/internal/report"},
	"cmd/regress/internal/course":  {"pkg/ipc", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure", "cmd/regress/internal/repo", "cmd/regress/internal/github"},
	"cmd/regress/internal/figure":  {"pkg", "bench", "cmd"},
	"cmd/regress/internal/decided": {"pkg/ipc", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure", "cmd/regress/internal/repo", "cmd/regress/internal/github"},
	"cmd/regress/internal/report":  {"pkg/ipc", "bench", "cmd/regress/internal/github", "cmd/regress/internal/measure"},
	"cmd/regress/internal/site":    {"pkg/ipc", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure", "cmd/regress/internal/repo", "cmd/regress/internal/github"},
	"cmd/regress/internal/table":   {"pkg", "bench", "cmd/regress/internal/report", "cmd/regress/internal/summary", "cmd/regress/internal/github"},
	"cmd/regress/internal/finding": {"pkg/ipc", "bench", "cmd/regress/internal/github", "cmd/regress/internal/measure"},
	"cmd/regress/internal/forge":   {"pkg/ipc", "bench", "cmd/regress/internal/measure", "cmd/regress/internal/github", "cmd/regress/internal/gitlab", "cmd/regress/internal/gitea"},
	"cmd/regress/internal/gitea":   {"pkg/ipc", "bench", "cmd/regress/internal/measure", "cmd/regress/internal/gitlab"},
	"cmd/regress/internal/gitlab":  {"pkg/ipc", "bench", "cmd/regress/internal/measure", "cmd/regress/internal/github", "cmd/regress/internal/gitea"},
	"cmd/regress/internal/github":  {"pkg/ipc", "bench", "cmd/regress/internal/measure"},
	"cmd/regress/internal/config":  {"pkg/ipc", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure"},

	"cmd/regress/internal/bisection": {"pkg/ipc", "bench", "cmd/regress/internal/measure", "cmd/regress/internal/repo", "cmd/regress/internal/github"},
	"cmd/regress/internal/placement": {"pkg", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure"},
	"cmd/regress/internal/retention": {"pkg/ipc", "pkg/gate/choice", "bench", "cmd"},
	"cmd/regress/internal/summary":   {"pkg/ipc", "bench", "cmd/regress/internal/github", "cmd/regress/internal/measure"},
	"cmd/regress/internal/webhook":   {"pkg", "bench", "cmd"},
	"cmd/regress/internal/watch":     {"pkg/ipc", "bench", "cmd/regress/internal/report", "cmd/regress/internal/measure", "cmd/regress/internal/repo", "cmd/regress/internal/github"},
	"cmd":                            {"pkg/ipc", "bench"},
}

// impure lists what a verdict must not depend on; test files are free.
var impure = map[string][]string{
	"pkg/gate":        {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net"},
	"pkg/gate/bisect": {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net", "time"},
	"pkg/gate/choice": {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net", "time"},
	"pkg/gate/stat":   {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net", "time"},
	"pkg/gate/trend":  {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net", "time"},

	"cmd/regress/internal/watch": {"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "io/fs", "net/http"},
}

// gitDoors may run git.
var gitDoors = []string{"cmd/regress/internal/repo"}

type source struct {
	dir     string // slash-separated, relative to the module
	name    string
	test    bool
	file    *ast.File
	imports []string
}

// sources parses every Go file of the module; nested modules are other houses.
func sources(t *testing.T, fset *token.FileSet) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, nested := os.Stat(filepath.Join(name, "go.mod"))
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
			if name != "." && nested == nil || hidden || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{dir: path.Dir(filepath.ToSlash(name)), name: name, test: strings.HasSuffix(name, "_test.go"), file: file}
		for _, spec := range file.Imports {
			s.imports = append(s.imports, strings.Trim(spec.Path.Value, `"`))
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d Go files: the walk is broken", len(all))
	}
	return all
}

func within(dir, root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }

func withinAny(dir string, roots []string) bool {
	for _, root := range roots {
		if within(dir, root) {
			return true
		}
	}
	return false
}

func TestImportLaw(t *testing.T) {
	for _, s := range sources(t, token.NewFileSet()) {
		for _, imported := range s.imports {
			if err := lawful(s, imported); err != nil {
				t.Errorf("%s imports %s: %v", s.name, imported, err)
			}
		}
	}
}

func lawful(s source, imported string) error {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		for from, targets := range forbidden {
			// A folder's own subtree is its business, unless the rule names it.
			if within(s.dir, from) && withinAny(own, targets) && !s.test {
				return fmt.Errorf("%s must not know %s", from, own)
			}
		}
		if within(own, "cmd") && !within(s.dir, "cmd") {
			return fmt.Errorf("nothing imports cmd")
		}
		return nil
	}
	if imported == module {
		if s.dir != "pkg/baseline/postgres" {
			return fmt.Errorf("the schema is the business of pkg/baseline/postgres")
		}
		return nil
	}
	if s.test {
		return nil
	}
	for root, names := range impure {
		if s.dir == root && withinAny(imported, names) {
			return fmt.Errorf("%s is a pure function of its input", root)
		}
	}
	if !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return nil // the standard library
	}
	for prefix, allowed := range doors {
		if within(imported, prefix) {
			if withinAny(s.dir, allowed) {
				return nil
			}
			return fmt.Errorf("the door to %s is %v", prefix, allowed)
		}
	}
	return fmt.Errorf("no door is declared for it: name one in layout_test.go and say why")
}

// TestPackagesAreKnown keeps the rules true: a package without a line has none, and a
// line without a package says something of nothing.
func TestPackagesAreKnown(t *testing.T) {
	here := map[string]bool{}
	for _, s := range sources(t, token.NewFileSet()) {
		if !here[s.dir] && !slices.Contains(packages, s.dir) {
			t.Errorf("%s is a package that layout_test.go does not know: add it to packages and say whom it may import", s.dir)
		}
		here[s.dir] = true
	}
	gone := func(rule string, names ...string) {
		t.Helper()
		for _, name := range names {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(here)), func(dir string) bool { return within(dir, name) }) {
				t.Errorf("%s names %s, which is not there", rule, name)
			}
		}
	}
	for _, name := range packages {
		if !here[name] {
			t.Errorf("packages names %s, which is not there", name)
		}
	}
	for door, allowed := range doors {
		gone("the door to "+door, allowed...)
	}
	for from, targets := range forbidden {
		gone("forbidden", append(targets, from)...)
	}
	gone("impure", slices.Collect(maps.Keys(impure))...)
	gone("gitDoors", gitDoors...)
}

// TestOneDoorToGit: elsewhere a call would have to remember the environment of hooks, pagers,
// filters, arguments that look like options, and a limit of time.
func TestOneDoorToGit(t *testing.T) {
	fset := token.NewFileSet()
	for _, s := range sources(t, fset) {
		if s.test || slices.Contains(gitDoors, s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && runsGit(call) {
				t.Errorf("%s runs git; the doors to it are %v", fset.Position(call.Pos()), gitDoors)
			}
			return true
		})
	}
}

// runsGit reports whether call is exec.Command("git", …) or exec.CommandContext(ctx, "git", …).
func runsGit(call *ast.CallExpr) bool {
	callee, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || callee.Sel.Name != "Command" && callee.Sel.Name != "CommandContext" {
		return false
	}
	return slices.ContainsFunc(call.Args[:min(2, len(call.Args))], func(arg ast.Expr) bool {
		text, ok := arg.(*ast.BasicLit)
		return ok && text.Value == `"git"`
	})
}

// TestNames: a package is called after what it holds.
func TestNames(t *testing.T) {
	nothing := regexp.MustCompile(`^(util|common|helper|types|models|misc)|utils?$|helpers?$`)
	for _, s := range sources(t, token.NewFileSet()) {
		if name := s.file.Name.Name; nothing.MatchString(name) {
			t.Errorf("%s: package %s says nothing about what it holds", s.name, name)
		}
	}
}

func TestFunctionLength(t *testing.T) {
	const most = 70
	fset := token.NewFileSet()
	for _, s := range sources(t, fset) {
		if s.test {
			continue
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			first, last := fset.Position(f.Pos()).Line, fset.Position(f.End()).Line
			if lines := last - first + 1; lines > most {
				t.Errorf("%s:%d: %s has %d lines, more than %d: it has two ideas", s.name, first, f.Name.Name, lines, most)
			}
		}
	}
}

// TestCommentWidth: a comment is read at one width. One behind code is as wide as its own text.
func TestCommentWidth(t *testing.T) {
	const most = 100 // columns, with a tab as four
	fset := token.NewFileSet()
	for _, s := range sources(t, fset) {
		text, err := os.ReadFile(s.name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for _, group := range s.file.Comments {
			for _, comment := range group.List {
				at := fset.Position(comment.Pos())
				alone := strings.TrimSpace(lines[at.Line-1][:at.Column-1]) == ""
				for i, line := range strings.Split(comment.Text, "\n") {
					if alone {
						line = strings.ReplaceAll(lines[at.Line-1+i], "\t", "    ")
					}
					if width := utf8.RuneCountInString(line); width > most {
						t.Errorf("%s:%d: a comment of %d columns, more than %d", s.name, at.Line+i, width, most)
					}
				}
			}
		}
	}
}
