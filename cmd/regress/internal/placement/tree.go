package placement

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// Bounds of what is parsed.
const (
	maxFile  = 2 << 20 // bytes
	maxFiles = 3000
)

// tree is the head's source, as far as it matters.
type tree struct {
	top     string
	modules map[string]string // module path → directory, "." for the top
	files   map[string]*file  // parsed, by path relative to top
	read    map[string]bool   // directories whose files were
	names   map[string]string // of files in profiles, as resolve turned them
}

// file is one Go file of the head.
type file struct {
	name    string
	dir     string
	ast     *ast.File
	set     *token.FileSet
	imports map[string]bool
	embeds  map[string][]string // variables by the pattern of the files in them
	decls   []*decl
}

// decl is one function.
type decl struct {
	file        *file
	fn          *ast.FuncDecl
	first, last int
	names       map[string]bool // identifiers in it
}

func (f *file) line(p token.Pos) int { return f.set.PositionFor(p, false).Line }

// at is the function that the line is in, or nil.
func (f *file) at(line int) *decl {
	for _, d := range f.decls {
		if line >= d.first && line <= d.last {
			return d
		}
	}
	return nil
}

// openTree finds the modules of a repository.
func openTree(ctx context.Context, top string) (*tree, error) {
	in, err := repo.Open(ctx, top)
	if err != nil {
		return nil, err
	}
	t := &tree{top: in.Top, modules: map[string]string{}, files: map[string]*file{}}
	files, err := in.Named(ctx, "go.mod")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		body, err := os.ReadFile(filepath.Join(in.Top, name))
		if m := moduleLine.FindSubmatch(body); err == nil && m != nil {
			t.modules[string(m[1])] = path.Dir(name)
		}
	}
	return t, nil
}

var moduleLine = regexp.MustCompile(`(?m)^module[ \t]+"?([^\s"]+)`)

var version = regexp.MustCompile(`@v[^/]*`)

// resolve turns the name of a file in a profile of a binary built with -trimpath,
// which begins with an import path, into one relative to the repository. Of a file
// of another module it gives "module:" and the module's path instead; of the
// standard library nothing. A profile has one name in very many frames.
func (t *tree) resolve(name string) string {
	in, known := t.names[name]
	if !known {
		if t.names == nil {
			t.names = map[string]string{}
		}
		in = t.find(name)
		t.names[name] = in
	}
	return in
}

// find is resolve for a name that was not asked for before.
func (t *tree) find(name string) string {
	plain := version.ReplaceAllString(name, "")
	dir, base := path.Split(plain)
	dir = path.Clean(dir)
	best := ""
	for module := range t.modules {
		if (dir == module || strings.HasPrefix(dir, module+"/") || dir == module+"_test") && len(module) > len(best) {
			best = module
		}
	}
	if best == "" {
		if module, _, ok := strings.Cut(name, "@v"); ok {
			return "module:" + module
		}
		return ""
	}
	in := path.Join(t.modules[best], strings.TrimPrefix(dir, best), base)
	if dir == best+"_test" {
		in = path.Join(t.modules[best], base)
	}
	if outer := strings.TrimSuffix(path.Dir(in), "_test"); outer != path.Dir(in) && strings.HasSuffix(base, "_test.go") {
		if _, err := os.Stat(filepath.Join(t.top, in)); err != nil { // the package of an external test
			return path.Join(outer, base)
		}
	}
	return in
}

// importPath is that of a directory of the repository.
func (t *tree) importPath(dir string) string {
	best, at := "", ""
	for module, root := range t.modules {
		if (root == "." || dir == root || strings.HasPrefix(dir, root+"/")) && (best == "" || len(root) > len(at)) {
			best, at = module, root
		}
	}
	if at == "." {
		return path.Join(best, dir)
	}
	return path.Join(best, strings.TrimPrefix(dir, at))
}

// parse reads every Go file of a directory, once; what does not parse is left out.
func (t *tree) parse(dir string) {
	if t.read[dir] {
		return
	}
	if t.read == nil {
		t.read = map[string]bool{}
	}
	t.read[dir] = true
	entries, _ := os.ReadDir(filepath.Join(t.top, dir))
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if path.Ext(name) != ".go" || !entry.Type().IsRegular() || t.files[name] != nil || len(t.files) >= maxFiles {
			continue
		}
		if info, err := entry.Info(); err != nil || info.Size() > maxFile {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, filepath.Join(t.top, name), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			continue
		}
		f := &file{name: name, dir: dir, ast: parsed, set: set, imports: map[string]bool{}, embeds: embeds(parsed)}
		for _, spec := range parsed.Imports {
			f.imports[strings.Trim(spec.Path.Value, `"`)] = true
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				f.decls = append(f.decls, &decl{f, fn, f.line(fn.Pos()), f.line(fn.End()), identifiers(fn)})
			}
		}
		t.files[name] = f
	}
}

// identifiers are all that occur in n.
func identifiers(n ast.Node) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			names[ident.Name] = true
		}
		return true
	})
	return names
}

// embeds are the variables that hold files, by the pattern of those.
func embeds(f *ast.File) map[string][]string {
	out := map[string][]string{}
	for _, d := range f.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			value := spec.(*ast.ValueSpec)
			for _, doc := range []*ast.CommentGroup{general.Doc, value.Doc} {
				if doc == nil {
					continue
				}
				for _, line := range doc.List {
					patterns, ok := strings.CutPrefix(line.Text, "//go:embed ")
					for _, pattern := range strings.Fields(patterns) {
						if ok && len(value.Names) == 1 {
							pattern = strings.TrimPrefix(strings.Trim(pattern, "\"`"), "all:")
							out[pattern] = append(out[pattern], value.Names[0].Name)
						}
					}
				}
			}
		}
	}
	return out
}

// embedding are the variables that hold the file of that name, by directory.
func (t *tree) embedding(name string) map[string][]string {
	out := map[string][]string{}
	for _, f := range t.files {
		for pattern, vars := range f.embeds {
			pattern = path.Join(f.dir, pattern)
			if ok, _ := path.Match(pattern, name); ok || strings.HasPrefix(name, pattern+"/") {
				out[f.dir] = append(out[f.dir], vars...)
			}
		}
	}
	return out
}
