package baseline_test

import (
	"math"
	"regexp"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/internal/lookup"
)

func TestPerRound(t *testing.T) {
	check := func(values []float64, rounds []int, want ...float64) {
		t.Helper()
		before := slices.Clone(values)
		have := baseline.Sample{Values: values, Rounds: rounds}.PerRound()
		if !slices.Equal(have, want) {
			t.Errorf("%v in rounds %v: have %v, want %v", values, rounds, have, want)
		}
		if len(have) > 0 {
			have[0] = -1
		}
		if !slices.Equal(values, before) {
			t.Errorf("%v was changed to %v", before, values)
		}
	}
	check(nil, nil)
	check([]float64{3, 1, 2}, []int{1, 2, 3}, 3, 1, 2) // one value a round: as they are
	check([]float64{3, 1, 2}, []int{1, 1, 1}, 2)       // odd: the middle one
	check([]float64{4, 1, 3, 2}, []int{1, 1, 1, 1}, 2.5)
	check([]float64{9, 5, 7, 1}, []int{2, 1, 2, 1}, 3, 8) // interleaved: (5+1)/2, (9+7)/2
	check([]float64{9, 5, 7}, []int{3, 1, 2}, 5, 7, 9)    // in order of round
	check([]float64{1, 2, 3}, []int{1, 2}, 1, 2)          // no round: left out, no panic
	check([]float64{math.MaxFloat64, math.MaxFloat64}, []int{1, 1}, math.MaxFloat64)
	check([]float64{0, 0}, []int{1, 1}, 0)
}

// TestSummary: of many repetitions in one process the second best stands for them, of few the
// median.
func TestSummary(t *testing.T) {
	ascending := func(n int, from float64) (out []float64) {
		for i := range n {
			out = append(out, from+float64(i))
		}
		return out
	}
	check := func(unit string, perRound int, want float64) {
		t.Helper()
		s := baseline.Sample{Key: baseline.Key{Unit: unit}}
		for round := 1; round <= 3; round++ {
			values := ascending(perRound, float64(100*round))
			slices.Reverse(values)
			for _, v := range values {
				s.Values, s.Rounds = append(s.Values, v), append(s.Rounds, round)
			}
		}
		before := slices.Clone(s.Values)
		if center, spread, n := s.Summary(); center != want || n != 3 || math.Abs(spread-148.26) > 1e-9 || !slices.Equal(before, s.Values) {
			t.Errorf("%s, %d a round: %g ± %g of %d, want %g", unit, perRound, center, spread, n, want)
		}
	}
	check("sec/op", 1, 200)
	check("sec/op", 19, 209)
	check("sec/op", 20, 201)
	check("sec/op", 61, 201)
	check("B/s", 19, 209)
	check("B/s", 60, 258)
	check("B/op", 61, 230)
	check("p95-latency-sec", 61, 230)
}

func TestFunction(t *testing.T) {
	check := func(name, want string) {
		t.Helper()
		have := baseline.Key{Package: "p", Name: name, Unit: "u"}.Function()
		if have != (baseline.Function{Package: "p", Name: want}) {
			t.Errorf("%q: have %v, want %q", name, have, want)
		}
	}
	check("PingPong-2", "BenchmarkPingPong")
	check("PingPong", "BenchmarkPingPong") // GOMAXPROCS=1 has no suffix
	check("PingPong/size=64B-2", "BenchmarkPingPong")
	check("PingPong/a/b-c-16", "BenchmarkPingPong")
	check("_x-2", "Benchmark_x")
	check("-2", "Benchmark") // func Benchmark(b *testing.B)
	check("/sub-2", "Benchmark")
	check("", "Benchmark")
	check("Odd-", "BenchmarkOdd-") // not a suffix; no function prints it
	check("Odd-x", "BenchmarkOdd-x")
}

func TestKeyOrder(t *testing.T) {
	keys := []baseline.Key{{"b", "A", "a"}, {"a", "B", "a"}, {"a", "A", "b"}, {"a", "A", "a"}}
	slices.SortFunc(keys, baseline.Key.Compare)
	want := []baseline.Key{{"a", "A", "a"}, {"a", "A", "b"}, {"a", "B", "a"}, {"b", "A", "a"}}
	if !slices.Equal(keys, want) || keys[1].Benchmark() != (baseline.Key{Package: "a", Name: "A"}) {
		t.Error(keys)
	}
}

// TestFingerprint: what makes figures incomparable, and no more, is in it.
func TestFingerprint(t *testing.T) {
	env := baseline.Environment{OS: "linux", Arch: "amd64", CPU: "A", Cores: 2, Procs: 2}
	print := env.Fingerprint()
	if !regexp.MustCompile("^[0-9a-f]{12}$").MatchString(print) {
		t.Errorf("fingerprint %q", print)
	}
	check := func(same bool, change func(e *baseline.Environment)) {
		t.Helper()
		e := env
		change(&e)
		if e == env {
			t.Fatal("nothing was changed")
		}
		if (e.Fingerprint() == print) != same {
			t.Errorf("%+v: same %v, want %v", e, !same, same)
		}
	}
	check(false, func(e *baseline.Environment) { e.OS = "darwin" })
	check(false, func(e *baseline.Environment) { e.Arch = "arm64" })
	check(false, func(e *baseline.Environment) { e.CPU = "B" })
	check(false, func(e *baseline.Environment) { e.Cores = 4 })
	check(false, func(e *baseline.Environment) { e.Quota = 1.5 })
	check(false, func(e *baseline.Environment) { e.Procs = 1 })
	check(true, func(e *baseline.Environment) { e.Kernel = "6.19" })
	check(true, func(e *baseline.Environment) { e.GoVersion = "go1.27" })
	check(true, func(e *baseline.Environment) { e.Governor = "powersave" })
	check(true, func(e *baseline.Environment) { e.MemoryMiB = 1 })
	check(true, func(e *baseline.Environment) { e.Counter = "qemu-user 8.2.2" })
}

// TestID: the content alone, so that storing twice keeps one run.
func TestID(t *testing.T) {
	run := baseline.Run{Project: "p", Side: baseline.Head, Commit: "c", Branch: "b", Raw: []byte("text")}
	id := run.ID()
	if parsed, err := lookup.ParseID(id); err != nil || parsed != id {
		t.Errorf("ID %q: %v", id, err)
	}
	check := func(same bool, change func(r *baseline.Run)) {
		t.Helper()
		r := run
		change(&r)
		if (r.ID() == id) != same {
			t.Errorf("%+v: same %v, want %v", r, !same, same)
		}
	}
	check(true, func(r *baseline.Run) { r.Samples = []baseline.Sample{{}} }) // they follow from the text
	check(true, func(r *baseline.Run) { r.Environment.Kernel = "6.19" })
	check(false, func(r *baseline.Run) { r.Project, r.Side = "phead", "" })
	check(false, func(r *baseline.Run) { r.Commit, r.Branch = "", "cb" })
	check(false, func(r *baseline.Run) { r.Side = baseline.Base }) // two sides of one text
	check(false, func(r *baseline.Run) { r.Environment.Cores = 4 })
	check(false, func(r *baseline.Run) { r.Raw = []byte("texts") })
}
