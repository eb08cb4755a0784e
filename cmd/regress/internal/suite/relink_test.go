package suite

import (
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	p := &Package{Path: "example.com/t", Dir: dir, Compiled: []string{"x_test.go"}, Tests: []string{"x_test.go"}, Binary: filepath.Join(dir, "0000-t.test")}
	_, err := s.Relink(t.Context(), p, filepath.Join(dir, "anew"), 9)
	if !errors.Is(err, ErrBuild) || !strings.Contains(err.Error(), "package example.com/t of the head") || !strings.Contains(err.Error(), "gone.gone not defined") {
		t.Errorf("a function that is nowhere: %v", err)
	}
	file := filepath.Join(dir, "go.mod", "anew")
	if _, err := s.Relink(t.Context(), p, file, 9); err == nil || !strings.Contains(err.Error(), "make a directory") {
		t.Errorf("into a file: %v", err)
	}
}

// TestRelinkMovesData: each order puts data elsewhere within a line of the cache, the same order in
// the same place, and neighbouring orders, which base and head have, do not go together.
func TestRelinkMovesData(t *testing.T) {
	if testing.Short() {
		t.Skip("it links programs")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module example.com/t\n\ngo 1.24\n",
		"x.go":      "package t\n\nvar Table = [40]byte{1}\n\nvar Pointers = [8]*byte{&Table[1]}\n\nvar Zeros [40]byte\n\nvar Nils [8]*byte\n\nfunc Use() byte { return Table[3] + *Pointers[0] + Zeros[2] }\n",
		"x_test.go": "package t\n\nimport \"testing\"\n\nfunc BenchmarkA(b *testing.B) { for b.Loop() { Use(); Nils[0] = &Zeros[3] } }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &Suite{Dir: dir, Label: "head"}
	p := &Package{Path: "example.com/t", Dir: dir, Compiled: []string{"x.go", "x_test.go"}, Tests: []string{"x_test.go"}, Binary: filepath.Join(dir, "0000-t.test")}
	at := func(order int64) (out [4]uint64) {
		t.Helper()
		binary, err := s.Relink(t.Context(), p, filepath.Join(dir, "anew"), order)
		if err != nil {
			t.Fatal(err)
		}
		file, err := elf.Open(binary)
		if err != nil {
			t.Skipf("not an ELF program: %v", err)
		}
		defer file.Close()
		symbols, err := file.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, symbol := range symbols {
			if i := slices.Index([]string{"example.com/t.Table", "example.com/t.Pointers", "example.com/t.Zeros", "example.com/t.Nils"}, symbol.Name); i >= 0 {
				out[i] = symbol.Value % 64
			}
		}
		return out
	}
	seen, apart := [4]map[uint64]bool{{}, {}, {}, {}}, map[uint64]bool{}
	for order := int64(8); order < 100; order += 8 {
		base, head := at(order), at(order+1)
		for i := range seen {
			seen[i][base[i]] = true
		}
		apart[(head[0]-base[0])%64] = true
	}
	for i := range seen {
		if len(seen[i]) < 2 { // what is of 32 bytes or more lies at 0 or 32
			t.Errorf("kind %d of data lies at %v alone", i, seen[i])
		}
	}
	if len(apart) < 2 {
		t.Errorf("the sides are apart by %v alone", apart)
	}
	if once, again := at(8), at(8); once != again {
		t.Errorf("an order is not the same twice: %v, %v", once, again)
	}
	if entries, _ := filepath.Glob(filepath.Join(dir, "*layout*")); len(entries) > 0 {
		t.Errorf("%v stands in the source", entries)
	}
}
