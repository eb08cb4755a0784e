package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// TestWhyOfWork: what counts say of work is never said of time.
func TestWhyOfWork(t *testing.T) {
	check := func(unit string, change float64, r gate.Reason, want string) {
		t.Helper()
		r.Shift = &gate.Shift{Change: change}
		row := gate.Row{Unit: unit, Direction: baseline.Lower, Reason: r, Detectable: at(.46)}
		if have := Why(decision(gate.Fail), row); have != want {
			t.Errorf("%s:\nhave %q\nwant %q", r.Code, have, want)
		}
	}
	const insn = baseline.Instructions
	const promise = " does this in less than one of 100 unchanged pull requests"
	check(insn, .12, gate.Reason{Code: gate.MoreWork}, "does 12 % more work (instructions); chance"+promise)
	check(insn, .03, gate.Reason{Code: gate.CountGrew, Bound: .05}, "does 3 % more work (instructions), below the 5 % to act on")
	check(insn, .06, gate.Reason{Code: gate.CountGrew, Bound: .05}, "does 6 % more work (instructions)")
	check(insn, .0002, gate.Reason{Code: gate.SameCount}, "the same work (0.02 % more instructions)")
	check(insn, -.0002, gate.Reason{Code: gate.SameCount}, "the same work (no more instructions)")
	check(insn, .0002, gate.Reason{Code: gate.CountPartly}, "the same work (0.02 % more instructions), but how much of its time is its own work is not known")
	check(insn, 0, gate.Reason{Code: gate.CountPartly, Work: &baseline.Work{User: .43}}, "the same work (no more instructions), but it spends 43 % of its time in its own code, and waits or is in the kernel otherwise")
	check(insn, 0, gate.Reason{Code: gate.CountPartly, Work: &baseline.Work{User: .9, System: .2}}, "the same work (no more instructions), but it is in the kernel for 20 % of its time")
	check(insn, 0, gate.Reason{Code: gate.CountPartly, Work: &baseline.Work{User: .3, Children: true}}, "the same work (no more instructions), but its processes work for it, which are not counted")
	check("sec/op", 0, gate.Reason{Code: gate.TooNoisy, Text: "it crashes"}, "too noisy: a change below 46 % cannot be told from noise here; its instructions are not counted: it crashes")
	check(insn, -.3, gate.Reason{Code: gate.SameCount}, "does 30 % less work (instructions)")
	check(insn, .08, gate.Reason{Code: gate.WorkNotTime}, "does 8 % more work (instructions) and takes no longer")
	check(insn, -.08, gate.Reason{Code: gate.WorkNotTime}, "does 8 % less work (instructions)")
	check(insn, .001, gate.Reason{Code: gate.WorkNotTime}, "the same work (0.1 % more instructions)")
	check(insn, .1, gate.Reason{Code: gate.CountWavers, Bound: .03}, "its counts differ by 3 % within a side, and say nothing")
	check(insn, 0, gate.Reason{Code: gate.CountWavers}, "its counts waver, and say nothing")
	check(insn, 0, gate.Reason{Code: gate.CountUnused}, "counted, and nothing hangs on it")
	check(insn, 0, gate.Reason{Code: gate.CountAgain, Rounds: 1}, "counted once a side: more counts would tell")
	check(insn, .12, gate.Reason{Code: gate.Unconfirmed, Needed: 6}, "seemed to do 12 % more work (instructions); telling needs 6 fresh counts a side more")
	check(insn, .12, gate.Reason{Code: gate.Unsettled, Rounds: 12}, "does 12 % more work (instructions), and 12 counts a side did not settle whether that is chance")
	check(baseline.Syscalls, 0, gate.Reason{Code: gate.NoDirection}, "shown beside the instructions, and never judged")
	check("sec/op", .3, gate.Reason{Code: gate.WorkEqual, Bound: .0002},
		"same work (0.02 % more instructions), where time alone tells too little: a slowdown below 46 % by caches, branches, locks or waiting could not be seen")
	check("sec/op", .3, gate.Reason{Code: gate.ToldByMedian}, "30 % slower in most of its repetitions, not in the fastest; noise"+promise)
	row := gate.Row{Unit: insn, Reason: gate.Reason{Code: gate.WorkNotTime}, Change: at(.08)} // never weighed
	if have := Why(decision(gate.Pass), row); have != "does 8 % more work (instructions) and takes no longer" {
		t.Error(have)
	}
	row = counted(gate.Crept, "A-2", 1e5, .01, gate.SameCount)
	row.Drift = &gate.Drift{Verdict: gate.Regressed, Reason: gate.Reason{Code: gate.MoreWork, Shift: &gate.Shift{Change: .061}}}
	if have := Why(cases["crept"], row); !strings.HasPrefix(have, "crept +6.1 % of work since v1.2.0") {
		t.Error(have)
	}
}

// TestWorkBesideTime: time and work of one benchmark are told once, whatever each of them is.
func TestWorkBesideTime(t *testing.T) {
	check := func(time, work gate.Verdict, why gate.Code, told bool, ofTime, ofWork string) {
		t.Helper()
		reason := map[gate.Verdict]gate.Code{gate.Regressed: gate.Told, gate.Inconclusive: gate.TooNoisy, gate.Waived: gate.Told, gate.Unchanged: gate.WithinBound}[time]
		d := decision(gate.Fail, judged(time, "A-2", "sec/op", 1e-6, .12, .1, .14, reason), counted(work, "A-2", 1e5, .08, why))
		w := WorkOf(d)
		if have := w.Told(d.Rows[1]); have != told || w.Told(d.Rows[0]) {
			t.Errorf("%s, work %s: told %t", time, work, have)
		}
		if have := w.Beside(d.Rows[0]); have != ofTime {
			t.Errorf("%s, work %s: beside the time %q, want %q", time, work, have, ofTime)
		}
		if have := w.Beside(d.Rows[1]); have != ofWork {
			t.Errorf("%s, work %s: beside the work %q, want %q", time, work, have, ofWork)
		}
	}
	const more = "does 8 % more work (instructions)"
	check(gate.Regressed, gate.Regressed, gate.MoreWork, true, more, "")
	check(gate.Waived, gate.Waived, gate.MoreWork, true, more, "")
	check(gate.Waived, gate.Regressed, gate.MoreWork, false, "", "its time is waived, its work is not")
	check(gate.Regressed, gate.Waived, gate.MoreWork, false, "", "")
	check(gate.Inconclusive, gate.Regressed, gate.MoreWork, false, "", "time is too noisy to say how much longer it takes")
	check(gate.Inconclusive, gate.Unchanged, gate.CountGrew, false, more, "")
	check(gate.Regressed, gate.Unchanged, gate.CountGrew, false, more, "")
	check(gate.Regressed, gate.NotJudged, gate.CountUnused, false, more, "")
	check(gate.Waived, gate.NotJudged, gate.CountUnused, false, more, "")
	check(gate.Inconclusive, gate.Unchanged, gate.CountPartly, false, "its work is the same (8 % more instructions), but how much of its time is its own work is not known", "")
	check(gate.Unchanged, gate.NotJudged, gate.WorkNotTime, false, "", "")
	check(gate.Regressed, gate.Unchanged, gate.SameCount, false, "its work is the same (8 % more instructions): the layout of its code, caches, branches, locks, waiting or system calls may do that", "")
}

// TestHeadlineOfWork: benchmarks are counted once, and those that only do more work are not called
// regressed.
func TestHeadlineOfWork(t *testing.T) {
	slow := judged(gate.Regressed, "A-2", "sec/op", 1e-6, .12, .1, .14, gate.Told)
	check := func(want string, rows ...gate.Row) {
		t.Helper()
		if have := Headline(decision(gate.Fail, rows...)); have != want {
			t.Errorf("have %q\nwant %q", have, want)
		}
	}
	more := func(name string) gate.Row { return counted(gate.Regressed, name, 1e5, .2, gate.MoreWork) }
	check("1 of 1 benchmark regressed: A-2 sec/op: 12 % slower", more("A-2"), slow)
	check("1 of 1 benchmark does more work: A-2 insn/op: 20 % more work", more("A-2"))
	check("2 of 2 benchmarks do more work; the worst, A-2 insn/op: 20 % more work", more("A-2"), more("B-2"))
	check("2 of 2 benchmarks regressed, 1 of them in work alone; the worst, B-2 insn/op: 20 % more work", more("B-2"), more("A-2"), slow)
}

// TestWaiverOfBoth: what is told beside a slowdown has to be accepted with it.
func TestWaiverOfBoth(t *testing.T) {
	d := decision(gate.Fail, judged(gate.Regressed, "A-2", "sec/op", 1e-6, .12, .1, .14, gate.Told), counted(gate.Regressed, "A-2", 1e5, .2, gate.MoreWork))
	waivers, _ := Waivers(d, options().Expires)
	if len(waivers) != 1 || !strings.HasSuffix(waivers[0].Name, " (sec/op|insn/op)") || math.Abs(waivers[0].Ceiling-.21) > 1e-9 {
		t.Errorf("%+v", waivers)
	}
	d.Rows[0].Verdict, d.Rows[1].Verdict = gate.Waived, gate.Waived
	if waivers, _ := Waivers(d, options().Expires); len(waivers) != 0 {
		t.Errorf("of what is waived: %+v", waivers)
	}
}

// TestSameWorkNeverStandsAlone: wherever work is called the same, what that cannot see is said too,
// however long the names beside it are.
func TestSameWorkNeverStandsAlone(t *testing.T) {
	d := sameWorks()
	for i := range 4 {
		better := judged(gate.Unchanged, fmt.Sprintf("%d/%s", i, strings.Repeat("long", 40)), "sec/op", 1e-6, -.04, -.1, .01, gate.PerhapsBetter)
		d.Rows = append(d.Rows, better)
	}
	text := strings.Join(strings.Fields(plainText(t, d, options())), " ")
	top, _, _ := strings.Cut(markdown(t, d, options()), "<details>")
	for _, page := range []string{text, top} {
		if !strings.Contains(page, "6 with the same work (at most 0.1 % more instructions), where time alone tells too little: "+
			"a slowdown below 46 % by caches, branches, locks or waiting could not be seen") {
			t.Error(page)
		}
	}
}

// pairs is a decision of the gate itself on a log of pairs and counts made at random.
func pairs(t *testing.T, seed uint64) gate.Decision {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 9))
	var text strings.Builder
	text.WriteString("procedure: paired\ncounter: test 1\nseed: 1\npkg: example.com/t\n")
	const benchmarks, rounds, repetitions = 8, 48, 8
	for i := range benchmarks {
		fmt.Fprintf(&text, "# work: example.com/t B%d-2 user=.95 system=.01 children=false\n", i)
	}
	for i := range benchmarks {
		noise := []float64{.004, .03, .08, .5}[random.IntN(4)]
		more := []float64{0, 0, .03, .12, -.2}[random.IntN(5)]
		slower := []float64{0, more}[random.IntN(2)]
		for round := range rounds {
			for side, name := range []string{"base", "head"} {
				fmt.Fprintf(&text, "side: %s\n# round: %d\n", name, round+1)
				luck := math.Exp(noise * random.NormFloat64())
				for range repetitions {
					fmt.Fprintf(&text, "BenchmarkB%d-2 1000 %.4f ns/op\n", i, 100*luck*(1+slower*float64(side))*(1+.01*random.Float64()))
				}
				if round < 5+12 {
					fmt.Fprintf(&text, "BenchmarkB%d-2 1000 %.1f insn/op\n", i, 1e5*(1+more*float64(side))*(1+.0005*random.Float64()))
				}
			}
		}
	}
	log, err := ingest.Read("made.txt", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return gate.Decide(gate.Input{Log: log, Policy: gate.DefaultPolicy()})
}

// TestPairsAgreeWithTheirFigures: what is said of times and counts is true of the figures beside
// it, in decisions of the gate on logs of pairs.
func TestPairsAgreeWithTheirFigures(t *testing.T) {
	seen := map[gate.Code]int{}
	for seed := range uint64(24) {
		d := pairs(t, seed)
		text := plainText(t, d, Options{All: true})
		for _, row := range rowsOf(text + markdown(t, d, Options{All: true})) {
			divides(t, fmt.Sprint("seed ", seed), row)
		}
		countsTrue(t, fmt.Sprint("seed ", seed), d, text)
		for _, r := range d.Rows {
			seen[r.Reason.Code]++
			holdsTrue(t, fmt.Sprint("seed ", seed), d, r)
			if say := Why(d, r); r.Unit == baseline.Instructions && (strings.Contains(say, "slower") || say == string(r.Reason.Code)) {
				t.Errorf("seed %d: %s: %q", seed, r.Reason.Code, say)
			}
			if r.Verdict == gate.SameWork && !strings.Contains(text, "by caches, branches, locks or waiting") {
				t.Errorf("seed %d: same work, and not what that cannot see:\n%s", seed, text)
			}
		}
		if strings.Contains(text, "NaN") {
			t.Errorf("seed %d: %s", seed, text)
		}
	}
	for _, code := range []gate.Code{gate.WorkEqual, gate.SameCount, gate.CountGrew, gate.MoreWork, gate.Told} {
		if seen[code] == 0 {
			t.Errorf("nothing was %q in %v", code, seen)
		}
	}
}

// TestMedianIsNoted: what a fast repetition hides stands beside its row.
func TestMedianIsNoted(t *testing.T) {
	d := cases["work"]
	i := slices.IndexFunc(d.Rows, func(r gate.Row) bool { return r.Middle != nil })
	want := []string{"these figures are of its fast repetitions; their median changed by -22.0 % (-24.0 to -19.0 %)"}
	if have := RowWarnings(d, d.Rows[i]); !slices.Equal(have, want) {
		t.Errorf("have %q, want %q", have, want)
	}
}
