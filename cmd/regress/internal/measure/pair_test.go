package measure

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// block is one process of a log.
type block struct {
	side, round, name string
	lines             int
}

var blockText = regexp.MustCompile(`side: (\w+)\n# round: (\d+)\npkg: \S+\n((?:Benchmark.*\n)+)PASS`)

// blocks are the processes of a log, in order.
func blocks(text string) (out []block) {
	for _, m := range blockText.FindAllStringSubmatch(text, -1) {
		name, _, _ := strings.Cut(strings.TrimPrefix(m[3], "Benchmark"), " ")
		name, _, _ = strings.Cut(name, "\t")
		out = append(out, block{m[1], m[2], name, strings.Count(m[3], "\n")})
	}
	return out
}

// wants returns a NextFunc that asks for each of a list once.
func wants(lists ...[]baseline.Want) NextFunc {
	return func(baseline.Log) []baseline.Want {
		if len(lists) == 0 {
			return nil
		}
		now := lists[0]
		lists = lists[1:]
		return now
	}
}

func want(name string, rounds int) baseline.Want {
	return baseline.Want{Package: "example.com/t", Name: name + suffix(), Rounds: rounds}
}

func TestSidesOfARoundAreNeighbours(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop)})
	o := r.options()
	o.All, o.Rounds, o.Next = true, 4, wants([]baseline.Want{want("A", 5)})
	_, text := run(t, o)
	all := blocks(text)
	if len(all) != 2*(4+4+5) {
		t.Fatalf("%d processes, want 13 pairs:\n%s", len(all), text)
	}
	firsts, numbers := map[string]int{}, map[string][]string{}
	for pair := range slices.Chunk(all, 2) {
		if pair[0].name != pair[1].name || pair[0].round != pair[1].round || pair[0].side == pair[1].side {
			t.Errorf("%v is followed by %v", pair[0], pair[1])
		}
		firsts[pair[0].side]++
		numbers[pair[0].name] = append(numbers[pair[0].name], pair[0].round)
	}
	if firsts["base"] == 0 || firsts["head"] == 0 {
		t.Errorf("the order is always the same: first %v", firsts)
	}
	if have := fmt.Sprint(numbers["A"+suffix()], numbers["B"+suffix()]); have != "[1 2 3 4 5 6 7 8 9] [1 2 3 4]" {
		t.Errorf("the pairs have the numbers %s", have)
	}
	has(t, text, "procedure: paired", "# method: example.com/t A"+suffix()+" iterations=0 slices=1 cpu=any…")
	o.Next = wants([]baseline.Want{want("A", 5)})
	if _, again := run(t, o); !slices.Equal(blocks(again), all) {
		t.Errorf("the same seed gave\n%v\n%v", all, blocks(again))
	}
}

// What an interrupt leaves of a pair stays alone, and the next pair has a number of its own.
func TestResumeDoesNotCompleteAPair(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	o := r.options()
	o.All, o.Rounds, o.Next = true, 3, wants()
	_, whole := run(t, o)
	parts := strings.SplitAfter(whole, "\nPASS\n")
	o.Resume = []byte(strings.Join(parts[:3], "")) // a pair and a half
	_, text := run(t, o)
	have := map[string]string{}
	for _, b := range blocks(text) {
		have[b.round] += b.side[:1]
	}
	if len(have["1"]) != 2 || len(have["2"]) != 1 || len(have["3"]) != 2 || len(have["4"]) != 2 || len(have) != 4 {
		t.Errorf("the rounds have the sides %v:\n%s", have, text)
	}
	if n := marked(text, "method"); n != 1 {
		t.Errorf("%d marks of the method, want the one of the log", n)
	}
	refused := func(part string) {
		t.Helper()
		if _, err := Run(t.Context(), o); !errors.Is(err, ErrResume) || !strings.Contains(err.Error(), part) {
			t.Errorf("resumed: %v, want an error with %q", err, part)
		}
	}
	o.Resume = []byte(strings.Replace(whole, "procedure: paired\n", "procedure: paired\ncounter: abacus 0\n", 1))
	refused("counted by abacus 0, not none")
	o.Resume = []byte(strings.Replace(whole, "procedure: paired", "procedure: two-stage", 1))
	refused("two-stage, not paired")
}

// A side that dies takes nothing from the other, and both are tried equally often.
func TestOneSideOfAPairDies(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop)})
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"x_test.go": module("A", `if b.N > 1 { os.Exit(3) }`, "B", loop)})
	r.commit("second")
	o := r.options()
	o.Rounds, o.Next, o.Benchtime = 3, wants(), "2x"
	_, text := run(t, o)
	have := map[string]int{}
	for _, b := range blocks(text) {
		have[b.side+" "+b.name]++
	}
	p := suffix()
	if fmt.Sprint(have) != fmt.Sprint(map[string]int{"base A" + p: 3, "base B" + p: 3, "head B" + p: 3}) || marked(text, "failed") != 3 {
		t.Errorf("measured %v:\n%s", have, text)
	}
	for _, n := range []string{"1", "2", "3"} {
		if !slices.Contains(blocks(text), block{"base", n, "A" + p, 1}) {
			t.Errorf("base has no round %s of A", n)
		}
	}
}

// methods are the marks of how benchmarks are run, by name without -procs.
func methods(text string) map[string]ingest.Method {
	out := map[string]ingest.Method{}
	for mark, rest := range ingest.Marks([]byte(text)) {
		if key, m, ok := ingest.ReadMethod(rest); mark == ingest.MarkMethod && ok {
			name, _ := suite.SplitProcs(key.Name)
			out[name] = m
		}
	}
	return out
}

// How a benchmark is run follows from what is seen of it.
func TestMethodIsFoundOut(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	r := newRepo(t, map[string]string{"x_test.go": strings.Replace(module(
		"Work", `x := 1; for i := 0; i < b.N; i++ { for j := range 100 { x = x*31 + j } }; os.Setenv("X", fmt.Sprint(x)); f, _ := os.OpenFile("`+dir+`/procs", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); fmt.Fprintln(f, runtime.GOMAXPROCS(0)); f.Close()`,
		"Loop", loop,
		"Garbage", `for i := 0; i < b.N; i++ { m := map[int]*[64]int{}; for j := range 200 { m[j] = new([64]int) } }`,
		"Percentile", `for b.Loop() {}; b.ReportMetric(7, "p95-ns")`, "Leak", `for b.Loop() {}; b.ReportMetric(7, "leak-bytes")`,
		"Child", `for b.Loop() { exec.Command("true").Run() }`,
		"Beside", `exec.Command("true").Run(); b.ResetTimer(); for i := 0; i < b.N; i++ { time.Sleep(time.Duration(48/max(1, 8*min(1, runtime.NumCPU()-1))) * time.Millisecond) }`, // on one processor it takes its time
		"Locked", `var l sync.Mutex; for b.Loop() { var wg sync.WaitGroup; for range 2 { wg.Go(func() { for range 256 { l.Lock(); for i := range 1000 { held = held*31 + i }; l.Unlock() } }) }; wg.Wait() }`,
		"Setup", `time.Sleep(120 * time.Millisecond); b.ResetTimer(); for b.Loop() {}`,
		"Slow", `for b.Loop() { time.Sleep(90 * time.Millisecond) }`,
		"Middle", `for b.Loop() { time.Sleep(12 * time.Millisecond) }`,
		"Silent", `b.ReportMetric(0, "ns/op"); b.ReportMetric(1, "x-bytes")`,
		"Dies", `if b.N > 1 { os.Exit(3) }`,
	), "import (", "import (\n\"os/exec\"\n\"runtime\"\n\"sync\"", 1) + "\nvar held int\n"})
	o := r.options()
	o.All, o.Benchtime, o.Next = true, "30ms", wants()
	_, text := run(t, o)
	have := methods(text)
	for _, name := range []string{"Work", "Loop", "Garbage", "Percentile"} {
		if m := have[name]; m.Slices < fewestSlices || m.Iterations < 2 || !m.One || m.Counted < 1 {
			t.Errorf("%s: %+v, want slices on one processor", name, m)
		}
		for _, b := range blocks(text) {
			if b.name == name+suffix() && b.lines != have[name].Slices {
				t.Errorf("%v, want %d lines", b, have[name].Slices)
			}
		}
	}
	for _, name := range []string{"Leak", "Setup", "Slow", "Silent", "Dies"} {
		if m := have[name]; m.Slices != 1 || m.Iterations != 0 {
			t.Errorf("%s: %+v, want one value of a process", name, m)
		}
	}
	if m := have["Middle"]; m.Iterations != 1 || m.Slices < 2 || m.Slices > 5 {
		t.Errorf("Middle: %+v, want few slices of one iteration", m)
	}
	if !have["Child"].One {
		t.Errorf("a benchmark that waits for those that it starts is not on one processor: %v", have["Child"])
	}
	if have["Beside"].One && runtime.NumCPU() > 1 {
		t.Errorf("a benchmark that works beside those that it starts is on one processor: %v", have["Beside"])
	}
	if have["Locked"].One && runtime.NumCPU() > 1 {
		t.Errorf("goroutines that wait for one another's lock are on one processor: %v", have["Locked"])
	}
	procs, err := os.ReadFile(filepath.Join(dir, "procs"))
	if err != nil || !strings.Contains(string(procs), "1\n") {
		t.Errorf("GOMAXPROCS of a pinned process: %q, %v", procs, err)
	}
	log, err := readLog([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			if s.Name == "Work"+suffix() && s.Unit == "sec/op" && len(s.Values) != o.Rounds*have["Work"].Slices {
				t.Errorf("%d values of %s, want %d of each round", len(s.Values), s.Name, have["Work"].Slices)
			}
		}
	}
}

// Both sides run as many iterations, so that the slower one says how many.
func TestSlowerSideSaysHowManyIterations(t *testing.T) {
	long(t)
	t.Parallel()
	sleeps := func(d string) string { return "for i := 0; i < b.N; i++ { time.Sleep(" + d + ") }" }
	work := func(n string) string {
		return "x := 1; for i := 0; i < b.N; i++ { for j := range " + n + " { x = x*31 + j } }; os.Setenv(\"X\", fmt.Sprint(x))"
	}
	r := newRepo(t, map[string]string{"x_test.go": module("Work", work("2000000"), "Slow", sleeps("time.Second/5"), "Same", work("2000"))})
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"x_test.go": module("Work", work("2000"), "Slow", sleeps("time.Microsecond"), "Same", work("2001"))})
	r.commit("faster")
	o := r.options()
	o.Rounds, o.Next, o.Benchtime = 1, wants(), "30ms"
	_, text := run(t, o)
	have := methods(text)
	if m := have["Work"]; m.Iterations != 1 {
		t.Errorf("Work, a thousand times faster: %+v, want one iteration", m)
	}
	if m := have["Slow"]; m.Iterations != 0 || m.Counted != 1 {
		t.Errorf("Slow: %+v, want one value of a process", m)
	}
	if m := have["Same"]; m.Iterations < 20 {
		t.Errorf("Same: %+v, want iterations for half a millisecond", m)
	}
}

func TestSlicing(t *testing.T) {
	const whole = 30 * time.Millisecond
	for _, c := range []struct {
		op, setup  time.Duration
		iterations int
		slices     int
	}{
		{time.Microsecond, 0, 500, 40},
		{2 * time.Millisecond, 0, 1, 30},                         // 60 ms in all
		{7 * time.Millisecond, 0, 1, 8},                          // likewise
		{20 * time.Millisecond, 0, 1, 3},                         // likewise
		{45 * time.Millisecond, 0, 0, 1},                         // one would be left
		{time.Microsecond, 5 * time.Millisecond, 5000, 12},       // a slice as long as the setup
		{time.Microsecond, 20 * time.Millisecond, 10000, 4},      // 120 ms in all
		{time.Microsecond, 100 * time.Millisecond, 10000, 2},     // the least
		{time.Microsecond, 101 * time.Millisecond, 0, 1},         // too dear
		{25 * time.Millisecond, 90 * time.Millisecond, 0, 1},     // one of 115 ms
		{time.Nanosecond, 300 * time.Microsecond, 500_000, 40},   // a usual one
		{300 * time.Millisecond, 300 * time.Millisecond, 0, 1},   // by far
		{2900 * time.Microsecond, 100 * time.Microsecond, 1, 20}, // six slices long
		{time.Microsecond, 2 * time.Millisecond, 2000, 30},       // 120 ms in all
	} {
		iterations, slices := slicing(float64(c.op), c.setup, whole, sliceTime)
		if iterations != c.iterations || slices != c.slices {
			t.Errorf("op %v, setup %v: %d iterations, %d slices; want %d, %d", c.op, c.setup, iterations, slices, c.iterations, c.slices)
		}
	}
	if iterations, slices := slicing(.25, 0, whole, sliceTime); iterations != 2_000_000 || slices != 40 {
		t.Errorf("a quarter of a nanosecond: %d, %d", iterations, slices)
	}
	if trying(0) != 12 || trying(15*time.Millisecond) != 8 || trying(time.Second) != 4 {
		t.Error("how many slices are tried")
	}
	if counting(1e9, 0) != 0 || counting(4, time.Second) != 0 || counting(4, 0) != 2_500_000 || counting(5e6, 0) != 2 {
		t.Error("what is counted")
	}
}

// What a benchmark prints of its own decides whether it can be cut into slices.
func TestOwnUnits(t *testing.T) {
	for line, want := range map[string]own{
		"BenchmarkA-2 100 12 ns/op 5 B/op 1 allocs/op 3 MB/s":    noneOwn,
		"BenchmarkA-2 100 12 ns/op 99 msg/s 7 p95-latency-ns":    timesOwn,
		"BenchmarkA-2 100 12 ns/op 99 msg/s 7 leak-bytes 8 x/s":  othersOwn,
		"BenchmarkA-2 100 12 ns/op 0.5 cpu-share 7 p95-wait-sec": othersOwn,
	} {
		if have := ownUnits(line); have != want {
			t.Errorf("%s: %d, want %d", line, have, want)
		}
	}
	if n, slices := slicing(1000, 0, 30*time.Millisecond, ownSlice); n != 3000 || slices != 20 {
		t.Errorf("times of its own: %d iterations, %d slices", n, slices)
	}
}

// How the time was spent: what two processes have in common is no part of it.
func TestShare(t *testing.T) {
	const ms = time.Millisecond
	close := func(have, want float64) bool { return have > want-.001 && have < want+.001 }
	// A thousand iterations of 10 µs further: 8 ms of the user and 1 ms of the kernel.
	w := share(suite.Used{User: 20 * ms, System: 5 * ms}, suite.Used{User: 28 * ms, System: 6 * ms}, 1000, 10_000)
	if !close(w.User, .8) || !close(w.System, 1./9) || w.Children {
		t.Errorf("%+v", w)
	}
	w = share(suite.Used{User: 20 * ms}, suite.Used{User: 20 * ms, Children: true}, 1000, 10_000) // it sleeps
	if w.User != 0 || w.System != 0 || !w.Children {
		t.Errorf("sleeps: %+v", w)
	}
}

// A wait counts for how often it comes, or how long it takes.
func TestLockBound(t *testing.T) {
	const timed = 30 * time.Millisecond
	for _, c := range []struct {
		waits  int64
		waited time.Duration
		want   bool
	}{{0, 0, false}, {30, 0, false}, {31, 0, true}, {1, 600 * time.Microsecond, false}, {1, 601 * time.Microsecond, true}} {
		if have := lockBound(c.waits, c.waited, timed); have != c.want {
			t.Errorf("%d waits of %v in all: %v", c.waits, c.waited, have)
		}
	}
}

func TestAloneOnAProcessor(t *testing.T) {
	c := calibration{measurement: &measurement{cpus: []int{0, 1}}}
	of := func(user time.Duration, children bool) shot {
		return shot{out: suite.Outcome{Wall: 100 * time.Millisecond, Used: suite.Used{User: user, Children: children}}}
	}
	if !c.alone(of(115*time.Millisecond, false)) || c.alone(of(150*time.Millisecond, false)) || c.alone(of(50*time.Millisecond, true)) {
		t.Error("a parallel benchmark, or one with children, is pinned")
	}
	if c.cpus = nil; c.alone(of(50*time.Millisecond, false)) {
		t.Error("pinned where nothing can be")
	}
}

// abacus is a Counter for tests.
type abacus struct {
	probe error           // of Probe
	crash bool            // of the processes
	waits int             // so often the first process waits, and does nothing
	meets chan struct{}   // processes begin in twos; nil: whenever they do
	late  atomic.Bool     // one that met no other
	mu    sync.Mutex      // of seen: several are counted at a time
	seen  map[string]bool // environments
}

func (a *abacus) Name() string { return "abacus 1" }

func (a *abacus) Probe(binary string) (CountProbe, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, err
	}
	b := &bead{abacus: a, waits: a.waits}
	a.waits = 0
	return b, a.probe
}

type bead struct {
	*abacus
	waits int
}

func (b *bead) Before(cmd *exec.Cmd) {
	if b.meets != nil {
		select {
		case b.meets <- struct{}{}:
		case <-b.meets:
		case <-time.After(10 * time.Second):
			b.late.Store(true)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pair := range cmd.Env {
		b.seen[pair] = true
	}
	if b.waits > 0 {
		b.waits--
		cmd.Path, cmd.Args = "/bin/sleep", []string{"sleep", "60"}
	}
	if b.crash {
		cmd.Env = append(cmd.Env, "BENCH_CRASH=1")
	}
}

func (b *bead) After(*os.ProcessState) {}

func (b *bead) Result() (instructions, syscalls uint64, err error) { return 30000, 6, nil }

func TestCounts(t *testing.T) {
	long(t)
	t.Parallel()
	p := suffix()
	r := newRepo(t, map[string]string{"x_test.go": module("A", `if os.Getenv("BENCH_CRASH") != "" { panic("ouch") }; for i := 0; i < b.N; i++ { time.Sleep(time.Millisecond) }`, "B", loop)})
	count := want("A", 2)
	count.Count = true
	o := r.options()
	counter := &abacus{seen: map[string]bool{}}
	o.All, o.Rounds, o.Counter, o.Next = true, 1, counter, wants([]baseline.Want{count}, []baseline.Want{want("A", 1), count})
	_, text := run(t, o)
	has(t, text, "counter: abacus 1", "Unit insn/op better=lower")
	if !counter.seen["GOMAXPROCS=1"] {
		t.Errorf("it is counted with %v", counter.seen)
	}
	n := methods(text)["A"].Counted
	line := fmt.Sprintf("BenchmarkA%s %d %s insn/op %s syscalls/op\n", p, n, each(30000, float64(n)), each(6, float64(n)))
	if n < 1 || strings.Count(text, line) != 8 || marked(text, "work") != 1 {
		t.Fatalf("no four pairs of\n%s in\n%s", line, text)
	}
	if before, _, _ := strings.Cut(text, line); marked(before, "work") != 1 {
		t.Error("the work is told after its first count")
	}
	log, err := readLog([]byte(text))
	if err != nil || len(log.Problems) > 0 || log.Counter != "abacus 1" || len(log.Work) != 1 {
		t.Fatalf("the log: %v, %v, %v", log.Problems, log.Work, err)
	}
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			if s.Unit == baseline.Instructions && !slices.Equal(slices.Sorted(slices.Values(s.Rounds)), []int{1, 2, 3, 4}) {
				t.Errorf("%s counts in rounds %v", run.Side, s.Rounds)
			}
			if s.Name == "A"+p && s.Unit == "sec/op" && !slices.Equal(slices.Sorted(slices.Values(s.Rounds)), []int{1, 2}) {
				t.Errorf("%s times in rounds %v", run.Side, s.Rounds)
			}
		}
	}

	o.Resume, o.Next = []byte(text), wants([]baseline.Want{count})
	_, again := run(t, o)
	if strings.Count(again, line) != 12 || marked(again, "work") != 1 || strings.Count(again, "# round: 6\n") != 2 {
		t.Errorf("gone on from it is\n%s", again)
	}
}

// Two processes are counted at a time where there are two processors, and before the pairs that are
// wanted with them.
func TestCountsTogether(t *testing.T) {
	long(t)
	t.Parallel()
	if n := len(suite.Processors()); n < 2 || n == 3 {
		t.Skip("its counts are run in twos, or all four at a time")
	}
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop, "B", loop)})
	counts := []baseline.Want{want("A", 2), want("B", 2)}
	counts[0].Count, counts[1].Count = true, true
	counter := &abacus{seen: map[string]bool{}, meets: make(chan struct{})}
	o := r.options()
	o.All, o.Rounds, o.Counter = true, 1, counter
	o.Next = wants(append(counts, want("A", 3), want("B", 3)))
	_, text := run(t, o)
	if counter.late.Load() {
		t.Error("one is counted alone")
	}
	last := strings.LastIndex(text, " insn/op")
	if n := strings.Count(text, " insn/op ") - 1; n != 8 || strings.Count(text[last:], " ns/op") != 12 {
		t.Errorf("%d counts, want 8 and twelve times behind them:\n%s", n, text)
	}
}

// A process that was ended while others had the processors says nothing of its benchmark.
func TestCountsOnceMoreWhatHadNoProcessor(t *testing.T) {
	long(t)
	allowed := countAllowed
	t.Cleanup(func() { countAllowed = allowed })
	countAllowed = func(time.Duration) time.Duration { return time.Second }
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	for waits, counts := range map[int]int{1: 4, 2: 0} {
		o := r.options()
		count := want("A", 2)
		count.Count = true
		o.All, o.Rounds, o.Counter, o.Next = true, 1, &abacus{seen: map[string]bool{}, waits: waits}, wants([]baseline.Want{count})
		_, text := run(t, o)
		if strings.Count(text, " syscalls/op\n") != counts || marked(text, "uncounted") != waits-1 {
			t.Errorf("where a process waits %d times, it says\n%s", waits, text)
		}
	}
}

// TestBudgetEndsACount: one that it ends says nothing of its benchmark, and one that has ended
// beside it is kept.
func TestBudgetEndsACount(t *testing.T) {
	long(t)
	t.Parallel()
	if len(suite.Processors()) < 2 {
		t.Skip("nothing is counted beside another")
	}
	r := newRepo(t, map[string]string{"x_test.go": module("A", loop)})
	count := want("A", 1)
	count.Count = true
	o := r.options()
	o.All, o.Rounds, o.Budget, o.Counter = true, 1, 8*time.Second, &abacus{seen: map[string]bool{}, waits: 2}
	o.Next = wants([]baseline.Want{count}, []baseline.Want{count})
	result, text := run(t, o)
	if n := strings.Count(text, " syscalls/op\n"); n != 1 || marked(text, "uncounted") != 0 || result.Stopped == "" {
		t.Errorf("%d counts, want the one beside that which the budget ended, and no mark; stopped: %q\n%s", n, result.Stopped, text)
	}
}

// What a process waited for a processor is no work that a counter would be slow at.
func TestCountsAsManyBesideALoad(t *testing.T) {
	of := func(wall time.Duration) shot {
		slowed := float64(wall / (10 * time.Millisecond))
		return shot{
			nsPerOp: []float64{1e6 * slowed}, iterations: 5, spans: []time.Duration{wall},
			out: suite.Outcome{Wall: wall, Used: suite.Used{User: 10 * time.Millisecond}},
		}
	}
	for wall, counts := range map[time.Duration]int{10 * time.Millisecond: 10, 70 * time.Millisecond: 10, 10 * time.Second: 0} {
		if s := of(wall); s.counting(s.op()) != counts {
			t.Errorf("%d iterations are counted of what worked 10 ms in %v", s.counting(s.op()), wall)
		}
	}
}

// TestSpareCounts: what Spare asks for is counted behind all rounds, in pairs and of head alone,
// gone on from as before; where the budget has no time for it, that is told and nothing is
// missing.
func TestSpareCounts(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", `for i := 0; i < b.N; i++ { time.Sleep(time.Millisecond) }`, "B", loop)})
	check := func(sides int, prepare func(o *Options)) {
		t.Helper()
		o := r.options()
		o.All, o.Rounds, o.Counter = true, 2, &abacus{seen: map[string]bool{}}
		prepare(&o)
		count := want("A", 2)
		count.Count = true
		o.Spare = wants([]baseline.Want{count})
		result, text := run(t, o)
		has(t, text, "counter: abacus 1")
		if n := strings.Count(text, " syscalls/op"); n != 2*sides || result.Stopped != "" {
			t.Errorf("%d counts of %d sides, stopped %q, in\n%s", n, sides, result.Stopped, text)
		}
		_, behind, _ := strings.Cut(text, " syscalls/op")
		if strings.Contains(behind, "ns/op") {
			t.Errorf("timed behind a count:\n%s", text)
		}
		log, err := readLog([]byte(text))
		if err != nil || len(log.Problems) > 0 || log.Runs[0].Environment.Counter != "abacus 1" {
			t.Fatalf("the log: %v, %v, %+v", log.Problems, err, log.Runs[0].Environment)
		}
		fastest := math.Inf(1)
		for _, run := range log.Runs {
			for _, s := range run.Samples {
				if s.Name == "A"+suffix() && s.Unit == "sec/op" {
					fastest = min(fastest, slices.Min(s.Values))
				}
			}
		}
		if n := methods(text)["A"].Counted; n != counting(1e9*fastest, 0) || !strings.Contains(text, fmt.Sprintf("BenchmarkA%s %d ", suffix(), n)) {
			t.Errorf("%d iterations are counted of %g s in\n%s", n, fastest, text)
		}

		more := count
		more.Rounds = 1
		o.Resume, o.Rounds, o.Spare = []byte(text), 3, wants([]baseline.Want{more})
		_, again := run(t, o)
		if n := strings.Count(again, " syscalls/op"); n != 3*sides {
			t.Errorf("gone on from it has %d counts:\n%s", n, again)
		}
		if log, err = readLog([]byte(again)); err != nil || len(log.Problems) > 0 {
			t.Errorf("gone on from: %v, %v", log.Problems, err)
		}
		for _, run := range log.Runs {
			for _, s := range run.Samples {
				if s.Unit == "sec/op" && slices.Max(s.Rounds) != 3 {
					t.Errorf("%s %s has rounds %v", run.Side, s.Name, s.Rounds)
				}
			}
		}

		o.Resume, o.Rounds, o.Budget = nil, 1, 2*time.Second
		o.Spare = func(log baseline.Log) []baseline.Want {
			all := count
			all.Rounds = 1000
			return []baseline.Want{all}
		}
		result, text = run(t, o)
		if !strings.Contains(text, "# warning: the budget of 2s left no time to count the instructions of all benchmarks\n") {
			t.Errorf("nothing of the budget in\n%s", text)
		}
		if log, err := readLog([]byte(text)); err != nil || len(log.Problems) > 0 || result.Stopped != "" || log.Stopped != "" {
			t.Errorf("without time: %v, %v, %q", log.Problems, err, log.Stopped)
		}
	}
	check(2, func(o *Options) { o.Next = wants() })
	check(1, func(o *Options) { o.Base = "" })
}

func TestWhatCannotBeCountedIsNoProblem(t *testing.T) {
	long(t)
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", `if os.Getenv("BENCH_CRASH") != "" { fmt.Println("ouch"); os.Exit(3) }`, "Slow", "time.Sleep(400 * time.Millisecond)", "Starts", `for range b.N { if p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{}); err == nil { p.Wait() } }`)})
	o := r.options()
	o.All, o.Rounds = true, 1
	check := func(counter Counter, name, why string) {
		t.Helper()
		count := want(name, 2)
		count.Count = true
		o.Counter, o.Next = counter, wants([]baseline.Want{count}, []baseline.Want{count})
		_, text := run(t, o)
		if marked(text, "uncounted") != min(len(why), 1) || strings.Contains(text, "insn/op ") {
			t.Errorf("counted:\n%s", text)
		}
		if why != "" {
			has(t, text, "# uncounted: example.com/t "+name+suffix()+" "+why)
		}
		if log, err := readLog([]byte(text)); err != nil || len(log.Problems) > 0 {
			t.Errorf("problems %v, %v", log.Problems, err)
		}
	}
	check(&abacus{seen: map[string]bool{}, crash: true}, "A", "ouch (exit status 3)")
	check(&abacus{seen: map[string]bool{}, probe: errors.New("it has no symbols")}, "A", "it has no symbols")
	check(&abacus{seen: map[string]bool{}}, "Slow", "one iteration, or what it needs before, takes too long")
	check(nil, "A", "")
	if runtime.GOOS == "linux" {
		check(&abacus{seen: map[string]bool{}}, "Starts", "other processes work for it, which are not counted")
	}
}
