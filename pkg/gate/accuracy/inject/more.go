package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// moreFile is the file of a module that says how many of the operations of one of its benchmarks
// are done once more. It is no test file: the benchmarks' own source is the same at base and head.
const moreFile = "regress_more.go"

// moreText is the content of moreFile, for a share of the operations of a benchmark. What is added
// is of the same kind as what was there, and so as much more time as work.
func moreText(pkg, benchmark string, share float64) string {
	return fmt.Sprintf(`package %[1]s

// A variable, so that no compiler knows that there may be none: what asks for it costs as much at base.
var regressShare float64 = %[3]v

// RegressMore returns how many of n operations of a benchmark are done once more.
//
//go:noinline
func RegressMore(benchmark string, n int) int {
	if benchmark != %[2]q {
		return 0
	}
	return int(float64(n)*regressShare + .5)
}

// RegressCount counts the operations of a benchmark that does not know before how many they are.
type RegressCount struct{ share, due float64 }

// RegressCounter returns the counter of a loop of a benchmark.
//
//go:noinline
func RegressCounter(benchmark string) RegressCount {
	if benchmark != %[2]q {
		return RegressCount{}
	}
	return RegressCount{share: regressShare}
}

// Again reports whether an operation more is due, and takes it as done.
func (c *RegressCount) Again() bool {
	if c.due < 1 {
		return false
	}
	c.due--
	return true
}

// Next counts an operation, if there is one, and returns whether there is.
func (c *RegressCount) Next(is bool) bool {
	if is {
		c.due += c.share
	}
	return is
}
`, pkg, "Benchmark"+benchmark, share)
}

// hook makes benchmarks at the top of a module do as many operations more than b.N, b.Loop and
// pb.Next say as stand in moreFile. It returns the name of the package.
func (b *bench) hook() (string, error) {
	sources, err := goFiles(b.dir, false)
	if err != nil {
		return "", err
	}
	pkg := ""
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err != nil {
			return "", err
		}
		if file.Name.Name != "main" { // a generator that go run runs
			pkg = file.Name.Name
		}
	}
	tests, err := goFiles(b.dir, true)
	if err != nil {
		return "", err
	}
	hooked := 0
	for _, name := range tests {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		h := &hooker{set: set, name: name}
		if file.Name.Name != pkg {
			h.qualifier = "regressMore."
		}
		ast.Walk(h.within("", "", 0), file)
		if len(h.places) == 0 {
			continue
		}
		if h.qualifier != "" {
			h.add(file.Name.End(), fmt.Sprintf("; import regressMore %q", b.path))
		}
		hooked += len(h.places)
		if err := insert(name, h.places); err != nil {
			return "", err
		}
	}
	if pkg == "" || hooked == 0 {
		return "", errors.New("no benchmark was found to add work to")
	}
	return pkg, nil
}

// hooker finds where a test file is to be changed.
type hooker struct {
	set       *token.FileSet
	name      string
	qualifier string // of moreFile's functions
	places    []place
}

func (h *hooker) add(at token.Pos, text string) {
	h.places = append(h.places, place{file: h.name, offset: h.set.Position(at).Offset, text: text})
}

// scope visits what lies in one function.
type scope struct {
	*hooker
	b, pb  string // the *testing.B and the *testing.PB in scope; empty: none
	body   token.Pos
	before map[string]bool // what stands at the start of the function already
}

func (h *hooker) within(b, pb string, body token.Pos) *scope {
	return &scope{hooker: h, b: b, pb: pb, body: body, before: map[string]bool{}}
}

// start adds a statement at the start of the function, once.
func (s *scope) start(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !s.before[text] {
		s.before[text] = true
		s.add(s.body, text)
	}
}

// Visit finds where b.N is asked for, or whether there is an operation more.
func (s *scope) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			return s.function(n.Type, n.Body)
		}
	case *ast.FuncLit:
		return s.function(n.Type, n.Body)
	case *ast.SelectorExpr:
		if s.is(n, s.b, "N") {
			s.start(" regressN := %sRegressMore(%s.Name(), %s.N);", s.qualifier, s.b, s.b)
			s.add(n.Pos(), "(")
			s.add(n.End(), "+regressN)")
		}
	case *ast.CallExpr:
		if s.is(n.Fun, s.b, "Loop") || s.is(n.Fun, s.pb, "Next") {
			s.start(" regressC := %sRegressCounter(%s.Name());", s.qualifier, s.b)
			s.add(n.Pos(), "(regressC.Again() || regressC.Next(")
			s.add(n.End(), "))")
		}
	}
	return s
}

// is reports whether a node is a field or a method of what has a name.
func (s *scope) is(n ast.Expr, of, name string) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok || s.b == "" || of == "" || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == of
}

// function returns the scope of a function in this one.
func (s *scope) function(t *ast.FuncType, body *ast.BlockStmt) *scope {
	b, pb := parameter(t, "B"), parameter(t, "PB")
	if b == "" && pb == "" {
		return s
	}
	return s.within(cmp.Or(b, s.b), pb, body.Lbrace+1)
}

// parameter returns the name of a function's parameter of a type of package testing; empty: it has
// none.
func parameter(t *ast.FuncType, of string) string {
	for _, field := range t.Params.List {
		star, ok := field.Type.(*ast.StarExpr)
		if !ok {
			continue
		}
		sel, ok := star.X.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != of || len(field.Names) == 0 {
			continue
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "testing" {
			return field.Names[0].Name
		}
	}
	return ""
}

// more writes moreFile.
func (b *bench) more(pkg, benchmark string, share float64) error {
	return b.write(moreFile, []byte(moreText(pkg, benchmark, share)))
}
