package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	check := func(args, want string) {
		t.Helper()
		_, err := parse(strings.Fields(args))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	check("sort", "")
	check("-o pairs.csv.gz -machine m sort", "")
	check("", "no package")
	check("sort -for 1m", "before the packages")
	check("sort regexp sort", "twice")
	check("-for 0s sort", "-for")
	check("-o pairs.csv.gz sort", "-machine")
	check("-machine m sort", "-o")
	check("-ways 10x3ms sort", `"10x3ms"`)
	check("-ways 0x3ms:one sort", "repetition")
	check("-ways 10x0s:one sort", "no time")
	check("-ways 10x3:one sort", "unit")
	check("-ways 1000x1s:one sort", "at most")
	check("-ways 9223372036854775807x1ns:one sort", "at most")
	check("-ways 99999999999999999999x1ms:one sort", "range")
	check("-ways 10x3ms:one,10x3000us:one sort", "twice")
	check("-o p -machine m -ways 10x3ms:one sort", "-keep 40x500us:one")
}

func TestArgs(t *testing.T) {
	check := func(text string, ns float64, want string) {
		t.Helper()
		ways, err := parseWays(text)
		if err != nil {
			t.Fatal(err)
		}
		if have := strings.Join(ways[0].args(ns), " "); have != want || ways[0].String() != text {
			t.Errorf("%v at %g ns: %s, want %s", ways[0], ns, have, want)
		}
	}
	check("1x30ms:any", 100, "-test.benchtime=30ms -test.count=1")
	check("10x3ms:one", 100, "-test.benchtime=30000x -test.count=10")
	check("40x500µs:one", 1.7e6, "-test.benchtime=1x -test.count=40") // one operation is longer
}

func TestCheap(t *testing.T) {
	text := "goos: linux\nBenchmarkDear 1 2000000 ns/op\nBenchmarkB/x=1 \t 1\t 1.5 ns/op\t2 B/op\nBenchmarkA 1 7 ns/op\nBenchmarkA 1 7 ns/op\n--- FAIL: BenchmarkC\nBenchmarkD\nBenchmarkE 1 0 ns/op\nPASS\n"
	if have, want := cheap(results(text)), []string{"A", "B/x=1"}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
}

func TestPick(t *testing.T) {
	check := func(names string, many int, bad, want string) {
		t.Helper()
		have := pick(strings.Fields(names), many, func(name string) bool { return !strings.Contains(bad, name) })
		if strings.Join(have, " ") != want {
			t.Errorf("%d of %s without %s: %v, want %s", many, names, bad, have, want)
		}
	}
	check("a b c d e f", 3, "", "a c e")
	check("a b c d e f", 3, "c", "a d e")
	check("a b c d e f", 3, "cd", "a e")
	check("a b", 3, "", "a b")
	check("", 3, "", "")
	check("a b c d e f g", 1, "abcde", "") // enough was tried
}

func TestStatistics(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 110}
	want := []float64{15, 6, 3, 2, 2, 1}
	for i, s := range statistics {
		if have := s.of(x); math.Abs(have-want[i]) > 1e-12 {
			t.Errorf("%s is %g, want %g", s.name, have, want[i])
		}
		if have := s.of(x[:1]); have != 1 {
			t.Errorf("%s of the value 1 is %g", s.name, have)
		}
	}
	twenty := make([]float64, 20)
	for i := range twenty {
		twenty[i] = float64(i)
	}
	if low(twenty[:19]) != 0 || low(twenty) != 1 {
		t.Errorf("low is %g of 19 and %g of 20, want 0 and 1", low(twenty[:19]), low(twenty))
	}
}

// apart returns pairs of one repetition whose values are so many per cent apart.
func apart(percent ...float64) (out []pair) {
	for _, p := range percent {
		out = append(out, pair{
			times: [2][]float64{{100}, {100 * math.Exp(p/100)}},
			took:  [2]time.Duration{10 * time.Millisecond, 40 * time.Millisecond},
		})
	}
	return out
}

// sample has two benchmarks, of which one has pairs enough.
func sample(t *testing.T) *recorder {
	t.Helper()
	ways, err := parseWays("1x30ms:any")
	if err != nil {
		t.Fatal(err)
	}
	return &recorder{ways: ways, benchmarks: []*benchmark{
		{binary: binary{pkg: "example.com/p"}, name: "A", pairs: [][]pair{apart(1, -2, 3, -4, 100)}},
		{binary: binary{pkg: "example.com/p"}, name: "B/x=1", pairs: [][]pair{apart(1, 2, 3)}, failed: 2},
	}}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := sample(t).write(&out, "here"); err != nil {
		t.Fatal(err)
	}
	// The median of 1, 2, 3, 4 and 100 is 3; 3·1.4826 = 4.4. Took 10 and 40 ms: 25.
	want := "| 1x30ms:any | 3–5 | 1 of 2 | 25 ms | 25 ms |" + strings.Repeat(" 4.4 (4.4) 1 |", 6) + "\n"
	for _, part := range []string{"here.\n", want, "example.com/p.B/x=1: pairs that failed: 2."} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%swithout %q", out.String(), part)
		}
	}
	few := sample(t)
	few.benchmarks = few.benchmarks[1:]
	if err := few.write(io.Discard, ""); err == nil || !strings.Contains(err.Error(), "-for") {
		t.Errorf("%v: want an error where no benchmark has pairs enough", err)
	}
	if have, want := cell([]float64{.01, .05, .02}), "2.0 (4.4) 1"; have != want { // .9 lies .8 of the way from 2 to 5
		t.Errorf("the cell is %s, want %s", have, want)
	}
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pairs.csv.gz")
	r := sample(t)
	r.benchmarks = r.benchmarks[1:]
	for _, machine := range []string{"one", "another, loaded"} {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.save(file, machine, r.ways[0]), leave(file)); err != nil {
			t.Fatal(err)
		}
		r.benchmarks[0].pairs[0] = r.benchmarks[0].pairs[0][:1]
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	want := "machine,benchmark,a-ns,b-ns\n"
	for _, p := range []float64{1, 2, 3} {
		want += fmt.Sprintf("one,example.com/p.B/x=1,100,%v\n", 100*math.Exp(p/100))
	}
	want += fmt.Sprintf("\"another, loaded\",example.com/p.B/x=1,100,%v\n", 100*math.Exp(.01))
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	empty, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := leave(empty); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%v: an empty file was left", err)
	}
}

const tested = `package p

import (
	"os"
	"runtime"
	"testing"
	"time"
)

var sink []byte

func BenchmarkWorks(b *testing.B) {
	for b.Loop() {
		sink = make([]byte, 64)
	}
}

func BenchmarkDear(b *testing.B) {
	b.StopTimer()
	time.Sleep(40 * time.Millisecond)
	b.StartTimer()
	for b.Loop() {
	}
}

func BenchmarkFails(b *testing.B) { b.Fatal("as it should") }

func BenchmarkPinned(b *testing.B) {
	if os.Getenv("TRY") == "" {
		b.Skip()
	}
	if n := runtime.NumCPU(); n != 1 {
		b.Fatalf("%d processors", n)
	}
}

func BenchmarkHangs(b *testing.B) {
	if os.Getenv("TRY") == "" {
		b.Skip()
	}
	time.Sleep(time.Hour)
}
`

// TestRecorder builds a package, chooses from it, and measures until the time is up.
func TestRecorder(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a test binary and starts processes")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/p\n\ngo 1.24\n", "p.go": "package p\n", "p_test.go": tested} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := build(t.Context(), t.TempDir(), 0, dir)
	if err != nil {
		t.Fatal(err)
	}
	if b.pkg != "example.com/p" || b.dir != dir {
		t.Errorf("package %s in %s, want example.com/p in %s", b.pkg, b.dir, dir)
	}
	ways, err := parseWays("1x1ms:any,5x100us:any")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{ways: ways, rng: rand.New(rand.NewPCG(1, 2))}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := r.choose(ctx, b, 9); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range r.benchmarks {
		names = append(names, one.name)
	}
	if want := []string{"Works"}; !slices.Equal(names, want) {
		t.Fatalf("%v, want %v", names, want)
	}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r.sweeps(short)
	for k, pairs := range r.benchmarks[0].pairs {
		if len(pairs) == 0 {
			t.Errorf("%v: no pair", ways[k])
		}
		for _, p := range pairs {
			if len(p.times[0]) != ways[k].repetitions || len(p.times[1]) != ways[k].repetitions || !slices.IsSorted(p.times[0]) || p.took[0] <= 0 || p.took[1] <= 0 {
				t.Errorf("%v: %v", ways[k], p)
			}
		}
	}
	try := []string{"TRY=1"}
	if all, err := processors(); err == nil {
		text, _, err := b.measure(t.Context(), "Pinned", all[len(all)-1], try, "-test.benchtime=1x")
		if err != nil || len(results(text)) != 1 {
			t.Errorf("on processor %d: %q, %v", all[len(all)-1], text, err)
		}
	}
	soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, took, err := b.measure(soon, "Hangs", -1, try, "-test.benchtime=1x"); err == nil || took > time.Minute {
		t.Errorf("it hung for %v, and %v", took, err)
	}
}
