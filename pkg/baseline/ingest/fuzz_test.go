package ingest_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// FuzzRead: nothing panics, nothing that benchfmt itself would read is lost,
// nothing that it would refuse passes in silence, and the kept text and the
// text written from the samples read as the same samples.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	foreign, _ := filepath.Glob("testdata/*/*.*")
	for _, file := range append(files, foreign...) {
		if text, err := os.ReadFile(file); err == nil && filepath.Ext(file) != ".want" {
			f.Add(text)
		}
	}
	f.Add([]byte(header + body))
	f.Add([]byte("BenchmarkX-2   \tsome log\n     100\t        12 ns/op\nPASS\n"))
	f.Add([]byte("BenchmarkX-2   \tl\n 1\t 2 ns/op\n# file: b\nside: base\nBenchmarkX-2 1 1 ns/op -1 B/op\n"))
	f.Add([]byte("aBenchmarkX-2   \t     100\t        12 ns/op\nBenchmarkY one\nUnit x better=lower\n# cut: 12\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		log, err := ingest.Read("f", bytes.NewReader(text))
		if err != nil && log.Files == nil {
			return // refused as a whole
		}
		for _, run := range log.Runs {
			if err := run.Validate(); err != nil {
				t.Fatalf("no store would keep it: %v", err)
			}
			for _, s := range run.Samples {
				if len(s.Values) == 0 || len(s.Values) != len(s.Rounds) {
					t.Fatalf("%v has %d values and %d rounds", s.Key, len(s.Values), len(s.Rounds))
				}
				for i, v := range s.Values {
					if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 && log.Units[s.Unit].Direction != baseline.Neutral || s.Rounds[i] < 1 {
						t.Fatalf("%v has the value %g in round %d", s.Key, v, s.Rounds[i])
					}
				}
			}
		}
		oracle(t, text, log)
		if err == nil {
			again(t, log)
		}
	})
}

// delta is a change in a table.
var delta = regexp.MustCompile(`^(?:[-+]?(?:\d+\.\d+|NaN|\+?Inf)%|~)$`)

// result begins like one: go test takes no function whose name goes on in lower case. A name alone
// on its line is none: go test -v says so what it runs.
var result = regexp.MustCompile(`^Benchmark[A-Z]`)

// oracle compares with what benchfmt reads from the same text.
func oracle(t *testing.T, text []byte, log baseline.Log) {
	t.Helper()
	control := func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }
	if bytes.Contains(text, []byte(`"Action":"`)) || bytes.ContainsFunc(text, control) {
		return // JSON, which benchfmt does not know, or characters that are taken out
	}
	if slices.ContainsFunc(log.Warnings, func(w baseline.Warning) bool { return w.Kind == baseline.Copied }) {
		return
	}
	have := map[string]int{}
	total := 0
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			for _, v := range s.Values {
				have[fmt.Sprintf("%s %s %.10g", s.Name, s.Unit, v)]++
				total++
			}
		}
	}
	want, broken := 0, 0
	lines := bytes.Split(text, []byte("\n"))
	r := benchfmt.NewReader(bytes.NewReader(text), "f")
	for r.Scan() {
		switch record := r.Result().(type) {
		case *benchfmt.SyntaxError:
			line := lines[record.Line-1]
			if alone := len(bytes.Fields(line)) == 1; result.Match(line) && !alone || bytes.HasPrefix(line, []byte("Unit ")) {
				broken++
			}
		case *benchfmt.Result:
			if c := record.Name; record.Iters < 1 || len(c) > 0 && (c[0] < 'A' || c[0] > 'Z') || len(c) > baseline.MaxName || !utf8.Valid(c) {
				continue // not a measurement, not the name of a function, or none that can be kept
			}
			if n := len(record.Values); n == 1 && delta.MatchString(cmp.Or(record.Values[0].OrigUnit, record.Values[0].Unit)) {
				broken++
				continue // a line of a table
			}
			for i, v := range record.Values {
				twice := slices.ContainsFunc(record.Values[:i], func(o benchfmt.Value) bool { return o.Unit == v.Unit && o.OrigUnit == v.OrigUnit })
				if twice || math.IsNaN(v.Value) || math.IsInf(v.Value, 0) || v.Value < 0 {
					broken++ // or kept, where nobody judges it
					continue
				}
				unit := v.Unit
				if len(unit) > baseline.MaxName || !utf8.ValidString(unit) {
					broken++
					continue
				}
				if v.Value == 0 {
					unit = tidy(unit)
				}
				want++
				key := fmt.Sprintf("%s %s %.10g", record.Name, unit, v.Value)
				if have[key] == 0 && v.OrigUnit != "" { // two units of a line have one base unit
					key = fmt.Sprintf("%s %s %.10g", record.Name, v.OrigUnit, v.OrigValue)
				}
				if have[key] == 0 && v.Value == 0 {
					key = fmt.Sprintf("%s %s %.10g", record.Name, v.Unit, v.Value)
				}
				if have[key] == 0 {
					t.Fatalf("lost %s", key)
				}
				have[key]--
			}
		}
	}
	if r.Err() == nil && broken > 0 && len(log.Problems)+len(log.Warnings) == 0 && total == want {
		t.Fatalf("%d broken lines, and no word of them", broken)
	}
}

func tidy(unit string) string {
	r := benchfmt.NewReader(strings.NewReader("BenchmarkX 1 1 "+unit+"\n"), "")
	r.Scan()
	return r.Result().(*benchfmt.Result).Values[0].Unit
}

// again reads the kept text, and the samples written in the format.
func again(t *testing.T, log baseline.Log) {
	t.Helper()
	samples := func(log baseline.Log) string {
		var b strings.Builder
		for _, run := range log.Runs {
			if len(run.Samples) > 0 {
				fmt.Fprintln(&b, run.Side, run.Environment.Fingerprint())
			}
			for _, s := range run.Samples {
				fmt.Fprintf(&b, "%q %v %v\n", s.Key, s.Values, s.Rounds)
			}
		}
		return b.String()
	}
	kept, err := ingest.Read("f", bytes.NewReader(log.Runs[0].Raw))
	if err != nil {
		t.Fatalf("the kept text: %v", err)
	}
	if samples(kept) != samples(log) || len(kept.Problems) != len(log.Problems) {
		t.Fatalf("the kept text reads as\n%s%v\nand not as\n%s%v", samples(kept), kept.Problems, samples(log), log.Problems)
	}
	for _, run := range log.Runs {
		if slices.ContainsFunc(run.Samples, func(s baseline.Sample) bool { return tidy(s.Unit) != s.Unit || delta.MatchString(s.Unit) }) {
			return // what stands on one line is written on several
		}
	}
	text := write(log)
	written, err := ingest.Read("f", strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v of\n%s", err, text)
	}
	if samples(written) != samples(log) {
		t.Fatalf("written\n%s\nreads as\n%s\nand not as\n%s", text, samples(written), samples(log))
	}
}

// write puts samples down in the format, a value a line.
func write(log baseline.Log) string {
	var b strings.Builder
	for _, run := range log.Runs {
		e := run.Environment
		for _, s := range run.Samples {
			fmt.Fprintf(&b, "side: %s\ngoos: %s\ngoarch: %s\ncpu: %s\ncores: %d\nquota: %g\ngomaxprocs: %d\npkg: %s\n", run.Side, e.OS, e.Arch, e.CPU, e.Cores, e.Quota, e.Procs, s.Package)
			for i, v := range s.Values {
				fmt.Fprintf(&b, "# round: %d\nBenchmark%s 1 %v %s\n", s.Rounds[i], s.Name, v, s.Unit)
			}
		}
	}
	return b.String()
}
