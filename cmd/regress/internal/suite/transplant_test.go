package suite

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTransplant: the benchmark sources of one tree come into another, and go again.
func TestTransplant(t *testing.T) {
	write := func(top string, files map[string]string) {
		t.Helper()
		for name, text := range files {
			full := filepath.Join(top, name)
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	old, now := t.TempDir(), t.TempDir()
	const reads = "package p\n\nvar inputs = []string{\"in.toml\", \"sub/new.toml\", \"held.txt\", \"x.go\", \"../z\"}\n"
	before := map[string]string{
		"p/x.go": "old", "p/x_test.go": "old", "p/gone_test.go": "old", "p/testdata/in": "old",
		"p/in.toml": "old", "p/held.txt": "old", "p/other.txt": "old",
	}
	write(old, before)
	write(now, map[string]string{
		"p/x.go": "now", "p/x_test.go": reads, "p/new_test.go": "now", "p/testdata/in": "now", "q/y_test.go": "now",
		"p/in.toml": "now", "p/sub/new.toml": "now", "p/held.txt": "now", "p/other.txt": "now", "z": "now",
	})
	s := &Suite{Root: old}
	from := &Suite{Root: now, Packages: []*Package{
		{Path: "t/p", Dir: filepath.Join(now, "p"), Tests: []string{"x_test.go"}, Embedded: []string{"held.txt"}},
		{Path: "t/q", Dir: filepath.Join(now, "q")},
	}}
	have := func() map[string]string {
		out := map[string]string{}
		for _, pattern := range []string{"*/*.*", "*/*/*"} {
			names, _ := filepath.Glob(filepath.Join(old, pattern))
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				rel, _ := filepath.Rel(old, name)
				out[rel] = string(text)
			}
		}
		return out
	}
	same := func(want map[string]string) {
		t.Helper()
		got := have()
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%s has %q, want %q", name, got[name], text)
			}
		}
		if len(got) != len(want) {
			t.Errorf("files %v, want %v", got, want)
		}
	}
	undo, changed, err := s.Transplant(from)
	if err != nil || !changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	same(map[string]string{
		"p/x.go": "old", "p/x_test.go": reads, "p/new_test.go": "now", "p/testdata/in": "now",
		"p/in.toml": "now", "p/sub/new.toml": "now", "p/held.txt": "old", "p/other.txt": "old",
	})
	if err := undo(); err != nil {
		t.Fatal(err)
	}
	same(before)
	if _, changed, err := s.Transplant(s); changed || err != nil {
		t.Errorf("from itself: changed %v, %v", changed, err)
	}
}
