package report

import (
	"fmt"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// TestPassSaysWhatWasJudged: where fewer than half of the benchmarks were judged, that comes first.
func TestPassSaysWhatWasJudged(t *testing.T) {
	many := func(n int, what string, r gate.Row) (rows []gate.Row) {
		for i := range n {
			r.Package, r.Name = "p", fmt.Sprint(what, i)
			rows = append(rows, r)
		}
		return rows
	}
	timed := gate.Row{Unit: "sec/op", Verdict: gate.Unchanged}
	noisy := gate.Row{Unit: "sec/op", Verdict: gate.Inconclusive}
	count := gate.Row{Unit: "allocs/op", Verdict: gate.Unchanged, Still: true, Exact: true}
	check := func(want string, parts ...[]gate.Row) {
		t.Helper()
		d := gate.Decision{Outcome: gate.Pass}
		for _, rows := range parts {
			d.Rows = append(d.Rows, rows...)
		}
		if have := Headline(d); have != want {
			t.Errorf("have %q\nwant %q", have, want)
		}
	}
	check("no regression in 3 benchmarks", many(3, "T", timed), many(3, "T", count))
	check("no regression in 3 of 6 benchmarks; 3 too noisy to judge", many(3, "T", timed), many(3, "N", noisy), many(3, "N", count))
	check("3 of 8 benchmarks judged: no regression there; 1 too noisy to judge; 4 with counts alone, which say nothing about time",
		many(3, "T", timed), many(1, "N", noisy), many(4, "C", count))
	check("2 of 5 benchmarks judged: no regression there that is not waived; 1 regressed and waived; 3 too noisy to judge",
		many(1, "T", timed), many(1, "W", gate.Row{Unit: "sec/op", Verdict: gate.Waived}), many(3, "N", noisy))
	check("no regression in 4 benchmarks; 2 judged by their work alone", many(2, "W", gate.Row{Unit: "sec/op", Verdict: gate.SameWork}),
		many(2, "W", gate.Row{Unit: baseline.Instructions, Verdict: gate.Unchanged}), many(2, "S", gate.Row{Unit: "sec/op", Verdict: gate.SameCode}))
	check("nothing that 2 benchmarks run has changed", many(2, "S", gate.Row{Verdict: gate.SameCode}))
	check("nothing to compare with at base: 2 new", many(2, "A", gate.Row{Verdict: gate.Added}))
}
