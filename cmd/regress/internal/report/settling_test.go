package report

import (
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// TestOneRemedyForEachReason: what is advised helps against what was found, and nothing else is
// advised.
func TestOneRemedyForEachReason(t *testing.T) {
	open := func(r gate.Reason) gate.Row {
		return gate.Row{Package: suite, Name: "Parse-2", Unit: "sec/op", Verdict: gate.Inconclusive, Reason: r}
	}
	broken := func(kind baseline.ProblemKind) gate.Reason {
		return gate.Reason{Code: gate.BrokenResult, Problem: &baseline.Problem{Kind: kind, Name: "Parse-2", Package: suite, Side: baseline.Head, Detail: "panic: out of range"}}
	}
	const longer, more, machine, mend, noise = "for longer", "more rounds", "on one machine", "gave no result", "regress doctor"
	check := func(o Options, want string, rows ...gate.Row) {
		t.Helper()
		d := decision(gate.Undecided, rows...)
		text := plainText(t, d, o)
		_, advice, _ := strings.Cut(text, "What to do\n")
		advice, _, _ = strings.Cut(advice, "\n\n")
		for _, other := range []string{longer, more, machine, mend, noise} {
			if have := strings.Contains(advice, other); have != (other == want) {
				t.Errorf("%s: %q advised: %v, want %v\n%s", rows[0].Reason.Code, other, have, other == want, advice)
			}
		}
	}
	measured, given := Options{Command: "regress compare --base main", Longer: "regress compare --base main --budget 6m"}, Options{}
	for _, kind := range []baseline.ProblemKind{baseline.Crashed, baseline.TimedOut, baseline.Failed, baseline.BrokenLine, baseline.BuildFailed} {
		check(measured, mend, open(broken(kind)))
	}
	check(measured, longer, open(broken(baseline.NotRun)))
	for _, code := range []gate.Code{gate.NextLook, gate.MoreRounds, gate.Unconfirmed, gate.TooFew, gate.StillOpen} {
		row := open(gate.Reason{Code: code, Rounds: 4, Needed: 9, Shift: &gate.Shift{Change: .1}})
		check(measured, longer, row)
		check(given, more, row) // of a file nobody knows how it was measured
	}
	for _, code := range []gate.Code{gate.OtherMachine, gate.OtherStored, gate.FewSessions, gate.StoredDiffers} {
		check(measured, machine, open(gate.Reason{Code: code, Machine: &baseline.Environment{}, Shift: &gate.Shift{Change: .1}}))
	}
	check(measured, noise, open(gate.Reason{Code: gate.TooNoisy, Bound: .2}))
	advice := func(unit, counter string) string {
		row := open(gate.Reason{Code: gate.TooNoisy, Bound: .2})
		row.Unit = unit
		d := decision(gate.Undecided, row)
		d.Policy.Procedure, d.Policy.Counter = baseline.Paired, counter
		_, out, _ := strings.Cut(plainText(t, d, measured), "What to do\n")
		return strings.Join(strings.Fields(out), " ")
	}
	const counting = "or one that counts instructions"
	if have := advice("sec/op", ""); !strings.Contains(have, counting) {
		t.Errorf("nothing counted: %s", have)
	}
	if have := advice("sec/op", "qemu-user 7.2.22"); strings.Contains(have, counting) || !strings.Contains(have, "quieter") {
		t.Errorf("instructions were counted: %s", have)
	}
	if have := advice(baseline.Instructions, "qemu-user 7.2.22"); strings.Contains(have, "quieter") {
		t.Errorf("counts do not depend on the load: %s", have)
	}
	// Rows that noise hides keep nobody from a decision: what does is told alone.
	check(measured, longer, open(gate.Reason{Code: gate.TooNoisy, Bound: .2}), open(gate.Reason{Code: gate.MoreRounds, Shift: &gate.Shift{Change: .1}}))
	check(measured, mend, open(broken(baseline.Crashed)), open(gate.Reason{Code: gate.TooNoisy, Bound: .2}))
	if text := plainText(t, decision(gate.Pass, open(gate.Reason{Code: gate.TooNoisy, Bound: .2})), measured); strings.Contains(text, "What to do") {
		t.Errorf("a pass needs no advice:\n%s", text)
	}
}
