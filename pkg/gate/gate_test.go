package gate

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// units that the tests use, with their directions.
var units = map[string]baseline.Unit{
	"sec/op":    {Name: "sec/op", Direction: baseline.Lower},
	"B/s":       {Name: "B/s", Direction: baseline.Higher},
	"B/op":      {Name: "B/op", Direction: baseline.Lower, Exact: true},
	"allocs/op": {Name: "allocs/op", Direction: baseline.Lower, Exact: true},
	"p99-sec":   {Name: "p99-sec", Direction: baseline.Lower},
	"things":    {Name: "things"},
}

var here = baseline.Environment{OS: "linux", Arch: "amd64", CPU: "test", Cores: 2}

// bench builds a log, a series at a time.
type bench struct {
	log  baseline.Log
	runs map[baseline.Side]*baseline.Run
}

func newBench(procedure baseline.Procedure) *bench {
	return &bench{
		log:  baseline.Log{Procedure: procedure, Units: units, Noise: map[baseline.Key]baseline.Noise{}},
		runs: map[baseline.Side]*baseline.Run{},
	}
}

func sec(name string) baseline.Key { return baseline.Key{Package: "p", Name: name, Unit: "sec/op"} }

// add appends one value a round to a side of a series.
func (b *bench) add(side baseline.Side, key baseline.Key, values ...float64) *bench {
	run := b.runs[side]
	if run == nil {
		run = &baseline.Run{Side: side, Environment: here}
		b.runs[side] = run
	}
	for i := range run.Samples {
		if s := &run.Samples[i]; s.Key == key {
			for _, v := range values {
				s.Values = append(s.Values, v)
				s.Rounds = append(s.Rounds, len(s.Rounds)+1)
			}
			return b
		}
	}
	s := baseline.Sample{Key: key}
	for i, v := range values {
		s.Values = append(s.Values, v)
		s.Rounds = append(s.Rounds, i+1)
	}
	run.Samples = append(run.Samples, s)
	return b
}

func (b *bench) input() Input {
	b.log.Runs = nil
	for _, side := range []baseline.Side{baseline.Base, baseline.Head, baseline.None} {
		if run := b.runs[side]; run != nil {
			b.log.Runs = append(b.log.Runs, *run)
		}
	}
	return Input{Log: b.log, Policy: DefaultPolicy(), Today: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
}

// around gives n values about mid with normal noise of standard deviation sd.
func around(rng *rand.Rand, n int, mid, sd float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = mid * math.Exp(sd*rng.NormFloat64())
	}
	return out
}

func want(t *testing.T, d Decision, outcome Outcome, verdicts ...Verdict) {
	t.Helper()
	if d.Outcome != outcome {
		t.Errorf("outcome: have %s, want %s: %+v", d.Outcome, outcome, d.Reasons)
	}
	var have []Verdict
	for _, r := range d.Rows {
		have = append(have, r.Verdict)
	}
	if len(have) != len(verdicts) {
		t.Errorf("rows: have %v, want %v", have, verdicts)
		return
	}
	for i := range have {
		if have[i] != verdicts[i] {
			t.Errorf("row %d: have %v, want %v: %+v", i, have, verdicts, d.Rows[i].Reason)
		}
	}
	if outcome != Pass && len(d.Reasons) == 0 {
		t.Errorf("%s without a reason", outcome)
	}
	if _, err := json.Marshal(d); err != nil {
		t.Errorf("a decision must be JSON: %v", err)
	}
}

// wantWhy compares the reason of a row: its code, and the figures that are not zero in
// want. A change is compared to within a hundredth.
func wantWhy(t *testing.T, r Row, want Reason) {
	t.Helper()
	have := r.Reason
	off := func(have, want float64) bool { return want != 0 && math.Abs(have-want) > .01 }
	if have.Code != want.Code || want.Rounds != 0 && have.Rounds != want.Rounds || want.Needed != 0 && have.Needed != want.Needed ||
		want.Sessions != 0 && have.Sessions != want.Sessions || off(have.Bound, want.Bound) {
		t.Errorf("%s %s: reason %+v, want %+v", r.Name, r.Unit, have, want)
	}
	if want.Shift == nil {
		return
	}
	if have.Shift == nil || off(have.Shift.Change, want.Shift.Change) || have.Shift.Counted != want.Shift.Counted ||
		want.Shift.Counted && *have.Shift != *want.Shift {
		t.Errorf("%s %s: shift %+v, want %+v", r.Name, r.Unit, have.Shift, want.Shift)
	}
}

// by is a relative change, fromTo a change of counts.
func by(change float64) *Shift       { return &Shift{Change: change} }
func fromTo(from, to float64) *Shift { return &Shift{Counted: true, From: from, To: to} }

// TestFixed judges what go test -count=N prints, both sides in one log.
func TestFixed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	pair := func(n int, change, sd float64) *bench {
		return newBench("").add(baseline.Base, sec("A-2"), around(rng, n, 100, sd)...).
			add(baseline.Head, sec("A-2"), around(rng, n, 100*(1+change), sd)...)
	}
	d := Decide(pair(10, 0, .005).input())
	want(t, d, Pass, Unchanged)
	wantWhy(t, d.Rows[0], Reason{Code: WithinBound})
	d = Decide(pair(10, .3, .005).input())
	want(t, d, Fail, Regressed)
	wantWhy(t, d.Rows[0], Reason{Code: Told, Shift: by(.3)})
	if c := *d.Rows[0].Change; c < .28 || c > .32 {
		t.Errorf("change: have %v, want about .3", c)
	}
	d = Decide(pair(10, -.3, .005).input())
	want(t, d, Pass, Improved)
	wantWhy(t, d.Rows[0], Reason{Code: Better, Shift: by(-.3)})
	// One value a side: never green, and it says how many would do.
	// C(2n,n) ≥ 100 needs n = 5: 252.
	d = Decide(pair(1, 0, .005).input())
	want(t, d, Undecided, Inconclusive)
	wantWhy(t, d.Rows[0], Reason{Code: TooFew, Rounds: 1, Needed: 5})
	d = Decide(pair(10, 0, .2).input())
	want(t, d, Undecided, Inconclusive)
	if d.Rows[0].Detectable == nil || *d.Rows[0].Detectable < .2 {
		t.Errorf("20 %% noise in ten rounds: detectable %v", d.Rows[0].Detectable)
	}
}

// TestFixedMultiplicity: the smallest p of six against six is 1/924, which is
// not beyond noise once 20 series are looked at: .01/20 is less.
func TestFixedMultiplicity(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	b := newBench("")
	for i := range 20 {
		name := sec("A" + string(rune('a'+i)))
		change := 0.
		if i == 7 {
			change = .3
		}
		b.add(baseline.Base, name, around(rng, 6, 100, .005)...).add(baseline.Head, name, around(rng, 6, 100*(1+change), .005)...)
	}
	d := Decide(b.input())
	if d.Outcome != Undecided || d.Rows[0].Verdict != Inconclusive {
		t.Fatalf("have %s, %+v", d.Outcome, d.Reasons)
	}
	wantWhy(t, d.Rows[0], Reason{Code: TooFewAmong, Shift: by(.3), Rounds: 6, Needed: 7}) // C(14,7) = 3432 ≥ 2000
}

func TestDirection(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	rate := baseline.Key{Package: "p", Name: "A", Unit: "B/s"}
	b := newBench("").add(baseline.Base, rate, around(rng, 10, 1e9, .005)...).add(baseline.Head, rate, around(rng, 10, 8e8, .005)...)
	d := Decide(b.input())
	want(t, d, Fail, Regressed)
	wantWhy(t, d.Rows[0], Reason{Code: Told, Shift: by(-.2)})
	if c := *d.Rows[0].Change; c > -.18 || c < -.22 || d.Rows[0].Interval.Lo > c || d.Rows[0].Interval.Hi < c {
		t.Errorf("change %v, interval %v", c, d.Rows[0].Interval)
	}
	neutral := baseline.Key{Package: "p", Name: "A", Unit: "things"}
	d = Decide(newBench("").add(baseline.Base, neutral, 1, 1).add(baseline.Head, neutral, 9, 9).input())
	want(t, d, Undecided, NotJudged)
}

// TestTwin: a rate that is a constant over the time is judged once.
func TestTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	rate := baseline.Key{Package: "p", Name: "A", Unit: "B/s"}
	base, head := around(rng, 5, 1e-6, .005), around(rng, 5, 1.3e-6, .005)
	inverse := func(x []float64) []float64 {
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = math.Round(100/v) / 100
		}
		return out
	}
	b := newBench("").add(baseline.Base, sec("A"), base...).add(baseline.Head, sec("A"), head...).
		add(baseline.Base, rate, inverse(base)...).add(baseline.Head, rate, inverse(head)...)
	// 1/252 ≤ .01 for one test; for two it would need ≤ .005, which it also is
	// at 1/252 = .00397: so the level is set to .005, where only one test can.
	in := b.input()
	in.Policy.Alpha = .005
	d := Decide(in)
	want(t, d, Fail, Regressed, Regressed)
	if again := d.Rows[1]; again.JudgedAs != "sec/op" || len(d.Distinct()) != 1 || d.Distinct()[0].Unit != "sec/op" {
		t.Errorf("row %+v repeats another, and the distinct ones are %+v", again, d.Distinct())
	}
	in.Waivers = []Waiver{{Name: "p.A sec/op", Series: regexp.MustCompile(`^p\.A sec/op$`), Ceiling: .5, Reason: "known", Expires: in.Today.AddDate(0, 0, 1)}}
	want(t, Decide(in), Pass, Waived, Waived) // one number, one waiver
}

// timed begins a log with a benchmark of which the time is judged.
func timed() *bench {
	time := slices.Repeat([]float64{1}, 12)
	return newBench("").add(baseline.Base, sec("A"), time...).add(baseline.Head, sec("A"), time...)
}

func TestExact(t *testing.T) {
	key := baseline.Key{Package: "p", Name: "A", Unit: "allocs/op"}
	check := func(base, head []float64, outcome Outcome, v Verdict) Row {
		t.Helper()
		d := Decide(timed().add(baseline.Base, key, base...).add(baseline.Head, key, head...).input())
		want(t, d, outcome, v, Unchanged)
		return d.Rows[0]
	}
	check([]float64{3, 3}, []float64{3, 3}, Pass, Unchanged)
	wantWhy(t, check([]float64{0, 0}, []float64{2, 2}, Fail, Regressed), Reason{Code: Counted, Shift: fromTo(0, 2)})
	wantWhy(t, check([]float64{0}, []float64{2}, Fail, Regressed), Reason{Code: Counted, Shift: fromTo(0, 2)})
	check([]float64{3, 3}, []float64{4, 4}, Fail, Regressed)
	check([]float64{3, 3}, []float64{2, 2}, Pass, Improved)
	check([]float64{1000}, []float64{1001}, Undecided, Inconclusive)             // one round: may waver
	check([]float64{1000, 1001}, []float64{1001, 1001}, Undecided, Inconclusive) // wavers: statistics, too few
	check([]float64{1000, 1001, 1000, 1001, 1001}, []float64{1001, 1001, 1000, 1002, 1001}, Pass, Unchanged)

	in := timed().add(baseline.Base, key, 100, 100).add(baseline.Head, key, 103, 103).input()
	in.Policy.Rules = []Rule{{Unit: regexp.MustCompile("^allocs/op$"), Tolerance: .03}}
	want(t, Decide(in), Pass, Unchanged, Unchanged)
	in.Policy.Rules[0].Tolerance = .02
	want(t, Decide(in), Fail, Regressed, Unchanged)
	in.Policy.Rules[0].Ignore = true
	want(t, Decide(in), Pass, Unchanged, NotJudged)

	// With two stages a red count needs all eight rounds of the screen.
	b := newBench(baseline.TwoStage).add(baseline.Base, key, 0, 0).add(baseline.Head, key, 2, 2)
	want(t, Decide(b.input()), Undecided, Inconclusive)
	if next := Next(b.input()); len(next) != 1 || next[0] != (baseline.Want{Package: "p", Name: "A", Rounds: 6}) {
		t.Errorf("next: have %v, want 6 more", next)
	}
	b.add(baseline.Base, key, 0, 0, 0, 0, 0, 0).add(baseline.Head, key, 2, 2, 2, 2, 2, 2)
	want(t, Decide(b.input()), Fail, Regressed)
	if next := Next(b.input()); len(next) != 0 {
		t.Errorf("next: have %v, want nothing", next)
	}
}

// TestEffectLimits: what is too small to be looked for is told as the rules have it, and only of
// what was judged.
func TestEffectLimits(t *testing.T) {
	check := func(what string, want []Limit, rules ...Rule) {
		t.Helper()
		rng := rand.New(rand.NewPCG(5, 6))
		b := newBench("")
		for _, key := range []baseline.Key{sec("A"), sec("B"), sec("C"), {Package: "p", Name: "C", Unit: "p99-sec"}} {
			b.add(baseline.Base, key, around(rng, 12, 1, .002)...).add(baseline.Head, key, around(rng, 12, 1, .002)...)
		}
		b.add(baseline.Base, sec("D"), around(rng, 12, 1, .002)...).add(baseline.Head, sec("D"), around(rng, 12, 3, .002)...)
		in := b.input()
		in.Policy.Rules = rules
		var have []Limit
		for _, l := range Decide(in).Cannot {
			if l.Code == EffectBelow {
				have = append(have, l)
			}
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%s: have %+v, want %+v", what, have, want)
		}
	}
	of := regexp.MustCompile
	below := func(effect float64, unit string, names ...string) Limit {
		return Limit{Code: EffectBelow, Effect: effect, Unit: unit, Benchmarks: names}
	}
	check("no rule", []Limit{below(.05, "")})
	check("larger and smaller ones, the first that matches",
		[]Limit{below(.03, "", "A"), below(.05, ""), below(.2, "", "B")},
		Rule{Benchmark: of(`p\.B`), MinEffect: .2}, Rule{Benchmark: of(`p\.[AB]`), MinEffect: .03})
	check("the usual one holds for none", []Limit{below(.2, "", "A", "B"), below(.5, "", "C")},
		Rule{Benchmark: of("C"), MinEffect: .5}, Rule{MinEffect: .2})
	check("one unit of a benchmark", []Limit{below(.05, ""), below(.5, "p99-sec", "C")}, Rule{Unit: of("p99-sec"), MinEffect: .5})
	check("ignored", []Limit{below(.05, ""), below(.5, "", "C")}, // whose time is not judged
		Rule{Benchmark: of("C"), Unit: of("sec/op"), Ignore: true}, Rule{Benchmark: of("C"), MinEffect: .5})
	check("of what is slower anyway", []Limit{below(.05, "")}, Rule{Benchmark: of("D"), MinEffect: .5})
	check("the usual one, by a rule", []Limit{below(.05, "")}, Rule{Benchmark: of("A"), MinEffect: .05})
}

// TestPresence: a series that one side alone has.
func TestPresence(t *testing.T) {
	declare := func(b *bench, side baseline.Side, names ...string) *bench {
		if b.log.Functions == nil {
			b.log.Functions = map[baseline.Side][]baseline.Function{}
		}
		b.log.Functions[side] = []baseline.Function{}
		for _, n := range names {
			b.log.Functions[side] = append(b.log.Functions[side], baseline.Function{Package: "p", Name: n})
		}
		return b
	}
	start := func() *bench {
		rng := rand.New(rand.NewPCG(5, 5))
		return newBench("").add(baseline.Base, sec("A"), around(rng, 6, 1, .002)...).add(baseline.Head, sec("A"), around(rng, 6, 1, .002)...)
	}
	want(t, Decide(start().add(baseline.Base, sec("B"), 1).input()), Undecided, Missing, Unchanged)
	d := Decide(declare(start().add(baseline.Base, sec("B"), 1), baseline.Head, "BenchmarkA").input())
	want(t, d, Pass, Removed, Unchanged)
	want(t, Decide(declare(start().add(baseline.Base, sec("B"), 1), baseline.Head, "BenchmarkA", "BenchmarkB").input()), Undecided, Missing, Unchanged)
	want(t, Decide(start().add(baseline.Head, sec("B"), 1).input()), Pass, Added, Unchanged)
	want(t, Decide(declare(start().add(baseline.Head, sec("B"), 1), baseline.Base, "BenchmarkA").input()), Pass, Added, Unchanged)
	want(t, Decide(declare(start().add(baseline.Head, sec("B"), 1), baseline.Base, "BenchmarkA", "BenchmarkB").input()), Undecided, Inconclusive, Unchanged)
	d = Decide(declare(start(), baseline.Head, "BenchmarkA", "BenchmarkC").input())
	want(t, d, Pass, Unchanged)
	if !slices.ContainsFunc(d.Cannot, func(l Limit) bool { return l.Code == NeverRan && slices.Equal(l.Benchmarks, []string{"BenchmarkC"}) }) {
		t.Errorf("BenchmarkC never ran and nothing says so: %v", d.Cannot)
	}
}

func TestProblems(t *testing.T) {
	check := func(outcome Outcome, v Verdict, problems ...baseline.Problem) {
		t.Helper()
		b := newBench("").add(baseline.Base, sec("A-2"), 1, 1.001, 1, 1.002, 1, 1).add(baseline.Head, sec("A-2"), 1, 1, 1.001, 1.001, 1, 1)
		b.log.Problems = problems
		want(t, Decide(b.input()), outcome, v)
	}
	check(Pass, Unchanged)
	check(Undecided, Unchanged, baseline.Problem{File: "x", Line: 3, Kind: baseline.BrokenLine})
	check(Undecided, Inconclusive, baseline.Problem{Side: baseline.Head, Package: "p", Name: "A-2", Kind: baseline.BrokenLine})
	check(Undecided, Inconclusive, baseline.Problem{Side: baseline.Head, Package: "p", Name: "BenchmarkA", Kind: baseline.Crashed}) // see TestCrashes
	check(Pass, Unchanged, baseline.Problem{Side: baseline.Base, Package: "p", Name: "A", Kind: baseline.Crashed})
	check(Undecided, Inconclusive,
		baseline.Problem{Side: baseline.Base, Package: "p", Name: "A", Kind: baseline.Crashed},
		baseline.Problem{Side: baseline.Head, Package: "p", Name: "A", Kind: baseline.Crashed})
	b := newBench("").add(baseline.Base, sec("A"), 1, 1, 1, 1)
	b.log.Problems = []baseline.Problem{{Side: baseline.Head, Package: "p", Name: "A", Kind: baseline.Crashed}}
	want(t, Decide(b.input()), Undecided, Inconclusive)
	b.log.Procedure = baseline.TwoStage
	if next := Next(b.input()); len(next) != 1 || next[0] != (baseline.Want{Package: "p", Name: "A", Rounds: 7}) {
		t.Errorf("a crashed benchmark is run again, to eight: %v", next)
	}
}

// TestVacuous: nothing measured is never green.
func TestVacuous(t *testing.T) {
	want(t, Decide(Input{}), Undecided)
	want(t, Decide(newBench("").input()), Undecided)
	want(t, Decide(newBench(baseline.TwoStage).input()), Undecided)
	want(t, Decide(newBench("").add(baseline.Head, sec("A"), 1).input()), Undecided, Added)
	want(t, Decide(newBench("").add(baseline.None, sec("A"), 1).input()), Undecided, Added)
	want(t, Decide(newBench("").add(baseline.Base, sec("A"), 1).input()), Undecided, Missing)
	want(t, Decide(newBench("").add(baseline.Base, sec("A")).add(baseline.Head, sec("A")).input()), Undecided, Missing)
	want(t, Decide(Input{OnlyHead: true}), Undecided)
	b := newBench(baseline.TwoStage)
	b.log.Same = map[baseline.Key]string{{Package: "p", Name: "A"}: "identical binaries"}
	want(t, Decide(b.input()), Pass, SameCode)
}

func TestWaivers(t *testing.T) {
	key := baseline.Key{Package: "p", Name: "A", Unit: "B/op"}
	check := func(outcome Outcome, v Verdict, state WaiverState, w Waiver) Decision {
		t.Helper()
		w.Series = regexp.MustCompile("^(?:" + w.Name + ")$")
		in := timed().add(baseline.Base, key, 100, 100).add(baseline.Head, key, 120, 120).input()
		in.Waivers = []Waiver{w}
		d := Decide(in)
		want(t, d, outcome, v, Unchanged)
		wantWhy(t, d.Rows[0], Reason{Code: Counted, Shift: fromTo(100, 120)})
		var have WaiverState
		for _, a := range d.Rows[0].Waivers {
			have = a.State
		}
		if have != state {
			t.Errorf("the waiver is %q, want %q: %+v", have, state, d.Rows[0].Waivers)
		}
		return d
	}
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	if d := check(Pass, Waived, Covers, Waiver{Name: `p\.A B/op`, Ceiling: .2, Reason: "known", Expires: later}); d.Rows[0].Waivers[0].Reason != "known" {
		t.Errorf("the reason is lost: %+v", d.Rows[0])
	}
	check(Fail, Regressed, Beyond, Waiver{Name: `p\.A B/op`, Ceiling: .19, Expires: later})
	check(Fail, Regressed, Ended, Waiver{Name: `p\.A B/op`, Ceiling: .2, Expires: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
	if d := check(Fail, Regressed, "", Waiver{Name: `p\.B .*`, Ceiling: .2, Expires: later, Place: "regress.toml:7"}); len(d.Warnings) != 1 || d.Warnings[0] != (Warning{Code: WaiverUnused, Waiver: `p\.B .*`, Place: "regress.toml:7"}) {
		t.Errorf("a waiver that matches nothing: %v", d.Warnings)
	}
}

func TestTargets(t *testing.T) {
	check := func(below bool, limit float64, v TargetVerdict, outcome Outcome, values ...float64) TargetRow {
		t.Helper()
		in := newBench("").add(baseline.None, sec("A"), values...).input()
		in.OnlyHead = true
		in.Targets = []Target{{Name: "speed", Benchmark: regexp.MustCompile(`^p\.A`), Unit: "sec/op", Limit: limit, Below: below}}
		d := Decide(in)
		want(t, d, outcome)
		if len(d.Targets) != 1 || d.Targets[0].Verdict != v {
			t.Fatalf("have %+v, want %s", d.Targets, v)
		}
		return d.Targets[0]
	}
	r := check(true, 10, Met, Pass, 1, 2, 1, 1, 1, 1) // six rounds: the range is the interval, worst 2
	if *r.Margin != 5 || r.Interval.Hi != 2 || r.Reason.Code != BetterThanAsked || r.Reason.Times != 5 {
		t.Errorf("have %+v", r)
	}
	check(true, 2, Undecided, Undecided, 1, 2, 1, 1, 1, 1) // straddles
	check(true, 1, Missed, Fail, 1, 2, 3, 2, 2, 2)         // even the best does not meet it
	check(true, 10, Met, Pass, 4)                          // one round, better than twice
	check(true, 10, Undecided, Undecided, 6)
	check(true, 10, Missed, Fail, 21)
	check(false, 10, Met, Pass, 21)
	check(false, 10, Missed, Fail, 4, 5, 5)
	check(false, 10, Met, Pass, 11, 12, 13)
	crashed := newBench("").add(baseline.None, sec("A"), 1).input()
	crashed.OnlyHead, crashed.Targets = true, []Target{{Name: "speed", Unit: "sec/op", Limit: 10, Below: true}}
	want(t, Decide(crashed), Pass)
	crashed.Log.Problems = []baseline.Problem{{Name: "B", Kind: baseline.Crashed}}
	want(t, Decide(crashed), Undecided)
	in := newBench("").add(baseline.None, sec("A"), 1).input()
	in.OnlyHead, in.Targets = true, []Target{{Name: "speed", Benchmark: regexp.MustCompile(`Nothing`), Unit: "sec/op", Limit: 1, Below: true}}
	d := Decide(in)
	want(t, d, Undecided)
	if d.Targets[0].Verdict != NotMeasured {
		t.Errorf("have %+v", d.Targets[0])
	}
}

func TestStored(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	session := func(env baseline.Environment) baseline.Run {
		b := newBench("").add(baseline.None, sec("A"), around(rng, 5, math.Exp(.002*rng.NormFloat64()), .003)...)
		run := *b.runs[baseline.None]
		run.Environment = env
		return run
	}
	check := func(sessions int, mid float64, env baseline.Environment, outcome Outcome, v Verdict, why Reason) {
		t.Helper()
		in := newBench("").add(baseline.None, sec("A"), around(rng, 4, mid, .003)...).input()
		for range sessions {
			in.Stored = append(in.Stored, session(env))
		}
		d := Decide(in)
		want(t, d, outcome, v)
		wantWhy(t, d.Rows[0], why)
	}
	other := baseline.Environment{OS: "linux", Arch: "arm64"}
	check(12, 1, here, Pass, Unchanged, Reason{Code: WithinBound, Sessions: 12})
	check(12, 1.5, here, Undecided, Inconclusive, Reason{Code: StoredDiffers, Shift: by(.5)})
	check(5, 1, here, Undecided, Inconclusive, Reason{Code: FewSessions, Sessions: 5})
	check(12, 1, other, Undecided, Inconclusive, Reason{Code: OtherStored})
	check(0, 1, here, Undecided, Added, Reason{Code: NothingStored})

	allocs := baseline.Key{Package: "p", Name: "B", Unit: "allocs/op"}
	in := newBench("").add(baseline.None, allocs, 4, 4).input()
	in.Stored = []baseline.Run{*newBench("").add(baseline.None, allocs, 3, 3).runs[baseline.None]}
	d := Decide(in)
	want(t, d, Fail, Regressed)
	if len(d.Sides) != 2 || !d.Sides[0].Stored || d.Policy.Procedure != StoredBaseline {
		t.Errorf("sides %+v, policy %+v", d.Sides, d.Policy)
	}
}

// TestStoredAfterChange: a store whose level moved is held against by what came after, and says so
// where that is too little; what moved is no noise.
func TestStoredAfterChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 8))
	course := func(before, after int) (runs []baseline.Run) {
		for i := range before + after {
			mid := 1.
			if i >= before {
				mid = 1.22
			}
			b := newBench("").add(baseline.None, sec("A"), around(rng, 5, mid*math.Exp(.002*rng.NormFloat64()), .003)...)
			runs = append(runs, *b.runs[baseline.None])
		}
		return runs
	}
	check := func(before, after int, mid float64, outcome Outcome, v Verdict, why Reason) {
		t.Helper()
		in := newBench("").add(baseline.None, sec("A"), around(rng, 4, mid, .003)...).input()
		in.Stored = course(before, after)
		d := Decide(in)
		want(t, d, outcome, v)
		wantWhy(t, d.Rows[0], why)
	}
	check(14, 10, 1.22, Pass, Unchanged, Reason{Code: WithinBound, Sessions: 10})
	check(14, 10, 1, Pass, Unchanged, Reason{Code: PerhapsBetter, Sessions: 10, Shift: by(1/1.22 - 1)})
	check(14, 10, 1.5, Undecided, Inconclusive, Reason{Code: StoredDiffers, Shift: by(1.5/1.22 - 1)})
	check(20, 6, 1.22, Undecided, Inconclusive, Reason{Code: FewSessions, Sessions: 6})
	in := newBench("").add(baseline.None, sec("A"), around(rng, 4, 1.22, .003)...).input()
	in.Stored = course(20, 6)
	if why := Decide(in).Rows[0].Reason; why.Earlier != 20 {
		t.Errorf("%d sessions before the change, want 20: %+v", why.Earlier, why)
	}
	for _, noise := range Learn(course(12, 12)) {
		if noise.Between > .01 || noise.RunWide > .01 || noise.Sessions != 24 {
			t.Errorf("the step counts as noise: %+v", noise)
		}
	}
}

// TestStoredWithoutBenchmem: allocations that the store knows and head was not asked for are not
// held against it, and that is said.
func TestStoredWithoutBenchmem(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	allocs := baseline.Key{Package: "p", Name: "A", Unit: "allocs/op"}
	in := newBench("").add(baseline.None, sec("A"), around(rng, 4, 1, .003)...).input()
	in.Log.Units = map[string]baseline.Unit{"sec/op": units["sec/op"]}
	for range storedSessions + 2 {
		b := newBench("").add(baseline.None, allocs, 3, 3).add(baseline.None, sec("A"), around(rng, 5, math.Exp(.002*rng.NormFloat64()), .003)...)
		in.Stored = append(in.Stored, *b.runs[baseline.None])
	}
	d := Decide(in)
	want(t, d, Pass, Unchanged, NotJudged)
	wantWhy(t, d.Rows[1], Reason{Code: NoBenchmem})
	if !slices.ContainsFunc(d.Cannot, func(l Limit) bool { return l.Code == NoAllocations && slices.Equal(l.Benchmarks, []string{"A"}) }) {
		t.Errorf("nothing of it among %+v", d.Cannot)
	}
}

// TestStoredWork: counts that the store has decide nothing, nor are they missed: what they say
// hangs on toolchain and counter, and not every machine of a class has one.
func TestStoredWork(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 9))
	work := baseline.Key{Package: "p", Name: "A", Unit: baseline.Instructions}
	known := maps.Clone(units)
	known[baseline.Instructions] = baseline.Unit{Name: baseline.Instructions, Direction: baseline.Lower}
	known[baseline.Syscalls] = baseline.Unit{Name: baseline.Syscalls}
	check := func(procedure baseline.Procedure, head []float64, env baseline.Environment, outcome Outcome, verdicts ...Verdict) {
		t.Helper()
		b := newBench(procedure)
		if len(head) > 0 {
			b.add(baseline.None, work, head...)
		}
		in := b.add(baseline.None, sec("A"), around(rng, 4, 1, .003)...).input()
		in.Log.Units = known
		for range storedSessions + 2 {
			run := *newBench("").add(baseline.None, sec("A"), around(rng, 5, math.Exp(.002*rng.NormFloat64()), .003)...).runs[baseline.None]
			in.Stored = append(in.Stored, run)
			run = *newBench("").add(baseline.None, work, 1000, 1000).add(baseline.None, sec("A"), around(rng, 5, 1, .003)...).runs[baseline.None]
			run.Environment = env
			in.Stored = append(in.Stored, run)
		}
		d := Decide(in)
		have := map[Verdict]int{}
		for _, r := range d.Rows {
			have[r.Verdict]++
		}
		if d.Outcome != outcome || len(d.Rows) != len(verdicts) {
			t.Errorf("%s, %v: %s, %+v", procedure, head, d.Outcome, have)
		}
		for _, v := range verdicts {
			if have[v] != 1 {
				t.Errorf("%s, %v: have %+v, want one %s", procedure, head, have, v)
			}
		}
	}
	in := newBench(baseline.Paired).add(baseline.Base, work, 1000, 1000).add(baseline.Base, sec("A"), 1, 1, 1, 1).add(baseline.Head, sec("A"), 1, 1, 1, 1).input()
	in.Log.Units = known
	want(t, Decide(in), Pass, Unchanged, NotJudged) // head was not counted
	other := here
	other.CPU = "another"
	for _, procedure := range []baseline.Procedure{"", baseline.Paired} {
		check(procedure, nil, here, Pass, Unchanged)
		for _, env := range []baseline.Environment{here, other} {
			check(procedure, []float64{1000, 1000, 1000}, env, Pass, Unchanged, NotJudged)
			check(procedure, []float64{3000, 3000, 3000}, env, Pass, Unchanged, NotJudged)
			check(procedure, []float64{500, 500, 500}, env, Pass, Unchanged, NotJudged)
		}
	}
}

// TestToCount: two counts a side, more where those of a side differ, and no end in none.
func TestToCount(t *testing.T) {
	work := baseline.Key{Package: "p", Name: "A", Unit: baseline.Instructions}
	check := func(want int, sides ...[]float64) {
		t.Helper()
		b := newBench(baseline.Paired)
		for i, counts := range sides {
			side := []baseline.Side{baseline.Head, baseline.Base}[i]
			if len(counts) > 0 {
				b.add(side, work, counts...)
			}
			b.add(side, sec("A"), 1)
		}
		in := b.input()
		in.Log.Counter = "test"
		have := ToCount(in.Log)
		if want == 0 && len(have) == 0 {
			return
		}
		if len(have) != 1 || have[0] != (baseline.Want{Package: "p", Name: "A", Rounds: want, Count: true}) {
			t.Errorf("%v: have %+v, want %d", sides, have, want)
		}
	}
	check(2, nil)
	check(2, nil, nil)
	check(1, []float64{1000}, []float64{1000})
	check(0, []float64{1000, 1004}, []float64{1000, 1000})
	check(1, []float64{1000, 4300}, []float64{1000, 1000})
	check(2, []float64{1000, 4300, 1000}, []float64{1000, 1000, 1000})
	check(0, []float64{1000, 4300, 1000, 1000, 1000}, []float64{1000, 1000, 1000, 1000, 1000})
	check(2, []float64{1000, 1000}, nil)
	check(0, []float64{1000, 1000, 1000, 1000, 1000}, nil) // the anchor gets none
	in := newBench(baseline.Paired).add(baseline.Head, sec("A"), 1).input()
	if have := ToCount(in.Log); len(have) > 0 {
		t.Errorf("nothing counts, and wanted is %+v", have)
	}
	in.Log.Counter, in.Log.Uncounted = "test", map[baseline.Key]string{{Package: "p", Name: "A"}: "why"}
	if have := ToCount(in.Log); len(have) > 0 {
		t.Errorf("it cannot be counted, and wanted is %+v", have)
	}
}

// TestWorkIsNoMachine: the factor that moves a whole session is that of the times, though most
// series are counts, which it does not move.
func TestWorkIsNoMachine(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 10))
	var runs []baseline.Run
	for range 20 {
		factor := math.Exp(.05 * rng.NormFloat64())
		b := newBench("").add(baseline.None, sec("A"), around(rng, 3, factor, .001)...)
		for _, name := range []string{"A", "B", "C"} {
			b.add(baseline.None, baseline.Key{Package: "p", Name: name, Unit: baseline.Instructions}, 1000, 1000, 1001)
		}
		runs = append(runs, *b.runs[baseline.None])
	}
	learned := Learn(runs)
	if n := learned[sec("A")]; n.RunWide < .02 || n.Between > .01 {
		t.Errorf("of the time: %+v", n)
	}
	if n := learned[baseline.Key{Package: "p", Name: "B", Unit: baseline.Instructions}]; n.Between > .001 || n.RunWide > 0 {
		t.Errorf("of the work: %+v", n)
	}
}

// TestStoredMissing: what the newest stored run has is expected of head.
func TestStoredMissing(t *testing.T) {
	old := newBench("").add(baseline.None, sec("A"), 1, 1).add(baseline.None, sec("Old"), 1, 1)
	last := newBench("").add(baseline.None, sec("A"), 1, 1).add(baseline.None, sec("B"), 1, 1)
	in := newBench("").add(baseline.None, sec("A"), 1, 1, 1).input()
	for range storedSessions {
		in.Stored = append(in.Stored, *old.runs[baseline.None])
	}
	in.Stored = append(in.Stored, *last.runs[baseline.None])
	d := Decide(in)
	want(t, d, Undecided, Missing, Unchanged) // B is missing; Old is forgotten
	in.Log.Functions = map[baseline.Side][]baseline.Function{baseline.Head: {{Package: "p", Name: "BenchmarkA"}}}
	want(t, Decide(in), Pass, Removed, Unchanged)
}

// TestExactAlone: equal allocations do not make green what is too noisy to time.
func TestExactAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	allocs := baseline.Key{Package: "p", Name: "A", Unit: "allocs/op"}
	b := newBench("").add(baseline.Base, allocs, 3, 3).add(baseline.Head, allocs, 3, 3)
	d := Decide(b.input())
	want(t, d, Undecided, Unchanged) // nothing else was measured
	if d.Reasons[0].Code != CountsAlone {
		t.Errorf("reasons %+v", d.Reasons)
	}
	b.add(baseline.Base, sec("A"), around(rng, 200, 1, .9)...).add(baseline.Head, sec("A"), around(rng, 200, 1, .9)...)
	d = Decide(b.input())
	want(t, d, Undecided, Inconclusive, Unchanged)
	if d.Reasons[0].Code != CountsAlone {
		t.Errorf("reasons %+v", d.Reasons)
	}
	// A count that wavers is judged as a measurement, and still is none of time.
	wavers := baseline.Key{Package: "p", Name: "A", Unit: "B/op"}
	bytes := around(rng, 10, 1000, .001)
	b.add(baseline.Base, wavers, bytes...).add(baseline.Head, wavers, bytes...)
	want(t, Decide(b.input()), Undecided, Inconclusive, Unchanged, Unchanged)
	b.add(baseline.Base, sec("B"), around(rng, 10, 1, .001)...).add(baseline.Head, sec("B"), around(rng, 10, 1, .001)...)
	want(t, Decide(b.input()), Pass, Inconclusive, Unchanged, Unchanged, Unchanged)
}

// TestJudgedAreCounted: a benchmark counts as judged where its time was, or its code is the same;
// its counts carry it where a rule leaves its time out.
func TestJudgedAreCounted(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	b, key := newBench(""), func(name, unit string) baseline.Key { return baseline.Key{Package: "p", Name: name, Unit: unit} }
	both := func(key baseline.Key, base, head []float64) {
		b.add(baseline.Base, key, base...).add(baseline.Head, key, head...)
	}
	steady, noisy := around(rng, 10, 1, .001), around(rng, 200, 1, .9)
	four := []float64{4, 4, 4}
	check := func(what string, change func(*Input), outcome Outcome, benchmarks, judged int) {
		t.Helper()
		in := b.input()
		change(&in)
		d := Decide(in)
		if have, of := d.Judged(); d.Outcome != outcome || of != benchmarks || have != judged {
			t.Errorf("%s: %s, %d of %d benchmarks judged, want %s, %d of %d: %+v", what, d.Outcome, have, of, outcome, judged, benchmarks, d.Reasons)
		}
	}
	as := func(*Input) {}
	ignore := func(in *Input) { in.Policy.Rules = []Rule{{Unit: regexp.MustCompile("^sec/op$"), Ignore: true}} }

	both(sec("A"), noisy, noisy)
	both(key("A", "allocs/op"), four, four)
	both(key("A", "things"), four, four) // neutral
	check("counts alone", as, Undecided, 1, 0)
	check("counts of a time that a rule leaves out", ignore, Pass, 1, 1)
	both(sec("B"), steady, steady)
	both(key("C", "things"), four, four)
	check("one of two", as, Pass, 2, 1) // of C nothing is ever judged
	b.add(baseline.Head, sec("D"), steady...)
	check("a new one is not judged", as, Pass, 3, 1)
	b.add(baseline.Base, sec("E"), steady...)
	both(sec("F"), noisy, noisy)
	check("the same code is judged, a removed one is none", func(in *Input) {
		in.Log.Same = map[baseline.Key]string{{Package: "p", Name: "F"}: "equal"}
		in.Log.Functions = map[baseline.Side][]baseline.Function{baseline.Head: {{Package: "p", Name: "BenchmarkA"}}}
	}, Pass, 4, 2)
	gone := func(in *Input) { in.Log.Functions = map[baseline.Side][]baseline.Function{baseline.Head: {}} }
	both(key("G", "p99-sec"), slices.Repeat(four, 4), slices.Repeat(four, 4))
	check("a metric that never moves is none", gone, Pass, 5, 1)
	both(sec("G"), slices.Repeat(four, 4), slices.Repeat(four, 4))
	check("a time is, to the last digit", gone, Pass, 5, 2)
}

// TestWorkIsJudgedByTime: equal counts of instructions do not make a benchmark a judged one, since
// what they mean for the time is said in the row of the time.
func TestWorkIsJudgedByTime(t *testing.T) {
	for verdict, want := range map[Verdict]bool{Unchanged: false, Improved: true, Regressed: true, Waived: true} {
		if r := (Row{Unit: baseline.Instructions, Verdict: verdict, Still: true}); r.Judged() != want {
			t.Errorf("%s: judged %t, want %t", verdict, r.Judged(), want)
		}
	}
	for verdict, want := range map[Verdict]bool{Unchanged: true, SameWork: true, SameCode: true, Inconclusive: false, Added: false} {
		if r := (Row{Unit: "sec/op", Verdict: verdict}); r.Judged() != want {
			t.Errorf("%s: judged %t, want %t", verdict, r.Judged(), want)
		}
	}
}

// TestSameNameInTwoPackages: two benchmarks of one name are two.
func TestSameNameInTwoPackages(t *testing.T) {
	b := newBench("")
	for _, pkg := range []string{"p", "q"} {
		key := baseline.Key{Package: pkg, Name: "A-2", Unit: "sec/op"}
		b.add(baseline.Base, key, 1, 1).add(baseline.Head, key, 1, 1)
	}
	d := Decide(b.input())
	if have, of := d.Judged(); len(d.Reasons) != 1 || !slices.Equal(d.Reasons[0].Benchmarks, []string{"p.A-2", "q.A-2"}) || have != 0 || of != 2 {
		t.Errorf("%d of %d judged, reasons %+v", have, of, d.Reasons)
	}
}

// TestNothingIsAskedInVain: no log makes Next ask for rounds that cannot help.
func TestNothingIsAskedInVain(t *testing.T) {
	count := baseline.Key{Package: "p", Name: "B", Unit: "allocs/op"}
	b := newBench(baseline.TwoStage).add(baseline.None, count, 4, 4, 4)
	in := b.input()
	stored := *newBench("").add(baseline.None, count, 3, 3).runs[baseline.None]
	stored.Environment = here
	in.Stored = []baseline.Run{stored}
	want(t, Decide(in), Fail, Regressed)
	if next := Next(in); len(next) != 0 {
		t.Errorf("a stored side gets no more rounds: %v", next)
	}
	b = newBench(baseline.TwoStage).add(baseline.Base, count, 3, 3).add(baseline.Head, count, 4, 4, 4, 4, 4, 4, 4, 4, 4)
	if next := Next(b.input()); len(next) != 0 {
		t.Errorf("base stopped printing it: %v", next)
	}
}

func TestOtherMachine(t *testing.T) {
	b := newBench("").add(baseline.Base, sec("A"), 1, 1, 1, 1).add(baseline.Head, sec("A"), 2, 2, 2, 2)
	b.runs[baseline.Head].Environment.CPU = "another"
	d := Decide(b.input())
	want(t, d, Undecided, Inconclusive)
	wantWhy(t, d.Rows[0], Reason{Code: OtherMachine})
}

func TestTargetLeftOut(t *testing.T) {
	target := Target{Name: "fast", Benchmark: regexp.MustCompile("Other"), Unit: "sec/op", Limit: 1, Below: true}
	log := func() baseline.Log {
		return baseline.Log{
			Runs:  []baseline.Run{{Samples: []baseline.Sample{{Key: baseline.Key{Package: "p", Name: "This", Unit: "sec/op"}, Values: []float64{1}, Rounds: []int{1}}}}},
			Units: map[string]baseline.Unit{"sec/op": {Name: "sec/op", Direction: baseline.Lower}},
		}
	}
	check := func(name string, change func(*baseline.Log), want TargetVerdict) {
		t.Helper()
		l := log()
		change(&l)
		d := Decide(Input{Log: l, Targets: []Target{target}})
		if len(d.Targets) != 1 || d.Targets[0].Verdict != want {
			t.Errorf("%s: targets %+v, want one %s", name, d.Targets, want)
		}
		blocks := slices.ContainsFunc(d.Reasons, func(g Ground) bool { return g.Code == TargetOpen && g.Target.Target == "fast" })
		if blocks != (want == NotMeasured) {
			t.Errorf("%s: reasons %+v", name, d.Reasons)
		}
		if only := Decide(Input{Log: l, Targets: []Target{target}, OnlyHead: true}); only.Outcome == Pass {
			t.Errorf("%s: a green without a target that was held against anything", name)
		}
	}
	check("nothing explains it", func(*baseline.Log) {}, NotMeasured)
	check("same code", func(l *baseline.Log) {
		l.Same = map[baseline.Key]string{{Package: "p", Name: "Other"}: "equal"}
	}, LeftOut)
	check("another same code", func(l *baseline.Log) { l.Same = map[baseline.Key]string{{Package: "p", Name: "This"}: "equal"} }, NotMeasured)
	check("not asked for", func(l *baseline.Log) { l.Bench = "This" }, LeftOut)
}
