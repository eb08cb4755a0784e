package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/count/counttest"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/pkg/baseline"
)

// TestWhatIsWantedCountedIs: base and head of a benchmark are counted under the real counter, and
// head, which goes round three times as often, does three times the work.
func TestWhatIsWantedCountedIs(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for real")
	}
	counttest.Need(t)
	counter, trials := count.Find(t.Context())
	if counter == nil {
		t.Fatalf("nothing counts: %+v", trials)
	}
	defer counter.Close()
	archive, err := txtar.ParseFile("testdata/script/counting/counter.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, name, string(f.Data))
	}
	repo := filepath.Join(dir, "repo")
	git := exec.CommandContext(t.Context(), "bash", "-e", "-c", `git init -q -b main && git add . && git commit -q -m one
git checkout -q -b feature && cp ../slower.go f.go && git commit -q -a -m two`)
	git.Dir, git.Env = repo, append(os.Environ(), "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	asked := false
	session, err := measure.Open(t.Context(), measure.Options{
		Dir: repo, Base: "main", Timeout: time.Minute, Budget: time.Minute, Benchtime: "1ms", Counter: emulated{func() found { return found{counter: counter} }},
		Next: func(log baseline.Log) (wants []baseline.Want) {
			name := "F-" + strconv.Itoa(runtime.GOMAXPROCS(0))
			if runtime.GOMAXPROCS(0) == 1 {
				name = "F"
			}
			if !asked {
				wants = []baseline.Want{{Package: "example.com/counted", Name: name, Rounds: 2, Count: true}}
			}
			asked = true
			return wants
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	result, err := session.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sides [2][]float64
	side := 0
	for line := range strings.Lines(string(result.Text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "side: "); ok {
			side = 0
			if name == "head" {
				side = 1
			}
		}
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != baseline.Instructions {
			continue
		}
		each, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		sides[side] = append(sides[side], each)
	}
	if len(sides[0]) != 2 || len(sides[1]) != 2 || strings.Contains(string(result.Text), "# uncounted") {
		t.Fatalf("counted %v in\n%s", sides, result.Text)
	}
	for i := range 2 {
		if ratio := sides[1][i] / sides[0][i]; ratio < 2.99 || ratio > 3.01 {
			t.Errorf("head does %.3f times the work of base in round %d: %v", ratio, i+1, sides)
		}
	}
}
