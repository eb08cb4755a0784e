package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// maker makes decisions at random: every verdict beside every reason, figures of every size or
// none, and names as a stranger may choose them.
type maker struct{ *rand.Rand }

func pickOf[T any](m maker, items ...T) T { return items[m.IntN(len(items))] }

func (m maker) text() string {
	return pickOf(m, cases["hostile"].Rows...).Name + pickOf(m, "", "", strings.Repeat("ab/", 80), "x=1-2", "\x00", "é漢")
}

func (m maker) float() float64 {
	return pickOf(m, 0, 1, -1, 3, 1e-9, 1e300, -1e300, 5e-324, math.MaxFloat64, m.ExpFloat64(), m.NormFloat64()*1e6, math.Exp(30*m.NormFloat64()))
}

func (m maker) maybe() *float64 {
	if m.IntN(3) == 0 {
		return nil
	}
	x := m.float()
	return &x
}

func (m maker) summary() *gate.Summary {
	if m.IntN(5) == 0 {
		return nil
	}
	return &gate.Summary{Median: m.float(), N: m.IntN(40), Spread: m.float()}
}

func (m maker) interval() *gate.Interval {
	if m.IntN(3) == 0 {
		return nil
	}
	return &gate.Interval{Lo: m.float(), Hi: m.float(), Level: pickOf(m, 0, .95, .995, 1)}
}

func (m maker) problem() baseline.Problem {
	kinds := []baseline.ProblemKind{
		"", baseline.BrokenLine, baseline.BadValue, baseline.Crashed, baseline.TimedOut, baseline.Exited, baseline.Failed, baseline.NotRun, baseline.BuildFailed, baseline.MoreProblems, baseline.Cut, baseline.NoResult,
	}
	return baseline.Problem{
		File: m.text(), Line: m.IntN(3), Side: pickOf(m, baseline.Base, baseline.Head, baseline.None, baseline.Anchor), Package: m.text(), Name: m.text(),
		Kind: pickOf(m, kinds...), Detail: m.text(), Of: m.text(), Count: m.IntN(3),
	}
}

var codes = []gate.Code{
	"", gate.Ignored, gate.BrokenResult, gate.NotFinite, gate.Proven, gate.NoBenchmem, gate.NoDirection, gate.OtherMachine, gate.OtherStored, gate.NothingStored, gate.NotAtBase, gate.BaseSilent,
	gate.FunctionRemoved, gate.SeriesGone, gate.HeadSilent, gate.OneSided, gate.Negative, gate.WithinBound, gate.NotWorse, gate.PerhapsBetter, gate.Told, gate.Better, gate.TooNoisy,
	gate.NextLook, gate.MoreRounds, gate.Unconfirmed, gate.Unsettled, gate.TooFew, gate.TooFewAmong, gate.StillOpen, gate.Counted, gate.Tolerated, gate.Constant, gate.CountAgain, gate.MayWaver,
	gate.OneCount, gate.FewSessions, gate.FewOfHead, gate.StoredDiffers, gate.OtherProcs, gate.SourceEdited, gate.CrashesMore, gate.CrashesUnsure,
	gate.ToldByMedian, gate.WorkEqual, gate.SameCount, gate.CountGrew, gate.CountWavers, gate.MoreWork, gate.WorkNotTime, gate.CountUnused,
}

// reason has all that any code uses, which a reason of the gate has too.
func (m maker) reason() gate.Reason {
	p := m.problem()
	return gate.Reason{
		Code: pickOf(m, codes...), Shift: &gate.Shift{Change: m.float(), Counted: m.IntN(2) == 0, From: m.float(), To: m.float()}, Bound: m.float(), Rounds: m.IntN(9), Needed: m.IntN(9),
		Sessions: m.IntN(3), Earlier: m.IntN(2), Times: m.float(), End: m.float(), Level: .95, Text: m.text(), Machine: &baseline.Environment{CPU: m.text(), Cores: m.IntN(3)}, Problem: &p,
	}
}

func (m maker) waivers() (out []gate.Accepted) {
	for range m.IntN(3) {
		out = append(out, gate.Accepted{State: pickOf(m, gate.Covers, gate.Ended, gate.Beyond), Reason: m.text(), Place: m.text(), Ceiling: m.float(), Expires: time.Unix(int64(m.IntN(1e9)), 0)})
	}
	return out
}

func (m maker) row(i int) gate.Row {
	verdicts := []gate.Verdict{
		gate.Regressed, gate.Crept, gate.Missing, gate.Inconclusive, gate.Waived, gate.Improved, gate.Added, gate.Removed, gate.Unchanged, gate.SameWork, gate.SameCode, gate.NotJudged, gate.Edited, "",
	}
	r := gate.Row{
		Package: pickOf(m, suite, suite, "example.com/é|x"), Name: fmt.Sprintf("Row%dx%s", i, m.text()), Unit: pickOf(m, "sec/op", "B/op", "allocs/op", "B/s", baseline.Instructions, baseline.Syscalls, m.text()),
		Direction: pickOf(m, baseline.Lower, baseline.Higher, baseline.Neutral), Exact: m.IntN(3) == 0, Verdict: pickOf(m, verdicts...), Reason: m.reason(), Base: m.summary(), Head: m.summary(),
		Change: m.maybe(), Interval: m.interval(), P: m.maybe(), MinEffect: m.float(), Detectable: m.maybe(), AtMost: m.maybe(), Stage: pickOf(m, gate.Screen, gate.Exact, gate.Stored, gate.Counts, ""),
		JudgedAs: pickOf(m, "", "", "sec/op"), Waivers: m.waivers(), Fingerprint: pickOf(m, "", m.text()),
	}
	if m.IntN(4) == 0 {
		r.Middle = &gate.Middle{Change: m.float(), Interval: m.interval()}
	}
	if r.Verdict == gate.Crept || m.IntN(3) == 0 {
		r.Drift = &gate.Drift{
			Verdict: pickOf(m, verdicts...), Reason: m.reason(), Anchor: m.summary(), Head: m.summary(), Change: m.maybe(), Interval: m.interval(), Detectable: m.maybe(), AtMost: m.maybe(), Waivers: m.waivers(),
		}
	}
	return r
}

func (m maker) decision() gate.Decision {
	d := gate.Decision{
		Outcome: pickOf(m, gate.Pass, gate.Fail, gate.Undecided), Counts: map[gate.Verdict]int{}, Sides: sides(), Rounds: m.float(), Anchor: pickOf(m, "", "v1.2.0", m.text()), OnlyTargets: m.IntN(8) == 0,
		Policy: gate.PolicyInfo{Alpha: .01, MinEffect: .05, Procedure: pickOf(m, baseline.TwoStage, baseline.Paired, gate.FixedRounds, gate.StoredBaseline, ""), Strict: m.IntN(2) == 0, Seed: 1, Counter: pickOf(m, "", m.text())},
	}
	for i := range m.IntN(14) {
		d.Rows = append(d.Rows, m.row(i))
		if i > 0 && m.IntN(3) == 0 { // another unit of the same benchmark
			d.Rows[i].Package, d.Rows[i].Name, d.Rows[i].Fingerprint = d.Rows[i-1].Package, d.Rows[i-1].Name, d.Rows[i-1].Fingerprint
			d.Rows[i-1].Unit, d.Rows[i].Unit = "sec/op", baseline.Instructions
		}
		d.Counts[d.Rows[i].Verdict]++
	}
	for range m.IntN(4) {
		d.Targets = append(d.Targets, gate.TargetRow{
			Target: m.text(), Package: suite, Name: pickOf(m, "", m.text()), Unit: pickOf(m, "sec/op", m.text()), Limit: m.float(), Below: m.IntN(2) == 0, Value: m.maybe(), Interval: m.interval(),
			Margin: m.maybe(), Verdict: pickOf(m, gate.Met, gate.Missed, gate.Undecided, gate.NotMeasured, gate.LeftOut), Reason: m.reason(),
		})
	}
	for range m.IntN(3) {
		g := gate.Ground{Code: pickOf(m, gate.StrictUnjudged, gate.MissingAtHead, gate.RoundsWanted, gate.StoredAlone, gate.ProblemSeen, gate.NoResult, gate.AllRemoved, gate.CountsAlone, gate.NothingJudged), Benchmarks: []string{m.text()}, By: m.text()}
		p := m.problem()
		g.Problem = &p
		d.Reasons = append(d.Reasons, g)
		d.Problems = append(d.Problems, m.problem())
		d.Cannot = append(d.Cannot, gate.Limit{Code: pickOf(m, gate.EffectBelow, gate.Noisy, gate.NeverRan, gate.WorkAlone), Effect: m.float(), Unit: pickOf(m, "", m.text()), Benchmarks: []string{m.text()}})
		d.Warnings = append(d.Warnings, gate.Warning{Code: gate.LogWarning, Seen: baseline.Warning{Kind: baseline.Noted, Detail: m.text()}})
	}
	return d
}

// harmless checks that a page shows as it is wherever it is printed.
func harmless(t *testing.T, what, page string) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Errorf("%s is not UTF-8", what)
	}
	for i, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("%s:%d is a workflow command: %q", what, i+1, line)
		}
		for _, r := range line {
			if r != '\u200b' && r != '\u00a0' && !unicode.IsPrint(r) {
				t.Errorf("%s:%d holds %U: %q", what, i+1, r, line)
				break
			}
		}
	}
}

// TestAnyDecisionIsAReport: no decision makes a report panic, nothing of a name is obeyed by a
// terminal or a runner, and every red row is named, in text at any width, Markdown, JSON and HTML.
func TestAnyDecisionIsAReport(t *testing.T) {
	for seed := range uint64(400) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		d := m.decision()
		o := options()
		o.All, o.Width = m.IntN(2) == 0, pickOf(m, 0, 1, 72, 80, 100, 120)
		o.Causes = map[baseline.Key]Cause{}
		for _, r := range d.Rows {
			if m.IntN(2) == 0 {
				o.Causes[r.Key()] = Cause{File: pickOf(m, "", m.text()), First: m.IntN(9), Last: m.IntN(9), Grown: []string{m.text()}}
			}
		}
		o.History = func(gate.Row) []Session {
			return []Session{{m.float(), m.text()}, {m.float(), m.text()}, {m.float(), m.text()}, {m.float(), ""}}
		}
		var doc bytes.Buffer
		if err := JSON(&doc, d, o); err != nil || !json.Valid(doc.Bytes()) {
			t.Fatalf("seed %d: %v in %s", seed, err, doc.Bytes())
		}
		v := look(d)
		html := v.limits(nil).HTML()
		for _, rows := range v.by {
			html += v.comparison(rows, o, true).HTML()
		}
		for what, page := range map[string]string{"text": plainText(t, d, o), "markdown": markdown(t, d, o), "json": doc.String(), "html": html} {
			what = fmt.Sprintf("seed %d: %s", seed, what)
			harmless(t, what, page)
			for _, r := range v.red() {
				number, _, _ := strings.Cut(r.Name, "x")
				if !strings.Contains(page, number+"x") {
					t.Errorf("%s does not name %q in\n%s", what, r.Name, page)
				}
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}
