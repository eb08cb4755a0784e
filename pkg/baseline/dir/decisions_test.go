package dir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/storetest"
)

// readDecisions returns how many decisions can be read, and the error behind them.
func readDecisions(t *testing.T, s baseline.Store) (n int, err error) {
	t.Helper()
	for _, e := range s.Decisions(t.Context(), baseline.Query{}) {
		if e != nil {
			return n, e
		}
		n++
	}
	return n, nil
}

// A decision that was cut off, altered or renamed is told, hides no other, and is put anew.
func TestDamagedDecision(t *testing.T) {
	check := func(name string, want error, alter func(file string, text []byte) error) {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			all := []baseline.Decision{storetest.ExampleDecision(1), storetest.ExampleDecision(2)}
			if added, err := s.PutDecisions(t.Context(), all...); err != nil || added != 2 {
				t.Fatalf("added %d, %v", added, err)
			}
			files, _ := filepath.Glob(filepath.Join(path, decisionDir, "*.json"))
			text, err := os.ReadFile(files[0])
			if err != nil || len(files) != 2 {
				t.Fatal(files, err)
			}
			if err := alter(files[0], text); err != nil {
				t.Fatal(err)
			}
			n, err := readDecisions(t, s)
			if !errors.Is(err, want) || n > 1 {
				t.Errorf("%d can be read, %v; want one at most and %v", n, err, want)
			}
			if want != baseline.ErrDamaged {
				return
			}
			if n != 1 || !strings.Contains(err.Error(), decisionDir) || !strings.Contains(err.Error(), remedy) {
				t.Errorf("%d can be read beside the damaged one, want 1; and it says %v", n, err)
			}
			if added, err := s.PutDecisions(t.Context(), all...); err != nil || added != 1 {
				t.Errorf("put again: added %d, %v", added, err)
			}
		})
	}
	check("cut off", baseline.ErrDamaged, func(file string, text []byte) error { return os.WriteFile(file, text[:len(text)/2], 0o644) })
	check("empty", baseline.ErrDamaged, func(file string, _ []byte) error { return os.WriteFile(file, nil, 0o644) })
	check("another verdict", baseline.ErrDamaged, func(file string, text []byte) error {
		return os.WriteFile(file, []byte(strings.Replace(string(text), "regressed", "improved", 1)), 0o644)
	})
	check("not valid", baseline.ErrDamaged, func(file string, text []byte) error {
		return os.WriteFile(file, []byte(strings.Replace(string(text), `"outcome":"fail"`, `"outcome":""`, 1)), 0o644)
	})
	check("under another name", baseline.ErrDamaged, func(file string, _ []byte) error {
		return os.Rename(file, filepath.Join(filepath.Dir(file), "20200101T000000Z-000000000000-000000000000.json"))
	})
	check("a link", baseline.ErrDamaged, func(file string, _ []byte) error {
		return errors.Join(os.Rename(file, file+".moved"), os.Symlink(file+".moved", file))
	})
	check("a newer layout", baseline.ErrNewerSchema, func(file string, text []byte) error {
		return os.WriteFile(file, []byte(strings.Replace(string(text), `"version":1`, `"version":2`, 1)), 0o644)
	})
}

// Decisions must not make the tree beside which they are kept look changed.
func TestGitIgnoresDecisions(t *testing.T) {
	path := t.TempDir()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutDecisions(t.Context(), storetest.ExampleDecision(1)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(path, decisionDir, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// What an older program can read is written as it would have written it.
func TestOldLayout(t *testing.T) {
	plain := storetest.Example(1)
	plain.Session, plain.Facts = "", baseline.Facts{}
	anchor := plain
	anchor.Side = baseline.Anchor
	for want, r := range map[string]baseline.Run{"# regress-store: 1\n": plain, "# regress-store: 2\n": storetest.Example(1), "# regress-store: 2\n#": anchor} {
		if have := string(encode(r)); !strings.HasPrefix(have, want) {
			t.Errorf("have %.40q, want %q", have, want)
		}
	}
}
