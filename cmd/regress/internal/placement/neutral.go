package placement

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"strings"
)

// lexeme is one token of a hunk.
type lexeme struct {
	tok     token.Token
	literal string
}

// lex reads the tokens of a text, comments and line ends left out. A text that
// begins in the middle of a comment gives words instead: they then differ, and
// nothing is concluded.
func lex(text string) []lexeme {
	var out []lexeme
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	for {
		_, tok, literal := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok != token.SEMICOLON {
			out = append(out, lexeme{tok, literal})
		}
	}
}

// spell joins tokens so that equal code is equal text.
func spell(all []lexeme) string {
	var b strings.Builder
	for _, l := range all {
		b.WriteString(l.tok.String() + " " + l.literal + "\x00")
	}
	return b.String()
}

// neutral reports whether a hunk in d, which may be nil, changes nothing that
// runs: comments, layout, and the names of local variables.
func neutral(h *hunk, d *decl, declared func(line int) bool) bool {
	old, new := lex(h.old), lex(h.new)
	if len(old) != len(new) {
		return false
	}
	names := map[string]string{}
	for i := range old {
		a, b := old[i], new[i]
		if a == b {
			continue
		}
		if a.tok != token.IDENT || b.tok != token.IDENT || d == nil || i > 0 && new[i-1].tok == token.PERIOD {
			return false
		}
		if known, ok := names[a.literal]; ok && known != b.literal {
			return false
		}
		names[a.literal] = b.literal
	}
	for was, is := range names {
		if !d.renamed(was, is, declared) {
			return false
		}
	}
	return true
}

// renamed reports whether a variable of d goes by another name: it is declared
// on a changed line, and nothing has the old name any more.
func (d *decl) renamed(was, is string, declared func(line int) bool) bool {
	found := false
	define := func(e ast.Expr) {
		if ident, ok := e.(*ast.Ident); ok && ident.Name == is && declared(d.file.line(ident.Pos())) {
			found = true
		}
	}
	ast.Inspect(d.fn, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				for _, e := range x.Lhs {
					define(e)
				}
			}
		case *ast.RangeStmt:
			if x.Tok == token.DEFINE {
				define(x.Key)
				define(x.Value)
			}
		case *ast.ValueSpec:
			for _, name := range x.Names {
				define(name)
			}
		case *ast.Field:
			for _, name := range x.Names {
				define(name)
			}
		}
		return true
	})
	if !found {
		return false
	}
	kept := false
	ast.Inspect(d.fn, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && ident.Name == was {
			kept = true
		}
		return true
	})
	return !kept
}

// calls are the names that a text has in both of its forms: a function among
// them was called before and is called now.
func calls(h *hunk) map[string]bool {
	before := map[string]bool{}
	for _, l := range lex(h.old) {
		if l.tok == token.IDENT {
			before[l.literal] = true
		}
	}
	both := map[string]bool{}
	for _, l := range lex(h.new) {
		if before[l.literal] {
			both[l.literal] = true
		}
	}
	return both
}

// plain reports whether a hunk cannot make its lines dearer by an order of
// magnitude: it brings no loop, no call and nothing that waits that was not there.
func plain(h *hunk) bool {
	old, new := lex(h.old), lex(h.new)
	known := map[lexeme]bool{}
	for _, l := range old {
		known[l] = true
		if l.tok == token.ADD || l.tok == token.ADD_ASSIGN {
			known[lexeme{tok: token.ADD}], known[lexeme{tok: token.ADD_ASSIGN}] = true, true
		}
	}
	for i, l := range new {
		if known[l] {
			continue
		}
		switch {
		case l.tok == token.FOR, l.tok == token.RANGE, l.tok == token.DEFER, l.tok == token.GO, l.tok == token.SELECT, l.tok == token.ARROW, l.tok == token.MAP, l.tok == token.FUNC,
			l.tok == token.ADD, l.tok == token.ADD_ASSIGN: // of texts they allocate
			return false
		case l.tok == token.IDENT && i+1 < len(new) && (new[i+1].tok == token.LPAREN || new[i+1].tok == token.LBRACK):
			return false
		}
	}
	return len(new) > 0
}

// reordered reports whether a hunk has the tokens that it had, in another order.
func reordered(h *hunk) bool {
	count := map[lexeme]int{}
	for _, l := range lex(h.old) {
		count[l]++
	}
	for _, l := range lex(h.new) {
		count[l]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return len(count) > 0
}

// retuned reports whether nothing but numbers differ, in lines that only
// calculate: no call, index, loop or condition that a number could make dearer.
func retuned(h *hunk) bool {
	old, new := lex(h.old), lex(h.new)
	if len(old) != len(new) || len(new) == 0 {
		return false
	}
	for i, l := range new {
		switch {
		case l.tok.IsKeyword() && l.tok != token.RETURN, l.tok == token.LBRACK, l.tok == token.LBRACE:
			return false
		case l.tok == token.LPAREN && i > 0 && new[i-1].tok == token.IDENT:
			return false
		case l != old[i] && (l.tok != old[i].tok || l.tok != token.INT && l.tok != token.FLOAT):
			return false
		}
	}
	return true
}
