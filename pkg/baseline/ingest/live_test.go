package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

const suite = `package live

import (
	"fmt"
	"os"
	"testing"
)

func BenchmarkQuiet(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
	}
	b.ReportMetric(0, "p95-latency-ns")
}

func BenchmarkPrints(b *testing.B) {
	fmt.Println("N is", b.N)
	for range b.N {
	}
}

func BenchmarkGlues(b *testing.B) {
	fmt.Print("no new line")
	for range b.N {
	}
}

func BenchmarkSub(b *testing.B) {
	b.Run("size=1/kind=a b", func(b *testing.B) {
		for range b.N {
		}
	})
	b.Run("broken", func(b *testing.B) { b.Fatal("on purpose") })
}

func BenchmarkZDies(b *testing.B) { os.Exit(3) }
`

// TestGoTest reads what the go command at hand prints, in each of its ways, so
// that a change of its output is seen.
func TestGoTest(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/live\n\ngo 1.26\n", "live_test.go": suite} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	check := func(flags ...string) {
		t.Helper()
		args := append([]string{"test", "-run", "^$", "-bench", ".", "-benchtime", "20x", "-count", "2", "-cpu", "2"}, flags...)
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("go %v passed:\n%s", args, out)
		}
		log, err := ingest.Read("out", bytes.NewReader(out))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		have := []string{}
		for _, run := range log.Runs {
			for _, s := range run.Samples {
				have = append(have, fmt.Sprint(s.Package, ".", s.Name, " ", s.Unit, " ", s.Rounds))
			}
		}
		for _, p := range log.Problems {
			have = append(have, fmt.Sprint("problem ", p.Package, ".", p.Name, " ", p.Kind.Died()))
		}
		want := []string{
			"Glues-2 sec/op [1 2]", "Prints-2 sec/op [1 2]", "Quiet-2 B/op [1 2]", "Quiet-2 allocs/op [1 2]", "Quiet-2 p95-latency-sec [1 2]", "Quiet-2 sec/op [1 2]",
			"Sub/size=1/kind=a_b-2 sec/op [1 2]",
		}
		got := strings.Join(have, "\n")
		for _, w := range want {
			if !strings.Contains(got, "example.com/live."+w) {
				t.Errorf("%v: no %q in\n%s\nof\n%s", flags, w, got, out)
			}
		}
		// -v says which benchmark died; without it the package is all that is known.
		died := "problem example.com/live. true"
		if len(flags) > 0 {
			died = "problem example.com/live.ZDies true"
		}
		if !strings.HasSuffix(got, "problem example.com/live.Sub/broken true\n"+died) {
			t.Errorf("%v: problems\n%s\nof\n%s", flags, got, out)
		}
	}
	check()
	check("-v")
	check("-json")
}
