package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

//go:embed testdata/goldmark/regress_test.go
var goldmarkSuite []byte

// module is a public Go module whose benchmarks are measured.
type module struct {
	name, path, version string
	own                 []byte // a test file of benchmarks, for a module that has none in Go
	clone               string // a git repository to take commits from; empty: the module proxy
}

var modules = []module{
	{name: "gjson", path: "github.com/tidwall/gjson", version: "v1.20.2"},
	{name: "fastjson", path: "github.com/valyala/fastjson", version: "v1.6.10"},
	{name: "toml", path: "github.com/BurntSushi/toml", version: "v1.6.0"},
	{name: "xxhash", path: "github.com/cespare/xxhash/v2", version: "v2.3.0"},
	{name: "zap", path: "go.uber.org/zap", version: "v1.28.0"},
	{name: "chi", path: "github.com/go-chi/chi/v5", version: "v5.5.0"},
	{name: "bitset", path: "github.com/bits-and-blooms/bitset", version: "v1.29.0"},
	{name: "btree", path: "github.com/google/btree", version: "v1.1.3"},
	{name: "goldmark", path: "github.com/yuin/goldmark", version: "v1.8.7", own: goldmarkSuite},
	{name: "expr", path: "github.com/expr-lang/expr", version: "v1.17.8"},
}

// named returns the modules of a list of names, "gjson,toml", or all.
func named(list string) ([]module, error) {
	if list == "all" {
		return modules, nil
	}
	var out []module
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(modules, func(m module) bool { return m.name == name })
		if i < 0 {
			all := make([]string, len(modules))
			for i, m := range modules {
				all[i] = m.name
			}
			return nil, fmt.Errorf("-modules %s: %q is not one of them; give all, or some of %s", list, name, strings.Join(all, ","))
		}
		out = append(out, modules[i])
	}
	return out, nil
}

// bench is a module in a repository of its own.
type bench struct {
	module
	lab
	names   []string // of the benchmarks that are measured, without the suffix of GOMAXPROCS
	pattern string   // of go test -bench, which matches them
	keep    string   // an absolute directory for the logs of the decisions; empty: they are not kept
}

// settle makes a repository of a module, with a settings file, and commits it. edit, if any,
// changes the files before that.
func (c *campaign) settle(ctx context.Context, m module, settings string, edit func(*bench) error) (*bench, error) {
	b := &bench{module: m, lab: lab{dir: filepath.Join(c.dir, m.name), regress: c.regress}, keep: c.keep}
	if err := b.download(ctx, m.version); err != nil {
		return nil, err
	}
	if err := b.list(ctx, c.most); err != nil {
		return nil, err
	}
	if edit != nil {
		if err := edit(b); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	head := fmt.Sprintf("project = %q\n", m.path)
	suite := fmt.Sprintf("[suite]\npackages = [\".\"]\nbench = '%s'\n", b.pattern)
	if err := b.write("regress.toml", []byte(head+strings.Replace(settings, "[suite]\n", suite, 1))); err != nil {
		return nil, err
	}
	return b, b.found(ctx)
}

// fetch puts the files of a version of the module, which may be a commit, into the repository: from
// the clone, if there is one, else from the module proxy.
func (b *bench) fetch(ctx context.Context, version string) error {
	if b.clone == "" {
		return field.Module(ctx, b.path+"@"+version, b.dir)
	}
	from := b.dir + "-" + version
	outside := lab{dir: filepath.Dir(b.dir)}
	if err := outside.git(ctx, "clone", "-q", "-s", "-n", b.clone, from); err != nil {
		return err
	}
	if err := outside.git(ctx, "-C", from, "checkout", "-q", version); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(from, ".git")); err != nil {
		return fmt.Errorf("take the files of %s out of their clone: %w", b.name, err)
	}
	if err := os.CopyFS(b.dir, os.DirFS(from)); err != nil {
		return fmt.Errorf("copy the files of %s: %w", b.name, err)
	}
	return nil
}

// download replaces the files of the repository by those of a version of its module.
func (b *bench) download(ctx context.Context, version string) error {
	entries, err := os.ReadDir(b.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace the files of %s: %w", b.name, err)
	}
	for _, e := range entries {
		if slices.Contains([]string{".git", ".regress", "regress.toml"}, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(b.dir, e.Name())); err != nil {
			return fmt.Errorf("replace the files of %s: %w", b.name, err)
		}
	}
	if err := b.fetch(ctx, version); err != nil {
		return err
	}
	if b.own != nil {
		return b.write("regress_test.go", b.own)
	}
	return nil
}

func (l *lab) write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(l.dir, name), content, 0o644)
}

// list runs each benchmark at the top of the module for one iteration and chooses those to measure.
// A benchmark that fails does not count.
func (b *bench) list(ctx context.Context, most int) error {
	one := b.lab
	one.env = []string{"GOMAXPROCS=1"} // names without a suffix
	out, err := one.exec(ctx, "go", "test", "-vet=off", "-run", "^$", "-bench", ".", "-benchtime", "1x", ".")
	names := printed(string(out))
	if len(names) == 0 {
		return errors.Join(fmt.Errorf("%s@%s has no benchmark that works at its top", b.path, b.version), err)
	}
	b.names, b.pattern = choose(names, most)
	return nil
}

var (
	line   = regexp.MustCompile(`(?m)^(Benchmark\S*)\s+\d+\s.* ns/op`)
	result = regexp.MustCompile(`(?m)^Benchmark\S*\s+\d+\s+(\S+) ns/op`)
)

// printed are the names of the benchmarks that a text has results of, in order.
func printed(text string) []string {
	var names []string
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// choose takes whole benchmark functions, in order, as long as they have no more than most
// benchmarks in all, those that do not fit left out; where even the smallest has more, it is that
// one. It returns the names, without "Benchmark", and the pattern of go test -bench.
func choose(names []string, most int) (chosen []string, pattern string) {
	var functions []string
	of := map[string][]string{}
	for _, name := range names {
		f, _, _ := strings.Cut(name, "/")
		if of[f] == nil {
			functions = append(functions, f)
		}
		of[f] = append(of[f], strings.TrimPrefix(name, "Benchmark"))
	}
	var taken []string
	for _, f := range functions {
		if len(chosen)+len(of[f]) <= most {
			taken, chosen = append(taken, f), append(chosen, of[f]...)
		}
	}
	if len(taken) == 0 {
		least := slices.MinFunc(functions, func(a, b string) int { return len(of[a]) - len(of[b]) })
		taken, chosen = []string{least}, of[least]
	}
	return chosen, "^(" + strings.Join(taken, "|") + ")$"
}
