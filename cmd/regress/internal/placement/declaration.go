package placement

import (
	"go/ast"
	"go/token"
)

// declares reports whether lines of a Go file of the head declare constants, types or imports and
// do nothing: no reader takes such a line for what costs time, whatever follows from it
// elsewhere.
func (t *tree) declares(name string, first, last int) bool {
	source := t.files[name]
	if source == nil {
		return false
	}
	declared, runs := false, false
	ast.Inspect(source.ast, func(n ast.Node) bool {
		if n == nil || source.line(n.End()) < first || source.line(n.Pos()) > last {
			return false
		}
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.VAR {
				runs = true
			} else {
				declared = true
			}
			return false
		case *ast.DeclStmt, *ast.BlockStmt: // a frame for what is in it
		case ast.Stmt:
			runs = true
		}
		return true
	})
	return declared && !runs
}

// alike is the part of the best score from which a change explains as much as the best does.
const alike = .9

// named returns what to point at in place of best: itself, unless it is a declaration. Then it is
// a change that runs and explains as much; nil where there is none, since a guess is worse than
// silence.
func (t *tree) named(best *score, scores []*score) *score {
	for _, s := range append([]*score{best}, scores...) {
		if s.score < alike*best.score {
			continue
		}
		if first, last := s.lines(); !t.declares(s.touch.hunk.file, first, last) {
			return s
		}
	}
	return nil
}
