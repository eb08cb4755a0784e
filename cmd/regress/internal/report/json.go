package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// jsonVersion grows when a field changes its meaning or goes away; fields may
// be added without.
const jsonVersion = 1

// document is a decision as programs get it: with the sentences.
type document struct {
	Version  int                  `json:"version"`
	Outcome  gate.Outcome         `json:"outcome"`
	Headline string               `json:"headline"`
	Policy   documentPolicy       `json:"policy"`
	Rounds   float64              `json:"roundsPerSide"`
	Anchor   string               `json:"anchor,omitempty"`
	Reasons  []string             `json:"reasons"`
	Cannot   []string             `json:"cannotSee"`
	Rows     []documentRow        `json:"rows"`
	Counts   map[gate.Verdict]int `json:"counts"`
	Of       int                  `json:"benchmarks"` // that there was something to judge of
	Judged   int                  `json:"judged"`     // of these, as gate.Decision.Judged counts
	Problems []documentProblem    `json:"problems"`
	Warnings []string             `json:"warnings"`
	Sides    []documentSide       `json:"sides"`
	Targets  []TargetDocument     `json:"targets"`
}

type documentPolicy struct {
	Alpha     float64            `json:"alpha"`
	MinEffect float64            `json:"minEffect"`
	Procedure baseline.Procedure `json:"procedure"`
	Strict    bool               `json:"strict,omitempty"`
	Seed      uint64             `json:"seed,omitempty"`
	Counter   string             `json:"counter,omitempty"` // what counted instructions
}

type documentSide struct {
	Side        baseline.Side `json:"side"`
	Commit      string        `json:"commit,omitempty"`
	Branch      string        `json:"branch,omitempty"`
	Dirty       bool          `json:"dirty,omitempty"`
	Stored      bool          `json:"stored,omitempty"`
	Fingerprint string        `json:"fingerprint"`
	Machine     string        `json:"machine"`
	GoVersion   string        `json:"goVersion,omitempty"`
}

type documentRow struct {
	Package     string           `json:"package,omitempty"`
	Name        string           `json:"name"`
	Unit        string           `json:"unit"`
	Exact       bool             `json:"exact,omitempty"`
	Verdict     gate.Verdict     `json:"verdict"`
	Judged      bool             `json:"judged"`
	Why         string           `json:"why"`
	Base        *documentSummary `json:"base,omitempty"`
	Head        *documentSummary `json:"head,omitempty"`
	Change      *float64         `json:"change,omitempty"`
	Interval    *gate.Interval   `json:"interval,omitempty"`
	P           *float64         `json:"p,omitempty"`
	MinEffect   float64          `json:"minEffect"`
	Detectable  *float64         `json:"detectable,omitempty"`
	AtMost      *float64         `json:"worseByLessThan,omitempty"`
	Stage       gate.Stage       `json:"stage,omitempty"`
	JudgedAs    string           `json:"judgedAs,omitempty"`
	Waiver      string           `json:"waiver,omitempty"`
	Warnings    []string         `json:"warnings,omitempty"`
	Drift       *documentDrift   `json:"drift,omitempty"`
	Fingerprint string           `json:"fingerprint,omitempty"`
	Direction   string           `json:"direction"` // "lower", "higher" or "neutral": which is better
	Cause       *Cause           `json:"cause,omitempty"`
	Middle      *documentMiddle  `json:"middle,omitempty"`
}

type documentSummary struct {
	Median float64 `json:"median"`
	N      int     `json:"n"`
	Spread float64 `json:"spread"`
}

type documentMiddle struct {
	Change   float64        `json:"change"`
	Interval *gate.Interval `json:"interval,omitempty"`
}

type documentDrift struct {
	Verdict    gate.Verdict     `json:"verdict"`
	Why        string           `json:"why"`
	Anchor     *documentSummary `json:"anchor,omitempty"`
	Change     *float64         `json:"change,omitempty"`
	Interval   *gate.Interval   `json:"interval,omitempty"`
	P          *float64         `json:"p,omitempty"`
	Detectable *float64         `json:"detectable,omitempty"`
	AtMost     *float64         `json:"worseByLessThan,omitempty"`
}

// TargetDocument is a target's row as programs get it.
type TargetDocument struct {
	Target   string             `json:"target"`
	Package  string             `json:"package,omitempty"`
	Name     string             `json:"name,omitempty"`
	Unit     string             `json:"unit"`
	Limit    float64            `json:"limit"`
	Below    bool               `json:"below"`
	Value    *float64           `json:"value,omitempty"`
	Interval *gate.Interval     `json:"interval,omitempty"`
	Margin   *float64           `json:"margin,omitempty"`
	Verdict  gate.TargetVerdict `json:"verdict"`
	Why      string             `json:"why"`
}

// Targets returns the rows of targets as programs get them; never nil.
func Targets(rows []gate.TargetRow) []TargetDocument {
	return texts(rows, func(t gate.TargetRow) TargetDocument {
		return TargetDocument{t.Target, t.Package, t.Name, t.Unit, t.Limit, t.Below, t.Value, t.Interval, t.Margin, t.Verdict, TargetWhy(t)}
	})
}

// rowDocument returns a row as programs read it.
func rowDocument(d gate.Decision, r gate.Row, o Options) documentRow {
	out := documentRow{
		Package: r.Package, Name: r.Name, Unit: r.Unit, Exact: r.Exact, Verdict: r.Verdict, Judged: r.Judged(), Why: Why(d, r),
		Base: (*documentSummary)(r.Base), Head: (*documentSummary)(r.Head), Change: r.Change, Interval: r.Interval, P: r.P,
		MinEffect: r.MinEffect, Detectable: r.Detectable, AtMost: r.AtMost, Stage: r.Stage, JudgedAs: r.JudgedAs,
		Waiver: WaivedFor(r), Warnings: RowWarnings(d, r), Fingerprint: r.Fingerprint, Direction: directions[r.Direction],
		Middle: (*documentMiddle)(r.Middle),
	}
	if cause, known := o.cause(r); known {
		out.Cause = &cause
	}
	if o := r.Drift; o != nil {
		out.Drift = &documentDrift{
			Verdict: o.Verdict, Why: driftWhy(d, r), Anchor: (*documentSummary)(o.Anchor), Change: o.Change, Interval: o.Interval,
			P: o.P, Detectable: o.Detectable, AtMost: o.AtMost,
		}
	}
	return out
}

// sideDocument returns a side as programs read it.
func sideDocument(s gate.SideInfo) documentSide {
	return documentSide{s.Side, s.Commit, s.Branch, s.Dirty, s.Stored, s.Environment.Fingerprint(), Machine(s.Environment), s.Environment.GoVersion}
}

type documentProblem struct {
	File    string               `json:"file,omitempty"`
	Line    int                  `json:"line,omitempty"`
	Side    baseline.Side        `json:"side,omitempty"`
	Package string               `json:"package,omitempty"`
	Name    string               `json:"name,omitempty"`
	Kind    baseline.ProblemKind `json:"kind,omitempty"`
	Message string               `json:"message"`
	Crashed bool                 `json:"crashed,omitempty"`
}

var directions = map[baseline.Direction]string{baseline.Lower: "lower", baseline.Higher: "higher", baseline.Neutral: "neutral"}

// JSON writes the decision as one indented object. Lists are never null and no
// number is NaN or infinite: what is unknown is absent.
//
//	{
//	  "version": 1,
//	  "outcome": "pass" | "fail" | "undecided",
//	  "headline": "…", "reasons": ["…"], "cannotSee": ["…"],
//	  "rows": [{                       worst first
//	    "package": "…", "name": "Parse/size=1KiB-2", "unit": "sec/op",
//	    "direction": "lower" | "higher" | "neutral", "exact": true,
//	    "verdict": "improved" | "unchanged" | "regressed" | "crept" | "inconclusive" | "new" |
//	               "missing" | "removed" | "waived" | "same code" | "same work" | "not judged",
//	    "judged": true,                its time or its work was, and not a count of allocations
//	    "why": "…",
//	    "base": {"median": 2.4e-7, "n": 30, "spread": 0.004}, "head": {…},
//	    "change": 0.12,                relative: head/base − 1
//	    "interval": {"lo": 0.1, "hi": 0.14, "level": 0.95}, "p": 1e-7,
//	    "minEffect": 0.05, "detectable": 0.06, "worseByLessThan": 0.02,
//	    "stage": "screen" | "confirm" | "fixed" | "stored" | "exact" | "counts",
//	    "middle": {"change": -0.2, "interval": {…}},  of the medians of the repetitions, where
//	                                   they moved otherwise than the low quantile that is shown
//	    "waiver": "…", "warnings": ["…"],
//	    "cause": {                     what profiles point at
//	      "file": "…", "first": 41, "last": 43, "grown": ["fmt.Sprintf +12 ns/op"]},
//	    "drift": {                     against the anchor
//	      "verdict": "…", "why": "…", "anchor": {"median": 2.4e-7, …}, "change": 0.06, …}
//	  }],
//	  "targets": [{"target": "…", "name": "…", "unit": "…", "limit": 0.01, "below": true,
//	    "value": 0.002, "interval": {…}, "margin": 4.8, "why": "…",
//	    "verdict": "met" | "missed" | "undecided" | "not measured"}],
//	  "counts": {"unchanged": 34},     rows
//	  "benchmarks": 12, "judged": 11,  those whose time or work was judged, of all to be judged
//	  "problems": [{"file": "…", "line": 12, "side": "head", "package": "…", "name": "…",
//	    "kind": "crashed" | "timed out" | "broken line" | … as baseline.ProblemKind,
//	    "message": "…", "crashed": true}],
//	  "warnings": ["…"],
//	  "sides": [{"side": "base" | "head" | "anchor", "commit": "…", "branch": "…", "dirty": true,
//	    "stored": true, "fingerprint": "…", "machine": "…", "goVersion": "…"}],
//	  "policy": {"alpha": 0.01, "minEffect": 0.05, "strict": true,
//	    "procedure": "paired" | "two-stage" | "fixed" | "stored",
//	    "seed": 42, "counter": "qemu-user 7.2.22"},
//	  "roundsPerSide": 3.2, "anchor": "v1.2.0"
//	}
func JSON(w io.Writer, d gate.Decision, o Options) error {
	doc := document{
		Version: jsonVersion, Outcome: d.Outcome, Headline: Headline(d), Policy: documentPolicy(d.Policy), Rounds: d.Rounds, Anchor: d.Anchor,
		Reasons: reasonTexts(d), Cannot: limitTexts(d), Warnings: texts(d.Warnings, warningText), Counts: d.Counts,
		Sides: texts(d.Sides, sideDocument), Targets: Targets(d.Targets),
		Rows: texts(d.Rows, func(r gate.Row) documentRow { return rowDocument(d, r, o) }), Problems: make([]documentProblem, 0, len(d.Problems)),
	}
	doc.Judged, doc.Of = d.Judged()
	if doc.Counts == nil {
		doc.Counts = map[gate.Verdict]int{}
	}
	for _, p := range d.Problems {
		doc.Problems = append(doc.Problems, documentProblem{File: p.File, Line: p.Line, Side: p.Side, Package: p.Package, Name: p.Name, Kind: p.Kind, Message: ProblemText(p), Crashed: p.Kind.Died()})
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("write decision as JSON: %w", err)
	}
	if _, err := w.Write(append(figure.JSON(out), '\n')); err != nil {
		return fmt.Errorf("write decision as JSON: %w", err)
	}
	return nil
}
