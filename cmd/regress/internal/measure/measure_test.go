package measure

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

func TestMain(m *testing.M) {
	// The trees and binaries of all tests go where a test can see that none is left.
	dir, err := os.MkdirTemp("", "measure-test-")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("TMPDIR", dir)
	_ = os.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -ldflags=-s") // linking is what these tests wait for
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// suffix is what testing adds to the names that this process's children print.
func suffix() string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return fmt.Sprintf("-%d", n)
	}
	return ""
}

// long leaves out of -short a test that builds and measures for many seconds.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds and measures for long")
	}
}

func TestTwoSides(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{
		"x_test.go":         module("Both", loop, "Old", loop),
		"testdata/in.txt":   "base",
		"sub/y_test.go":     strings.Replace(module("Read", `text, err := os.ReadFile("testdata/side"); if err != nil { b.Fatal(err) }; fmt.Println("saw", string(text)); for b.Loop() {}; b.ReportMetric(float64(len(text)), "len-bytes")`), "package t", "package sub", 1),
		"sub/testdata/side": "base!",
	})
	base := r.git("rev-parse", "HEAD")
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{
		"x_test.go":         module("Both", loop, "Fresh", loop),
		"sub/testdata/side": "headside",
	})
	head := r.commit("second")
	res, text := run(t, r.options())
	if res.BaseCommit != base || res.HeadCommit != head || res.Dirty || res.Identical || res.Branch != "feature" {
		t.Errorf("facts: %+v", res)
	}
	p := suffix()
	has(t, text, "regress-log: 1", "commit: "+head, "base-commit: "+base, "base-branch: main", "branch: feature", "seed: 7",
		"project: example.com/t", "suite-flags: -benchtime=1x", "go-version: go1…", "cores: …", "started: …",
		"# functions: base example.com/t BenchmarkBoth BenchmarkOld", "# functions: head example.com/t BenchmarkBoth BenchmarkFresh",
		"# functions: head example.com/t/sub BenchmarkRead", "pkg: example.com/t/sub", "# load: wall=…")
	lacks(t, text, "dirty:", "# same:", "# failed:", "saw", "# stopped", "procedure:")
	got := order(text)
	slices.Sort(got)
	// One round: Both and Read twice, Old on the base, Fresh on the head.
	want := []string{"base Both" + p, "base Old" + p, "base Read" + p, "head Both" + p, "head Fresh" + p, "head Read" + p}
	if !slices.Equal(got, want) {
		t.Errorf("measured %q, want %q", got, want)
	}
	// Each side reads the testdata of its own tree.
	for side, n := range map[string]string{"base": "5.000 len-bytes", "head": "8.000 len-bytes"} {
		if !regexp.MustCompile(`side: ` + side + `\n# round: 1\npkg: example.com/t/sub\nBenchmarkRead\S*\s.*` + regexp.QuoteMeta(n)).MatchString(text) {
			t.Errorf("%s did not read %s:\n%s", side, n, text)
		}
	}
	clean(t, r)
	onlySideVaries(t, text)
	log, err := ingest.Read("log", strings.NewReader(text))
	if err != nil || len(log.Runs) != 2 || len(log.Problems) > 0 || log.Seed != 7 || log.Procedure != "" {
		t.Errorf("ingest reads it as %d runs, %v, %v", len(log.Runs), log.Problems, err)
	}
	for _, run := range log.Runs {
		if n := len(log.Functions[run.Side]); n != 3 || run.Commit != map[baseline.Side]string{"base": base, "head": head}[run.Side] {
			t.Errorf("%s: %d functions, commit %s", run.Side, n, run.Commit)
		}
	}
}

// clean checks that the repository is as it was and no temporary tree is left.
func clean(t *testing.T, r project) {
	t.Helper()
	if list := r.git("worktree", "list"); strings.Count(list, "\n") != 0 {
		t.Errorf("worktrees are left:\n%s", list)
	}
	if status := r.git("status", "--porcelain"); status != "" {
		t.Errorf("the repository is not as it was:\n%s", status)
	}
}

// onlySideVaries checks what benchstat needs: of all "key: value" lines, only
// side and pkg may have more than one value.
func onlySideVaries(t *testing.T, text string) {
	t.Helper()
	values := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || strings.ContainsAny(key, " #\t") || key == "side" || key == "pkg" {
			continue
		}
		if old, seen := values[key]; seen && old != value {
			t.Errorf("%s is %q and %q", key, old, value)
		}
		values[key] = value
	}
}

func TestDirtyTree(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	o := r.options()
	res, text := run(t, o)
	if !res.Identical || res.Dirty || len(order(text)) != 2 {
		t.Errorf("a clean tree at the base is an A/A run:\n%s", text)
	}
	lacks(t, text, "# same:")

	r.write(map[string]string{"report.txt": "left here by a run"})
	if res, text := run(t, o); res.Dirty || marked(text, "same") != 0 {
		t.Errorf("an untracked text is no change of the code, but may be read: dirty %v\n%s", res.Dirty, text)
	}
	r.write(map[string]string{"new_test.go": module("B", loop)})
	res, text = run(t, o)
	if !res.Dirty || res.Identical || res.BaseCommit != res.HeadCommit {
		t.Errorf("an untracked test file is a change: dirty %v, identical %v", res.Dirty, res.Identical)
	}
	has(t, text, "dirty: true", "# functions: head example.com/t BenchmarkA BenchmarkB", "# functions: base example.com/t BenchmarkA")
}

func TestSameCode(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{
		"a/a_test.go": module("A", loop), "b/b_test.go": module("B", loop), "b/testdata/deep/f": "1", "c/c_test.go": module("C", loop),
		"d/d_test.go": module("D", loop), "d/other.txt": "1", "e_test.go": module("E", loop),
	})
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"b/testdata/deep/f": "2", "c/c_test.go": module("C", "x := 0\n\tfor b.Loop() { x++ }\n\t_ = x"), "d/d_test.go": module("D", loop) + "// comment\n", "e_test.go": module("E", loop) + "// comment\n"})
	r.commit("testdata of b, code of c, a comment in d; for the package at the top, all of these")
	_, text := run(t, r.options())
	if n := len(order(text)); n != 6 {
		t.Errorf("%d processes, want b, c and the top on two sides", n)
	}
	has(t, text, "# same: example.com/t/a A"+suffix()+" the test binaries…", "# same: example.com/t/d D"+suffix()+" the test binaries…")
	o := r.options()
	o.All = true
	if _, text = run(t, o); len(order(text)) != 10 || marked(text, "same") != 2 {
		t.Errorf("All measures a and d too:\n%s", text)
	}
}

func TestHeadAlone(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop, "P", `b.Run("x", func(b *testing.B) {})`)})
	o := r.options()
	o.Base, o.Rounds, o.Bench = "", 3, "A$|P/y"
	res, text := run(t, o)
	p := suffix()
	if got := order(text); !slices.Equal(got, []string{" A" + p, " A" + p, " A" + p}) {
		t.Errorf("measured %q", got)
	}
	lacks(t, text, "side:", "base-commit", "# failed", "# stopped")
	has(t, text, "# round: 3", "# functions: head example.com/t BenchmarkA BenchmarkB BenchmarkP")
	if res.BaseCommit != "" {
		t.Errorf("base %q", res.BaseCommit)
	}
}

func TestSeedGivesTheOrder(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop, "C", loop)})
	o := r.options()
	o.All, o.Rounds = true, 3
	asked := 0
	o.Next = func(log baseline.Log) []baseline.Want {
		if asked++; asked%2 == 0 {
			return nil
		}
		if len(log.Runs) != 2 {
			t.Errorf("Next sees %d runs, want one a side", len(log.Runs))
		}
		return []baseline.Want{{Package: "example.com/t", Name: "B" + suffix(), Rounds: 2}, {Package: "example.com/t", Name: "Gone", Rounds: 9}}
	}
	_, one := run(t, o)
	_, two := run(t, o)
	if !slices.Equal(order(one), order(two)) {
		t.Errorf("the same seed gave\n%q\n%q", order(one), order(two))
	}
	// 3 benchmarks × 3 rounds × 2 sides, then 2 rounds × 2 sides of B.
	if len(order(one)) != 22 {
		t.Errorf("%d processes, want 18 + 4", len(order(one)))
	}
	for _, tail := range order(one)[18:] {
		if !strings.HasSuffix(tail, " B"+suffix()) {
			t.Errorf("the second increment ran %s", tail)
		}
	}
	has(t, one, "procedure: paired", "# round: 5")
	laid := func(seed uint64) []turn {
		p := plan{seed: seed, sides: []baseline.Side{baseline.Base, baseline.Head}, paired: true}
		inc := increment{}
		for _, name := range []string{"A", "B", "C", "D"} {
			key := baseline.Key{Name: name}
			inc[job{entry: &entry{key: key, targets: map[baseline.Side]suite.Target{"base": {}, "head": {}}}}] = need{rounds: 3}
		}
		return p.layout(inc)
	}
	same := func(a, b turn) bool {
		return a.entry.key == b.entry.key && slices.Equal(a.sides, b.sides) && a.draw == b.draw
	}
	if !slices.EqualFunc(laid(7), laid(7), same) || slices.EqualFunc(laid(7), laid(8), same) {
		t.Error("the order of 12 pairs does not follow the seed")
	}
}

// The order of a seed is a part of the log's format: who measures again with it gets the same one.
func TestOrderOfASeedIsKept(t *testing.T) {
	t.Parallel()
	for paired, want := range map[bool]string{
		false: " A:base A:head B:anchor B:head A:anchor B:base A:head B:base B:anchor A:base B:head A:anchor",
		true:  " B:anchor B:head B:base A:anchor A:base A:head A:base A:head A:anchor B:head B:anchor B:base",
	} {
		p := plan{seed: 7, sides: []baseline.Side{baseline.Base, baseline.Anchor, baseline.Head}, paired: paired}
		inc := increment{}
		for _, name := range []string{"A", "B"} {
			inc[job{entry: &entry{key: baseline.Key{Name: name}, targets: map[baseline.Side]suite.Target{"base": {}, "anchor": {}, "head": {}}}}] = need{rounds: 2}
		}
		have := ""
		for _, t := range p.layout(inc) {
			for _, side := range t.sides {
				have += " " + t.entry.key.Name + ":" + string(side)
			}
		}
		if have != want {
			t.Errorf("the order is\n%s, want\n%s", have, want)
		}
	}
}

// A budget that does not suffice for all benchmarks is spent on some, and what the decision wants
// comes before what nobody has asked for yet.
func TestShortBudget(t *testing.T) {
	t.Parallel()
	p := plan{seed: 7, sides: []baseline.Side{baseline.Base, baseline.Head}, paired: true, entries: map[baseline.Key]*entry{}}
	inc := increment{}
	for i := range 40 {
		e := &entry{key: baseline.Key{Name: fmt.Sprint(i)}, cost: time.Second, targets: map[baseline.Side]suite.Target{"base": {}, "head": {}}, method: ingest.Method{Slices: 1}}
		inc[job{entry: e}] = need{rounds: 4, wanted: i == 0}
	}
	money := func(seconds time.Duration) *purse {
		return &purse{budget: seconds * time.Second, paired: true, begin: time.Now()}
	}
	kinds := func(turns []turn) (names []string) {
		for _, t := range turns {
			if !slices.Contains(names, t.entry.key.Name) {
				names = append(names, t.entry.key.Name)
			}
		}
		return names
	}
	turns := p.layout(inc)
	enough := slices.Clone(turns)
	if inBatches(enough, money(1000), 0); len(kinds(enough[:40])) < 20 {
		t.Errorf("a budget that suffices is spent on %s first", kinds(enough[:40]))
	}
	inBatches(turns, money(100), 0)
	if first := kinds(turns[:4]); len(first) != 1 || first[0] != "0" || len(kinds(turns[4:36])) != batchSize {
		t.Errorf("what is wanted, then a batch: %s, %s", first, kinds(turns[4:36]))
	}
	if kept := kinds(trim(slices.Clone(turns), nil, money(90), 0)); len(kept) != 11 || kept[0] != "0" { // of eight seconds each
		t.Errorf("90 s are for %s", kept)
	}
	turns = slices.DeleteFunc(turns, func(t turn) bool { return t.wanted })
	if kept := kinds(trim(turns, nil, money(90), 90*time.Second/keptBack)); len(kept) != 8 {
		t.Errorf("of 90 s a quarter is kept back, and the rest for %s", kept)
	}
}

// Any revisions can be measured, not only head and where it left a branch.
func TestRevisionsOfAList(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	first := r.git("rev-parse", "HEAD")
	r.write(map[string]string{"x_test.go": module("A", "x := 1\n\tfor b.Loop() { x++ }\n\t_ = x")})
	second := r.commit("second")
	r.write(map[string]string{"x_test.go": module("A", "x := 2\n\tfor b.Loop() { x++ }\n\t_ = x")})
	r.commit("third")
	o := r.options()
	o.Base, o.Rounds = "", 2
	o.Revisions = []Revision{{Side: baseline.Base, Commit: second, Ref: "main~1"}, {Side: baseline.Head, Commit: first}}
	res, text := run(t, o)
	if res.HeadCommit != first || res.BaseCommit != second || res.Dirty || len(order(text)) != 4 {
		t.Errorf("facts %+v, rounds %q", res.Facts, order(text))
	}
	has(t, text, "commit: "+first, "base-commit: "+second, "base-branch: main~1", "# edited: base example.com/t BenchmarkA")
	clean(t, r)
}

// A benchmark that fails now and then is run as often as the others, and every failure is told.
func TestFlakyBenchmarkGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// It fails in the first process of all, in the discovery, and in every second one after that.
	r := newRepo(t, map[string]string{"x_test.go": module("Flaky",
		`if b.N > 1 || os.Getenv("X") == "" { if f, err := os.OpenFile("`+dir+`/n", os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644); err == nil { f.WriteString("x"); info, _ := f.Stat(); f.Close(); if info.Size()%2 == 1 { fmt.Println("ouch"); os.Exit(3) } } }`)})
	o := r.options()
	o.Base, o.Rounds = "", 4
	_, text := run(t, o)
	if n, failed := marked(text, "round"), marked(text, "failed"); n != 2 || failed != 2 {
		t.Errorf("%d rounds and %d failures, want 2 and 2:\n%s", n, failed, text)
	}
	lacks(t, text, "# not-run")
	has(t, text, "# warning: BenchmarkFlaky of example.com/t failed on the head and did not when it was started again: ouch…")
}

func TestOddNames(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("Odd",
		`for _, n := range []string{"a b", "x", "x/y", "[1]|(", "", "x/y", "q=ü", "n-16", "tab\tend", "dot.*"} { b.Run(n, func(b *testing.B) { fmt.Print("unfinished"); for b.Loop() {} }) }`,
		"Oddly", loop)})
	o := r.options()
	o.Base = ""
	_, text := run(t, o)
	lacks(t, text, "# failed", "unfinished")
	p := suffix()
	got := order(text)
	slices.Sort(got)
	var want []string
	for _, n := range []string{"a_b", "x", "x/y", "[1]|(", "#00", "x/y#01", "q=ü", "n-16", "tab_end", "dot.*"} {
		want = append(want, " Odd/"+n+p)
	}
	want = append(want, " Oddly"+p)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("measured\n%q, want\n%q", got, want)
	}
}

func TestBroken(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module(
		// In goroutines of their own: testing goes on while a benchmark's own
		// goroutine panics, and may print a line or even end well before the panic is out.
		"Panic", `go func() { panic("ouch") }(); select {}`,
		"Fatal", `b.Fatal("no luck")`,
		"Skip", `b.Skip("needs a moon")`,
		"Exit", `os.Exit(3)`,
		"Hang", `time.Sleep(time.Hour)`,
		"Late", `if b.N > 1 { go func() { panic("late") }(); select {} }`,
		"Sub", `b.Run("good", func(b *testing.B) {}); b.Run("bad", func(b *testing.B) { b.Error("bad apple") })`,
		"Empty", `for range 0 { b.Run("never", func(b *testing.B) {}) }`,
		"Good", loop)})
	o := r.options()
	o.Base, o.Timeout, o.Benchtime = "", 4*time.Second, "2x"
	_, text := run(t, o)
	p := suffix()
	has(t, text,
		"# failed: - example.com/t BenchmarkPanic panic: ouch (exit status 2)",
		"# failed: - example.com/t BenchmarkFatal x_test.go:…",
		"# warning: BenchmarkSkip of example.com/t skips itself on the head: x_test.go:…",
		"# failed: - example.com/t BenchmarkExit exit status 3",
		"# failed: - example.com/t BenchmarkHang no end within 4s, killed; make one iteration shorter or raise the timeout",
		"# failed: - example.com/t Late"+p+" panic: late (exit status 2)",
		"# failed: - example.com/t Sub/bad"+p+" x_test.go:…")
	for _, name := range []string{"Good", "Sub/good", "Empty"} {
		if !slices.Contains(order(text), " "+name+p) {
			t.Errorf("%s was not measured", name)
		}
	}
	if log, err := ingest.Read("log", strings.NewReader(text)); err != nil || len(log.Problems) != 6 || len(log.Warnings) == 0 {
		t.Errorf("ingest finds %d problems, want 6: %v, %v", len(log.Problems), log.Problems, err)
	}
}

func TestTestMainThatEnds(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop) + "func TestMain(m *testing.M) { os.Exit(0) }\n"})
	o := r.options()
	o.Base = ""
	_, text := run(t, o)
	has(t, text, "# failed: - example.com/t BenchmarkA never started; does TestMain run m.Run, and does the process end well?")
}

func TestLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	show, wipe := Line(&b, 30)
	show(Progress{Phase: Measuring, Step: "PingPong/size=64B-2", Side: baseline.Head, Round: 3, Done: 17, Total: 48, Undecided: 12, Left: 100 * time.Second})
	wipe()
	// 29 characters, so that the cursor stays on the line.
	if got, want := b.String(), "\r\x1b[Kround 3 · head PingPong/size=\r\x1b[K"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	p := Progress{Phase: Measuring, Step: "A-2", Side: baseline.Base, Round: 1, Total: 4, Undecided: 2, Left: 100 * time.Second}
	if got, want := p.String(), "round 1 · base A-2 · 0/4 · 2 undecided · 1m40s left"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
