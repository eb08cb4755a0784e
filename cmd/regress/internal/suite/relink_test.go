package suite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelinkSaysWhatTheLinkerSays: an error of the linker is one of the build and is shown, and
// nothing is compiled for it.
func TestRelinkSaysWhatTheLinkerSays(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.com/t\n\ngo 1.24\n",
		"x.s":       "",
		"x_test.go": "package t\n\nimport (\n\t\"testing\"\n\t_ \"unsafe\"\n)\n\n//go:linkname gone example.com/gone.gone\nfunc gone()\n\nfunc BenchmarkA(b *testing.B) { gone() }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &Suite{Dir: dir, Label: "head"}
	p := &Package{Path: "example.com/t", Dir: dir, Binary: filepath.Join(dir, "0000-t.test")}
	_, err := s.Relink(t.Context(), p, filepath.Join(dir, "anew"), 9)
	if !errors.Is(err, ErrBuild) || !strings.Contains(err.Error(), "package example.com/t of the head") || !strings.Contains(err.Error(), "gone.gone not defined") {
		t.Errorf("a function that is nowhere: %v", err)
	}
	file := filepath.Join(dir, "go.mod", "anew")
	if _, err := s.Relink(t.Context(), p, file, 9); err == nil || !strings.Contains(err.Error(), "make a directory") {
		t.Errorf("into a file: %v", err)
	}
}
