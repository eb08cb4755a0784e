package bisection

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// both is the text of a session of two sides, of so many rounds in pairs and so many counts a side;
// time and work are those of base and head.
func both(time, work [2]float64, rounds, counts int) string {
	var b strings.Builder
	b.WriteString("regress-log: 1\nprocedure: paired\ncounter: c\nproject: p\ncommit: " + strings.Repeat("b", 40) + "\nbase-commit: " + strings.Repeat("a", 40) + "\ngoos: linux\n")
	block := func(values [2]float64, n int, unit string, size float64) {
		for round := range n {
			for i, side := range []baseline.Side{baseline.Base, baseline.Head} {
				wobble := 1 + size*float64((round*7+i*3)%5-2)
				fmt.Fprintf(&b, "side: %s\n# round: %d\npkg: example.com/t\nBenchmarkA-2 1000 %g %s\n", side, round+1, values[i]*wobble, unit)
			}
		}
	}
	block(time, rounds, "ns/op", .001)
	b.WriteString("# work: example.com/t A-2 user=1.000 system=0.000 children=false\nUnit insn/op better=lower\n")
	block(work, counts, "insn/op", .0001)
	return b.String()
}

// TestSooner: before a search begins nothing is timed beyond the screen where counts can show, or
// have shown, that bad does more work; otherwise what a verdict needs is measured.
func TestSooner(t *testing.T) {
	slower, work := [2]float64{100, 106}, [2]float64{1000, 1050}
	for name, c := range map[string]struct {
		time, work     [2]float64
		counts         int
		unit           string
		costs          []float64
		counted, timed bool // what is still wanted
	}{
		"nothing is counted yet":    {slower, work, 0, "", []float64{100, 106, 106}, true, false},
		"two counts":                {slower, work, 2, "", []float64{100, 106, 106}, true, false},
		"counts show it":            {slower, work, 8, "", []float64{100, 106, 106}, false, false},
		"work is what was asked":    {slower, work, 8, baseline.Instructions, []float64{100, 106, 106}, false, false},
		"time is what was asked":    {slower, work, 8, "sec/op", []float64{100, 106, 106}, false, true},
		"a single commit":           {slower, work, 8, "", []float64{100, 106}, false, true},
		"most of it is not of work": {[2]float64{100, 130}, work, 8, "", []float64{100, 106, 106}, false, true},
		"work is the same":          {slower, [2]float64{1000, 1000}, 2, "", []float64{100, 106, 106}, false, true},
		"work has grown by less":    {slower, [2]float64{1000, 1011}, 2, "", []float64{100, 106, 106}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, c.costs...)
			l.Unit = c.unit
			if err := l.Measured(Session{At: l.Last()}, []byte(both(c.time, c.work, 8, c.counts))); err != nil {
				t.Fatal(err)
			}
			log := l.Whole().Log
			in := gate.Input{Log: log, Policy: Policy(gate.DefaultPolicy())}
			var counted, timed bool
			for _, w := range l.Sooner(gate.Next(in), log, gate.Decide(in)) {
				counted, timed = counted || w.Count, timed || !w.Count
			}
			if counted != c.counted || timed != c.timed {
				t.Errorf("counts are wanted: %v, rounds: %v; of %+v", counted, timed, gate.Next(in))
			}
		})
	}
}

// TestUntimed: what was found by counts is timed before it is believed, the whole again where the
// commit is not slower for its work, and is said to be slower only where it is.
func TestUntimed(t *testing.T) {
	less := func(log baseline.Log) gate.Decision {
		return gate.Decide(gate.Input{Log: log, Policy: Policy(gate.DefaultPolicy())})
	}
	measure := func(l *lab, from, at, rounds int) {
		t.Helper()
		text := both([2]float64{l.costs[from], l.costs[at]}, [2]float64{l.costs[from], l.costs[at]}, rounds, 8)
		if err := l.Measured(Session{From: from, At: at}, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	l := newLab(t, 100, 100, 110)
	measure(l, 0, 2, 8)
	target, ok := Target(less(l.Whole().Log), "")
	if !ok || target.Unit != baseline.Instructions {
		t.Fatalf("%v, it follows %s", ok, target.Unit)
	}
	l.Equal(0, 1)
	if a := l.Answer(less); a.Outcome != Open || l.Untimed(target, less) {
		t.Errorf("%s before the commit was measured, or it lacks time", a.Outcome)
	}
	measure(l, 1, 2, 20)
	a := l.Answer(less)
	if a.Outcome != Found || l.Untimed(target, less) || !strings.Contains(text(t, a), "made A slower, +10.") || !strings.Contains(text(t, a), "in insn/op over 2 commits") {
		t.Errorf("%s\n%s", a.Outcome, text(t, a))
	}
	unsure := newLab(t, 100, 100, 110)
	measure(unsure, 0, 2, 20)
	unsure.Equal(0, 1)
	measure(unsure, 1, 2, 8)
	if a := unsure.Answer(less); a.Outcome != Found || a.Target.Unit != "sec/op" || !strings.Contains(text(t, a), "made A do more work, +10.") {
		t.Errorf("%s in %s, and its time at the commit is not known\n%s", a.Outcome, a.Target.Unit, text(t, a))
	}
	even := newLab(t, 100, 100, 110)
	measure(even, 0, 2, 8)
	even.Equal(0, 1)
	if err := even.Measured(Session{From: 1, At: 2}, []byte(both([2]float64{100, 100}, [2]float64{100, 110}, 20, 8))); err != nil {
		t.Fatal(err)
	}
	if a := even.Answer(less); a.Outcome != Found || !even.Untimed(target, less) {
		t.Errorf("%s, and the commit is as fast, but it does not lack time", a.Outcome)
	}
	one := newLab(t, 100, 110)
	measure(one, 0, 1, 8)
	if a := one.Answer(less); a.Outcome != Found || !one.Untimed(target, less) || !strings.Contains(text(t, a), "made A do more work, +10.") {
		t.Errorf("%s, and it does not lack time\n%s", a.Outcome, text(t, a))
	}
}

// TestPolicy: where time does not tell, a search goes by work that has grown by a quarter of the
// effect to act on, which rules may have made another one.
func TestPolicy(t *testing.T) {
	unit := regexp.MustCompile
	for name, c := range map[string]struct {
		time, work float64 // of bad, where good has 100 and 1000
		rules      []gate.Rule
		want       string // the unit that is followed; empty: bad is not known to be worse
	}{
		"a quarter of 5 %":            {102, 1013, nil, baseline.Instructions},
		"less":                        {102, 1012, nil, ""},
		"the time is the same":        {100, 1013, nil, ""},
		"a rule for all units, 10 %":  {102, 1020, []gate.Rule{{MinEffect: .1}}, ""},
		"more than a quarter of that": {105, 1026, []gate.Rule{{MinEffect: .1}}, baseline.Instructions},
		"a rule for allocations":      {102, 1013, []gate.Rule{{Unit: unit("allocs/op"), MinEffect: .5}}, baseline.Instructions},
		"a rule without an effect":    {102, 1013, []gate.Rule{{Benchmark: unit("A")}}, baseline.Instructions},
		"work is not judged":          {102, 1013, []gate.Rule{{Unit: unit("insn/op"), Ignore: true}}, ""},
	} {
		l := newLab(t, 100, 102, 102)
		text := both([2]float64{100, c.time}, [2]float64{1000, c.work}, 8, 8)
		if err := l.Measured(Session{At: 2}, []byte(text)); err != nil {
			t.Fatal(err)
		}
		p := gate.DefaultPolicy()
		p.Rules = c.rules
		row, ok := Target(gate.Decide(gate.Input{Log: l.Whole().Log, Policy: Policy(p)}), "")
		if row.Unit != c.want || ok != (c.want != "") {
			t.Errorf("%s: it follows %q, want %q", name, row.Unit, c.want)
		}
	}
}

// TestParted: where the commit that does more work is not the one that takes more time, the search
// goes on by time.
func TestParted(t *testing.T) {
	for name, c := range map[string]struct {
		time  [2]float64 // before the commit and at it
		basis Basis
	}{
		"it takes the time, too": {[2]float64{100, 110}, ByCounts},
		"it is as fast":          {[2]float64{100, 100}, ByPairs},
	} {
		l := newLab(t, 100, 100, 100, 100, 100)
		for _, one := range []struct {
			Session
			text string
		}{
			{Session{At: 4}, both([2]float64{100, 110}, [2]float64{1000, 1040}, 20, 8)},
			{Session{From: 1, At: 2}, both(c.time, [2]float64{1000, 1040}, 20, 8)},
		} {
			if err := l.Measured(one.Session, []byte(one.text)); err != nil {
				t.Fatal(err)
			}
		}
		e := l.Evidence(key)
		if e.Basis != c.basis || len(e.Readings) != 1 {
			t.Fatalf("%s: it is searched by %s, with %d readings", name, e.Basis, len(e.Readings))
		}
		if want := map[Basis]float64{ByCounts: 1, ByPairs: 0}[c.basis]; math.Abs(e.Readings[0].Share-want) > .05 {
			t.Errorf("%s: a share of %g", name, e.Readings[0].Share)
		}
	}
}

// TestWaver: how sure counts are follows from how far all of them lie apart within their sides, and
// not from the two of one session, which may be alike by chance.
func TestWaver(t *testing.T) {
	l := newLab(t, 100, 100, 100)
	for _, one := range []struct {
		Session
		text string
	}{
		{Session{At: 2}, strings.ReplaceAll(both([2]float64{100, 104}, [2]float64{1000, 1020}, 8, 8), "1000 1000 insn/op", "1000 1008 insn/op")},
		{Session{From: 0, At: 1}, both([2]float64{100, 104}, [2]float64{1000, 1000}, 8, 2)},
	} {
		if err := l.Measured(one.Session, []byte(one.text)); err != nil {
			t.Fatal(err)
		}
	}
	e := l.Evidence(key)
	if e.Basis != ByCounts || len(e.Readings) != 1 {
		t.Fatalf("%s, %d readings", e.Basis, len(e.Readings))
	}
	// Two of eighteen are off by 8 in 1000 and the whole is 20: .0028·1.25 in .0198.
	if r := e.Readings[0]; r.Error < .12 || r.Error > .25 || r.Freedom != 16 {
		t.Errorf("an error of %g with %d degrees of freedom", r.Error, r.Freedom)
	}
}
