package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// play measures as Next asks until it asks for nothing, and returns the end.
func play(t *testing.T, b *bench, rng *rand.Rand, names int, sd float64, change func(i int) float64) (Decision, int) {
	t.Helper()
	total, index := 0, map[string]int{}
	measure := func(i, n int) {
		key := sec(fmt.Sprintf("A%03d", i))
		b.add(baseline.Base, key, around(rng, n, 100, sd)...).add(baseline.Head, key, around(rng, n, 100*(1+change(i)), sd)...)
		total += n
	}
	for i := range names {
		index[fmt.Sprintf("A%03d", i)] = i
		measure(i, 2)
	}
	for step := 0; ; step++ {
		next := Next(b.input())
		if len(next) == 0 {
			break
		}
		if step > 20 {
			t.Fatalf("does not end: %v", next)
		}
		if d := Decide(b.input()); d.Outcome == Pass {
			for _, w := range next {
				if r := row(d, w.Name); r.Verdict != Unchanged {
					t.Fatalf("passes while it wants more of %+v", r)
				}
			}
		}
		for _, w := range next {
			measure(index[w.Name], w.Rounds)
		}
	}
	return Decide(b.input()), total
}

func row(d Decision, name string) Row {
	for _, r := range d.Rows {
		if r.Name == name {
			return r
		}
	}
	return Row{}
}

func history(b *bench, names int, sd float64) {
	for i := range names {
		b.log.Noise[sec(fmt.Sprintf("A%03d", i))] = baseline.Noise{SD: sd, Sessions: 5}
	}
}

func TestTwoStage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	changes := map[int]float64{3: .05, 7: .1, 9: -.2}
	b := newBench(baseline.TwoStage)
	history(b, 30, .005)
	d, total := play(t, b, rng, 30, .005, func(i int) float64 { return changes[i] })
	if d.Outcome != Fail || d.Counts[Regressed] != 2 || d.Counts[Improved] != 1 || d.Counts[Unchanged] != 27 {
		t.Errorf("have %s: %v", d.Outcome, d.Counts)
	}
	// 27 quiet ones at 2, now and then 3; two survivors at 8 + 8; one improvement at 8 + 8.
	if total < 27*2+3*16 || total > 27*3+3*20 {
		t.Errorf("%d rounds a side for 30 benchmarks", total)
	}
	for _, i := range []int{3, 7} {
		r := row(d, fmt.Sprintf("A%03d", i))
		if r.Stage != "confirm" || r.P == nil || *r.P > .01/2 || math.Abs(*r.Change-changes[i]) > .02 || r.Interval.Lo > changes[i] || r.Interval.Hi < changes[i] {
			t.Errorf("have %+v, change %v, interval %v", r, *r.Change, r.Interval)
		}
	}
	if r := row(d, "A000"); r.AtMost == nil || *r.AtMost > .05 || r.Detectable == nil {
		t.Errorf("a pass claims a bound: %+v", r)
	}
}

// TestScreenLooks: without history nothing is decided before four rounds.
func TestScreenLooks(t *testing.T) {
	b := newBench(baseline.TwoStage).add(baseline.Base, sec("A000"), 1, 1.001).add(baseline.Head, sec("A000"), 1, 1.001)
	want(t, Decide(b.input()), Undecided, Inconclusive)
	if next := Next(b.input()); len(next) != 1 || next[0].Rounds != 2 {
		t.Errorf("have %v, want two more", next)
	}
	history(b, 1, .002)
	want(t, Decide(b.input()), Pass, Unchanged)
}

// TestScreenIsNotConfirmation: a slowdown that only the screen saw is not red,
// and the rounds of the screen are no part of the test.
func TestScreenIsNotConfirmation(t *testing.T) {
	b := newBench(baseline.TwoStage)
	slow, quick := []float64{1.3, 1.31, 1.32, 1.3, 1.31, 1.33, 1.3, 1.32}, []float64{1, 1.01, 1.02, 1, 1.01, 1.03, 1, 1.02}
	b.add(baseline.Base, sec("A"), quick...).add(baseline.Head, sec("A"), slow...)
	d := Decide(b.input())
	want(t, d, Undecided, Inconclusive)
	wantWhy(t, d.Rows[0], Reason{Code: Unconfirmed, Shift: by(.3), Needed: 8})
	for range 2 { // eight fresh rounds without a difference
		b.add(baseline.Base, sec("A"), 1, 1.001, 1.002, 1.003).add(baseline.Head, sec("A"), 1, 1.001, 1.002, 1.003)
	}
	want(t, Decide(b.input()), Pass, Unchanged)
}

// TestConfirmationWaits: no fresh round before the screen of all is over.
func TestConfirmationWaits(t *testing.T) {
	b := newBench(baseline.TwoStage)
	slow, quick := []float64{1.3, 1.31, 1.32, 1.3, 1.31, 1.33, 1.3, 1.32}, []float64{1, 1.01, 1.02, 1, 1.01, 1.03, 1, 1.02}
	b.add(baseline.Base, sec("A"), quick...).add(baseline.Head, sec("A"), slow...)
	b.add(baseline.Base, sec("B"), quick[:6]...).add(baseline.Head, sec("B"), slow[:6]...)
	if next := Next(b.input()); len(next) != 1 || next[0] != (baseline.Want{Package: "p", Name: "B", Rounds: 2}) {
		t.Errorf("have %v, want two of B alone", next)
	}
	b.add(baseline.Base, sec("B"), quick[6:]...).add(baseline.Head, sec("B"), slow[6:]...)
	if next := Next(b.input()); len(next) != 2 || next[0] != (baseline.Want{Package: "p", Name: "A", Rounds: 8}) {
		t.Errorf("have %v, want eight of both", next)
	}
}

// TestTooNoisy ends early with a note, which strict turns red.
func TestTooNoisy(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	b := newBench(baseline.TwoStage)
	for i := range 4 {
		key := sec(fmt.Sprintf("B%d", i))
		b.add(baseline.Base, key, around(rng, 6, 1, .003)...).add(baseline.Head, key, around(rng, 6, 1, .003)...)
	}
	// Without a difference and with a spread of 1.4826·.057·9/8 = .095 it would take .889·.095 =
	// .084 to be told: more than 1.5·L = .073, less than 2·L = .098.
	noisy, wild := sec("A"), sec("C")
	up, down := math.Exp(.057), math.Exp(-.057)
	eight := []float64{up, down, down, up, up, down, down, up}
	b.add(baseline.Base, noisy, eight...).add(baseline.Head, noisy, eight...)
	want(t, Decide(b.input()), Undecided, Inconclusive, Unchanged, Unchanged, Unchanged, Unchanged)
	b.add(baseline.Base, noisy, eight...).add(baseline.Head, noisy, eight...)
	want(t, Decide(b.input()), Undecided, Inconclusive, Unchanged, Unchanged, Unchanged, Unchanged) // eight fresh ones do not say how noisy
	b.add(baseline.Base, noisy, eight[:4]...).add(baseline.Head, noisy, eight[:4]...)
	d := Decide(b.input())
	want(t, d, Pass, Inconclusive, Unchanged, Unchanged, Unchanged, Unchanged)
	wantWhy(t, d.Rows[0], Reason{Code: TooNoisy})
	sees := func(d Decision, key baseline.Key) float64 {
		for _, r := range d.Rows {
			if r.Name == key.Name && r.Detectable != nil {
				return *r.Detectable
			}
		}
		return math.NaN()
	}
	before := sees(d, noisy)
	// A wild one is given up with the screen; one that seems slower by more than noise, below, is
	// not.
	b.add(baseline.Base, wild, 1, 1.5, .7, 1, 2, .8, 1, 1.2).add(baseline.Head, wild, 1.1, 2, .7, 1, 2, .8, 1.1, 1.2)
	d = Decide(b.input())
	want(t, d, Pass, Inconclusive, Inconclusive, Unchanged, Unchanged, Unchanged, Unchanged)
	if after := sees(d, noisy); !(before < after) {
		t.Errorf("A sees %v, and %v where C has a part of alpha: want more", before, after)
	}
	if next := Next(b.input()); len(next) != 0 {
		t.Errorf("have %v, want nothing more of what is too noisy", next)
	}
	wantWhy(t, d.Rows[0], Reason{Code: TooNoisy})
	in := b.input()
	in.Policy.Strict = true
	want(t, Decide(in), Fail, Inconclusive, Inconclusive, Unchanged, Unchanged, Unchanged, Unchanged)
	b.add(baseline.Base, sec("D"), 1, 1.5, .7, 1, 2, .8, 1, 1.2).add(baseline.Head, sec("D"), 4, 6, 3, 4, 7, 3, 4, 5)
	if next := Next(b.input()); len(next) != 1 || next[0] != (baseline.Want{Package: "p", Name: "D", Rounds: 8}) {
		t.Errorf("have %v, want eight fresh rounds of D", next)
	}
	if alone, beside := sees(d, wild), sees(Decide(b.input()), wild); !(alone < beside) {
		t.Errorf("C sees %v, and %v where D takes its part of alpha: want more", alone, beside)
	}
}

// TestFalseAlarms is a small A/A of the whole procedure; accuracy has the large one.
func TestFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	red, improved := 0, 0
	const pulls = 60
	for range pulls {
		b := newBench(baseline.TwoStage)
		history(b, 40, .01/3) // the past says a third of the truth
		d, _ := play(t, b, rng, 40, .01, func(int) float64 { return 0 })
		red += d.Counts[Regressed]
		improved += d.Counts[Improved]
	}
	if red > 2 || improved > 2 {
		t.Errorf("%d red and %d improved rows in %d unchanged pull requests", red, improved, pulls)
	}
}

// TestWorkedExample is the example of the package comment.
func TestWorkedExample(t *testing.T) {
	b := newBench(baseline.TwoStage).add(baseline.Base, sec("PingPong"), 240, 242).add(baseline.Head, sec("PingPong"), 241, 243)
	b.log.Noise[sec("PingPong")] = baseline.Noise{SD: .006, Sessions: 9}
	slow, quick := []float64{106, 107, 106.5, 106.2, 106.1, 107.3, 106.4, 106.6}, []float64{100, 100.2, 100.1, 100.6, 100.4, 100.3, 100.5, 100.7}
	for _, name := range []string{"A", "B"} {
		b.add(baseline.Base, sec(name), quick...).add(baseline.Head, sec(name), slow...)
	}
	if next := Next(b.input()); len(next) != 2 || next[0] != (baseline.Want{Package: "p", Name: "A", Rounds: 8}) {
		t.Errorf("have %v, want eight fresh rounds of A and B", next)
	}
	b.add(baseline.Base, sec("A"), quick...).add(baseline.Head, sec("A"), slow...)
	d := Decide(b.input())
	want(t, d, Fail, Regressed, Inconclusive, Unchanged)
	wantWhy(t, row(d, "PingPong"), Reason{Code: WithinBound, Bound: .02})
	// 1/12870 over the share of .2.
	if p := *row(d, "A").P; math.Abs(p-.000389) > 1e-6 {
		t.Errorf("p: have %v, want 1/12870/.2 = .000389", p)
	}
}

// TestDetectable: what a pass says it could have seen, it sees four times in five.
func TestDetectable(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 20))
	for _, sd := range []float64{.002, .005, .01, .02} {
		b := newBench(baseline.TwoStage)
		history(b, 1, sd)
		s := &series{by: twoStage, policy: DefaultPolicy().limits(sec("A"))}
		change := math.Expm1(s.sees(sd, .01))
		caught := 0.
		const pulls = 150
		for range pulls {
			b := newBench(baseline.TwoStage)
			history(b, 1, sd)
			d, _ := play(t, b, rng, 1, sd, func(int) float64 { return change })
			caught += float64(d.Counts[Regressed]) / pulls
		}
		t.Logf("sd %v: detectable %.4f, caught %.3f", sd, change, caught)
		if caught < .65 || caught > .97 {
			t.Errorf("sd %v: a change of %.4f is called detectable and caught %.3f of the time", sd, change, caught)
		}
	}
}

// TestSeldomPrinted: sides that never print in the same round do not go on forever.
func TestSeldomPrinted(t *testing.T) {
	b := newBench(baseline.TwoStage).add(baseline.Base, sec("A"), 1, 1, 1, 1, 1, 1, 1).add(baseline.Head, sec("A"), 1, 1, 1, 1, 1, 1, 1)
	for i := range b.runs[baseline.Head].Samples[0].Rounds {
		b.runs[baseline.Head].Samples[0].Rounds[i] += 100
	}
	want(t, Decide(b.input()), Undecided, Inconclusive)
	if next := Next(b.input()); len(next) != 0 {
		t.Errorf("have %v, want nothing", next)
	}
}

func TestEnvironmentWarnings(t *testing.T) {
	b := newBench("").add(baseline.Base, sec("A"), 1, 1, 1, 1).add(baseline.Head, sec("A"), 1, 1, 1, 1)
	b.runs[baseline.Base].Environment.GoVersion, b.runs[baseline.Head].Environment.GoVersion = "go1.25", "go1.26"
	if d := Decide(b.input()); len(d.Warnings) != 1 || d.Warnings[0] != (Warning{Code: SidesDiffer, Fact: Toolchain, Base: "go1.25", Head: "go1.26"}) {
		t.Errorf("have %v", d.Warnings)
	}
}
