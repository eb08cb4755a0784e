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

// document is the decision with the few fields that Go names differently from
// everybody else; outer fields hide the ones of the same name within.
type document struct {
	Version int `json:"version"`
	gate.Decision
	Reasons  []string             `json:"reasons"`
	Cannot   []string             `json:"cannotSee"`
	Rows     []documentRow        `json:"rows"`
	Counts   map[gate.Verdict]int `json:"counts"`
	Problems []documentProblem    `json:"problems"`
	Warnings []string             `json:"warnings"`
	Sides    []gate.SideInfo      `json:"sides"`
	Targets  []gate.TargetRow     `json:"targets"`
}

type documentRow struct {
	gate.Row
	Direction string `json:"direction"` // "lower", "higher" or "neutral": which is better
	Cause     *Cause `json:"cause,omitempty"`
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
//	    "verdict": "improved" | "unchanged" | "regressed" | "crept" | "inconclusive" | "new" | "missing" |
//	               "removed" | "waived" | "same code" | "not judged",
//	    "why": "…",
//	    "base": {"median": 2.4e-7, "n": 30, "spread": 0.004}, "head": {…},
//	    "change": 0.12,                relative: head/base − 1
//	    "interval": {"lo": 0.1, "hi": 0.14, "level": 0.95}, "p": 1e-7,
//	    "minEffect": 0.05, "detectable": 0.06, "worseByLessThan": 0.02,
//	    "stage": "screen" | "confirm" | "fixed" | "stored" | "exact",
//	    "waiver": "…", "warnings": ["…"],
//	    "cause": {"file": "…", "first": 41, "last": 43, "grown": ["fmt.Sprintf +12 ns/op"]},   what profiles point at
//	    "drift": {"verdict": "…", "why": "…", "anchor": {"median": 2.4e-7, …}, "change": 0.06, …}   against the anchor
//	  }],
//	  "targets": [{"target": "…", "name": "…", "unit": "…", "limit": 0.01, "below": true, "value": 0.002,
//	    "interval": {…}, "margin": 4.8, "verdict": "met" | "missed" | "undecided" | "not measured", "why": "…"}],
//	  "counts": {"unchanged": 34},
//	  "problems": [{"file": "…", "line": 12, "side": "head", "package": "…", "name": "…",
//	    "kind": "crashed" | "timed out" | "broken line" | … as baseline.ProblemKind, "message": "…", "crashed": true}],
//	  "warnings": ["…"],
//	  "sides": [{"side": "base" | "head" | "anchor", "commit": "…", "branch": "…", "dirty": true, "stored": true,
//	    "fingerprint": "…", "machine": "…", "goVersion": "…"}],
//	  "policy": {"alpha": 0.01, "minEffect": 0.05, "procedure": "two-stage", "strict": true, "seed": 42},
//	  "roundsPerSide": 3.2, "anchor": "v1.2.0"
//	}
func JSON(w io.Writer, d gate.Decision, o Options) error {
	doc := document{
		Version: jsonVersion, Decision: d,
		Reasons: list(d.Reasons), Cannot: list(d.Cannot), Warnings: warningTexts(d.Warnings),
		Sides: list(d.Sides), Targets: list(d.Targets), Counts: d.Counts,
		Rows: make([]documentRow, 0, len(d.Rows)), Problems: make([]documentProblem, 0, len(d.Problems)),
	}
	if doc.Counts == nil {
		doc.Counts = map[gate.Verdict]int{}
	}
	for _, r := range d.Rows {
		row := documentRow{Row: r, Direction: directions[r.Direction]}
		if cause, known := o.cause(r); known {
			row.Cause = &cause
		}
		doc.Rows = append(doc.Rows, row)
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

func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
