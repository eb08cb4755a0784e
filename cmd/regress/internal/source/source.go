package source

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// maxFile is the largest source file that is read, in bytes. Generated tests of
// several MiB exist; something larger is not a benchmark that a person wrote.
const maxFile = 16 << 20

// Position is where a benchmark function is declared.
type Position struct {
	File string // relative to the folder that was searched, with slashes
	Line int    // of its func keyword, from 1
	End  int    // of its closing brace
}

// Find returns every benchmark function declared in the test files under dir,
// by the import path that go test prints for its package. Packages are named
// by the nearest go.mod, at dir, below it or above it; without one by their
// folder. Like the go command it skips vendor, testdata and folders that begin
// with '.' or '_', and it does not follow symbolic links.
//
// Build constraints are not applied: a benchmark that this platform leaves out
// is still declared. Of several declarations under different constraints the
// one that fits this platform is returned.
//
// A file that does not parse or cannot be read is an error; the map then holds
// what the rest of the tree declares.
func Find(dir string) (map[baseline.Function]Position, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("find benchmarks: %w", err)
	}
	t := &tree{root: dir, modules: map[string]string{".": path.Join(nearest(dir))}, found: map[baseline.Function]Position{}, fits: map[baseline.Function]bool{}}
	err := filepath.WalkDir(dir, t.visit)
	return t.found, errors.Join(append(t.troubles, err)...)
}

// tree is one walk.
type tree struct {
	root     string
	modules  map[string]string // import path of a folder, for every folder visited
	found    map[baseline.Function]Position
	fits     map[baseline.Function]bool // the declaration found is for this platform
	troubles []error
}

func (t *tree) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		t.troubles = append(t.troubles, fmt.Errorf("find benchmarks: %w", err))
		if entry != nil && entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	relative, err := filepath.Rel(t.root, name)
	if err != nil {
		return err
	}
	relative = filepath.ToSlash(relative)
	if entry.IsDir() {
		return t.enter(name, relative, entry.Name())
	}
	if strings.HasSuffix(relative, "_test.go") && entry.Type().IsRegular() && !hidden(entry.Name()) {
		if err := t.read(name, relative); err != nil {
			t.troubles = append(t.troubles, err)
		}
	}
	return nil
}

func hidden(base string) bool { return base[0] == '.' || base[0] == '_' }

// enter notes the import path of a folder.
func (t *tree) enter(name, relative, base string) error {
	if relative != "." {
		if base == "vendor" || base == "testdata" || hidden(base) {
			return fs.SkipDir
		}
		t.modules[relative] = path.Join(t.modules[path.Dir(relative)], base)
	}
	if module := modulePath(filepath.Join(name, "go.mod")); module != "" {
		t.modules[relative] = module
	}
	return nil
}

// read adds the benchmarks of one file.
func (t *tree) read(name, relative string) error {
	if info, err := os.Stat(name); err != nil {
		return fmt.Errorf("find benchmarks: %w", err)
	} else if info.Size() > maxFile {
		return fmt.Errorf("find benchmarks: %s is larger than %d MiB", relative, maxFile>>20)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("find benchmarks: %w", err)
	}
	if !bytes.Contains(text, []byte("Benchmark")) {
		return nil // most test files: spare the parser
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, relative, text, parser.SkipObjectResolution)
	if err != nil {
		err = fmt.Errorf("find benchmarks: %w", err)
	}
	if file == nil {
		return err
	}
	fits, _ := build.Default.MatchFile(filepath.Dir(name), filepath.Base(name))
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !IsBenchmark(file, f) {
			continue
		}
		function := baseline.Function{Package: t.modules[path.Dir(relative)], Name: f.Name.Name}
		if _, seen := t.found[function]; seen && (t.fits[function] || !fits) {
			continue
		}
		t.fits[function] = fits
		// Not adjusted by //line: the annotation belongs where the text is.
		first, last := set.PositionFor(f.Pos(), false).Line, set.PositionFor(f.End(), false).Line
		t.found[function] = Position{File: relative, Line: first, End: last}
	}
	return err
}

// testingName is the name under which file imports the testing package, "."
// included; empty when it does not.
func testingName(file *ast.File) string {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"testing"` {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return "testing"
		}
	}
	return ""
}

// IsBenchmark applies the rule of go test to a function of a file: func BenchmarkXxx(b *testing.B),
// where Xxx does not begin with a lower-case letter.
func IsBenchmark(file *ast.File, f *ast.FuncDecl) bool {
	testing := testingName(file)
	rest, ok := strings.CutPrefix(f.Name.Name, "Benchmark")
	if first, _ := utf8.DecodeRuneInString(rest); !ok || rest != "" && unicode.IsLower(first) {
		return false
	}
	in := f.Type.Params.List
	if testing == "" || f.Recv != nil || f.Type.TypeParams != nil || f.Type.Results != nil || len(in) != 1 || len(in[0].Names) > 1 {
		return false
	}
	star, ok := in[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch b := star.X.(type) {
	case *ast.SelectorExpr:
		from, ok := b.X.(*ast.Ident)
		return ok && from.Name == testing && b.Sel.Name == "B"
	case *ast.Ident:
		return testing == "." && b.Name == "B"
	}
	return false
}

// Module returns the module that a folder belongs to: that of the nearest go.mod, there or above;
// empty when there is none.
func Module(dir string) string {
	module, _ := nearest(dir)
	return module
}

// Project returns the name of what stands in dir: the module of the nearest go.mod, or, where only
// a go.work stands there, the first of its modules by folder; else the first module below by
// folder. Empty when there is none.
func Project(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		folders := uses(filepath.Join(dir, "go.work"))
		slices.Sort(folders)
		for _, folder := range folders {
			if module := modulePath(filepath.Join(dir, folder, "go.mod")); module != "" {
				return module
			}
		}
	}
	if module := Module(dir); module != "" {
		return module
	}
	return below(dir)
}

// below returns the first module below a folder, in the order of a walk.
func below(dir string) (module string) {
	left := 10_000 // a tree without Go may be large
	_ = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		left--
		switch {
		case left < 0 || module != "":
			return filepath.SkipAll
		case err != nil || !entry.IsDir():
			return nil
		case name != dir && (hidden(entry.Name()) || slices.Contains([]string{"testdata", "vendor", "node_modules"}, entry.Name())):
			return filepath.SkipDir
		}
		module = modulePath(filepath.Join(name, "go.mod"))
		return nil
	})
	return module
}

// uses reads the folders that a go.work names, cleaned; none when there is no such file.
func uses(name string) (folders []string) {
	text, _ := os.ReadFile(name)
	block := false
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "use" && words[1] == "(":
			block = true
			continue
		case len(words) == 2 && words[0] == "use":
			words = words[1:]
		case block && len(words) == 1 && words[0] == ")":
			block = false
			continue
		case !block || len(words) != 1:
			continue
		}
		unquoted, _ := strconv.Unquote(words[0])
		folders = append(folders, path.Clean(cmp.Or(unquoted, words[0])))
	}
	return folders
}

// nearest returns the module of the nearest go.mod at dir or above it, and dir relative to it.
func nearest(dir string) (module, below string) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", ""
	}
	for {
		if module := modulePath(filepath.Join(at, "go.mod")); module != "" {
			return module, below
		}
		parent := filepath.Dir(at)
		if parent == at {
			return "", ""
		}
		below = path.Join(filepath.Base(at), below)
		at = parent
	}
}

// modulePath reads the module directive of a go.mod; empty when there is none.
func modulePath(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "//")
		words := strings.Fields(line)
		if len(words) == 2 && words[0] == "module" {
			unquoted, _ := strconv.Unquote(words[1])
			return cmp.Or(unquoted, words[1])
		}
	}
	return ""
}
