package ingest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// render shows everything in a log that tests look at.
func render(log baseline.Log, err error) string {
	var b strings.Builder
	for _, r := range log.Runs {
		e := r.Environment
		fmt.Fprintf(&b, "run side=%q commit=%q %s/%s %q\n", r.Side, r.Commit, e.OS, e.Arch, e.CPU)
		for _, s := range r.Samples {
			fmt.Fprintf(&b, "  %s %s %s %v %.4g\n", s.Package, s.Name, s.Unit, s.Rounds, s.Values)
		}
	}
	for _, p := range log.Problems {
		fmt.Fprintf(&b, "problem %s:%d side=%q %q %q %s of=%q: %q\n", p.File, p.Line, p.Side, p.Package, p.Name, p.Kind, p.Of, p.Detail)
	}
	for _, w := range log.Warnings {
		fmt.Fprintf(&b, "warning %s:%d %s of=%q name=%q: %q\n", w.File, w.Line, w.Kind, w.Of, w.Name, w.Detail)
	}
	if err != nil {
		fmt.Fprintf(&b, "error %v\n", err)
	}
	return b.String()
}

// TestGolden reads what go test of Go 1.26 printed for benchmarks that log,
// fail, skip, panic, exit, deadlock and are killed: plainly, with -v (v*) and with -json. The files
// in folders are of other tools, and named by their version where the tool has written them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	for _, format := range []string{"hyperfine", "googlebenchmark", "pytest", "jmh", "criterion"} {
		more, none := filepath.Glob("testdata/" + format + "/*.*")
		if files = append(files, more...); none != nil || len(more) < 2 {
			t.Errorf("no file of %s", format)
		}
	}
	if err != nil || len(files) < 10 {
		t.Fatalf("testdata is missing: %v %v", files, err)
	}
	for _, file := range files {
		if filepath.Ext(file) == ".want" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			log, err := ingest.Read(filepath.Base(file), bytes.NewReader(text))
			have := render(log, err)
			if *update {
				if err := os.WriteFile(file+".want", []byte(have), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".want")
			if err != nil {
				t.Fatal(err)
			}
			if have != string(want) {
				t.Errorf("have\n%s\nwant\n%s", have, want)
			}
		})
	}
}

// TestJSONTellsWhatFailed: the event of a package that failed counts where no line says so, and
// says no more where one does.
func TestJSONTellsWhatFailed(t *testing.T) {
	const result = `{"Action":"output","Package":"p/a","Output":"BenchmarkA-2 \t 1\t 12 ns/op\n"}` + "\n"
	const said = `{"Action":"output","Package":"p/a","Output":"FAIL\tp/a\t0.1s\n"}` + "\n"
	const failed = `{"Action":"fail","Package":"p/a","Elapsed":0.1}` + "\n"
	check := func(text string, want int) {
		t.Helper()
		log := read(t, text)
		if len(log.Problems) != want || want > 0 && (log.Problems[0].Kind != baseline.PackageFailed || log.Problems[0].Package != "p/a") {
			t.Errorf("%s: %v, want %d problems", text, log.Problems, want)
		}
	}
	check(result, 0)
	check(result+said, 1)
	check(result+said+failed, 1)
	check(result+failed, 1)
	check(result+`{"Action":"output","Package":"p/a","Output":"no end"}`+"\n"+failed, 1)
	check(result+strings.Replace(failed, `,"E`, `,"Test":"BenchmarkA","E`, 1), 0)
}

// TestJSONIsText: -json says the same as -v does, and its text reads as itself.
func TestJSONIsText(t *testing.T) {
	samples := func(text []byte) (keys string, log baseline.Log) {
		t.Helper()
		log, err := ingest.Read("x", bytes.NewReader(text))
		if err != nil || len(log.Runs) != 1 {
			t.Fatalf("%d runs, error %v", len(log.Runs), err)
		}
		for _, s := range log.Runs[0].Samples {
			keys += fmt.Sprintln(s.Key, s.Rounds)
		}
		return keys, log
	}
	text, err := os.ReadFile("testdata/all.json")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := os.ReadFile("testdata/plain.txt")
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, log := samples(text)
	if fromPlain, _ := samples(plain); fromJSON != fromPlain {
		t.Errorf("from JSON\n%s\nfrom text\n%s", fromJSON, fromPlain)
	}
	again, second := samples(log.Runs[0].Raw)
	if again != fromJSON || len(second.Problems) != len(log.Problems) {
		t.Errorf("the text made from JSON reads as\n%s\nand not as\n%s", again, fromJSON)
	}
}
