package placement

import (
	"go/ast"
	"go/token"
	"slices"
)

// reach follows names out of the function or declaration that a touch is in:
// into every function that mentions one, in the same package or in one that
// imports it, and on through the variables and fields derived there.
func (f *field) reach(t *touch, dir string, names map[string]float64) {
	done := map[string]bool{}
	for range deepest {
		derived := map[string]float64{}
		for _, source := range f.scope(dir) {
			f.mentions(t, source, names, derived)
		}
		for name := range names {
			done[name] = true
		}
		for name := range derived {
			if done[name] {
				delete(derived, name)
			}
		}
		if names = derived; len(names) == 0 {
			return
		}
	}
}

// scope are the files that can mention what is declared in dir, in order.
func (f *field) scope(dir string) []*file {
	importPath := f.tree.importPath(dir)
	var all []*file
	for _, source := range f.tree.files {
		if source.dir == dir || source.imports[importPath] {
			all = append(all, source)
		}
	}
	slices.SortFunc(all, func(a, b *file) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return all
}

// mentions gives weight to the lines of a file that mention one of the names,
// and collects what is declared or set by means of them.
func (f *field) mentions(t *touch, source *file, names, derived map[string]float64) {
	derive := func(name string, weight float64) {
		if name != "_" && weight*fades > result { // results alone are not followed further
			derived[name] = max(derived[name], weight*fades)
		}
	}
	for _, d := range source.ast.Decls {
		general, ok := d.(*ast.GenDecl)
		if !ok || general.Tok == token.IMPORT {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			if weight := mentioned(value, names); weight > 0 {
				for _, name := range value.Names {
					derive(name.Name, weight)
				}
			}
		}
	}
	for _, d := range source.decls {
		if d == t.decl || !d.has(names) {
			continue
		}
		seeds := map[int]float64{}
		f.takes(t, d, names)
		ast.Inspect(d.fn, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.Ident:
				if weight := names[x.Name]; weight > 0 && x != d.fn.Name {
					line := source.line(x.Pos())
					seeds[line] = max(seeds[line], weight)
				}
			case *ast.KeyValueExpr:
				if key, ok := x.Key.(*ast.Ident); ok {
					derive(key.Name, mentioned(x.Value, names))
				}
			case *ast.AssignStmt:
				for i, left := range x.Lhs {
					if field, ok := left.(*ast.SelectorExpr); ok {
						derive(field.Sel.Name, mentioned(x.Rhs[min(i, len(x.Rhs)-1)], names))
					}
				}
			}
			return true
		})
		if len(seeds) > 0 {
			locals := map[string]float64{}
			f.flow(t, d, seeds, locals)
			f.started(t, d, locals)
		}
	}
}

// has reports whether one of the names occurs in d.
func (d *decl) has(names map[string]float64) bool {
	for name := range names {
		if d.names[name] {
			return true
		}
	}
	return false
}

// mentioned is the largest weight of the names in n.
func mentioned(n ast.Node, names map[string]float64) float64 {
	weight := 0.
	ast.Inspect(n, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			weight = max(weight, names[ident.Name])
		}
		return true
	})
	return weight
}

// takes notes in which calls of d one of the names takes part, line by line: what
// is called beside it on the same line is less its doing.
func (f *field) takes(t *touch, d *decl, names map[string]float64) {
	var calls []*ast.CallExpr // around n
	ast.Inspect(d.fn, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			calls = append(calls, call)
		}
		ident, ok := n.(*ast.Ident)
		if !ok || names[ident.Name] == 0 || ident == d.fn.Name {
			return true
		}
		p := f.here(d.file.name, d.file.line(ident.Pos()))
		if f.via[p] == nil {
			f.via[p] = map[*touch]map[string]bool{}
		}
		if f.via[p][t] == nil {
			f.via[p][t] = map[string]bool{}
		}
		for _, call := range calls {
			if call.Pos() <= ident.Pos() && ident.Pos() < call.End() {
				f.via[p][t][called(call)] = true
			}
		}
		return true
	})
}

// called is the name of what is called, as it is declared; empty for a value.
func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}

// started follows local names into the functions of the package that d starts
// with go: no frame of d is on their stacks.
func (f *field) started(t *touch, d *decl, locals map[string]float64) {
	ast.Inspect(d.fn.Body, func(n ast.Node) bool {
		begin, ok := n.(*ast.GoStmt)
		if !ok {
			return true
		}
		for _, source := range f.tree.files {
			for _, other := range source.decls {
				if source.dir == d.file.dir && other != d && other.fn.Name.Name == called(begin.Call) {
					if given := arguments(begin.Call, other.fn, locals); len(given) > 0 {
						f.flow(t, other, map[int]float64{}, given)
					}
				}
			}
		}
		return true
	})
}

// arguments are the parameters of fn that get a value by one of the names.
func arguments(call *ast.CallExpr, fn *ast.FuncDecl, names map[string]float64) map[string]float64 {
	given := map[string]float64{}
	at := 0
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			if at < len(call.Args) {
				if weight := mentioned(call.Args[at], names); weight > 0 {
					given[name.Name] = weight * fades
				}
			}
			at++
		}
	}
	return given
}
