package summary

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
)

// jsonVersion grows when a field changes its meaning or goes away; fields may be
// added without.
const jsonVersion = 1

type document struct {
	Version     int                     `json:"version"`
	Project     string                  `json:"project,omitempty"`
	Stopped     string                  `json:"stopped,omitempty"`
	Bench       string                  `json:"bench,omitempty"`
	Seed        uint64                  `json:"seed,omitempty"`
	Recommended []recommendedDocument   `json:"recommended"`
	Gains       []gainDocument          `json:"gains"`
	Targets     []report.TargetDocument `json:"targets"`
	Machines    []machineDocument       `json:"machines"`
	Problems    []problemDocument       `json:"problems"`
	Warnings    []string                `json:"warnings"`
}

type recommendedDocument struct {
	Name        string          `json:"name"`
	Choose      string          `json:"choose"`
	Unit        string          `json:"unit"`
	Verdict     choice.Verdict  `json:"verdict"`
	Why         string          `json:"why"`
	Options     []choice.Option `json:"options,omitempty"`
	Benchmarks  int             `json:"benchmarks"`
	Rounds      int             `json:"rounds"`
	Warnings    []string        `json:"warnings,omitempty"`
	Fingerprint string          `json:"fingerprint,omitempty"`
}

type gainDocument struct {
	Name        string            `json:"name"`
	Key         string            `json:"key"`
	Of          string            `json:"of"`
	Over        string            `json:"over"`
	Unit        string            `json:"unit"`
	Claim       float64           `json:"claim,omitempty"`
	Verdict     choice.Verdict    `json:"verdict,omitempty"`
	Why         string            `json:"why,omitempty"`
	Times       *float64          `json:"times,omitempty"`
	Interval    *gate.Interval    `json:"interval,omitempty"`
	Each        []choice.GainCell `json:"each,omitempty"`
	Rounds      int               `json:"rounds"`
	Warnings    []string          `json:"warnings,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
}

type machineDocument struct {
	Fingerprint string           `json:"fingerprint"`
	Commit      string           `json:"commit,omitempty"`
	Branch      string           `json:"branch,omitempty"`
	Dirty       bool             `json:"dirty,omitempty"`
	Started     *time.Time       `json:"started,omitempty"`
	OS          string           `json:"goos,omitempty"`
	Arch        string           `json:"goarch,omitempty"`
	CPU         string           `json:"cpu,omitempty"`
	Cores       int              `json:"cores,omitempty"`
	Quota       float64          `json:"quota,omitempty"`
	Procs       int              `json:"gomaxprocs,omitempty"`
	MemoryMiB   int              `json:"memoryMiB,omitempty"`
	Kernel      string           `json:"kernel,omitempty"`
	Virtual     string           `json:"virtual,omitempty"`
	Governor    string           `json:"governor,omitempty"`
	GoVersion   string           `json:"goVersion,omitempty"`
	SuiteFlags  string           `json:"suiteFlags,omitempty"`
	Series      []seriesDocument `json:"series"`
}

type seriesDocument struct {
	Package   string          `json:"package,omitempty"`
	Name      string          `json:"name"`
	Function  string          `json:"function"`
	Parts     []baseline.Part `json:"parts"`
	Unit      string          `json:"unit"`
	Direction string          `json:"direction"`
	Exact     bool            `json:"exact,omitempty"`
	Median    float64         `json:"median"`
	Spread    *float64        `json:"spread,omitempty"`
	Rounds    []float64       `json:"rounds"`
}

type problemDocument struct {
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

// JSON writes the summary as one indented object. Lists are never null; what is
// unknown is absent.
//
//	{
//	  "version": 1, "project": "…", "stopped": "budget of 3m0s",
//	  "bench": "^BenchmarkParse$", "seed": 42,
//	  "recommended": [{
//	    "name": "latency-critical", "choose": "transport", "unit": "p95-latency-sec",
//	    "verdict": "best" | "tie" | "undecided" | "not measured", "why": "…",
//	    "benchmarks": 4, "rounds": 6,
//	    "options": [{                  best first
//	      "value": "shm", "typical": 1.2e-6, "behind": 1, "tied": true,
//	      "interval": {"lo": 7.9, "hi": 8.8, "level": 0.95}}],
//	    "warnings": ["…"], "fingerprint": "…"}],
//	  "gains": [{
//	    "name": "batching", "key": "mode", "of": "batched", "over": "plain",
//	    "unit": "msg/s", "claim": 1.2, "why": "…", "times": 8.1,
//	    "verdict": "met" | "missed" | "undecided" | "not measured" | absent,
//	    "interval": {"lo": 7.9, "hi": 8.4, "level": 0.95}, "rounds": 6,
//	    "each": [{                     in order of package and name
//	      "package": "…", "function": "Throughput", "parts": [as below, without the key],
//	      "times": 8.1, "interval": {…}}],
//	    "warnings": ["…"], "fingerprint": "…"}],
//	  "targets": [as in a decision],
//	  "machines": [{"fingerprint": "…", "commit": "…", "cpu": "…", …,
//	    "series": [{                   in order of package, name and unit
//	      "package": "…", "name": "PingPong/transport=shm/size=64B-2", "function": "PingPong",
//	      "parts": [{"key": "transport", "value": "shm"}, …, {"key": "gomaxprocs", "value": "2"}],
//	      "unit": "sec/op", "direction": "lower" | "higher" | "neutral", "exact": true,
//	      "median": 2.4e-7, "spread": 0.01, "rounds": [2.4e-7]}]}],
//	  "problems": [as in a decision], "warnings": ["…"]
//	}
func JSON(w io.Writer, s Summary) error {
	doc := document{
		Version: jsonVersion, Project: s.Project, Stopped: s.Stopped, Bench: s.Bench, Seed: s.Seed,
		Recommended: []recommendedDocument{}, Gains: []gainDocument{}, Targets: report.Targets(s.Targets),
		Machines: []machineDocument{}, Problems: []problemDocument{}, Warnings: []string{},
	}
	for _, r := range s.Recommended {
		doc.Recommended = append(doc.Recommended, recommendedDocument{
			r.Name, r.Choose, r.Unit, r.Verdict, report.ChoiceWhy(r), r.Options, r.Benchmarks, r.Rounds, sentences(r.Warnings, report.ChoiceWarning), r.Fingerprint,
		})
	}
	for _, g := range s.Gains {
		doc.Gains = append(doc.Gains, gainDocument{
			g.Name, g.Key, g.Of, g.Over, g.Unit, g.Claim, g.Verdict, report.GainWhy(g), g.Times, g.Interval, g.Each, g.Rounds, sentences(g.Warnings, report.GainWarning), g.Fingerprint,
		})
	}
	for _, m := range s.Machines {
		doc.Machines = append(doc.Machines, m.document())
	}
	for _, p := range s.Problems {
		doc.Problems = append(doc.Problems, problemDocument{File: p.File, Line: p.Line, Side: p.Side, Package: p.Package, Name: p.Name, Kind: p.Kind, Message: report.ProblemText(p), Crashed: p.Kind.Died()})
	}
	for _, w := range s.Warnings {
		doc.Warnings = append(doc.Warnings, report.WarningText(w))
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("write summary as JSON: %w", err)
	}
	if _, err := w.Write(append(figure.JSON(out), '\n')); err != nil {
		return fmt.Errorf("write summary as JSON: %w", err)
	}
	return nil
}

// document returns a machine as programs read it.
// sentences returns one for each warning.
func sentences(warnings []choice.Reason, say func(choice.Reason) string) (out []string) {
	for _, w := range warnings {
		out = append(out, say(w))
	}
	return out
}

func (m Machine) document() machineDocument {
	r, e := m.Run, m.Run.Environment
	doc := machineDocument{
		Fingerprint: e.Fingerprint(), Commit: r.Commit, Branch: r.Branch, Dirty: r.Dirty, OS: e.OS, Arch: e.Arch, CPU: e.CPU,
		Cores: e.Cores, Quota: e.Quota, Procs: e.Procs, MemoryMiB: e.MemoryMiB, Kernel: e.Kernel, Virtual: e.Virtual,
		Governor: e.Governor, GoVersion: e.GoVersion, SuiteFlags: e.SuiteFlags, Series: []seriesDocument{},
	}
	if !r.Time.IsZero() {
		started := r.Time.UTC()
		doc.Started = &started
	}
	for _, s := range m.Series {
		doc.Series = append(doc.Series, seriesDocument{
			Package: s.Package, Name: s.Key.Name, Function: s.Name.Function, Parts: s.Name.Parts, Unit: s.Unit.Name,
			Direction: directions[s.Unit.Direction], Exact: s.Unit.Exact, Median: s.Median, Spread: s.Spread, Rounds: s.Rounds,
		})
	}
	return doc
}
