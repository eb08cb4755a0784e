package summary

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

var update = flag.Bool("update", false, "write the goldens in testdata")

// read sums text up under a configuration; regress.toml of this project when toml is empty.
func read(tb testing.TB, toml, text string) (Summary, error) {
	tb.Helper()
	if toml == "" {
		own, err := os.ReadFile("../../../../regress.toml")
		if err != nil {
			tb.Fatal(err)
		}
		toml = string(own)
	}
	c, err := config.Parse("regress.toml", []byte(toml))
	if err != nil {
		tb.Fatal(err)
	}
	log, err := ingest.Read("log.txt", strings.NewReader(text))
	if err != nil {
		return Summary{}, err
	}
	return New(gate.Input{Log: log, Policy: c.Policy, Targets: c.Targets, Today: time.Unix(0, 0)}, Options{Project: c.Project, Recommend: c.Summary.Recommend, Gains: c.Summary.Gains, Groups: c.Groups, Columns: c.Summary.Columns, Order: c.Summary.Order})
}

func write(tb testing.TB, s Summary) (page, doc string) {
	tb.Helper()
	var md, js bytes.Buffer
	if err := errors.Join(Markdown(&md, s), JSON(&js, s)); err != nil {
		tb.Fatal(err)
	}
	return md.String(), js.String()
}

const demand = `
[[target]]
name = "parse | <b>fast</b>"
benchmark = 'Parse'
unit = "ns/op"
below = "1ms"
[[target]]
name = "never run"
benchmark = 'Nothing'
unit = "ns/op"
below = "1ms"
[[recommend]]
name = "fast"
choose = "format"
by = "ns/op"
where = 'Parse'
[[recommend]]
name = "small"
choose = "format"
by = "wire-bytes"
[[recommend]]
name = "small"
choose = "absent"
by = "ns/op"
[[gain]]
name = "a | binary"
of = "format=bin"
over = "format=json"
by = "ns/op"
claim = 1.5
[[gain]]
name = "fewer bytes"
of = "format=bin"
over = "format=json"
by = "wire-bytes"
[[gain]]
name = "absent"
of = "format=none"
over = "format=json"
by = "ns/op"
[groups]
fast = "^BenchmarkParse/format=bin"
slow = "^BenchmarkNo|^BenchmarkWait$"
`

// small has two formats and two sizes, six rounds, a crash, and names that
// would break a page.
func small() string {
	var b strings.Builder
	b.WriteString("goos: linux\ncpu: CPU | <script> @team\ncommit: 0123456789abcdef0123456789abcdef01234567\nbranch: [x](http://evil)\nUnit wire-bytes better=lower assume=exact\nUnit p50-wait-ns better=lower\nUnit p99-wait-ns better=lower\npkg: p\n")
	for round := range 6 {
		n := 1 + .01*float64(round)
		fmt.Fprintf(&b, "BenchmarkParse/format=bin/size=64B-2 10 %.0f ns/op 20 wire-bytes 0 allocs/op\n", 100*n)
		fmt.Fprintf(&b, "BenchmarkParse/format=json/size=64B-2 10 %.0f ns/op 80 wire-bytes 0 allocs/op\n", 300*n)
		fmt.Fprintf(&b, "BenchmarkParse/format=bin/size=1KiB-2 10 %.0f ns/op 1000 wire-bytes 0 allocs/op\n", 1000*n)
		fmt.Fprintf(&b, "BenchmarkParse/format=json/size=1KiB-2 10 %.0f ns/op 1024 wire-bytes 0 allocs/op\n", 2000*n)
		fmt.Fprintf(&b, "BenchmarkWait-2 10 %.0f p50-wait-ns %.0f p99-wait-ns\n", 1000*n, 30000*n)
		fmt.Fprintf(&b, "BenchmarkOdd/a|b`<img>@x/k=*_[1](u)-2 10 %.0f ns/op 5 |`<i>#1/op\n", 10*n)
		fmt.Fprintf(&b, "BenchmarkOdd/plain/k=2-2 10 %.0f ns/op\n", 10*n)
	}
	b.WriteString("# failed: head p Parse/format=tiny/size=64B-2 exit status 2 | <b> @x\n# warning: something @all\n")
	return b.String()
}

func TestGolden(t *testing.T) {
	check := func(name, toml, text string) {
		t.Helper()
		s, err := read(t, toml, text)
		if err != nil {
			t.Fatal(err)
		}
		page, doc := write(t, s)
		for file, have := range map[string]string{name + ".md": page, name + ".json": doc} {
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, []byte(have), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if have != string(want) {
				t.Errorf("%s differs: where that is meant: go test -update; have\n%s", path, have)
			}
		}
		wellFormed(t, page, doc)
	}
	check("small", demand, small())
	suite, err := os.ReadFile("testdata/suite.txt") // of this repository's own suite
	if err != nil {
		t.Fatal(err)
	}
	check("suite", ownConfig, string(suite))
}

// What a reader looks for, beside the goldens, which nobody reads again.
func TestPage(t *testing.T) {
	s, err := read(t, demand, small())
	if err != nil {
		t.Fatal(err)
	}
	page, _ := write(t, s)
	holds := func(want string) {
		t.Helper()
		if !strings.Contains(strings.ReplaceAll(page, "\u00a0", " "), want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	// Six rounds of 100, 101 … 105: median 102.5; MAD 1.5, so 1.4826·1.5/102.5 = 2.17 %.
	holds("| size | bin | json |") // two keys of two values each: the first in the name
	holds("| 64B | 102 ns ±2.2 % | 308 ns ±2.2 % |")
	holds("**allocs/op**, less is better: 0 in all 4 benchmarks.")
	holds("`format=bin`")
	// √(300/100 · 2000/1000) = 2.449 at 64 B and 1 KiB together.
	holds("**2.4×** over `json`")
	// wire-bytes is exact: √(80/20 · 1024/1000) = 2.02.
	holds("**2.0×** over `json` |")
	holds("`absent`: not measured")
	holds("⚠️ not measured")
	// 300/100 at 64 B and 2000/1000 at 1 KiB are 2.449 together, and the claim is 1.5.
	holds("| ✅ met | a \\| binary<br>`format=bin` over `format=json` | sec/op | 1.5× | **2.4×**<br>2.4× to 2.5× at 96 %<br>2.0× to 3.0× in 2 benchmarks of 6 rounds |")
	holds("| benchmark | 64B | 1KiB |\n|:--|--:|--:|\n| Parse | 3.0× (2.9× to 3.1×) | 2.0× (1.94× to 2.1×) |")
	holds("| – | fewer bytes<br>`format=bin` over `format=json` | wire-bytes | – | **2.0×**<br>1.02× to 4.0× in 2 benchmarks of 6 rounds |")
	holds("no benchmark was measured with both format=none and format=json")
	holds("### fast\n\n#### Parse\n")
	holds("### slow\n\n#### Wait\n")
	holds("### in no group\n\n#### Odd")
	holds("✅ met, ")
	holds("fast, format: Parse/format=tiny/size=64B-2 gave no result: ")
	holds("> **1 problem** in the results")
}

// Columns can be chosen, and a key with many values is rows.
func TestColumns(t *testing.T) {
	check := func(toml, text, header string) {
		t.Helper()
		s, err := read(t, toml, text)
		if err != nil {
			t.Fatal(err)
		}
		if page, _ := write(t, s); !strings.Contains(page, header) {
			t.Errorf("no %q in\n%s", header, page)
		}
	}
	line := func(name string) string { return "Benchmark" + name + " 1 5 ns/op\n" }
	grid := line("A/x=1/y=1-2") + line("A/x=1/y=2-2") + line("A/x=1/y=3-2") + line("A/x=2/y=1-2")
	check("[policy]", grid, "| y | 1 | 2 |\n|:--|--:|--:|\n") // x has two values, y three
	check("[summary]\ncolumns = ['absent', 'y']", grid, "| x | 1 | 2 | 3 |\n")
	check("[summary]\ncolumns = ['y']", grid, "| 2 | 5.00\u00a0ns | – | – |\n") // what is not measured is a dash
	many := ""
	for i := range 9 {
		many += line(fmt.Sprintf("A/x=%d-2", i))
	}
	check("[policy]", many, "| x | median |\n|:--|--:|\n| 0 |")
	words := line("A/x=small/y=1-2") + line("A/x=large/y=2-2") + line("A/x=huge/y=3-2") + line("A/x=9/y=4-2")
	check("[summary]\ncolumns = ['x']\norder = ['small', 'large']", words, "| y | small | large | 9 | huge |\n")
	check("[policy]", line("A-2"), "| unit | median |\n|:--|--:|\n| sec/op | 5.00\u00a0ns |")
	check("[policy]", line("A-1")+line("A-2")+line("A-4"), "| unit | 2 | 4 |")       // gomaxprocs tells apart what it varies in
	check("[policy]", line("A/x=1/y=7-2")+line("A/x=2/y=7-2"), "### A, `y=7`\n")     // a key with one value is in the heading
	check("[policy]", line("A/one-2")+line("A/two-2"), "| unit | one | two |\n")     // a part without a key
	check("[policy]", line("A/x=1/one-2")+line("A/x=2/two-2"), "| name | 1 | 2 |\n") // beside one that has
}

// A log of base alone has no head to sum up.
func TestNoHead(t *testing.T) {
	if _, err := read(t, "", "side: base\nBenchmarkA 1 5 ns/op\n"); !errors.Is(err, ErrNoHead) {
		t.Errorf("have %v", err)
	}
}

func TestOrder(t *testing.T) {
	check := func(ordered ...string) {
		t.Helper()
		for i := range ordered {
			for j := range ordered {
				if have, want := compareValues(ordered[i], ordered[j]), compareInts(i, j); have != want {
					t.Errorf("%q and %q: have %d, want %d", ordered[i], ordered[j], have, want)
				}
			}
		}
	}
	check("64B", "512B", "1kB", "1KiB", "4KiB", "1MiB", "1GB")
	check("10ns", "9µs", "8ms", "7s", "2m", "1h")
	check("1", "2", "16", "100", "shm", "unix")
	check("0.5", "1.5", ".", "1.2.3", "64Q", "a")
}

func compareInts(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestBars(t *testing.T) {
	check := func(have, want string) {
		t.Helper()
		if have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	// From 1 to 10,000 on 20 characters: a decade is 5.
	axis, drawn := scaleOf([]float64{3, 10_000})
	if !drawn || axis.lo != 1 {
		t.Fatal(axis, drawn)
	}
	check(axis.bar([]float64{10, 100, 1000}), "█████▓▓▓▓▓░░░░░")
	check(axis.bar([]float64{10, 100, 1000, 10_000}), "█████▓▓▓▓▓▒▒▒▒▒░░░░░")
	check(axis.bar([]float64{10, 5, 100}), "█████░░░░░") // a percentile below the one before it adds nothing
	check(axis.bar([]float64{0, 10}), "█░░░░")           // zero is drawn as the least there is
	if _, drawn := scaleOf([]float64{0, -1}); drawn {
		t.Error("drew what has no logarithm")
	}

	check(spark([]float64{100, 100, 100}), "▅▅▅")
	check(spark([]float64{1, 2, 3}), "▁▅█")
	check(spark([]float64{99, 100, 101}), "▄▅▅") // 1 % of noise: (−1/5/2 + ½)·8 = 3.2, (1/5/2 + ½)·8 = 4.8
	check(spark([]float64{0, 0}), "▅▅")
}

var tag = regexp.MustCompile(`<[^>]*>?`)

// wellFormed holds for every page, whatever was in the log.
func wellFormed(tb testing.TB, page, doc string) {
	tb.Helper()
	if !utf8.ValidString(page) || !json.Valid([]byte(doc)) {
		tb.Fatalf("not UTF-8, or not JSON:\n%s\n%s", page, doc)
	}
	for _, r := range page + doc {
		if r != '\n' && r != '\u00a0' && r != '\u200b' && !unicode.IsPrint(r) {
			tb.Fatalf("%q in the page:\n%s", r, page)
		}
	}
	columns := 0
	for line := range strings.Lines(page) {
		bare := outside(line)
		for _, found := range tag.FindAllString(bare, -1) {
			switch found {
			case "<br>", "<details>", "</details>", "<summary>", "</summary>":
			default:
				tb.Errorf("%s in %q", found, line)
			}
		}
		if strings.Contains(bare, "](") || strings.Contains(bare, "@") || strings.Contains(bare, "://") {
			tb.Errorf("markup in %q", line)
		}
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		own := strings.Count(strings.ReplaceAll(strings.ReplaceAll(line, `\\`, ""), `\|`, ""), "|")
		if columns != 0 && own != columns {
			tb.Errorf("%d bars after %d: %q", own, columns, line)
		}
		columns = own
	}
	if strings.Count(page, "\n<details>") != strings.Count(page, "\n</details>") {
		tb.Errorf("folds do not close:\n%s", page)
	}
}

// outside is a line without its code spans, and without what a backslash disarms.
func outside(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i += 2
		case line[i] == '`':
			n := len(line[i:]) - len(strings.TrimLeft(line[i:], "`"))
			end := i + n
			for end < len(line) { // the next run of exactly n closes it
				at := strings.IndexByte(line[end:], '`')
				if at < 0 {
					return b.String() + line[i:] // an open one is text
				}
				end += at
				run := len(line[end:]) - len(strings.TrimLeft(line[end:], "`"))
				if end += run; run == n {
					break
				}
			}
			i = end
		default:
			b.WriteByte(line[i])
			i++
		}
	}
	return b.String()
}

// Any log: no panic, a page that is well formed, and the same bytes twice.
func FuzzPage(f *testing.F) {
	f.Add(small())
	f.Add("BenchmarkA/x=\x00/y=1-2 1 5 ns/op\nBenchmarkA/x/y=1 1 NaN ns/op 0 a|b\nBenchmarkA/x=2 1 5 ns/op")
	f.Add("BenchmarkA/k=</details>-2 1 1e308 ns/op -1e308 p5-x\nBenchmarkA/k=</details>-2 1 -1e308 ns/op 5e-324 p9-x 0 p99-x\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := read(t, demand, text)
		if err != nil {
			return
		}
		page, doc := write(t, s)
		wellFormed(t, page, doc)
		again, err := read(t, demand, text)
		if err != nil {
			t.Fatal(err)
		}
		if page2, doc2 := write(t, again); page2 != page || doc2 != doc {
			t.Errorf("not the same twice:\n%s\n%s", page, page2)
		}
	})
}

// ownConfig is a copy of what this project asks for, so that a change of its
// regress.toml changes no golden.
const ownConfig = `project = "github.com/descartes/regress"
[summary]
columns = ["transport"]
[[target]]
name      = "event log latency"
benchmark = 'EventLog'
unit      = "mean-latency-ns"
below     = "10ms"
[[target]]
name      = "round trip of 256 B, 95th percentile"
benchmark = 'PingPong/transport=[^/]+/size=256B'
unit      = "p95-latency-ns"
below     = "100µs"
[[recommend]]
name   = "production"
choose = "transport"
by     = "p99-latency-ns"
where  = 'PingPong/'
[[recommend]]
name   = "production"
choose = "format"
by     = "msg/s"
where  = 'Messages/'
[[recommend]]
name   = "latency-critical"
choose = "transport"
by     = "p95-latency-ns"
where  = 'PingPong/.*size=(64B|256B|512B|1KiB)\b'
`

// TestCountsAreNoMetric: instructions are counted beside every time and are not what a benchmark
// was written for.
func TestCountsAreNoMetric(t *testing.T) {
	f := family{units: []string{"B/op", baseline.Instructions, "sec/op", baseline.Syscalls}}
	if front, _ := f.split(nil); len(front) != 1 || front[0] != "sec/op" {
		t.Errorf("%q are shown at once", front)
	}
}
