package report_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
)

// kinds returns the constants of a type in package baseline, as its source has them.
func kinds(t *testing.T, typ string) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../../pkg/baseline/problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, value)
			}
		}
		return true
	})
	if len(out) < 10 {
		t.Fatalf("only %d constants of type %s", len(out), typ)
	}
	return out
}

// TestEveryKindHasASentence: a kind without one would be printed as its name or
// as its detail alone, without a remedy.
func TestEveryKindHasASentence(t *testing.T) {
	for _, kind := range kinds(t, "ProblemKind") {
		p := baseline.Problem{Kind: baseline.ProblemKind(kind), Package: "p", Name: "X/a-2", Detail: "DETAIL", Of: "OF", Count: 3}
		say := report.ProblemText(p)
		if say == kind || say == "DETAIL" && p.Kind != baseline.NoResult {
			t.Errorf("%s: no sentence", kind)
		}
	}
	for _, kind := range kinds(t, "WarningKind") {
		w := baseline.Warning{Kind: baseline.WarningKind(kind), File: "f.txt", Line: 7, Name: "X-2", Detail: "DETAIL", Of: "OF", Other: "OTHER", Count: 2}
		say := report.WarningText(w)
		if strings.HasSuffix(say, kind) || strings.HasSuffix(say, ": DETAIL") && w.Kind != baseline.Noted && w.Kind != baseline.Skipped {
			t.Errorf("%s: no sentence: %s", kind, say)
		}
	}
}
