package ipc_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"
)

// TestReadmeCompiles checks the types of the README's Go code, each block as a function's body.
func TestReadmeCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("checks the types of the standard library")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := `package main
import ("context"; "errors"; "os/exec"; "github.com/descartes/regress/pkg/ipc"; "github.com/descartes/regress/pkg/ipc/shm")
var _ = errors.Join; var _ = exec.Command; var _ ipc.Conn; var _ = shm.Spawn
`
	blocks := strings.Split(string(text), "```go\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d blocks of Go code, want 2 and more", len(blocks))
	}
	for i, b := range blocks {
		code, _, _ := strings.Cut(b, "```")
		program += fmt.Sprintf("func block%d(ctx context.Context) {\n%s}\n", i, code)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "readme.go", program, 0)
	if err != nil {
		t.Fatal(err)
	}
	checker := types.Config{Importer: importer.ForCompiler(fset, "source", nil), Error: func(err error) {
		var e types.Error
		if errors.As(err, &e) && e.Soft { // a variable that is not used
			return
		}
		t.Error(err)
	}}
	_, _ = checker.Check("main", fset, []*ast.File{file}, nil)
}
