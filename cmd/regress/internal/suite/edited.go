package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Edited lists the benchmark functions that both sides of a package have and whose own source
// differs: the function itself, the functions, types, variables and constants of the package's test
// files that it uses, directly or through others, and the files in testdata that these name. What
// differs in comments, in layout, in order or in which test file it stands is the same. A
// difference in code that is not of a test is what a benchmark is there to judge, and no edit.
func Edited(base, head *Package) ([]string, error) {
	old, err := readTests(base)
	if err != nil {
		return nil, err
	}
	now, err := readTests(head)
	if err != nil {
		return nil, err
	}
	var edited []string
	for _, name := range head.Functions {
		if slices.Contains(base.Functions, name) && old.text(name) != now.text(name) {
			edited = append(edited, name)
		}
	}
	return edited, nil
}

// tests are the declarations of the test files of a package.
type tests struct {
	dir   string
	decls map[string][]*decl // by package and name, "p.helper"; a type has its methods
	setup []*decl            // TestMain and init functions
	of    map[string]string  // the package that declares a benchmark function
}

// decl is one declaration.
type decl struct {
	text  string   // formatted, without comments
	uses  []string // what it may mean of the package's own, as a key of tests.decls
	files []string // strings in it that name a file of the package's folder
}

func readTests(p *Package) (*tests, error) {
	t := &tests{dir: p.Dir, decls: map[string][]*decl{}, of: map[string]string{}}
	for _, name := range p.Tests {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			t.declare(set, file.Name.Name, d)
		}
	}
	return t, nil
}

// declare takes in one declaration of a file.
func (t *tests) declare(set *token.FileSet, pkg string, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		made := t.parse(set, pkg, d, d.Doc)
		name := d.Name.Name
		switch {
		case d.Recv != nil:
			name = receiver(d)
		case name == "init" || name == "TestMain":
			t.setup = append(t.setup, made)
			return
		case strings.HasPrefix(name, "Benchmark"):
			t.of[name] = pkg
		}
		t.add(pkg, name, made)
	case *ast.GenDecl:
		for i, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				t.add(pkg, spec.Name.Name, t.parse(set, pkg, spec, spec.Doc, d.Doc))
			case *ast.ValueSpec:
				node := ast.Node(spec)
				if d.Tok == token.CONST && len(spec.Values) == 0 {
					node = &ast.GenDecl{Tok: d.Tok, Lparen: 1, Specs: d.Specs[:i+1]} // it repeats what stands above it
				}
				made := t.parse(set, pkg, node, spec.Doc, d.Doc)
				for _, name := range spec.Names {
					t.add(pkg, name.Name, made)
				}
			}
		}
	}
}

func (t *tests) add(pkg, name string, d *decl) {
	t.decls[pkg+"."+name] = append(t.decls[pkg+"."+name], d)
}

// receiver returns the name of the type that a method belongs to.
func receiver(f *ast.FuncDecl) string {
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// parse reads what a declaration says and uses. Of its comments only go:embed counts.
func (t *tests) parse(set *token.FileSet, pkg string, node ast.Node, docs ...*ast.CommentGroup) *decl {
	made := &decl{}
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		for _, comment := range doc.List {
			if patterns, ok := strings.CutPrefix(comment.Text, "//go:embed "); ok {
				made.text += comment.Text + "\n"
				made.files = append(made.files, strings.Fields(patterns)...)
			}
		}
	}
	withoutComments(node)
	var b bytes.Buffer
	_ = (&printer.Config{Mode: printer.RawFormat}).Fprint(&b, token.NewFileSet(), node) // a buffer does not fail
	made.text += b.String()
	var visit func(ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // a field or a method comes with its type
			if x, ok := n.X.(*ast.Ident); ok && pkg == x.Name+"_test" { // what the package shows to its external tests
				made.uses = append(made.uses, x.Name+"."+n.Sel.Name)
			}
			ast.Inspect(n.X, visit)
			return false
		case *ast.Ident:
			made.uses = append(made.uses, pkg+"."+n.Name)
		case *ast.BasicLit:
			if text, ok := stringOf(n); ok {
				made.files = append(made.files, text)
			}
		case *ast.CallExpr:
			if text, ok := joined(n); ok {
				made.files = append(made.files, text)
			}
		}
		return true
	}
	ast.Inspect(node, visit)
	return made
}

// withoutComments takes the comments out of a declaration.
func withoutComments(node ast.Node) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			n.Doc = nil
		case *ast.GenDecl:
			n.Doc = nil
		case *ast.TypeSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.ValueSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.Field:
			n.Doc, n.Comment = nil, nil
		}
		return true
	})
}

// joined returns the path that a call such as filepath.Join("testdata", "x") makes of strings.
func joined(call *ast.CallExpr) (string, bool) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Join" || len(call.Args) < 2 {
		return "", false
	}
	var parts []string
	for _, arg := range call.Args {
		text, ok := stringOf(arg)
		if !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	return filepath.Join(parts...), true
}

// text returns everything that the source of a benchmark function is made of.
func (t *tests) text(function string) string {
	seen := map[*decl]bool{}
	names := map[string]bool{}
	var visit func(key string)
	take := func(d *decl) {
		if !seen[d] {
			seen[d] = true
			for _, use := range d.uses {
				visit(use)
			}
		}
	}
	visit = func(key string) {
		if len(t.decls[key]) > 0 && !names[key] {
			names[key] = true
			for _, d := range t.decls[key] {
				take(d)
			}
		}
	}
	visit(t.of[function] + "." + function)
	for _, d := range t.setup { // where it sets something that the benchmark uses
		if slices.ContainsFunc(d.uses, func(use string) bool { return names[use] }) {
			take(d)
		}
	}
	var parts []string
	for d := range seen {
		parts = append(parts, d.text)
		for _, name := range d.files {
			parts = append(parts, t.content(name))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\n")
}

// inputs returns the files below the package's folder that its test files name, sorted.
func (t *tests) inputs() []string {
	all := map[string]bool{}
	for _, d := range slices.Concat(slices.Concat(slices.Collect(maps.Values(t.decls))...), t.setup) {
		for _, name := range d.files {
			if t.content(name) != "" {
				all[filepath.Clean(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// maxRead bounds what is compared of one file that a benchmark names, in bytes.
const maxRead = 64 << 20

// content returns a hash of a file below the package's folder; empty where the name is not that of
// one.
func (t *tests) content(name string) string {
	if !filepath.IsLocal(name) {
		return ""
	}
	full := filepath.Join(t.dir, name)
	info, err := os.Lstat(full)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRead || filepath.Ext(name) == ".go" {
		return ""
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return name + " " + hex.EncodeToString(sum[:])
}
