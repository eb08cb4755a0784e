package suite

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// literals are the strings in the source of a package, by which it could name files.
type literals struct {
	texts      map[string]bool
	everything bool // it lists the folder that it stands in, and so names all that is there
}

// read adds the strings of the Go files of a package; false where one cannot be read.
func (l *literals) read(p *Package) bool {
	if l.texts == nil {
		l.texts = map[string]bool{}
	}
	for _, name := range p.Compiled {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return false
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BasicLit:
				if text, ok := stringOf(n); ok {
					l.texts[text] = true
				}
			case *ast.CallExpr:
				l.everything = l.everything || lists(n)
			}
			return true
		})
	}
	return true
}

func stringOf(n ast.Expr) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// lists reports whether a call reads a whole folder beginning at its own: os.ReadDir("."),
// filepath.WalkDir("..", …), http.Dir("./").
func lists(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	if !slices.Contains([]string{"ReadDir", "DirFS", "Walk", "WalkDir", "Glob", "ParseGlob", "ParseDir", "Dir", "Open", "Chdir", "Abs", "OpenRoot"}, name) {
		return false
	}
	return slices.ContainsFunc(call.Args, func(arg ast.Expr) bool {
		text, ok := stringOf(arg)
		return ok && text != "" && strings.Trim(text, "./*") == ""
	})
}

// mention reports whether one of the strings could be the name of a file, of a folder that it lies
// in, or of its kind.
func (l *literals) mention(file string) bool {
	if l.everything {
		return true
	}
	dir, base := path.Split(file)
	ext := path.Ext(base)
	folders := strings.FieldsFunc(dir, func(r rune) bool { return r == '/' })
	for text := range l.texts {
		if strings.Contains(text, base) || ext != "" && (text == ext || strings.HasSuffix(text, "*"+ext)) {
			return true
		}
		parts := []string{text}
		if strings.Contains(text, "/") {
			parts = strings.Split(text, "/")
		} else if goFile.MatchString(file) {
			continue // the name of a package is also a word
		}
		if slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(folders, part) }) {
			return true
		}
	}
	return false
}
