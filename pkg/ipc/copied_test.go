package ipc_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	// The programs below are built of these: without the imports a change in them would leave
	// this test's result in the cache.
	_ "github.com/descartes/regress/pkg/ipc/codec"
	_ "github.com/descartes/regress/pkg/ipc/eventlog"
	_ "github.com/descartes/regress/pkg/ipc/netconn"
	_ "github.com/descartes/regress/pkg/ipc/pattern"
)

// TestCopiedExamples does what a stranger does: it pastes each example, as the documentation
// shows it, into the main.go of a module outside of this one, builds it, runs it and compares
// what it prints.
func TestCopiedExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each example")
	}
	dir := strangersModule(t)
	examples := map[string]*doc.Example{}
	for _, folder := range []string{".", "codec", "eventlog", "netconn", "pattern"} {
		fset, found := documented(t, folder)
		for _, e := range found {
			name := filepath.Base(folder) + "_" + e.Name
			if folder == "." {
				name = "ipc_" + e.Name
			}
			if e.Play == nil {
				t.Errorf("%s: no program: it needs what is in another file", name)
				continue
			}
			examples[name] = e
			paste(t, filepath.Join(dir, name), fset, e.Play)
		}
	}
	if len(examples) < 15 {
		t.Errorf("%d examples are found, want 15 and more", len(examples))
	}
	bin := t.TempDir()
	run(t, dir, "go", "build", "-mod=mod", "-ldflags=-s -w", "-o", bin, "./...")
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			have, want := run(t, t.TempDir(), filepath.Join(bin, name)), strings.TrimSpace(e.Output)
			if e.Unordered {
				have, want = sorted(have), sorted(want)
			}
			if have != want {
				t.Errorf("it prints\n%s\nwant\n%s", have, want)
			}
		})
	}
}

// strangersModule is a new module that requires this one, of which only the place is known to it.
func strangersModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const ours = "github.com/descartes/regress"
	mod := fmt.Sprintf("module stranger\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", ours, ours, root)
	dir := t.TempDir()
	for name, content := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// documented are the examples in the test files of a folder.
func documented(t *testing.T, folder string) (*token.FileSet, []*doc.Example) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset, files := token.NewFileSet(), []*ast.File{}
	for _, path := range paths {
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return fset, doc.Examples(files...)
}

// paste writes the program into a new folder's main.go.
func paste(t *testing.T, dir string, fset *token.FileSet, program *ast.File) {
	t.Helper()
	var source bytes.Buffer
	if err := format.Node(&source, fset, program); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run is what the program prints.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a program that takes itself for its parent starts itself for ever
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v\n%s", filepath.Base(program), err, complaints.Bytes())
	}
	return strings.TrimSpace(string(out))
}

func sorted(lines string) string {
	l := strings.Split(lines, "\n")
	slices.Sort(l)
	return strings.Join(l, "\n")
}
