package github

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func TestCommand(t *testing.T) {
	check := func(n note, want string) {
		t.Helper()
		if have := command(n); have != want+"\n" {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check(note{Level: finding.Failure, File: "a/b_test.go", Line: 7, Title: "t", Message: "m"}, "::error file=a/b_test.go,line=7,title=t::m")
	check(note{Level: finding.Warning, Message: "m"}, "::warning::m")
	check(note{Level: finding.Notice, Title: "a,b:c%\nd", Message: "100 %, a:b\r\nc"}, "::notice title=a%2Cb%3Ac%25 d::100 %25, a:b%0Ac")
	check(note{Level: finding.Failure, File: "a,line=1::b\n::error::x.go", Line: 1, Message: "m"}, "::error file=a%2Cline=1%3A%3Ab%0A%3A%3Aerror%3A%3Ax.go,line=1::m")
	check(note{Level: finding.Failure, Message: "\x1b[2Ja\u202eb\x00"}, "::error::[2Jab")
	check(note{Level: finding.Failure, Message: strings.Repeat("ä", 5000)}, "::error::"+strings.Repeat("ä", 4095)+"…")
}

// A step may print ten of each level; one warning is for GitHub's troubles.
func TestCommandLimits(t *testing.T) {
	check := func(n int, level finding.Level, lines int, last string) {
		t.Helper()
		var out bytes.Buffer
		all := []note{}
		for i := range n {
			all = append(all, note{Level: level, Message: fmt.Sprint("message ", i+1)})
		}
		if err := commands(&out, all); err != nil {
			t.Fatal(err)
		}
		have := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(have) != lines || !strings.HasSuffix(have[len(have)-1], last) {
			t.Errorf("%d of %s: have %d lines, the last %q; want %d, %q", n, level, len(have), have[len(have)-1], lines, last)
		}
	}
	check(10, finding.Failure, 10, "::message 10")
	check(11, finding.Failure, 10, "::and 2 more: see the summary of this job")
	check(500, finding.Failure, 10, "::and 491 more: see the summary of this job")
	check(9, finding.Warning, 9, "::message 9")
	check(10, finding.Warning, 9, "::and 2 more: see the summary of this job")
}

func TestNotes(t *testing.T) {
	key := baseline.Function{Package: "p", Name: "BenchmarkA"}
	where := map[baseline.Function]source.Position{key: {File: "a_test.go", Line: 3, End: 9}}
	one := func(d gate.Decision) forge.Post {
		return forge.Post{Source: finding.Source{Decision: d, Positions: where}}
	}
	check := func(name string, d gate.Decision, want ...string) {
		t.Helper()
		have := []string{}
		for _, n := range notes(one(d)) {
			have = append(have, fmt.Sprintf("%s %s:%d %s", n.Level, n.File, n.Line, n.Title))
		}
		if strings.Join(have, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\nhave %q\nwant %q", name, have, want)
		}
	}
	row := func(v gate.Verdict) gate.Row {
		return gate.Row{Package: "p", Name: "A/x-2", Unit: "sec/op", Verdict: v}
	}
	all := func(strict bool, outcome gate.Outcome) gate.Decision {
		d := gate.Decision{Outcome: outcome, Policy: gate.PolicyInfo{Strict: strict}}
		for _, v := range []gate.Verdict{gate.Missing, gate.Inconclusive, gate.Regressed, gate.Improved, gate.Unchanged, gate.Added, gate.Removed, gate.Waived, gate.SameWork, gate.SameCode, gate.NotJudged} {
			d.Rows = append(d.Rows, row(v))
		}
		return d
	}
	check("verdicts", all(false, gate.Fail),
		"failure a_test.go:3 A/x-2 sec/op regressed",
		"warning a_test.go:3 A/x-2 sec/op is missing")
	check("strict", all(true, gate.Fail),
		"failure a_test.go:3 A/x-2 sec/op is missing",
		"failure a_test.go:3 A/x-2 sec/op could not be judged",
		"failure a_test.go:3 A/x-2 sec/op regressed")
	elsewhere := row(gate.Regressed)
	elsewhere.Name = "B-2"
	check("no source", gate.Decision{Rows: []gate.Row{elsewhere}}, "failure :0 B-2 sec/op regressed")
	again := row(gate.Regressed)
	again.Unit, again.JudgedAs = "B/s", "sec/op"
	work := row(gate.Regressed)
	work.Unit, work.Reason = baseline.Instructions, gate.Reason{Code: gate.MoreWork, Shift: &gate.Shift{Change: .08}}
	work.Change = &work.Reason.Shift.Change
	check("slower by more work", gate.Decision{Rows: []gate.Row{row(gate.Regressed), work}}, "failure a_test.go:3 A/x-2 sec/op regressed")
	noisy := row(gate.Inconclusive)
	noisy.Reason.Code = gate.TooNoisy
	alone := gate.Decision{Policy: gate.PolicyInfo{Alpha: .01}, Rows: []gate.Row{work, noisy}}
	check("more work alone", alone, "failure a_test.go:3 A/x-2 does more work: insn/op grew by +8.0 %")
	if have := notes(one(alone))[0].Message; !strings.Contains(have, "time is too noisy to say how much longer it takes") || strings.Contains(have, "slower") {
		t.Errorf("more work alone: %q", have)
	}
	check("one number in two units", gate.Decision{Rows: []gate.Row{row(gate.Regressed), again}}, "failure a_test.go:3 A/x-2 sec/op regressed")
	waived := row(gate.Waived)
	check("waived in one of them", gate.Decision{Rows: []gate.Row{waived, again}}, "failure a_test.go:3 A/x-2 B/s regressed")
	check("targets", gate.Decision{Targets: []gate.TargetRow{
		{Target: "fast", Package: "p", Name: "A/x-2", Verdict: gate.Missed},
		{Target: "small", Verdict: gate.NotMeasured},
		{Target: "good", Package: "p", Name: "A/x-2", Verdict: gate.Met},
	}}, "failure a_test.go:3 target fast: missed", "warning :0 target small: not measured")
	check("problems", gate.Decision{Outcome: gate.Fail, Problems: []baseline.Problem{
		{Side: baseline.Head, Package: "p", Name: "BenchmarkA", Kind: baseline.NoNumbers},
		{Side: baseline.Head, Package: "p", Name: "A-2", Kind: baseline.NoResult, Detail: "panic"},
		{Side: baseline.Base, Package: "p", Name: "A-2", Kind: baseline.NoResult, Detail: "panic"},
	}}, "failure a_test.go:3 A-2: no result", "warning a_test.go:3 BenchmarkA: no numbers")
}

// A regression whose cause is known stands there; one whose cause was looked
// for in vain stays on the benchmark, and both name what grew.
func TestCauses(t *testing.T) {
	post := red(3, 3)
	post.Reproduce = func(gate.Row) string { return "regress compare --base main" }
	rows := post.Decision.Rows
	post.Causes = map[baseline.Key]report.Cause{
		rows[0].Key(): {File: "cart/price.go", First: 41, Last: 43, Grown: []string{"fmt.Sprintf +12 ns/op", "cart.price\x1b +3 ns/op"}},
		rows[1].Key(): {Grown: []string{"runtime.gcBgMarkWorker +9 ns/op"}},
	}
	all := notes(post)
	check := func(i int, where string, parts ...string) {
		t.Helper()
		n := all[i]
		if have := fmt.Sprintf("%s:%d-%d", n.File, n.Line, n.Last); have != where {
			t.Errorf("note %d is at %s, want %s", i, have, where)
		}
		for _, part := range parts {
			if !strings.Contains(n.Message+"\n"+n.Details, part) {
				t.Errorf("note %d does not say %q: %q, %q", i, part, n.Message, n.Details)
			}
		}
		if strings.Contains(n.Message, "\x1b") {
			t.Errorf("note %d has a control character", i)
		}
	}
	check(0, "cart/price.go:41-43", "From 1.00 µs to 1.12 µs", "likely cause", "Grew most: fmt.Sprintf +12 ns/op, cart.price +3 ns/op.", "measured by: cart/cart_test.go:10", "to reproduce: regress compare")
	check(1, "cart/cart_test.go:11-11", "Grew most: runtime.gcBgMarkWorker +9 ns/op.", "to reproduce")
	check(2, "cart/cart_test.go:12-12", "a change of +10.0 to +14.0 %")
	if strings.Contains(all[1].Message+all[2].Message, "cause") {
		t.Error("a cause is claimed that nobody knows")
	}
}

// GitHub refuses an annotation without a message, and with it all the others.
func TestEmptyMessage(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "push", "push")
	post := red(1, 1)
	post.Decision.Problems = []baseline.Problem{{Side: baseline.Head, Package: "example.com/shop", Name: "Cart000-2", Detail: "\x00"}}
	s.start().Finish(t.Context(), post)
	if len(hub.Runs[0].Annotations) != 2 || s.warnings() != 0 {
		t.Errorf("%d annotations, commands %q", len(hub.Runs[0].Annotations), s.commands.String())
	}
}
