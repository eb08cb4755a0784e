package watch

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func id(i int) string { return fmt.Sprintf("%010x%030x", i, 7) }

// level is a series: its value at every commit.
type level func(i int) float64

// steps returns a series that goes from 1 µs by a factor at each commit.
func steps(at ...any) level {
	return func(i int) float64 {
		v := 1e-6
		for n := 0; n < len(at); n += 2 {
			if i >= at[n].(int) {
				v *= at[n+1].(float64)
			}
		}
		return v
	}
}

// board holds alerts as an honest tracker does.
type board struct{ known []Known }

// do carries out actions and returns which they were: "open 1", without those that change nothing.
func (b *board) do(actions []Action) (done []string) {
	for _, a := range actions {
		switch a.Deed {
		case Open:
			b.known = append(b.known, Known{Number: len(b.known) + 1, Open: true})
			a.Known = &b.known[len(b.known)-1]
		case Keep, Untold:
			continue
		}
		k := &b.known[a.Known.Number-1]
		k.Text, k.Open = a.Text, a.Deed != Close
		k.Mark, _ = ReadMark(a.Text)
		done = append(done, fmt.Sprint(a.Deed, " ", k.Number))
	}
	return done
}

// whys returns the reasons of causes that are not told, and of alerts left alone.
func whys(actions []Action) (out []Why) {
	for _, a := range actions {
		if a.Why != "" {
			out = append(out, a.Why)
		}
	}
	return out
}

// world is a branch of n commits, a run each, and its series.
type world struct {
	t       *testing.T
	series  map[string]level
	moved   int              // the machine changed at this commit; 0: never
	skip    func(i int) bool // commits that were not measured
	kept    bool             // the page is that of what is kept of a store
	input   Input
	commits func(i int) course.Commit
}

func newWorld(t *testing.T, series map[string]level) *world {
	w := &world{t: t, series: series}
	w.input = Input{Project: "example.com/p", Today: start.AddDate(0, 0, 100), Days: 400, Direction: func(unit string) baseline.Direction {
		return map[string]baseline.Direction{"sec/op": baseline.Lower, "B/s": baseline.Higher, "B/op": baseline.Lower}[unit]
	}}
	w.commits = func(i int) course.Commit {
		return course.Commit{ID: id(i), Author: "Jo", Subject: fmt.Sprint("change ", i), Time: start.AddDate(0, 0, i)}
	}
	return w
}

// at returns what is looked at when the branch has n commits.
func (w *world) at(n int) Input {
	w.t.Helper()
	points := map[course.Name][]course.Point{}
	for name, value := range w.series {
		name, unit, ok := strings.Cut(name, " ")
		if !ok {
			unit = "sec/op"
		}
		of := course.Name{Key: baseline.Key{Package: "example.com/p", Name: name, Unit: unit}, Fingerprint: "f"}
		for i := range n {
			if w.skip != nil && w.skip(i) {
				continue
			}
			environment := "one"
			if w.moved > 0 && i >= w.moved {
				environment = "two"
			}
			wobble := 1 + .001*float64((i*7+len(name))%5)
			points[of] = append(points[of], course.Point{Commit: id(i), Time: start.AddDate(0, 0, i), Value: value(i) * wobble, Environment: environment})
		}
	}
	var history []course.Commit
	for i := range n {
		history = append(history, w.commits(i))
	}
	page, err := course.New(points, history)
	if w.kept {
		page, err = course.Watched(columns(points), history)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	in := w.input
	in.Page = page
	return in
}

// columns returns points as what is kept of a store has them; every series has the same runs.
func columns(points map[course.Name][]course.Point) *course.Columns {
	c := new(course.Columns)
	for name, list := range points {
		for i, p := range list {
			if i == len(c.Runs) {
				c.Runs = append(c.Runs, course.Run{ID: p.Commit, Point: p})
			}
			c.Add(name, i, p.Value, nil)
		}
	}
	return c
}

func (w *world) expect(what string, have []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(have, want) {
		w.t.Errorf("%s: have %q, want %q", what, have, want)
	}
}

// TestOwners: an alert mentions the owners of its benchmarks, each once and by the first block that
// matches, and nobody else; so does what is notified.
func TestOwners(t *testing.T) {
	w := newWorld(t, map[string]level{"Parse/a": steps(30, 1.5), "Parse/b": steps(30, 1.4), "Lex": steps(30, 1.3), "Still": steps()})
	w.input.Owners = []Owner{
		{Benchmark: regexp.MustCompile(`p\.Parse/`), Handles: []string{"@jane", "@acme/parsers"}},
		{Benchmark: regexp.MustCompile(`p\.Parse/a`), Handles: []string{"@second"}},
		{Benchmark: regexp.MustCompile("Lex"), Handles: []string{"@jane", "@joe"}},
		{Benchmark: regexp.MustCompile("Still"), Handles: []string{"@still"}},
	}
	var b board
	w.expect("told", b.do(Plan(w.at(40), b.known)), "open 1")
	if !strings.Contains(b.known[0].Text, "\n\nOwners: @jane @acme/parsers @joe\n\n") || strings.Contains(b.known[0].Text, "@s") {
		t.Errorf("it says\n%s", b.known[0].Text)
	}
	in := w.at(40)
	_, document, _ := Report{Input: in}.Event(Plan(in, nil)[0], "a/b")
	if !strings.Contains(string(document), `"owners":["@jane","@acme/parsers","@joe"]`) {
		t.Errorf("it is notified\n%s", document)
	}
	w.input.Owners = nil
	w.expect("without owners", b.do(Plan(w.at(40), b.known)), "update 1")
	if strings.Contains(b.known[0].Text, "Owners") {
		t.Errorf("it says\n%s", b.known[0].Text)
	}
}

// TestOneIssueForFifty: fifty series that one commit made worse are one alert, told when three runs
// are behind it, whatever the order; told again nothing changes, with every further run neither.
func TestOneIssueForFifty(t *testing.T) {
	series := map[string]level{"Still": steps()}
	for i := range 50 {
		series[fmt.Sprint("B", i)] = steps(30, 1.05+.01*float64(i))
	}
	w := newWorld(t, series)
	var b board
	w.expect("before", b.do(Plan(w.at(30), b.known)))
	for n := 31; n <= 32; n++ {
		w.expect(fmt.Sprint(n, " commits"), b.do(Plan(w.at(n), b.known)))
	}
	told := 0
	for n := 33; n <= 60 && told == 0; n++ {
		if done := b.do(Plan(w.at(n), b.known)); len(done) > 0 {
			w.expect("told", done, "open 1")
			told = n
		}
		w.expect("again", b.do(Plan(w.at(n), b.known)))
	}
	if told > 38 {
		t.Errorf("told at %d commits", told)
	}
	for n := told + 1; n <= told+20; n++ {
		if done := b.do(Plan(w.at(n), b.known)); !slices.Contains([]string{"[]", "[update 1]"}, fmt.Sprint(done)) {
			t.Errorf("%d commits: %q", n, done)
		}
	}
	if !strings.Contains(b.known[0].Text, "50 benchmarks are worse since `000000001e`") || !strings.Contains(b.known[0].Text, "B49") {
		t.Errorf("it says\n%s", b.known[0].Text)
	}
}

// TestRecovery: what comes back closes, with the commit that brought it; what is half back not.
func TestRecovery(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2, 50, 1/1.2), "C": steps(30, 1.4, 60, .75)})
	var b board
	w.expect("told", b.do(Plan(w.at(45), b.known)), "open 1")
	w.expect("one is back", b.do(Plan(w.at(58), b.known)), "update 1")
	if !strings.Contains(b.known[0].Text, "recovered by 0000000032") || !strings.Contains(b.known[0].Text, "1 more recovered") {
		t.Errorf("it says\n%s", b.known[0].Text)
	}
	plan := Plan(w.at(70), b.known)
	w.expect("both", b.do(plan), "close 1")
	if !strings.HasPrefix(plan[0].Comment, "Recovered: less than half of the step is left, since `000000003c`.") {
		t.Errorf("the comment is %q", plan[0].Comment)
	}
	w.expect("again", b.do(Plan(w.at(71), b.known)))

	// It was a lull.
	w.series["C"] = steps(30, 1.4)
	w.series["A"] = steps(30, 1.2)
	w.expect("back again", b.do(Plan(w.at(71), b.known)), "reopen 1")
	// Another step is another cause.
	w.series["A"] = steps(30, 1.2, 50, 1/1.2, 65, 1.3)
	w.series["C"] = steps(30, 1.4, 50, 1/1.4)
	w.expect("a second step", b.do(Plan(w.at(80), b.known)), "close 1", "open 2")
}

// TestWaiver: what a waiver accepts is closed, and what it accepts from the first is never told.
func TestWaiver(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2)})
	var b board
	waive := func(ceiling float64, until int) {
		w.input.Waivers = []gate.Waiver{{Series: regexp.MustCompile(`^(?:example\.com/p\.A sec/op)$`), Ceiling: ceiling, Expires: start.AddDate(0, 0, until), Reason: "checks | its @input"}}
	}
	waive(.3, 200)
	plan := Plan(w.at(45), b.known)
	w.expect("waived", b.do(plan))
	if !slices.Equal(whys(plan), []Why{NothingLeft}) {
		t.Errorf("why: %q", whys(plan))
	}
	waive(.1, 200)
	w.expect("beyond the ceiling", b.do(Plan(w.at(45), b.known)), "open 1")
	waive(.3, 200)
	w.expect("accepted", b.do(Plan(w.at(45), b.known)), "close 1")
	if text := b.known[0].Text; !strings.Contains(text, "Accepted: waivers") || !strings.Contains(text, "waived until 2026-07-20: checks \\| its \\@\u200binput") {
		t.Errorf("it says\n%s", text)
	}
	waive(.3, 99)
	w.expect("ended", b.do(Plan(w.at(45), b.known)), "reopen 1")
}

// TestPersons: what a person closes or reopens stays so.
func TestPersons(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2, 60, 1/1.2)})
	var b board
	w.expect("told", b.do(Plan(w.at(45), b.known)), "open 1")
	b.known[0].Open = false
	plan := Plan(w.at(46), b.known)
	w.expect("closed by hand", b.do(plan))
	if !slices.Equal(whys(plan), []Why{ByHand}) {
		t.Errorf("why: %q", whys(plan))
	}
	w.expect("and recovered", b.do(Plan(w.at(75), b.known)))
	b.known[0].Open = true
	w.expect("reopened while worse", b.do(Plan(w.at(45), b.known)))
	w.expect("recovered", b.do(Plan(w.at(75), b.known)), "close 1")
	b.known[0].Open = true
	w.expect("reopened after it was closed", b.do(Plan(w.at(76), b.known)))
}

// TestMoves: more runs move a step by up to two commits, narrow it, add series and lose them: it
// stays one alert.
func TestMoves(t *testing.T) {
	var b board
	for _, at := range []int{30, 32, 31, 29} {
		w := newWorld(t, map[string]level{"A": steps(at, 1.2), "C": steps(at, 1.3)})
		if at == 31 {
			w.series["New"] = steps(31, 1.5)
		}
		if at == 29 {
			delete(w.series, "A")
		}
		for _, text := range b.do(Plan(w.at(60), b.known)) {
			if text == "open 1" && at == 30 || text == "update 1" && at != 30 {
				continue
			}
			t.Errorf("at %d: %s", at, text)
		}
	}
	if len(b.known) != 1 || len(b.known[0].Mark.Series) != 3 {
		t.Errorf("have %+v", b.known)
	}
	// First every fifth commit is measured, then all.
	b = board{}
	w := newWorld(t, map[string]level{"A": steps(43, 1.3)})
	w.skip = func(i int) bool { return i%5 != 0 }
	w.expect("wide", b.do(Plan(w.at(100), b.known)), "open 1")
	if !strings.Contains(b.known[0].Text, "since one of 5 commits, `0000000028..000000002d`") {
		t.Errorf("it says\n%s", b.known[0].Text)
	}
	w.skip = nil
	w.expect("narrow", b.do(Plan(w.at(100), b.known)), "update 1")
	// A step of another series beside it is another cause; far away too.
	w.series["B"], w.series["C"] = steps(48, 1.3), steps(80, 1.2)
	if done := b.do(Plan(w.at(100), b.known)); len(done) != 2 || len(b.known) != 3 {
		t.Errorf("two more: %q", done)
	}
	// A step that more runs take away.
	w.series = map[string]level{"A": steps(), "B": steps(48, 1.3), "C": steps(80, 1.2)}
	w.expect("gone", b.do(Plan(w.at(100), b.known)), "close 1")
	// Runs that are not there prove nothing.
	w.skip = func(i int) bool { return i < 70 }
	plan := Plan(w.at(100), b.known)
	w.expect("lost runs", b.do(plan))
	if !slices.Contains(whys(plan), Unknown) {
		t.Errorf("why: %q", whys(plan))
	}
}

// TestGoneOfKept: an alert whose step more runs take away is closed, though the page of what is
// kept of a store has no points of a series that does not change.
func TestGoneOfKept(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2)})
	w.kept = true
	var b board
	w.expect("told", b.do(Plan(w.at(45), b.known)), "open 1")
	w.series["A"] = steps()
	w.expect("gone", b.do(Plan(w.at(100), b.known)), "close 1")
}

// TestWork: time and work of one benchmark that step together are one alert of one benchmark; of
// work alone it is said that it is no time.
func TestWork(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2), "A insn/op": steps(30, 1.19)})
	better := w.input.Direction
	w.input.Direction = func(unit string) baseline.Direction {
		if unit == baseline.Instructions {
			return baseline.Lower
		}
		return better(unit)
	}
	const note = "not as much more or less time"
	plan := Plan(w.at(45), nil)
	if len(plan) != 1 || plan[0].Deed != Open || !strings.Contains(plan[0].Text, "1 benchmark is worse since ") || !strings.Contains(plan[0].Text, note) || !strings.HasSuffix(plan[0].Title, "A sec/op +20.0 %") {
		t.Errorf("have %+v", plan)
	}
	delete(w.series, "A")
	plan = Plan(w.at(45), nil)
	if len(plan) != 1 || !strings.Contains(plan[0].Text, "1 benchmark does more work since ") || !strings.Contains(plan[0].Text, note) || !strings.HasPrefix(plan[0].Title, "More work since 000000001e: A insn/op +19") {
		t.Errorf("have %+v", plan)
	}
	w.series = map[string]level{"A": steps(30, 1.2)}
	if plan := Plan(w.at(45), nil); strings.Contains(plan[0].Text, note) {
		t.Errorf("it says\n%s", plan[0].Text)
	}
}

// TestNearMisses: of many series that step together, the range of a few misses the others'.
func TestNearMisses(t *testing.T) {
	series := map[string]level{"Late": steps(32, 1.2)}
	for i := range 20 {
		series[fmt.Sprint("B", i)] = steps(30, 1.2)
	}
	w := newWorld(t, series)
	var b board
	w.expect("one", b.do(Plan(w.at(60), b.known)), "open 1")
	delete(series, "Late")
	w.expect("without it", b.do(Plan(w.at(60), b.known)), "update 1")
	// Two of equal weight are two.
	w = newWorld(t, map[string]level{"A": steps(30, 1.2), "B": steps(32, 1.2)})
	b = board{}
	w.expect("two", b.do(Plan(w.at(60), b.known)), "open 1", "open 2")
}

// TestTwoJobs: two alerts for one cause, made at once, become the one with the lower number.
func TestTwoJobs(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2), "B": steps(30, 1.3)})
	var one, other board
	one.do(Plan(w.at(45), nil))
	other.do(Plan(w.at(46), nil)) // it had one run more
	second := other.known[0]
	second.Number = 2
	one.known = append(one.known, second)
	plan := Plan(w.at(46), one.known)
	if done := one.do(plan); !slices.Contains(done, "close 2") || slices.Contains(done, "close 1") {
		t.Errorf("done: %q", done)
	}
	w.expect("again", one.do(Plan(w.at(46), one.known)))
	if !strings.Contains(one.known[1].Text, "The same cause as #1.") {
		t.Errorf("it says\n%s", one.known[1].Text)
	}
	// Another suite and another project are none of ours.
	in := w.at(46)
	in.Key = "arm"
	if done := (&board{}).do(Plan(in, one.known)); !slices.Equal(done, []string{"open 1"}) {
		t.Errorf("another suite: %q", done)
	}
	in.Key, in.Project = "", "example.com/q"
	if done := (&board{}).do(Plan(in, one.known)); !slices.Equal(done, []string{"open 1"}) {
		t.Errorf("another project: %q", done)
	}
}

// TestUntold: what is no news, or no fault of the code.
func TestUntold(t *testing.T) {
	why := func(what string, plan []Action, want ...Why) {
		t.Helper()
		if have := whys(plan); !slices.Equal(have, want) || len((&board{}).do(plan)) > 0 {
			t.Errorf("%s: have %q, want %q", what, have, want)
		}
	}
	w := newWorld(t, map[string]level{"A": steps(30, 1.2)})
	w.input.Days = 60
	why("old", Plan(w.at(60), nil), TooOld)
	w.input.Days = 71
	if plan := Plan(w.at(60), nil); plan[0].Deed != Open {
		t.Errorf("71 days: %s", plan[0].Why)
	}
	w.moved = 30
	why("the machine changed", Plan(w.at(60), nil), NotTheCode)
	w = newWorld(t, map[string]level{"A": steps(30, .8), "F B/s": steps(30, 1.2), "N x/op": steps(30, 1.2), "Spike": func(i int) float64 {
		if i == 30 {
			return 2e-6
		}
		return 1e-6
	}})
	why("better, without direction, a spike", Plan(w.at(60), nil))
	w = newWorld(t, map[string]level{"F B/s": steps(30, .8)})
	if plan := Plan(w.at(60), nil); len(plan) != 1 || plan[0].Deed != Open {
		t.Errorf("a rate that fell: %+v", plan)
	}
	// At most so many.
	w = newWorld(t, map[string]level{})
	for i := range 7 {
		w.series[fmt.Sprint("S", i)] = steps(10+10*i, 1.2+.05*float64(i))
	}
	w.input.Most = 3
	var b board
	plan := Plan(w.at(90), nil)
	w.expect("the largest", b.do(plan), "open 1", "open 2", "open 3")
	if n := len(whys(plan)); n != 4 || !strings.Contains(b.known[0].Text, "S6") {
		t.Errorf("%d causes wait, the first is\n%s", n, b.known[0].Text)
	}
	w.expect("again", b.do(Plan(w.at(90), b.known)))
}

// TestOneCommit: runs of one commit that differ are no fault of the code.
func TestOneCommit(t *testing.T) {
	w := newWorld(t, nil)
	in := w.at(40)
	points := map[course.Name][]course.Point{}
	for i := range 40 {
		v := 1e-6
		if i >= 20 {
			v = 1.3e-6
		}
		of := course.Name{Key: baseline.Key{Package: "p", Name: "A", Unit: "sec/op"}}
		points[of] = append(points[of], course.Point{Commit: id(7), Time: start.AddDate(0, 0, i), Value: v * (1 + .001*float64(i%3))})
	}
	var err error
	if in.Page, err = course.New(points, in.Page.Commits); err != nil {
		t.Fatal(err)
	}
	if have := whys(Plan(in, nil)); !slices.Equal(have, []Why{NotTheCode}) {
		t.Errorf("have %q", have)
	}
}

// TestHostile: names end no mark, mention nobody and make no markup.
func TestHostile(t *testing.T) {
	const evil = "A/-->@jo<script>alert`1`|[x](y)\n#1"
	w := newWorld(t, map[string]level{"S": steps(30, 1.2)})
	w.input.Words.Page = "https://x.org/p#old"
	w.input.Words.Evidence = func(parent, commit string, of baseline.Key) string { return "regress " + of.Name + " " + commit }
	w.commits = func(i int) course.Commit {
		return course.Commit{ID: id(i), Author: evil, Subject: evil, Time: start.AddDate(0, 0, i)}
	}
	in := w.at(45)
	for i := range in.Page.Series {
		in.Page.Series[i].Key.Name = evil
	}
	in.Page.Causes[0].Steps[0].Key.Name = evil
	a := Plan(in, nil)[0]
	m, ok := ReadMark(a.Text)
	if !ok || m.ID != a.Mark.ID || len(m.Series) != 1 {
		t.Fatalf("the mark of %q is %+v", a.Text, m)
	}
	rest := a.Text[len(m.Line()):]
	for _, bad := range []string{"<script>", "-->@", "@jo<"} {
		if strings.Contains(regexp.MustCompile("(?s)```+sh.*?```|``[^\n]*?``|`[^`\n]*`").ReplaceAllString(rest, ""), bad) {
			t.Errorf("%q is in\n%s", bad, rest)
		}
	}
	const page = "[How it went over time](https://x.org/p#/series?name=A%2F--%3E%40jo%3Cscript%3Ealert%601%60%7C%5Bx%5D%28y%29%0A%231&package=example.com%2Fp&unit=sec%2Fop)"
	if !strings.Contains(a.Text, page) {
		t.Errorf("no link to the series in\n%s", a.Text)
	}
	if strings.ContainsAny(a.Title, "\n`") || strings.Contains(a.Title, "@jo") {
		t.Errorf("the title is %q", a.Title)
	}
	// A mark that a commit's name would end.
	line := Mark{ID: "a-b", Key: "default", Version: 1, After: "--><img>", Series: []string{"x"}}.Line()
	if strings.Count(line, "-->") != 1 || strings.Contains(line, "<img") {
		t.Errorf("the mark is %s", line)
	}
	for _, text := range []string{"", "x\n" + line, "<!-- regress:cause:default:a {} -->", "<!-- regress:cause:default:a {\"v\":2} -->", "<!-- regress:cause:default:a {\"v\":1 -->"} {
		if m, ok := ReadMark(text); ok {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
}

func TestReports(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2), "C": steps(30, 1.3), "Old": steps(10, 1.5), "Z B/op": func(i int) float64 { return math.Max(0, float64(i-50)) * 1e9 }})
	w.input.Days = 71
	w.input.Words.Culprit = func(good, bad string, of baseline.Key) string { return "bisect" }
	w.input.Words.Evidence = func(parent, commit string, of baseline.Key) string { return "compare --base " + parent[:10] }
	in := w.at(45)
	r := Report{Input: in, Actions: Plan(in, nil)}
	var b strings.Builder
	if err := Text(&b, r, 0); err != nil {
		t.Fatal(err)
	}
	want := `000000001e  2026-01-31  Jo  change 30
  to be opened
  BENCHMARK        UNIT     CHANGE  BETWEEN           COMMITS     RUNS SINCE  NOW
  example.com/p.C  sec/op  +30.0 %  +29.9 to +30.1 %  000000001e         10+  worse
  example.com/p.A  sec/op  +20.0 %  +19.9 to +20.1 %  000000001e         10+  worse
  compare --base 000000001d

Causes not told: 1: older than the horizon.
`
	if b.String() != want {
		t.Errorf("have\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	if err := Markdown(&b, r, 0); err != nil || !strings.Contains(b.String(), "2 benchmarks are worse since `000000001e`, the most by +30.0 % (+29.9 to +30.1 %). (to be opened)") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	var doc Document
	if err := JSON(&b, r, 0); err != nil || json.Unmarshal([]byte(b.String()), &doc) != nil {
		t.Fatal(err, b.String())
	}
	first := doc.Alerts[len(doc.Alerts)-1]
	if len(doc.Alerts) != 2 || first.Action != "open" && doc.Alerts[0].Action != "open" {
		t.Errorf("have %+v", doc)
	}
}

// TestSizes: whatever names and how many there are, GitHub takes the issue.
func TestSizes(t *testing.T) {
	long := strings.Repeat("@", 64<<10)
	series := map[string]level{}
	for i := range 300 {
		series[fmt.Sprintf("B%03d", i)] = steps(70, 1.2)
	}
	w := newWorld(t, series)
	w.skip = func(i int) bool { return i > 40 && i < 70 }
	w.commits = func(i int) course.Commit {
		return course.Commit{ID: id(i), Author: long, Subject: long, Time: start.AddDate(0, 0, i)}
	}
	in := w.at(85)
	in.Direction = func(string) baseline.Direction { return baseline.Lower }
	in.Page.Causes[0].Steps = slices.Clone(in.Page.Causes[0].Steps)
	for i := range in.Page.Series {
		k := &in.Page.Series[i].Key
		k.Name, k.Unit = k.Name+long, "|"+long
	}
	for i := range in.Page.Causes[0].Steps {
		k := &in.Page.Causes[0].Steps[i].Key
		k.Name, k.Unit = k.Name+long, "|"+long
	}
	in.Words.Culprit = func(good, bad string, of baseline.Key) string { return "regress bisect " + of.Name }
	a := Plan(in, nil)[0]
	if a.Deed != Open || len(a.Cause.Steps) != 300 {
		t.Fatalf("have %s of %d: %s", a.Deed, len(a.Cause.Steps), a.Why)
	}
	if title, text := utf8.RuneCountInString(a.Title), utf8.RuneCountInString(a.Text); title > 256 || text > 65_536 {
		t.Errorf("a title of %d characters and a text of %d", title, text)
	}
	var b strings.Builder
	if err := Markdown(&b, Report{Input: in, Actions: []Action{a}}, 0); err != nil || b.Len() > 60_000 {
		t.Errorf("a report of %d bytes: %v", b.Len(), err)
	}
	if !strings.Contains(a.Text, "and 250 more.") || !strings.Contains(a.Text, "and 10 more commits.") || !strings.Contains(a.Text, "likeliest") {
		t.Errorf("it says\n%.300s", a.Text)
	}
}

// TestNoise: with noise of 2 %, fifty series that one commit makes worse by 5 % stay one alert
// while the history grows, and fifty that nothing makes worse are none.
func TestNoise(t *testing.T) {
	for effect, want := range map[float64]int{.05: 1, 0: 0} {
		for seed := range uint64(2) {
			rng := rand.New(rand.NewPCG(seed, 7))
			series := map[string]level{}
			for s := range 50 {
				noise := make([]float64, 130)
				for i := range noise {
					noise[i] = math.Exp(.02 * rng.NormFloat64())
				}
				after := steps(60, 1+effect)
				series[fmt.Sprint("B", s)] = func(i int) float64 { return after(i) * noise[i] }
			}
			w := newWorld(t, series)
			var b board
			var done []string
			for n := 40; n <= 130; n += 5 {
				done = append(done, b.do(Plan(w.at(n), b.known))...)
			}
			if len(b.known) != want || want == 1 && !b.known[0].Open {
				t.Errorf("%g, seed %d: %d alerts: %q", effect, seed, len(b.known), done)
			}
		}
	}
}

// TestThreeRuns: where the first run of a new level lies between both levels, the third that is
// certainly behind the step is the fourth.
func TestThreeRuns(t *testing.T) {
	between := func(i int) float64 {
		if i == 60 {
			return 1.06e-6
		}
		return steps(60, 1.2)(i)
	}
	for name, c := range map[string]struct {
		level level
		told  int
	}{"clear": {steps(60, 1.2), 63}, "between": {between, 64}} {
		w := newWorld(t, map[string]level{"A": c.level})
		for n := 61; n <= 66; n++ {
			plan := Plan(w.at(n), nil)
			if told := len(plan) > 0 && plan[0].Deed == Open; told != (n >= c.told) {
				t.Errorf("%s, %d commits: told %v: %q", name, n, told, whys(plan))
			}
		}
	}
	// Of those that step together, the one that is not certain yet is added later.
	w := newWorld(t, map[string]level{"A": steps(60, 1.2), "B": between})
	var b board
	w.expect("one", b.do(Plan(w.at(63), b.known)), "open 1")
	if len(b.known[0].Mark.Series) != 1 {
		t.Errorf("the mark is %+v", b.known[0].Mark)
	}
	w.expect("both", b.do(Plan(w.at(64), b.known)), "update 1")
	if len(b.known[0].Mark.Series) != 2 {
		t.Errorf("the mark is %+v", b.known[0].Mark)
	}
}

// TestWhose: which alert a cause belongs to, where several or none share its series.
func TestWhose(t *testing.T) {
	// Two causes that more runs show to be one are the alert with more of its series.
	w := newWorld(t, map[string]level{"A": steps(29, 1.2), "B": steps(31, 1.2), "C": steps(31, 1.3)})
	var b board
	w.expect("two", b.do(Plan(w.at(60), nil)), "open 1", "open 2")
	if !strings.Contains(b.known[0].Text, "p.C") { // the larger is the first
		t.Fatalf("the first is\n%s", b.known[0].Text)
	}
	b.known[0], b.known[1] = b.known[1], b.known[0]
	b.known[0].Number, b.known[1].Number = 1, 2
	w.series = map[string]level{"A": steps(30, 1.2), "B": steps(30, 1.2), "C": steps(30, 1.3)}
	done := b.do(Plan(w.at(60), b.known))
	if slices.Sort(done); !slices.Equal(done, []string{"close 1", "update 2"}) {
		t.Errorf("one: %q", done)
	}
	// A duplicate is none of the alerts any more, whatever it shares.
	b.known[0].Mark.Series = b.known[1].Mark.Series
	b.known[1].Mark.Series = b.known[1].Mark.Series[:1]
	w.expect("the duplicate shares more", b.do(Plan(w.at(60), b.known)))

	// The series that was told of does not step any more, and another does there.
	w = newWorld(t, map[string]level{"A": steps(30, 1.2), "B": steps()})
	b = board{}
	w.expect("told", b.do(Plan(w.at(60), nil)), "open 1")
	w.series = map[string]level{"A": steps(), "B": steps(30, 1.2)}
	w.expect("another series", b.do(Plan(w.at(60), b.known)), "update 1")
	// Beside it, another is another.
	w.series["B"] = steps(36, 1.2)
	w.expect("elsewhere", b.do(Plan(w.at(60), b.known)), "open 2", "close 1")

	// Twice a series is two causes, and so is a step far from many.
	w = newWorld(t, map[string]level{"A": steps(30, 1.2)})
	l := w.at(60).looker()
	c := l.causes()[0]
	again := c
	again.After, again.By, again.Order = c.After+1, c.By+1, c.Order+1
	for range 8 {
		c.Steps = append(c.Steps, c.Steps[0])
	}
	if have := l.joined([]Cause{c, again}); len(have) != 2 {
		t.Errorf("a series that steps twice: %d causes", len(have))
	}
	series := map[string]level{"Late": steps(36, 1.2)}
	for i := range 20 {
		series[fmt.Sprint("B", i)] = steps(30, 1.2)
	}
	w, b = newWorld(t, series), board{}
	w.expect("far from many", b.do(Plan(w.at(60), nil)), "open 1", "open 2")
}

// TestSplit: what was told as one cause, and looks like two since, stays one alert that has both.
func TestSplit(t *testing.T) {
	w := newWorld(t, map[string]level{"A": steps(30, 1.2), "B": steps(30, 1.2), "C": steps(30, 1.2), "D": steps(30, 1.2)})
	var b board
	w.expect("one", b.do(Plan(w.at(60), nil)), "open 1")
	w.series["C"], w.series["D"] = steps(32, 1.2), steps(32, 1.3)
	if causes := w.at(60).looker().causes(); len(causes) != 2 {
		t.Fatalf("%d causes", len(causes))
	}
	w.expect("two", b.do(Plan(w.at(60), b.known)), "update 1")
	text := b.known[0].Text
	if !strings.Contains(text, "4 benchmarks are worse since one of 3 commits, `000000001d..0000000020`, the most by +30.0 %") || strings.Count(text, "| `0000000020` | 10+ |") != 2 {
		t.Errorf("it says\n%s", text)
	}
	w.expect("again", b.do(Plan(w.at(60), b.known)))
}

// TestFromNothing: what was free and costs something now has no percentage, and is told all the
// same; a waiver of any amount accepts it.
func TestFromNothing(t *testing.T) {
	w := newWorld(t, map[string]level{"A B/op": func(i int) float64 {
		if i < 30 {
			return 0
		}
		return 64
	}})
	var b board
	plan := Plan(w.at(60), nil)
	w.expect("told", b.do(plan), "open 1")
	if title := plan[0].Title; title != "Worse since 000000001e: A B/op 0 B → 64.1 B" {
		t.Errorf("the title is %q", title)
	}
	if id, document, ok := (Report{Input: w.at(60)}).Event(plan[0], "o/r"); !ok || !strings.Contains(string(document), `"change":null`) || !strings.HasSuffix(id, plan[0].Mark.ID) {
		t.Errorf("the event %s is %s", id, document)
	}
	for ceiling, want := range map[float64][]string{.5: nil, math.Inf(1): {"close 1"}} {
		w.input.Waivers = []gate.Waiver{{Series: regexp.MustCompile("."), Ceiling: ceiling, Expires: start.AddDate(1, 0, 0)}}
		w.expect(fmt.Sprint("waived up to ", ceiling), (&board{known: slices.Clone(b.known)}).do(Plan(w.at(60), b.known)), want...)
	}
}
