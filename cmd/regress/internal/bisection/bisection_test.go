package bisection

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/bisect"
)

// lab is a search of commits whose benchmark costs what costs says, in nanoseconds.
type lab struct {
	t *testing.T
	*Search
	text  string
	costs []float64
	other []float64 // of BenchmarkB; nil: there is none
}

func newLab(t *testing.T, costs ...float64) *lab {
	var commits []Commit
	for i := range costs {
		commits = append(commits, Commit{ID: fmt.Sprintf("%040x", i), Author: "A", Subject: fmt.Sprintf("subject %d", i), Time: time.Unix(int64(1e9+i), 0).UTC()})
	}
	l := &lab{t: t, costs: costs}
	l.Search, l.text = Begin(Range{Good: "v1", Bad: "main", Effect: .05}, commits)
	return l
}

// measure adds a session of so many rounds, with a wobble of a thousandth.
func (l *lab) measure(from, at, rounds int, probe bool) {
	l.t.Helper()
	var b strings.Builder
	b.WriteString("regress-log: 1\nprocedure: paired\nproject: p\ncommit: " + strings.Repeat("b", 40) + "\nbase-commit: " + strings.Repeat("a", 40) + "\ngoos: linux\n")
	sides := map[baseline.Side]int{baseline.Base: from, baseline.Head: at}
	one := Session{From: from, At: at, Probe: probe}
	if probe {
		sides = map[baseline.Side]int{baseline.Base: 0, baseline.Anchor: at, baseline.Head: l.Last()}
	}
	for round := 1; round <= rounds; round++ {
		for i, side := range []baseline.Side{baseline.Base, baseline.Anchor, baseline.Head} {
			commit, runs := sides[side]
			if !runs {
				continue
			}
			wobble := 1 + .001*float64((round*7+i*3)%5-2)
			v := l.costs[commit] * wobble
			fmt.Fprintf(&b, "side: %s\n# round: %d\npkg: example.com/t\nBenchmarkA-2 1000 %g ns/op\n", side, round, v)
			if l.other != nil {
				fmt.Fprintf(&b, "BenchmarkB-2 1000 %g ns/op\n", l.other[commit]*wobble)
			}
		}
	}
	l.text += l.Open(one) + b.String()
	if err := l.Measured(one, []byte(b.String())); err != nil {
		l.t.Fatal(err)
	}
}

var key = baseline.Key{Package: "example.com/t", Name: "A-2", Unit: "sec/op"}

func decide(log baseline.Log) gate.Decision {
	return gate.Decide(gate.Input{Log: log, Policy: gate.DefaultPolicy()})
}

// search measures what is asked for until nothing is.
func (l *lab) search() Answer {
	l.t.Helper()
	l.measure(0, l.Last(), 20, false)
	for range 40 {
		step := l.History(key).Next()
		if step.Kind == bisect.Done {
			break
		}
		l.measure(step.From, step.At, 20, step.Kind == bisect.Probe)
	}
	return l.Answer(decide)
}

// same checks that the text of a search, read again, gives the same answer in every format.
func (l *lab) same(a Answer) {
	l.t.Helper()
	again, err := Read("x", []byte(l.text))
	if err != nil {
		l.t.Fatal(err)
	}
	var one, two bytes.Buffer
	b := again[0].Answer(decide)
	for _, w := range []func() error{
		func() error { return Text(&one, a, Options{}) }, func() error { return Text(&two, b, Options{}) },
		func() error { return JSON(&one, a, Options{}) }, func() error { return JSON(&two, b, Options{}) },
		func() error { return Markdown(&one, a, Options{}) }, func() error { return Markdown(&two, b, Options{}) },
	} {
		if err := w(); err != nil {
			l.t.Fatal(err)
		}
	}
	if one.String() != two.String() {
		l.t.Errorf("read again it is another answer:\n%s\nnot\n%s", two.String(), one.String())
	}
}

func text(t *testing.T, a Answer) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, a, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFound(t *testing.T) {
	l := newLab(t, 100, 100, 100, 100, 100, 110, 110, 110, 110)
	l.text += l.Own(2, "undefined: x") + l.Own(3, "undefined: y") + l.Own(2, "undefined: x")
	a := l.search()
	if a.Outcome != Found || a.Suspects[0].Commits[0].Subject != "subject 5" || a.Suspects[0].P < .99 {
		t.Fatalf("%s, %+v", a.Outcome, a.Suspects[:1])
	}
	if a.Takes == nil || math.Abs(*a.Takes-1) > .05 {
		t.Errorf("it takes %v of the whole", a.Takes)
	}
	for _, want := range []string{"0000000000 made A slower, +10.", "certain to 99.", "subject 5", "From v1 to main", "Measured with their own benchmark sources, since those of main do not build there: 0000000000,\n0000000000; of 0000000000, undefined: x."} {
		if !strings.Contains(text(t, a), want) {
			t.Errorf("%q is not in\n%s", want, text(t, a))
		}
	}
	l.same(a)
}

// TestFirst: the commit behind the good one is measured against it alone, too, so that what is said
// of it is of the two.
func TestFirst(t *testing.T) {
	l := newLab(t, 100, 110, 110, 110, 110.6, 110.6)
	a := l.search()
	if a.Outcome != Found || a.Suspects[0].Commits[0].Subject != "subject 1" || len(a.Rows) == 0 {
		t.Fatalf("%s, %+v, rows %v", a.Outcome, a.Suspects[:1], a.Rows)
	}
	if r := a.Rows[0]; math.Abs(r.Head.Median-110e-9) > 1e-9 || a.Takes == nil || *a.Takes > .97 {
		t.Errorf("after it %g s, and it takes %v", r.Head.Median, a.Takes)
	}
	l.same(a)
}

// TestOthers: what else became worse is told, and whether the same commit did it.
func TestOthers(t *testing.T) {
	for subject, other := range map[string][]float64{
		"The same commit made these worse, too: B.":                        {50, 50, 50, 50, 53, 53, 53},
		"became worse over the range and not, as far as was seen, by this": {50, 53, 53, 53, 53, 53, 53},
	} {
		l := newLab(t, 100, 100, 100, 100, 120, 120, 120)
		l.other = other
		a := l.search()
		if a.Outcome != Found || len(a.Others) != 1 || !strings.Contains(strings.ReplaceAll(text(t, a), "\n", " "), subject) {
			t.Errorf("%q is not in\n%s", subject, text(t, a))
		}
		l.same(a)
	}
}

func TestBetween(t *testing.T) {
	l := newLab(t, 100, 100, 100, 100, 130, 130, 130)
	l.text += l.Skip(3, "does not build")
	a := l.search()
	if a.Outcome != Between || len(a.Suspects[0].Commits) != 2 {
		t.Fatalf("%s, %+v", a.Outcome, a.Suspects[:1])
	}
	if !strings.Contains(text(t, a), "Not measured: 0000000000 (does not build)") {
		t.Error(text(t, a))
	}
	l.same(a)
}

func TestParts(t *testing.T) {
	l := newLab(t, 100, 100, 100, 110, 110, 110, 110, 110, 121, 121, 121, 121)
	a := l.search()
	var clear []string
	for _, p := range a.Parts {
		if p.Clear {
			clear = append(clear, p.Commits[len(p.Commits)-1].Subject)
		}
	}
	if a.Outcome != Several || strings.Join(clear, ",") != "subject 3,subject 8" {
		t.Fatalf("%s, parts %v", a.Outcome, clear)
	}
	if !strings.Contains(text(t, a), "No one commit made A slower") {
		t.Error(text(t, a))
	}
	l.same(a)
}

// TestNotSlower: what is too small to be looked for, by a rule too, is not ruled out.
func TestNotSlower(t *testing.T) {
	for want, rules := range map[string][]gate.Rule{"2.5 %": nil, "25 %": {{MinEffect: .5}}} {
		l := newLab(t, 100, 100, 100)
		l.measure(0, 2, 20, false)
		a := l.Answer(func(log baseline.Log) gate.Decision {
			return gate.Decide(gate.Input{Log: log, Policy: Policy(gate.Policy{Rules: rules})})
		})
		if a.Outcome != NotSlower || !strings.Contains(text(t, a), "main is not slower than v1 by "+want+" or more") {
			t.Errorf("%s\n%s", a.Outcome, text(t, a))
		}
		l.same(l.Answer(decide))
	}
}

// TestStopped: what was stopped says so, and who is suspected so far.
func TestStopped(t *testing.T) {
	l := newLab(t, 100, 100, 100, 100, 130, 130, 130)
	l.measure(0, 6, 20, false)
	l.measure(0, 3, 20, true)
	l.text += l.Stop("interrupt")
	a := l.Answer(decide)
	if a.Outcome != Open || !strings.Contains(text(t, a), "stopped by the interrupt") {
		t.Errorf("%s\n%s", a.Outcome, text(t, a))
	}
	l.same(a)
}

func TestBrokenLog(t *testing.T) {
	l := newLab(t, 100, 110)
	for name, bad := range map[string]string{
		"no search":        "BenchmarkA 1 2 ns/op\n",
		"no range":         `# bisect: {"session":{"from":0,"at":1}}` + "\n",
		"no JSON":          l.text + "# bisect: {\n",
		"probe of a pair":  l.text + `# bisect: {"session":{"from":1,"at":1,"probe":true}}` + "\n",
		"no such commit":   l.text + `# bisect: {"session":{"from":0,"at":7}}` + "\n",
		"backwards":        l.text + `# bisect: {"session":{"from":1,"at":0}}` + "\n",
		"skip of nothing":  l.text + `# bisect: {"skip":{"at":-1,"why":"x"}}` + "\n",
		"equal to nothing": l.text + `# bisect: {"equal":{"From":0,"At":9}}` + "\n",
		"own of nothing":   l.text + `# bisect: {"own":{"at":2,"why":"x"}}` + "\n",
	} {
		if _, err := Read("x", []byte(bad)); !errors.Is(err, ErrLog) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
