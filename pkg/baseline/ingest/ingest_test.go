package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

const header = `regress-log: 1
procedure: two-stage
project: github.com/x/y
commit: 1111111111111111111111111111111111111111
branch: feature
dirty: true
base-commit: 2222222222222222222222222222222222222222
base-branch: main
seed: 1234
started: 2026-11-23T06:30:00+01:00
goos: linux
goarch: amd64
cpu: AMD EPYC
cores: 2
quota: 1.5
gomaxprocs: 2
memory-mib: 24000
kernel: 6.18
virtual: kvm
governor: performance
go-version: go1.26.8
suite-flags: -benchtime=100ms
Unit p95-latency-ns better=lower
# functions: base example.com/b BenchmarkA BenchmarkOld
# functions: head example.com/b BenchmarkA
# noise: example.com/b A-2 ns/op sd=0.0041 between=0.012 runwide=0.02 sessions=12
# same: example.com/b C-2 equal build IDs
# binary: base example.com/b sha256:00
# warning: the governor is powersave
`

const body = `side: base
# round: 1
pkg: example.com/b
BenchmarkA-2   1000   240 ns/op   300 p95-latency-ns
BenchmarkA-2   1000   250 ns/op   310 p95-latency-ns
PASS
# load: wall=1.203s steal=0.010 other=0.080
# disturbed: steal 12 %
side: head
# round: 1
pkg: example.com/b
BenchmarkA-2   1000   260 ns/op   320 p95-latency-ns
PASS
side: base
# round: 2
BenchmarkA-2   1000   270 ns/op   330 p95-latency-ns
PASS
# failed: head example.com/b B/x the process ended with exit status 2
# stopped: budget of 3m0s
`

func read(t *testing.T, text string) baseline.Log {
	t.Helper()
	log, err := ingest.Read("x.txt", strings.NewReader(text))
	if err != nil {
		t.Fatalf("read %q: %v", text, err)
	}
	return log
}

func equal[T any](t *testing.T, what string, have, want T) {
	t.Helper()
	if h, w := fmt.Sprintf("%+v", have), fmt.Sprintf("%+v", want); h != w {
		t.Errorf("%s\nhave %s\nwant %s", what, h, w)
	}
}

func TestRawLog(t *testing.T) {
	log := read(t, header+body)
	env := baseline.Environment{
		OS: "linux", Arch: "amd64", CPU: "AMD EPYC", Cores: 2, Quota: 1.5, Procs: 2, MemoryMiB: 24000,
		Kernel: "6.18", Virtual: "kvm", Governor: "performance", GoVersion: "go1.26.8", SuiteFlags: "-benchtime=100ms",
	}
	if len(log.Runs) != 2 {
		t.Fatalf("%d runs", len(log.Runs))
	}
	base, head := log.Runs[0], log.Runs[1]
	for i := range log.Runs {
		equal(t, "raw", string(log.Runs[i].Raw), header+body)
		log.Runs[i].Raw = nil
	}
	nano := 1e-9 // a variable: constants would be multiplied exactly
	failed := 1 + strings.Count(header+body[:strings.Index(body, "# failed")], "\n")
	key := func(unit string) baseline.Key { return baseline.Key{Package: "example.com/b", Name: "A-2", Unit: unit} }
	equal(t, "base", log.Runs[0], baseline.Run{
		Project: "github.com/x/y", Side: baseline.Base, Commit: base.Commit, Branch: "main", Environment: env,
		Time: time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC),
		Samples: []baseline.Sample{
			{Key: key("p95-latency-sec"), Values: []float64{300 * nano, 310 * nano, 330 * nano}, Rounds: []int{1, 1, 2}},
			{Key: key("sec/op"), Values: []float64{240 * nano, 250 * nano, 270 * nano}, Rounds: []int{1, 1, 2}},
		},
	})
	equal(t, "sides", []any{base.Commit[:1], head.Side, head.Commit[:1], head.Branch, head.Dirty, len(head.Samples)}, []any{"2", baseline.Head, "1", "feature", true, 2})
	equal(t, "units", log.Units, map[string]baseline.Unit{
		"sec/op":          {Name: "sec/op", Direction: baseline.Lower},
		"p95-latency-sec": {Name: "p95-latency-sec", Direction: baseline.Lower},
	})
	log.Runs, log.Units = nil, nil
	equal(t, "log", log, baseline.Log{
		Files: []string{"x.txt"}, Procedure: "two-stage", Seed: 1234, Stopped: "budget of 3m0s", Procs: baseline.Procs{2},
		Noise: map[baseline.Key]baseline.Noise{key("sec/op"): {SD: .0041, Between: .012, RunWide: .02, Sessions: 12}},
		Functions: map[baseline.Side][]baseline.Function{
			baseline.Base: {{Package: "example.com/b", Name: "BenchmarkA"}, {Package: "example.com/b", Name: "BenchmarkOld"}},
			baseline.Head: {{Package: "example.com/b", Name: "BenchmarkA"}},
		},
		Same:     map[baseline.Key]string{{Package: "example.com/b", Name: "C-2"}: "equal build IDs"},
		Problems: []baseline.Problem{{File: "x.txt", Line: failed, Side: baseline.Head, Package: "example.com/b", Name: "B/x", Kind: baseline.NoResult, Detail: "the process ended with exit status 2"}},
		Warnings: []baseline.Warning{
			{Kind: baseline.Noted, Detail: "the governor is powersave"},
			{Kind: baseline.Disturbed, Side: baseline.Base, Round: 1, Count: 1, Detail: "steal 12 %"},
		},
	})
}

// TestForeignText: -count repetitions, packages, same names, several machines.
func TestForeignText(t *testing.T) {
	log := read(t, strings.ReplaceAll(`goos: linux
pkg: a
BenchmarkX-8 100 1 ns/op 5 MB/s
BenchmarkX-8 100 2 ns/op 6 MB/s
BenchmarkY 100 9 ns/op
PASS
ok  	a	1.2s
?   	c	[no test files]
pkg: b
BenchmarkX-8 100 3 ns/op 0 ns-wait`, "\n", "\r\n"))
	var have []string
	for _, s := range log.Runs[0].Samples {
		have = append(have, fmt.Sprint(s.Package, " ", s.Name, " ", s.Unit, " ", s.Values, s.Rounds))
	}
	equal(t, "samples", have, []string{
		"a X-8 B/s [5e+06 6e+06] [1 2]", "a X-8 sec/op [1e-09 2e-09] [1 2]", "a Y sec/op [9.000000000000001e-09] [1]",
		"b X-8 sec-wait [0] [1]", "b X-8 sec/op [3.0000000000000004e-09] [1]", // the unit of a zero is tidied too
	})
	equal(t, "problems", log.Problems, []baseline.Problem(nil))

	log = read(t, "goos: linux\ncpu: A\nBenchmarkX 1 1 ns/op\ngoos: linux\ncpu: B\nBenchmarkX 1 2 ns/op\ngoos: linux\nBenchmarkX 1 3 ns/op\n")
	cpus := []string{}
	for _, r := range log.Runs {
		cpus = append(cpus, fmt.Sprint(r.Environment.CPU, r.Samples[0].Values))
	}
	equal(t, "machines", cpus, []string{"A[1e-09]", "B[2e-09]", "[3.0000000000000004e-09]"})

	log = read(t, "commit: c1\nside: base\nBenchmarkX 1 1 ns/op\nside: head\ncommit: c2\nBenchmarkX 1 2 ns/op\nside: base\ncommit: c1\nBenchmarkX 1 4 ns/op\n")
	equal(t, "sides", []any{len(log.Runs), log.Runs[0].Commit, log.Runs[1].Commit, log.Runs[0].Samples[0].Rounds}, []any{2, "c1", "c2", []int{1, 2}})
}

// TestForeignKeys: benchstat would make two tables, so one sample needs a warning.
func TestForeignKeys(t *testing.T) {
	log := read(t, "build: a\nBenchmarkX 1 1 ns/op\nbuild: b\nBenchmarkX 1 1 ns/op\nbuild: c\nBenchmarkX 1 1 ns/op\n")
	if len(log.Warnings) != 1 || log.Warnings[0] != (baseline.Warning{Kind: baseline.KeyChanges, File: "x.txt", Of: "build", Other: "a", Detail: "b"}) {
		t.Error(log.Warnings)
	}
	log = read(t, "build: a\nbuild: b\nBenchmarkX 1 1 ns/op\nPASS\n")
	equal(t, "warnings of a key that was set twice above all results", log.Warnings, []baseline.Warning(nil))
}

// TestBodyCannotChangeHeader: what a benchmark prints is not a fact about the log.
func TestBodyCannotChangeHeader(t *testing.T) {
	log := read(t, header+body+"commit: 3333\ncpu: other\nproject: evil\nBenchmarkA-2 1 5 ns/op\n")
	equal(t, "runs", []any{len(log.Runs), log.Runs[0].Project, log.Runs[1].Commit[:2], log.Runs[0].Environment.CPU}, []any{2, "github.com/x/y", "11", "AMD EPYC"})
}

// TestTorn has what other output does to result lines.
func TestTorn(t *testing.T) {
	check := func(text, values, problems string) {
		t.Helper()
		log, err := ingest.Read("x", strings.NewReader(text))
		if err != nil && !errors.Is(err, ingest.ErrNoBenchmarks) {
			t.Fatal(err)
		}
		have := []string{}
		for _, r := range log.Runs {
			for _, s := range r.Samples {
				for _, v := range s.Values {
					have = append(have, fmt.Sprintf("%s=%.3g", s.Name, v))
				}
			}
		}
		if h := strings.Join(have, " "); h != values {
			t.Errorf("%q: have values %q, want %q", text, h, values)
		}
		have = have[:0]
		for _, p := range log.Problems {
			have = append(have, fmt.Sprintf("%d:%s", p.Line, p.Name))
		}
		if h := strings.Join(have, " "); h != problems {
			t.Errorf("%q: have problems %q, want %q\n%v", text, h, problems, log.Problems)
		}
	}
	// Name, log, numbers: one reading alone.
	check("BenchmarkX-2   \tsome log\n     100\t        12 ns/op\nPASS\n", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \tsome log\nmore\n     100\t        12 ns/op", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \t3 clients\nmore\n     100\t        12 ns/op\t  8 B/op\n", "X-2=8 X-2=1.2e-08", "")
	check("BenchmarkX-2   \tBenchmarkX starts\n     100\t        12 ns/op\n", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \t\nBenchmarkX starts\n     100\t        12 ns/op\n", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \tl\n     100\t        12 ns/op\nBenchmarkY-2   \tl\n     100\t        13 ns/op\nBenchmarkZ-2 1 1 ns/op\n", "X-2=1.2e-08 Y-2=1.3e-08 Z-2=1e-09", "")
	check("loading...BenchmarkX-2   \t     100\t        12 ns/op\n", "X-2=1.2e-08", "")
	check("loadingBenchmarkX-2   \tmore\n     100\t        12 ns/op\n", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \tlog 7     100\t        12 ns/op\t 8 B/op\nBenchmarkY-2 1 1 ns/op\n", "X-2=8 X-2=1.2e-08 Y-2=1e-09", "")
	check("BenchmarkX-2   \tlog\nlog7     100\t        12 ns/op\n", "X-2=1.2e-08", "")
	check("BenchmarkX-2   \t  20\t 5 ns/op     100\t        12 ns/op\n", "", "1:X-2") // not a line that testing prints
	check("BenchmarkX-2   \tlog     20\t 5 ns/op\n     100\t        12 ns/op\n", "", "1:X-2")
	// Two lines could be the numbers: a benchmark that prints a testing.BenchmarkResult.
	check("BenchmarkX-2   \tl\n     100\t        12 ns/op\n     200\t        15 ns/op\nPASS\n", "", "1:X-2")
	// No numbers, and which benchmark it was is known.
	check("BenchmarkX-2   \tsome log\nBenchmarkY-2 1 1 ns/op\n", "Y-2=1e-09", "1:X-2")
	check("BenchmarkX-2   \tsome log\nPASS\nok  \tp\t1s\n", "", "1:X-2")
	check("BenchmarkY-2 1 1 ns/op\nBenchmarkX-2   \t   1", "Y-2=1e-09", "2:X-2")
	check("BenchmarkX-2 1 1 ns/op 5\nBenchmarkY-2 1 1 ns/op\n", "Y-2=1e-09", "1:X-2")
	check("BenchmarkX-2 1 x ns/op\nBenchmarkY-2 one 1 ns/op\n", "", "1:X-2 2:Y-2")
	check("BenchmarkX-2 0 1 ns/op\n", "", "1:X-2")
	// A count behind the name is a cut line, whatever numbers follow.
	check("BenchmarkX-2   \t     100\tlog\n     100\t        12 ns/op\n", "", "1:X-2")
	// Values that are none.
	check("BenchmarkX-2 1 NaN ns/op 2 B/op -3 x/op +Inf y/op\n", "X-2=2 X-2=-3", "1:X-2") // a neutral metric may be below zero
	// -v: a name alone is an announcement; without numbers at the end it was the last one running.
	check("BenchmarkX\nBenchmarkX-2 1 1 ns/op\nBenchmarkY\n", "X-2=1e-09", "3:Y")
	check("BenchmarkX\nBenchmarkX/a\nBenchmarkX/a-2 1 1 ns/op\nPASS\n", "X/a-2=1e-09", "")
	check("BenchmarkX\n     100\t        12 ns/op\nBenchmarkX-2 1 1 ns/op\nPASS\n", "X-2=1e-09", "")
	// Names and units that no store would keep.
	check("BenchmarkX\xff 1 1 ns/op\nBenchmark"+strings.Repeat("X", 2000)+" 1 1 ns/op\nBenchmarkY 1 1 \xff 1 ns/op\n", "Y=1e-09", "1:X\xff 2:"+strings.Repeat("X", 120)+"… 3:Y")
	// Prose is neither.
	check("Benchmarking things\nBenchmark results follow\nBenchmarkX-2 1 1 ns/op\n", "X-2=1e-09", "")
	check("Benchmark-2 1 1 ns/op\nBenchmark 1 2 ns/op\nBenchmark/a 1 3 ns/op\n", "=2e-09 -2=1e-09 /a=3e-09", "")
}

// TestCrash has how processes end, beside what testdata has.
func TestCrash(t *testing.T) {
	check := func(text string, want ...string) {
		t.Helper()
		log, err := ingest.Read("x", strings.NewReader(text))
		if err != nil && !errors.Is(err, ingest.ErrNoBenchmarks) {
			t.Fatal(err)
		}
		have := []string{}
		for _, p := range log.Problems {
			have = append(have, fmt.Sprintf("%d %s %s.%s %v", p.Line, p.Side, p.Package, p.Name, p.Kind.Died()))
		}
		equal(t, text, have, want)
	}
	ok := "pkg: p\nBenchmarkX-2 1 1 ns/op\n"
	check(ok+"PASS\nok  \tp\t1s\n", []string{}...)
	check("BenchmarkX-2   \tpanic: boom\n\ngoroutine 1\nexit status 2\nFAIL\tp\t0.1s\nFAIL\n", "1  p.X-2 true")
	check("BenchmarkX-2   \t--- FAIL: BenchmarkX-2\n    x_test.go:3: why\nFAIL\nexit status 1\nFAIL\tp\t0.1s\nFAIL\n", "1  p.X-2 true")
	check(ok+"panic: test timed out after 1s\nrunning tests:\n\tBenchmarkHang (1s)\n\ngoroutine 7 [sleep]:\np.BenchmarkHang.func1(0x1)\nFAIL\tp\t1s\nFAIL\n", "3  p.Hang true")
	check(ok+"fatal error: out of memory\n", "3  p. true")
	// What a benchmark recovers from is its own business: its process passes.
	check("pkg: p\nBenchmarkX-2   \tpanic: mine\n 1\t 1 ns/op\nPASS\nok  \tp\t1s\n", []string{}...)
	check(ok+"panic: mine\nPASS\n", []string{}...)
	// A package after another one.
	check(ok+"PASS\nok  \tp\t1s\nFAIL\tq [build failed]\nFAIL\n", "5  q. false")
	check("--- FAIL: TestT (0.00s)\n    t_test.go:3: x\nFAIL\nFAIL\tq\t0.1s\npkg: p\nBenchmarkX 1 1 ns/op\nPASS\nok  \tp\t1s\nFAIL\n", "1  q. false")
	check(ok+"FAIL\n", "3  p. true")
	check(ok+"exit status 3\nFAIL\tp\t1s\n", "4  p. true")
	// The tracker's own mark stands for what the process has printed.
	raw := "regress-log: 1\nside: head\n# round: 1\npkg: p\n"
	check(raw+"panic: boom\n\ngoroutine 1:\np.BenchmarkX(1)\n# failed: head p X-2 exit status 2\n", "9 head p.X-2 true")
	check(raw+"--- FAIL: BenchmarkX\n# failed: head p X-2 exit status 1\n# failed: head p X-2 again\n# failed: - - Y gone\n",
		"6 head p.X-2 true", "7 head p.X-2 true", "8  .Y true")
	check(raw+"--- FAIL: BenchmarkW\n# failed: head p X-2 exit status 1\n", "5 head p.W true", "6 head p.X-2 true")
	check(raw+"# cut: 9\n# failed: head p X-2 exit status 1\n", "5 head p. false", "6 head p.X-2 true")
	// Names get the suffix that results have.
	check("pkg: p\nBenchmarkX/a-4 1 1 ns/op\n--- FAIL: BenchmarkX/a\n", "3  p.X/a-4 true")
	// Broken marks.
	check(raw+"# round: 0\n# round: x\n# functions: left p\n# noise: p X\n# noise: p X u sd=-1\n# same: p\n# failed: head\n",
		"5 head p. false", "6 head p. false", "7 head p. false", "8 head p. false", "9 head p. false", "10 head p. false", "11 head p. false")
}

func TestUnits(t *testing.T) {
	check := func(meta, unit string, want baseline.Unit) {
		t.Helper()
		log := read(t, "BenchmarkX 1 1 "+unit+"\n"+meta)
		equal(t, meta+unit, log.Units, map[string]baseline.Unit{want.Name: want})
		if neutral := len(log.Warnings) > 0; neutral != (want.Direction == baseline.Neutral) {
			t.Errorf("%s: warnings %v", unit, log.Warnings)
		}
	}
	u := func(name string, d baseline.Direction, exact bool) baseline.Unit {
		return baseline.Unit{Name: name, Direction: d, Exact: exact}
	}
	check("", "ns/op", u("sec/op", baseline.Lower, false))
	check("", "MB/s", u("B/s", baseline.Higher, false))
	check("", "B/op", u("B/op", baseline.Lower, true))
	check("", "allocs/op", u("allocs/op", baseline.Lower, true))
	check("Unit B/op assume=nothing\n", "B/op", u("B/op", baseline.Lower, false))
	check("", "msg/s", u("msg/s", baseline.Higher, false))
	check("", "reqs/sec", u("reqs/sec", baseline.Higher, false))
	check("", "errors/s", u("errors/s", baseline.Neutral, false))
	check("", "p95-latency-ns", u("p95-latency-sec", baseline.Lower, false))
	check("", "peak-RSS-bytes", u("peak-RSS-bytes", baseline.Lower, false))
	check("", "heap-MB", u("heap-B", baseline.Lower, false))
	check("", "ns/msg", u("sec/msg", baseline.Lower, false))
	check("", "hits/op", u("hits/op", baseline.Neutral, false))
	// By a time, however it is spelled and whatever goes on behind: a rate.
	for _, unit := range []string{"MB/second", "MB/sec", "B/ns", "bytes/ns", "B/us", "B/µs", "B/ms", "B/min", "B/minutes", "B/hour", "B/h", "B/day", "B/cycle", "MB/cycles", "B/s/core", "MB/s/core", "GB/s", "KiB/s", "Mbit/s", "ops/min", "msg/ms", "req/hour", "req/s/core", "ops-per-sec", "MB-per-second", "read-MB/s"} {
		check("", unit, u(tidy(unit), baseline.Higher, false))
	}
	// By something that nobody can tell: neutral, and never a cost by accident.
	for _, unit := range []string{"B/fortnight", "B/J", "bytes/$", "errors/min", "ops-sec", "throughput-MB", "sec/s", "gc-sec/sec", "bandwidth-B", "free-bytes", "saved-B", "uptime-sec", "idle-ns", "cache-free-MB"} {
		check("", unit, u(tidy(unit), baseline.Neutral, false))
	}
	for _, unit := range []string{"B/msg", "bytes/req", "MB/request", "B/conn", "ns/item", "ns/MB", "ns/KiB", "heap-B", "heap-B/op", "alloc-bytes/op"} {
		check("", unit, u(tidy(unit), baseline.Lower, false))
	}
	check("", "%", u("%", baseline.Neutral, false))
	check("Unit hits/op better=higher assume=exact\n", "hits/op", u("hits/op", baseline.Higher, true))
	check("Unit p95-ns better=higher\n", "p95-ns", u("p95-sec", baseline.Higher, false)) // metadata names the unit as printed
	check("Unit p95-sec better=higher\n", "p95-ns", u("p95-sec", baseline.Higher, false))

	// A Unit line that contradicts another or itself is a problem, for it may turn a verdict round.
	for _, meta := range []string{"Unit x better=lower\nUnit x better=higher\n", "Unit x better=up\n", "Unit x assume=normal\n", "Unit x better=lower exact\n"} {
		log := read(t, "BenchmarkX 1 1 x\n"+meta)
		if len(log.Problems) != 1 || log.Problems[0].Line < 2 {
			t.Errorf("%q: problems %v", meta, log.Problems)
		}
	}
}

func TestRefused(t *testing.T) {
	check := func(text string, is error, words ...string) {
		t.Helper()
		_, err := ingest.Read("x.txt", strings.NewReader(text))
		if err == nil || is != nil && !errors.Is(err, is) {
			t.Fatalf("%.40q: error %v, want %v", text, err, is)
		}
		for _, word := range append(words, "x.txt") {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%.40q: %q does not say %q", text, err, word)
			}
		}
	}
	check("", ingest.ErrNoBenchmarks, "empty")
	check(" \n\n", ingest.ErrNoBenchmarks, "empty")
	check("PASS\nok  \tp\t1s\n", ingest.ErrNoBenchmarks, "-bench")
	check("?   \tp\t[no test files]\n", ingest.ErrNoBenchmarks, "-bench")
	check("| X | 12 ns/op |\n", ingest.ErrNoBenchmarks, "table")
	check("BenchmarkX-2 \tpanic: boom\nexit status 2\nFAIL\tp\t1s\n", ingest.ErrNoBenchmarks, "boom")
	check("\x1f\x8b\x08\x00", ingest.ErrNotText, "gzip -dc")
	check("\x28\xb5\x2f\xfd", ingest.ErrNotText, "zstd -dc")
	check("PK\x03\x04", ingest.ErrNotText, "zip")
	check("\xff\xfeB\x00e\x00", ingest.ErrNotText, "UTF-16")
	check("B\x00e\x00", ingest.ErrNotText, "binary")
	check("regress-log: 2\n"+body, nil, "update regress")
	check("side: old\nBenchmarkX 1 1 ns/op\n", nil, "line 1", "side: base")
	check("commit: a\nBenchmarkX 1 1 ns/op\ncommit: b\nBenchmarkX 1 1 ns/op\n", nil, "line 4", "side: head")
	check("BenchmarkX 1 1 ns/op\nside: head\nBenchmarkX 1 1 ns/op\n", nil, "side: base")
	if _, err := ingest.Read("x.txt", iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails: %v", err)
	}
	half := io.MultiReader(strings.NewReader("BenchmarkX 1 1 ns/op\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := ingest.Read("x.txt", half); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that fails half way: %v", err)
	}
	if log := read(t, "\xef\xbb\xbfBenchmarkX 1 1 ns/op\n"); len(log.Runs) != 1 {
		t.Errorf("a byte order mark hides the first line: %v", log)
	}
}

// repeat is n times the same byte, without holding them.
type repeat struct{ n int }

var block = bytes.Repeat([]byte("x"), 128<<10)

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), r.n)], block)
	if r.n -= n; r.n == 0 {
		return n, io.EOF
	}
	return n, nil
}

// TestLongLine: a line of 1 GiB is a problem, is not held, and hides nothing behind it.
func TestLongLine(t *testing.T) {
	const long = 1 << 30
	log, err := ingest.Read("x", io.MultiReader(strings.NewReader("BenchmarkX 1 1 ns/op\n"), &repeat{long}, strings.NewReader("\nBenchmarkY 1 1 ns/op\n")))
	if err != nil {
		t.Fatal(err)
	}
	raw := log.Runs[0].Raw
	equal(t, "samples, problems, size", []any{len(log.Runs[0].Samples), len(log.Problems), len(raw) < 100}, []any{2, 1, true})
	if p := log.Problems[0]; p.Line != 2 || p.Kind != baseline.LineLeftOut || p.Detail != fmt.Sprint(long) {
		t.Errorf("%+v", p)
	}
	again := read(t, string(raw))
	equal(t, "problems of the kept text", again.Problems[0].Detail, log.Problems[0].Detail)

	// A result of more than 64 KiB is none; a comment may be that long.
	log = read(t, "BenchmarkX 1 1 ns/op "+strings.Repeat("1 u ", 20000)+"\n# functions: head p "+strings.Repeat("BenchmarkF ", 9000)+"\nBenchmarkY 1 1 ns/op\n")
	equal(t, "problem", []any{len(log.Problems), log.Problems[0].Name, len(log.Functions[baseline.Head])}, []any{1, "X", 9000})
}

func TestLimits(t *testing.T) {
	limits := ingest.Limits{Bytes: 1 << 20, Line: 1 << 10, Series: 10, Metrics: 7, Parts: 3, Problems: 5, Warnings: 5}
	lines := func(n int, format string) io.Reader {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return strings.NewReader(b.String())
	}
	_, err := ingest.ReadWithin("x", lines(11, "BenchmarkX%d 1 1 ns/op\n"), limits)
	if !errors.Is(err, ingest.ErrTooLarge) || !strings.Contains(err.Error(), "line 11") {
		t.Errorf("too many series: %v", err)
	}
	_, err = ingest.ReadWithin("x", lines(100_000, "BenchmarkX 1 %d ns/op\n"), limits)
	if !errors.Is(err, ingest.ErrTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	_, err = ingest.ReadWithin("x", &repeat{17 << 20}, limits)
	if !errors.Is(err, ingest.ErrTooLarge) {
		t.Errorf("a line without end: %v", err)
	}
	for what, r := range map[string]io.Reader{
		"metrics":  strings.NewReader("BenchmarkX 1" + strings.Repeat(" 1 u", 8) + "\n"),
		"machines": lines(4, "cpu: %d\nBenchmarkX 1 1 ns/op\n"),
		"files":    lines(4, "# file: %d\nBenchmarkX 1 1 ns/op\n"),
	} {
		if _, err := ingest.ReadWithin("x", r, limits); !errors.Is(err, ingest.ErrTooLarge) {
			t.Errorf("too many %s: %v", what, err)
		}
	}
	log, err := ingest.ReadWithin("x", io.MultiReader(lines(9, "BenchmarkX%d 1 one ns/op\n"), lines(10, "BenchmarkX 1 1 ns/op\n# warning: %d\n")), limits)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "problems, warnings", []any{len(log.Problems), len(log.Warnings)}, []any{6, 6}) // five and one that counts the others
	if last := log.Problems[5]; last.Kind != baseline.MoreProblems || last.Count != 4 {
		t.Errorf("%+v", last)
	}
	if _, err := ingest.ReadWithin("x", lines(9, "BenchmarkX 1 %d ns/op\n"), limits); err != nil {
		t.Error(err)
	}
}

// TestSorted: samples are in order of Key, as the stores and the gate expect.
func TestSorted(t *testing.T) {
	log := read(t, "pkg: b\nBenchmarkZ 1 1 ns/op 1 B/op\nBenchmarkA 1 1 ns/op\npkg: a\nBenchmarkZ 1 1 ns/op\npkg: b\nBenchmarkA-2 1 1 zz 1 ns/op\n")
	samples := log.Runs[0].Samples
	if len(samples) != 6 || !slices.IsSortedFunc(samples, func(a, b baseline.Sample) int { return a.Compare(b.Key) }) {
		t.Error(samples)
	}
	for _, s := range samples {
		if len(s.Values) != len(s.Rounds) || math.IsNaN(s.Values[0]) {
			t.Error(s)
		}
	}
}
