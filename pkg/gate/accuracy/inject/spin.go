package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// spinFile is the file of a module that says how much work is added to which of its benchmarks. It
// is no test file: the benchmarks' own source is the same at base and head.
const spinFile = "regress_spin.go"

// spinText is the content of spinFile: steps of work in each operation of one benchmark. A step is
// about two instructions a cycle, as ordinary code is: were it a chain of multiplications alone,
// 5 % more time would be 2 % more instructions.
func spinText(pkg, benchmark string, steps int) string {
	return fmt.Sprintf(`package %[1]s

// A variable, so that no compiler knows that there may be none: what asks for it costs as much at base.
var regressSteps = %[3]d

// RegressWork returns how many steps of work are added to an operation of a benchmark. In a benchmark
// itself it would move the loop of every other one, by the length of a name.
//
//go:noinline
func RegressWork(benchmark string) int {
	if benchmark == %[2]q {
		return regressSteps
	}
	return 0
}

// RegressSpin works.
//
//go:noinline
func RegressSpin(steps int) uint64 {
	x, y, z := uint64(steps), uint64(1), uint64(2)
	for i := uint64(0); i < uint64(steps); i++ { // modules of before Go 1.22 have no other loop
		x = x*6364136223846793005 + 1442695040888963407
		y = y<<7 | y>>57
		y ^= i
		z += i
	}
	return x ^ y ^ z
}
`, pkg, "Benchmark"+benchmark, steps)
}

// hook makes each operation of each benchmark at the top of a module do the work that spinFile
// says. It returns the name of the package.
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
			h.qualifier = "regressSpin."
		}
		ast.Walk(h.within(""), file)
		if len(h.places) == 0 {
			continue
		}
		if h.qualifier != "" {
			h.add(file.Name.End(), fmt.Sprintf("; import regressSpin %q", b.path))
		}
		hooked += len(h.places)
		if err := insert(name, h.places); err != nil {
			return "", err
		}
	}
	if pkg == "" || hooked == 0 {
		return "", errors.New("no loop of a benchmark was found to add work to")
	}
	return pkg, nil
}

// hooker finds where a test file is to be changed.
type hooker struct {
	set       *token.FileSet
	name      string
	qualifier string // of spinFile's functions
	places    []place
}

func (h *hooker) add(at token.Pos, text string) {
	h.places = append(h.places, place{file: h.name, offset: h.set.Position(at).Offset, text: text})
}

// scope visits what lies in one function.
type scope struct {
	*hooker
	b      string // the *testing.B in scope; empty: none
	body   token.Pos
	hoist  *bool  // the function asks already how much there is to do
	worker string // the *testing.PB in scope
}

func (h *hooker) within(b string) *scope { return &scope{hooker: h, b: b, hoist: new(bool)} }

// Visit finds the loops over the operations of a benchmark. Loops within them are no such loops.
func (s *scope) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			return s.function(n.Type, n.Body)
		}
	case *ast.FuncLit:
		return s.function(n.Type, n.Body)
	case *ast.ForStmt:
		if s.counts(n.Init) || s.counts(n.Cond) || s.counts(n.Post) {
			return s.found(n.Body)
		}
	case *ast.RangeStmt:
		if s.counts(n.X) {
			return s.found(n.Body)
		}
	}
	return s
}

// function returns the scope of a function in this one.
func (s *scope) function(t *ast.FuncType, body *ast.BlockStmt) *scope {
	inner := *s
	if b := parameter(t, "B"); b != "" {
		inner = *s.within(b)
		inner.body = body.Lbrace + 1
	}
	if worker := parameter(t, "PB"); worker != "" {
		inner.worker = worker
	}
	return &inner
}

// found hooks a loop.
func (s *scope) found(body *ast.BlockStmt) ast.Visitor {
	if !*s.hoist {
		*s.hoist = true
		s.add(s.body, fmt.Sprintf(" regressN := %sRegressWork(%s.Name());", s.qualifier, s.b))
	}
	s.add(body.Lbrace+1, fmt.Sprintf(" %sRegressSpin(regressN);", s.qualifier))
	return nil
}

// counts reports whether a node has b.N, b.Loop() or pb.Next() in it.
func (s *scope) counts(n ast.Node) bool {
	found := false
	if s.b == "" || n == nil {
		return false
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			x, ok := sel.X.(*ast.Ident)
			found = found || ok && (x.Name == s.b && (sel.Sel.Name == "N" || sel.Sel.Name == "Loop") || s.worker != "" && x.Name == s.worker && sel.Sel.Name == "Next")
		}
		return !found
	})
	return found
}

// parameter returns the name of a function's parameter of type *testing.B, or of another type of
// package testing.
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

// spin writes spinFile.
func (b *bench) spin(pkg, benchmark string, steps int) error {
	return b.write(spinFile, []byte(spinText(pkg, benchmark, steps)))
}
