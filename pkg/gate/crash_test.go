package gate

import (
	"math/rand/v2"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// died is n processes of A that died on a side.
func died(side baseline.Side, n int) (out []baseline.Problem) {
	for range n {
		out = append(out, baseline.Problem{Side: side, Package: "p", Name: "A", Kind: baseline.NoResult, Detail: "boom"})
	}
	return out
}

// TestCrashes: a death at head is red where head dies more often than chance allows, by
// Fisher's test at half of α = .01 over the benchmarks that have any.
func TestCrashes(t *testing.T) {
	check := func(name string, procedure baseline.Procedure, base, baseDied, head, headDied int, outcome Outcome, code Code, need int) {
		t.Helper()
		rng := rand.New(rand.NewPCG(1, 1))
		b := newBench(procedure)
		if base > 0 {
			b.add(baseline.Base, sec("A"), around(rng, base, 1, .001)...)
		}
		if head > 0 {
			b.add(baseline.Head, sec("A"), around(rng, head, 1, .001)...)
		}
		b.log.Problems = append(died(baseline.Base, baseDied), died(baseline.Head, headDied)...)
		in := b.input()
		d := Decide(in)
		if d.Outcome != outcome || d.Rows[0].Reason.Code != code {
			t.Errorf("%s: have %s, %+v; want %s, %s", name, d.Outcome, d.Rows[0].Reason, outcome, code)
		}
		asked := 0
		for _, w := range Next(in) {
			asked += w.Rounds
		}
		if asked != need {
			t.Errorf("%s: asks for %d, want %d", name, asked, need)
		}
	}
	const live = baseline.TwoStage
	check("one of eight", live, 8, 0, 7, 1, Pass, WithinBound, 0) // p = 1/2
	check("one of six", live, 6, 0, 5, 1, Pass, WithinBound, 0)
	check("one of four, so far", live, 4, 0, 3, 1, Undecided, CrashesUnsure, 4)
	check("two of two", live, 2, 0, 0, 2, Undecided, CrashesUnsure, 6)   // p = 1/6
	check("every one", live, 8, 0, 0, 8, Fail, CrashesMore, 0)           // 1/12870 ≤ .005/2
	check("seven of eight", live, 8, 0, 1, 7, Fail, CrashesMore, 0)      // 8/11440 = .0007
	check("six of eight", live, 8, 0, 2, 6, Undecided, CrashesUnsure, 8) // 28/8008 = .0035 > .0025
	check("eight of sixteen", live, 16, 0, 8, 8, Fail, CrashesMore, 0)   // .0012 ≤ .0015
	check("every one, beyond a look", live, 12, 0, 0, 12, Fail, CrashesMore, 0)
	check("all but one of nine", live, 9, 0, 1, 8, Fail, CrashesMore, 0)           // seven of the first eight at the least
	check("half of twelve", live, 12, 0, 6, 6, Undecided, CrashesUnsure, 4)        // perhaps two of the first eight: .23
	check("more of head, none red", live, 8, 0, 6, 6, Undecided, CrashesUnsure, 8) // two of the first eight
	check("both now and then", live, 7, 1, 6, 2, Pass, WithinBound, 0)             // p = .5
	check("base alone", live, 7, 1, 8, 0, Pass, WithinBound, 0)                    // p = 1
	check("base never ran", live, 0, 8, 8, 0, Undecided, CrashesUnsure, 0)         // nothing to compare with
	check("neither ran", live, 0, 2, 0, 2, Undecided, CrashesUnsure, 6)            // perhaps they will
	check("neither ever ran", live, 0, 8, 0, 8, Undecided, CrashesUnsure, 0)
	check("given: one of eight lines", "", 8, 0, 7, 1, Undecided, CrashesUnsure, 0)
	check("given: as often at base", "", 8, 1, 7, 1, Undecided, CrashesUnsure, 0)
	check("given: base alone", "", 7, 1, 8, 0, Pass, WithinBound, 0)
	check("given: one alone", "", 10, 0, 0, 1, Undecided, CrashesUnsure, 0) // p = 1/11
	check("given: two of two", "", 2, 0, 0, 2, Undecided, CrashesUnsure, 0)
	check("given: five of five", "", 5, 0, 0, 5, Fail, CrashesMore, 0) // 1/252 = .004 ≤ .005
}

// TestBuildFailureIsRed: a compiler throws no dice.
func TestBuildFailureIsRed(t *testing.T) {
	b := newBench("").add(baseline.Base, sec("A"), 1, 1, 1, 1)
	b.log.Problems = []baseline.Problem{{Side: baseline.Head, Package: "p", Kind: baseline.BuildFailed, Detail: "[build failed]"}}
	if d := Decide(b.input()); d.Outcome != Fail || d.Reasons[0].Code != NotBuilt {
		t.Errorf("have %s, %+v", d.Outcome, d.Reasons)
	}
	b.log.Problems[0].Side = baseline.Base
	if d := Decide(b.input()); d.Outcome == Fail {
		t.Errorf("base does not build: have %+v", d.Reasons)
	}
}

// TestFlakyCrashes: suites whose benchmarks die now and then, as often at head as at base,
// with the retries that Next asks for: at most one in a hundred is red. And one that
// always dies at head is.
func TestFlakyCrashes(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	play := func(names []string, rate func(name string, side baseline.Side) float64) (red bool, most int) {
		b := newBench(baseline.TwoStage)
		ran := map[string]int{}
		wants := []baseline.Want{}
		for _, name := range names {
			b.log.Noise[sec(name)] = baseline.Noise{SD: .002, Sessions: 5}
			wants = append(wants, baseline.Want{Name: name, Rounds: 2})
		}
		for step := 0; len(wants) > 0; step++ {
			if step > 30 {
				t.Fatalf("does not end: %v", wants)
			}
			for _, w := range wants {
				ran[w.Name] += w.Rounds
				for _, side := range []baseline.Side{baseline.Base, baseline.Head} {
					for range w.Rounds {
						if rng.Float64() < rate(w.Name, side) {
							b.log.Problems = append(b.log.Problems, baseline.Problem{Side: side, Package: "p", Name: w.Name, Kind: baseline.NoResult})
						} else {
							b.add(side, sec(w.Name), around(rng, 1, 1, .002)...)
						}
					}
				}
				most = max(most, ran[w.Name])
			}
			wants = Next(b.input())
		}
		return Decide(b.input()).Outcome == Fail, most
	}
	const pulls = 400
	suite := []string{"A", "B", "C", "D", "E", "F"}
	for _, rate := range []float64{.01, .05, .1, .2, .3} {
		red := 0
		for range pulls {
			if failed, _ := play(suite, func(string, baseline.Side) float64 { return rate }); failed {
				red++
			}
		}
		t.Logf("%.0f %% die: %d of %d red", 100*rate, red, pulls)
		if red > 10 { // of 400 at .01 four; more than ten have a chance below 1 in 300
			t.Errorf("%.0f %% die on both sides: %d of %d suites red", 100*rate, red, pulls)
		}
	}
	always := func(name string, side baseline.Side) float64 {
		if name == "C" && side == baseline.Head {
			return 1
		}
		return .05
	}
	for range 50 {
		if red, most := play(suite, always); !red || most > 42 {
			t.Errorf("C always dies at head: red %v, after %d processes a side", red, most)
		}
	}
}

// FuzzDeaths: whatever died, the p is one, more deaths at head never make head less to
// blame, and rounds are asked for only while they could tell.
func FuzzDeaths(f *testing.F) {
	f.Add(uint8(0), uint8(8), uint8(1), uint8(8), true)
	f.Add(uint8(0), uint8(0), uint8(3), uint8(3), false)
	f.Fuzz(func(t *testing.T, base, baseOf, head, headOf uint8, staged bool) {
		d := Deaths{Base: int(base), BaseOf: max(int(base), int(baseOf)), Head: int(head), HeadOf: max(int(head), int(headOf)), Given: !staged}
		if p := d.p(); !(p >= 0 && p <= 1) {
			t.Fatalf("%+v: p %v", d, p)
		}
		v, need := d.judge(.005, staged)
		if need < 0 || need > crashLooks[len(crashLooks)-1] || need > 0 && v != unsure {
			t.Errorf("%+v: %v, asks for %d", d, v, need)
		}
		if d.Head == d.HeadOf {
			return
		}
		more := d
		more.Head++
		if worse, _ := more.judge(.005, staged); v == headsDoing && worse != headsDoing {
			t.Errorf("%+v is red and %+v is not", d, more)
		}
	})
}
