package decided

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// made returns a decision of a day on series A, B, …, one a verdict.
func made(day, pull int, branch string, verdicts ...string) baseline.Decision {
	d := baseline.Decision{Commit: fmt.Sprintf("%040x", day), Branch: branch, Pull: pull, Time: start.AddDate(0, 0, day), Outcome: "pass"}
	for i, v := range verdicts {
		j := baseline.Judged{Key: baseline.Key{Package: "p", Name: string(rune('A' + i)), Unit: "sec/op"}, Verdict: v}
		if v == "regressed" {
			by := .1 + float64(day)/100
			j.Change, d.Outcome = &by, "fail"
		}
		if v == "waived" {
			j.Waiver = "it is worth it"
		}
		d.Verdicts = append(d.Verdicts, j)
	}
	return d
}

// TestFates: what came of each series that was red, by the change that was judged again and again.
func TestFates(t *testing.T) {
	page := Of([]baseline.Decision{
		made(3, 12, "fast", "unchanged", "regressed", "inconclusive", "regressed"), // the last of four, and given first
		made(0, 12, "fast", "regressed", "regressed", "regressed", "regressed"),
		made(1, 13, "other", "regressed", "unchanged"),
		made(2, 0, "local", "waived", "regressed"),
		made(4, 0, "", "missing"),
	}, []baseline.RunInfo{{Commit: "m13", Facts: baseline.Facts{Pull: 13}}, {Commit: fmt.Sprintf("%040x", 4)}})
	want := map[string]Fate{"#12 A": Recovered, "#12 B": Open, "#12 C": Unsettled, "#12 D": Open, "#13 A": Merged, "local A": Accepted, "local B": Open, fmt.Sprintf("%040x A", 4): Merged}
	for _, r := range page.Red {
		name := r.Change + " " + r.Series.Name
		if want[name] != r.Fate {
			t.Errorf("%s: %s, want %q", name, r.Fate, want[name])
		}
		delete(want, name)
		if name == "#12 B" && (r.Since != start || *r.By != .13 || r.At != start.AddDate(0, 0, 3)) {
			t.Errorf("%s: %+v by %v", name, r, *r.By)
		}
	}
	if len(want) > 0 || page.Outcomes["fail"] != 4 {
		t.Errorf("missing: %v; outcomes %v", want, page.Outcomes)
	}
	var text, doc strings.Builder
	if err := Text(&text, page, 0); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"2026-11-01  #12 fast    p.A sec/op  +10.0 %  recovered on 2026-11-04 with 0000000000",
		"merged as it was, with m13", "accepted on 2026-11-03: it is worth it", "missing", "5 decisions: 1 passed, 4 failed, 0 undecided.",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("%q is not in\n%s", line, text.String())
		}
	}
	if err := JSON(&doc, page, 0); err != nil {
		t.Fatal(err)
	}
	var back document
	if err := json.Unmarshal([]byte(doc.String()), &back); err != nil || len(back.Red) != 8 || len(back.Decisions) != 5 || back.Decisions[0].Counts["regressed"] != 4 {
		t.Errorf("%v: %+v", err, back)
	}
}

// TestNothing: a project that has decided nothing says so.
func TestNothing(t *testing.T) {
	var text, doc strings.Builder
	if err := Text(&text, Of(nil, nil), 0); err != nil || text.String() != "0 decisions: 0 passed, 0 failed, 0 undecided.\n" {
		t.Errorf("%q, %v", text.String(), err)
	}
	if err := JSON(&doc, Of(nil, nil), 0); err != nil || strings.Contains(doc.String(), "null") {
		t.Errorf("%s, %v", doc.String(), err)
	}
}
