package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goFiles lists the Go files at the top of a directory, tests or others, in order.
func goFiles(dir string, tests bool) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") != tests }), nil
}

// move changes the order of the functions in the Go files at the top of a directory, tests left
// out: no statement changes, and what the linker lays out does. number, from 1, makes each order
// another one. It returns how many functions stand elsewhere.
func move(dir string, number int) (int, error) {
	files, err := goFiles(dir, false)
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		out, n, err := rotate(text, number)
		if err != nil {
			return 0, fmt.Errorf("move functions in %s: %w", filepath.Base(name), err)
		}
		moved += n
		if err := os.WriteFile(name, out, 0o644); err != nil {
			return 0, err
		}
	}
	if moved == 0 {
		return 0, fmt.Errorf("%s has no functions to move", dir)
	}
	return moved, nil
}

// rotate puts other functions, with their comments, where each function of a file stands.
func rotate(text []byte, number int) ([]byte, int, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, 0, err
	}
	type span struct{ from, to int }
	var spans []span
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil && f.Name.Name == "init" { // init functions run in order
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		spans = append(spans, span{set.Position(from).Offset, set.Position(f.End()).Offset})
	}
	if len(spans) < 2 {
		return text, 0, nil
	}
	by := 1 + (number-1)%(len(spans)-1)
	var out bytes.Buffer
	at := 0
	for i, s := range spans {
		other := spans[(i+by)%len(spans)]
		out.Write(text[at:s.from])
		out.Write(text[other.from:other.to])
		at = s.to
	}
	out.Write(text[at:])
	return out.Bytes(), len(spans), nil
}

// rename gives functions of the package at the top of a directory other names: those that are not
// exported, that no test and no assembly or linkname directive mentions, and whose name means
// nothing else in the package. It returns how many.
func rename(dir string) (int, error) {
	files, err := goFiles(dir, false)
	if err != nil {
		return 0, err
	}
	tests, err := goFiles(dir, true)
	if err != nil {
		return 0, err
	}
	assembly, err := filepath.Glob(filepath.Join(dir, "*.s"))
	if err != nil {
		return 0, err
	}
	taken := map[string]bool{"main": true, "init": true, "_": true}
	for _, name := range append(tests, assembly...) {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		for _, word := range words.FindAllString(string(text), -1) {
			taken[word] = true
		}
	}
	places := map[string][]place{}
	for _, name := range files {
		if err := survey(name, places, taken); err != nil {
			return 0, err
		}
	}
	edits := map[string][]place{} // by file
	renamed := 0
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if declared := slices.ContainsFunc(places[name], func(p place) bool { return p.declares }); !declared || taken[name] {
			continue
		}
		renamed++
		for _, p := range places[name] {
			edits[p.file] = append(edits[p.file], p)
		}
	}
	for name, at := range edits {
		if err := insert(name, at); err != nil {
			return 0, err
		}
	}
	return renamed, nil
}

var words = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// place is where text is inserted into a file.
type place struct {
	file     string
	offset   int
	text     string
	declares bool // a function, by its name
}

// survey finds in a file the ends of identifiers that mean, or may mean, a function of the package,
// and what means something else.
func survey(name string, places map[string][]place, taken map[string]bool) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:") {
				for _, word := range words.FindAllString(c.Text, -1) {
					taken[word] = true
				}
			}
		}
	}
	functions := map[*ast.Ident]bool{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
			functions[f.Name] = true
			taken[f.Name.Name] = taken[f.Name.Name] || f.Name.IsExported() || f.Body == nil
		}
	}
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		here := functions[id] || unresolved[id] || id.Obj != nil && id.Obj.Kind == ast.Fun
		taken[id.Name] = taken[id.Name] || !here
		places[id.Name] = append(places[id.Name], place{file: name, offset: set.Position(id.End()).Offset, text: "Renamed", declares: functions[id]})
		return true
	})
	return nil
}

// insert inserts text at places of one file.
func insert(name string, places []place) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.offset, b.offset) })
	var out bytes.Buffer
	at := 0
	for _, p := range places {
		out.Write(text[at:p.offset])
		out.WriteString(p.text)
		at = p.offset
	}
	out.Write(text[at:])
	return os.WriteFile(name, out.Bytes(), 0o644)
}
