package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// TestHistory reads a part of the data.js that github-action-benchmark keeps of itself.
func TestHistory(t *testing.T) {
	const file = "testdata/history/data.js"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := ingest.ReadAll(filepath.Base(file), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	have := ""
	for _, log := range logs {
		have += fmt.Sprintf("line %d %s by %q: %q\n", log.Line, log.Suite, log.Runs[0].Facts.Author, log.Runs[0].Facts.Subject)
		have += log.Runs[0].Time.Format("2006-01-02 15:04:05 ") + render(log.Log, nil)
	}
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
	if _, err := ingest.Read("data.js", bytes.NewReader(text)); !errors.Is(err, ingest.ErrHistory) {
		t.Errorf("as one measurement: %v", err)
	}
}

// past returns a history of one entry on line 2.
func past(tool, benches string) string {
	return fmt.Sprintf("{\"lastUpdate\":1,\"repoUrl\":\"\",\"entries\":{\"S\":[\n"+
		`{"commit":{"id":"45d78258e495044a551046f50604da3c893052ce","timestamp":"2019-11-10T00:06:58+09:00"},"date":0,"tool":%q,"benches":[%s]}]}}`, tool, benches)
}

// TestHistoryForms: what an entry becomes, for each form that the tools' outputs have there.
func TestHistoryForms(t *testing.T) {
	check := func(tool, benches, want string) {
		t.Helper()
		logs, err := ingest.ReadAll("f", strings.NewReader(past(tool, benches)))
		if err != nil || len(logs) != 1 {
			t.Errorf("%s: %d logs, error %v", benches, len(logs), err)
			return
		}
		have := ""
		for _, run := range logs[0].Runs {
			for _, s := range run.Samples {
				have += fmt.Sprintf("%s %s %s %.4g %d; ", s.Package, s.Name, s.Unit, s.Values, logs[0].Units[s.Unit].Direction)
			}
			if at := run.Time.Format("2006-01-02 15:04"); at != "2019-11-09 15:06" { // the commit's, for want of another
				t.Errorf("%s: measured at %s", benches, at)
			}
		}
		for _, p := range logs[0].Problems {
			have += fmt.Sprintf("problem line %d %s %s: %s; ", p.Line, p.Package, p.Name, p.Detail)
		}
		if have != want {
			t.Errorf("%s %s\nhave %s\nwant %s", tool, benches, have, want)
		}
	}
	// The forms of Go: all metrics in one unit, and each in an entry too; -count=2; a package.
	check("go", `{"name":"BenchmarkA","value":5,"unit":"ns/op\t 16 B/op\t 2.50 MB/s","extra":"10 times\n8 procs"}`,
		"S A-8 B/op [16] 1; S A-8 B/s [2.5e+06] 2; S A-8 sec/op [5e-09] 1; ")
	check("go", `{"name":"BenchmarkA","value":5,"unit":"ns/op\t 16 B/op"},{"name":"BenchmarkA - ns/op","value":5,"unit":"ns/op"},{"name":"BenchmarkA - B/op","value":16,"unit":"B/op"},`+
		`{"name":"BenchmarkA","value":7,"unit":"ns/op\t 18 B/op"},{"name":"BenchmarkA - ns/op","value":7,"unit":"ns/op"},{"name":"BenchmarkA - B/op","value":18,"unit":"B/op"}`,
		"S A B/op [16 18] 1; S A sec/op [5e-09 7e-09] 1; ")
	check("go", `{"name":"BenchmarkA (example.com/p)","value":5,"unit":"ns/op"},{"name":"BenchmarkA/n=1 (example.com/q)","value":7,"unit":"ns/op","extra":"9 times\n1 procs"}`,
		"example.com/p A sec/op [5e-09] 1; example.com/q A/n=1 sec/op [7e-09] 1; ")
	// Times of all sizes are one unit, and rates are better when larger whatever tool prints them.
	check("catch2", `{"name":"fib 20","value":7.7,"unit":"us"},{"name":"fib 20","value":0.25,"unit":"ms"}`, "S fib_20 sec/op [7.7e-06 0.00025] 1; ")
	check("jmh", `{"name":"a.B.c","value":3,"unit":"ops/ms"},{"name":"a.B.d","value":3,"unit":"us/op"}`, "S a.B.c ops/s [3000] 2; S a.B.d sec/op [3e-06] 1; ")
	check("googlecpp", `{"name":"fib","value":3,"unit":"ns/iter"}`, "S fib sec/op [3e-09] 1; ")
	check("pytest", `{"name":"b.py::t[1-2]","value":3,"unit":"iter/sec"}`, "S b.py::t[1-2] iter/s [3] 2; ")
	// The two custom tools say which way all their units improve.
	check("customBiggerIsBetter", `{"name":"my score","value":3,"unit":"Percent used"}`, "S my_score Percent_used [3] 2; ")
	check("customSmallerIsBetter", `{"name":"my score","value":3,"unit":"ops/s"},{"name":"other","value":4,"unit":""}`, "S my_score ops/s [3] 1; S other - [4] 1; ")
	check("cargo", `{"name":"odd","value":3,"unit":"fish"}`, "S odd fish [3] 0; ")
	// What is no result is a problem in its line.
	check("cargo", `{"name":"x","value":null,"unit":"ns"},{"name":"y","value":1,"unit":"ns"}`, "S y sec/op [1e-09] 1; problem line 2 S x: its value is none; ")
	check("cargo", ``, "problem line 2  : an entry without a result, of commit 45d78258e495044a551046f50604da3c893052ce; ")
}

// TestBrokenHistory: one that is cut or changed is refused with the place.
func TestBrokenHistory(t *testing.T) {
	whole := past("go", `{"name":"BenchmarkA","value":5,"unit":"ns/op"}`)
	for text, want := range map[string]string{
		whole[:len(whole)-10]: "unexpected end of JSON input",
		strings.Replace(whole, `"benches":[`, `"benches":[7,`, 1): `line 2: an entry of suite "S"`,
		strings.Replace(whole, `"entries"`, `"entrees"`, 1):       "not of that form",
		strings.Replace(whole, `"value":5`, `"value":"five"`, 1):  "line 2",
		"window.BENCHMARK_DATA = {}":                              "not of that form",
		"window.BENCHMARK_DATA = {\"entries\": 5}":                "not of that form",
		"window.BENCHMARK_DATA = {\"entries\": {\"S\": {}}}":      "not of that form",
	} {
		if logs, err := ingest.ReadAll("f", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "read f") {
			t.Errorf("%s: %d logs, error %v; want %q", text, len(logs), err, want)
		}
	}
}

// FuzzHistory: nothing panics, every entry is a log, and a store would keep what is read.
func FuzzHistory(f *testing.F) {
	text, err := os.ReadFile("testdata/history/data.js")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(past("go", `{"name":"BenchmarkA (p)","value":5,"unit":"ns/op\t 16 B/op","extra":"10 times\n8 procs"}`)))
	f.Add([]byte(past("customBiggerIsBetter", `{"name":"a\nBenchmarkB 1 1 ns/op","value":1e308,"unit":"us"},{"name":"","value":-1,"unit":"\u0000/s"}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		logs, err := ingest.ReadAll("f", bytes.NewReader(text))
		for _, log := range logs {
			if err == nil && len(log.Runs) == 0 && len(log.Problems) == 0 {
				t.Fatal("an entry without a result and without a word")
			}
			for _, run := range log.Runs {
				if err := run.Validate(); err != nil {
					t.Fatal(err)
				}
				if again, err := ingest.Read("f", bytes.NewReader(run.Raw)); len(run.Samples) > 0 && (err != nil || len(again.Runs[0].Samples) != len(run.Samples)) {
					t.Fatalf("%v: the kept text reads as other samples:\n%s", err, run.Raw)
				}
			}
			for _, u := range log.Units {
				if u.Direction < baseline.Neutral || u.Direction > baseline.Higher {
					t.Fatal(u)
				}
			}
		}
	})
}
