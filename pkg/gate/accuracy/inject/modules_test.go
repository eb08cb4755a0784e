package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

func TestChoose(t *testing.T) {
	check := func(names string, most int, wantNames, wantPattern string) {
		t.Helper()
		have, pattern := choose(strings.Fields(names), most)
		if strings.Join(have, " ") != wantNames || pattern != wantPattern {
			t.Errorf("%s, at most %d: %v, %s, want %s, %s", names, most, have, pattern, wantNames, wantPattern)
		}
	}
	check("BenchmarkA BenchmarkB/x BenchmarkB/y BenchmarkC", 4, "A B/x B/y C", "^(BenchmarkA|BenchmarkB|BenchmarkC)$")
	check("BenchmarkA BenchmarkB/x BenchmarkB/y BenchmarkC", 2, "A C", "^(BenchmarkA|BenchmarkC)$") // B does not fit, C does
	check("BenchmarkA/x BenchmarkA/y BenchmarkA/z BenchmarkB/x BenchmarkB/y", 1, "B/x B/y", "^(BenchmarkB)$")
}

func TestPrinted(t *testing.T) {
	text := "goos: linux\nBenchmarkA \t1\t 312 ns/op\nBenchmarkA \t1\t 312 ns/op\n--- FAIL: BenchmarkB\nBenchmarkC/x=1 1 4 ns/op 2 B/op\nBenchmarkD\nPASS\n"
	if have, want := printed(text), []string{"BenchmarkA", "BenchmarkC/x=1"}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
}

// TestAnswered: a benchmark of which allocations alone are known was not judged.
func TestAnswered(t *testing.T) {
	check := func(want bool, rows ...row) {
		t.Helper()
		if have := answered(rows); have != want {
			t.Errorf("%v: answered is %v, want %v", rows, have, want)
		}
	}
	sec := func(v gate.Verdict) row { return row{Unit: "sec/op", Verdict: v} }
	allocs := row{Unit: "allocs/op", Exact: true, Verdict: gate.Unchanged}
	check(true, sec(gate.Unchanged))
	check(true, sec(gate.SameCode))
	check(true, sec(gate.SameWork), row{Unit: "insn/op", Verdict: gate.Unchanged})
	check(false, sec(gate.Inconclusive), allocs)
	check(false, sec(gate.Inconclusive), row{Unit: "insn/op", Verdict: gate.Unchanged})
	check(true, sec(gate.Inconclusive), row{Unit: "insn/op", Verdict: gate.Regressed})
	check(true, sec(gate.Inconclusive), row{Unit: "insn/op", Verdict: gate.Improved})
	check(false, sec(gate.Inconclusive), row{Unit: "B/s", Verdict: gate.Unchanged})
	check(false, sec(gate.Edited), allocs)
	check(false, allocs)
	check(true, row{Unit: "p95-latency-sec", Verdict: gate.Improved}, allocs)
}

func TestCaught(t *testing.T) {
	j := judged{rows: []row{
		{Name: "Get/size=64-2", Unit: "sec/op", Verdict: gate.Regressed},
		{Name: "Get/size=64-2", Unit: "insn/op", Verdict: gate.Regressed},
		{Name: "Get-2", Unit: "sec/op", Verdict: gate.Regressed},
		{Name: "GetAll-2", Unit: "sec/op", Verdict: gate.Unchanged},
	}}
	right, wrong := j.caught("Get/size=64")
	if want := []string{"sec/op", "insn/op"}; !slices.Equal(right, want) {
		t.Errorf("right: %v, want %v", right, want)
	}
	if want := []string{"Get-2 sec/op"}; !slices.Equal(wrong, want) {
		t.Errorf("wrong: %v, want %v", wrong, want)
	}
	if right, wrong = j.caught("Get"); !slices.Equal(right, []string{"sec/op"}) || len(wrong) != 2 {
		t.Errorf("Get: right %v, wrong %v; want its own row alone", right, wrong)
	}
	if r := j.of("GetAll", "sec/op"); r == nil || r.Name != "GetAll-2" {
		t.Errorf("the row of GetAll is %v", r)
	}
}

// files makes files and returns their directory.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const source = `// Package p is a package.
package p

// A is first.
func A() int { return b() } // of two

var x = 1

// b is second.
//
//go:noinline
func b() int {
	c := 3 // a variable, not the function
	return c + x
}

func init() { x = 2 }

func c() int { return b() + d() }

func d() int { return 4 }
`

func TestMove(t *testing.T) {
	dir := files(t, map[string]string{"p.go": source, "p_test.go": "package p\n\nfunc T() {}\n\nfunc U() {}\n"})
	n, err := move(dir, 1)
	if err != nil || n != 4 {
		t.Fatalf("moved %d, %v; want 4", n, err)
	}
	text := read(t, dir, "p.go")
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", text, 0); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	order := func(text string, words ...string) bool {
		at := make([]int, len(words))
		for i, w := range words {
			at[i] = strings.Index(text, w)
		}
		return slices.IsSorted(at) && at[0] >= 0
	}
	if !order(text, "// b is second.", "func b()", "func c()", "func init()", "func d()", "// A is first.", "func A()") {
		t.Errorf("not moved by one:\n%s", text)
	}
	if again, _, err := rotate([]byte(source), 2); err != nil || string(again) == text {
		t.Errorf("the second order is the first one, %v", err)
	}
	if have := read(t, dir, "p_test.go"); !order(have, "func T", "func U") {
		t.Errorf("a test was changed:\n%s", have)
	}
}

// TestRename: what a test, a directive or a local variable may mean by a name keeps it.
func TestRename(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds test binaries")
	}
	code := `package p

import _ "unsafe"

type s struct{ field int }

func only() int { return 1 }

func tested() int { return only() }

func field() int { return s{field: 1}.field }

func local() int { return 2 }

func other() int { local := 3; return local }

//go:linkname linked p.linked
func linked() int { return other() }

func Exported() int { return linked() + method(s{}) }

func method(x s) int { return x.method() }

func (s) method() int { return 4 }

func init() { _ = only }
`
	dir := files(t, map[string]string{"p.go": code, "q.go": "package p\n\nvar v = other() + only()\n", "p_test.go": "package p\n\nvar _ = tested\n"})
	n, err := rename(dir)
	if err != nil || n != 2 {
		t.Errorf("renamed %d, %v; want only and other", n, err)
	}
	text := read(t, dir, "p.go") + read(t, dir, "q.go")
	for part, want := range map[string]int{"onlyRenamed": 4, "otherRenamed": 3, "Renamed": 7} {
		if have := strings.Count(text, part); have != want {
			t.Errorf("%s is there %d times, want %d, in\n%s", part, have, want, text)
		}
	}
	b := &bench{lab: lab{dir: dir}}
	if err := b.write("go.mod", []byte("module example.com/p\n\ngo 1.24\n")); err != nil {
		t.Fatal(err)
	}
	if err := b.compile(t.Context(), filepath.Join(t.TempDir(), "p.test")); err != nil {
		t.Error(err)
	}
}

// TestUnseen: each benchmark of the suite works with its knob at first, and as far as it goes.
func TestUnseen(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds test binaries")
	}
	first, most := string(knobs("", 0)), string(knobs("", 0))
	for _, s := range unseenSlowdowns {
		knob := strings.ToLower(s.bench) + "Knob = "
		turned := string(knobs(s.bench, s.most))
		if most = strings.Replace(most, knob+"0", fmt.Sprint(knob, s.most), 1); !strings.Contains(turned, fmt.Sprint(knob, s.most, "\n")) {
			t.Errorf("%s is not turned in\n%s", s.bench, turned)
		}
	}
	for _, text := range []string{first, most} {
		dir := files(t, map[string]string{"go.mod": "module example.com/unseen\n\ngo 1.26\n", "unseen_test.go": string(unseenSuite), "knobs.go": text})
		b := &lab{dir: dir}
		out, err := b.exec(t.Context(), "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "1x")
		if err != nil {
			t.Fatal(err)
		}
		if have := printed(string(out)); len(have) != len(unseenSlowdowns) {
			t.Errorf("%d benchmarks, want %d, with\n%s\n%s", len(have), len(unseenSlowdowns), text, out)
		}
	}
}

// TestDownload: the files of a commit of a clone replace those that are there, but for the
// repository and the settings.
func TestDownload(t *testing.T) {
	clone := &lab{dir: files(t, map[string]string{"go.mod": "module example.com/p\n", "old.go": "package p\n"})}
	if err := clone.found(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(clone.dir, "old.go"), filepath.Join(clone.dir, "new.go")); err != nil {
		t.Fatal(err)
	}
	if err := clone.commit(t.Context(), "rename"); err != nil {
		t.Fatal(err)
	}
	b := &bench{module: module{clone: clone.dir}, lab: lab{dir: filepath.Join(t.TempDir(), "p")}}
	for _, want := range []struct{ version, names string }{{"main~1", "go.mod old.go"}, {"main", "go.mod new.go regress.toml"}} {
		if err := b.download(t.Context(), want.version); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(b.dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if have := strings.Join(names, " "); have != want.names {
			t.Errorf("at %s there are %s, want %s", want.version, have, want.names)
		}
		if err := b.write("regress.toml", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWrapGo: in a directory with pathsFile the test binary has the paths of its sources.
func TestWrapGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds test binaries")
	}
	c := &campaign{dir: t.TempDir()}
	path, err := c.wrapGo()
	if err != nil {
		t.Fatal(err)
	}
	dir := files(t, map[string]string{"go.mod": "module example.com/p\n\ngo 1.24\n", "p_test.go": "package p\n\nimport \"testing\"\n\nfunc Test(t *testing.T) { t.Log() }\n"})
	b := &lab{dir: dir, env: []string{path}}
	for _, want := range []bool{false, true} {
		if want {
			if err := b.write(pathsFile, nil); err != nil {
				t.Fatal(err)
			}
		}
		binary := filepath.Join(t.TempDir(), "p.test")
		compile := exec.Command("go", "test", "-c", "-trimpath", "-o", binary, ".")
		compile.Dir, compile.Env = dir, append(os.Environ(), path)
		compile.Path = filepath.Join(c.dir, "path", "go")
		if out, err := compile.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		if have := strings.Contains(string(text), dir); have != want {
			t.Errorf("the binary has the path of its source: %v, want %v", have, want)
		}
	}
}

func TestSpread(t *testing.T) {
	differences := []float64{.001, -.02, .0005}
	if have, want := spread(differences), "0.100, 1.62, 2.00"; have != want { // 90 % lies .8 of the way from .1 to 2
		t.Errorf("%s, want %s", have, want)
	}
	if have := within(differences); have != 2 {
		t.Errorf("%d within 1 %%, want 2", have)
	}
}

const hooked = `package p_test

import "testing"

func BenchmarkPlain(b *testing.B) {
	for i := 0; i < b.N; i++ {
		done(b)
	}
}

func BenchmarkSub(b *testing.B) {
	b.Run("x", func(b *testing.B) {
		for range b.N {
			done(b)
		}
	})
	b.Run("y", func(tb *testing.B) {
		for tb.Loop() {
			done(tb)
		}
	})
	b.Run("z", func(b *testing.B) {
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				done(b)
			}
		})
	})
}

func helper(n int, tb *testing.B) {
	all := make([]int, tb.N)
	func() {
		for i := range tb.N {
			all[i] = n
			done(tb)
		}
	}()
}

func BenchmarkHelped(b *testing.B) { helper(3, b) }

var counts = map[string]int{}

func done(b *testing.B) {
	if counts[b.Name()]++; counts[b.Name()] > 200 {
		b.ReportMetric(float64(counts[b.Name()]), "done")
	}
}
`

// TestHook builds and runs a module whose benchmarks can be made to do more, and looks whether the
// one does that is to.
func TestHook(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a test binary")
	}
	dir := files(t, map[string]string{
		"go.mod": "module example.com/p\n\ngo 1.24\n", "p.go": source, "p_test.go": hooked,
		"gen.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
	})
	b := &bench{module: module{path: "example.com/p"}, lab: lab{dir: dir}}
	pkg, err := b.hook()
	if err != nil || pkg != "p" {
		t.Fatalf("package %q, %v; want p", pkg, err)
	}
	if text := read(t, dir, "p_test.go"); strings.Count(text, "\n") != strings.Count(hooked, "\n") {
		t.Errorf("the lines have moved:\n%s", text)
	}
	plain := map[string]int{"Helped": 1011, "Sub/x": 1011, "Sub/y": 1010, "Sub/z": 1011, "Plain": 1011} // most begin with one
	more := map[string]int{"Helped": 1062, "Sub/x": 1062, "Sub/y": 1060, "Sub/z": 1061, "Plain": 1062}  // 5 % are 50.5
	for name := range plain {
		if err := b.more(pkg, name, .05); err != nil {
			t.Fatal(err)
		}
		out, err := b.exec(t.Context(), "go", "test", "-bench", ".", "-benchtime", "1010x", "-cpu", "1")
		if err != nil {
			t.Fatal(err)
		}
		for each, want := range plain {
			if each == name {
				want = more[each]
			}
			if !regexp.MustCompile(fmt.Sprintf(`Benchmark%s\s.* %d done`, each, want)).Match(out) {
				t.Errorf("%s has 5 %% more, and %s not %d done:\n%s", name, each, want, out)
			}
		}
	}
}

// TestNext: three times too much is a third the next time, and nothing at all is ten times more.
func TestNext(t *testing.T) {
	s := &scale{most: 1000}
	for _, c := range []struct {
		knob         int
		have, target float64
		want         int
	}{{90, .3, .1, 30}, {90, 0, .1, 900}, {90, -.02, .1, 900}, {500, .01, .1, 1000}, {1, .3, .1, 1}, {50, .001, .1, 500}, {500, 10, .1, 50}} {
		if have := s.next(c.knob, c.have, c.target); have != c.want {
			t.Errorf("%d steps come to %v, wanted %v: %d, want %d", c.knob, c.have, c.target, have, c.want)
		}
	}
}

// TestNotCaughtByAllocations: allocations alone are not what was to be seen.
func TestNotCaughtByAllocations(t *testing.T) {
	for unit, want := range map[string]int{"sec/op": 1, "B/s": 1, "insn/op": 1, "B/op": 0} {
		var o outcome
		o.add(judged{rows: []row{{Name: "A-2", Unit: unit, Verdict: gate.Regressed}, {Name: "B-2", Unit: unit, Verdict: gate.Regressed}}}, "A", field.NewWatch())
		if o.caught != want || len(o.wrong) != 1 {
			t.Errorf("by %s: %d caught, want %d; wrong: %v", unit, o.caught, want, o.wrong)
		}
	}
}

func TestPercents(t *testing.T) {
	if have, err := percents("3,5.5"); err != nil || !slices.Equal(have, []float64{.03, .055}) {
		t.Errorf("%v, %v", have, err)
	}
	for _, bad := range []string{"", "5,", "0", "-3", "NaN", "5%"} {
		if have, err := percents(bad); err == nil {
			t.Errorf("%q is %v, want an error", bad, have)
		}
	}
}

func TestNamed(t *testing.T) {
	if have, err := named("toml,gjson"); err != nil || len(have) != 2 || have[0].name != "toml" {
		t.Errorf("%v, %v", have, err)
	}
	if _, err := named("toml,nothing"); err == nil || !strings.Contains(err.Error(), "goldmark") {
		t.Errorf("%v: want an error that lists the names", err)
	}
}

func TestSpan(t *testing.T) {
	if have := span([]string{"12.5", "3.1", "7"}); have != "3.1–12.5" {
		t.Errorf("the span is %s", have)
	}
}
