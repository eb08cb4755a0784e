package bisection

import (
	"encoding/json"
	"io"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/stat"
)

// jsonVersion grows when a field changes its meaning or goes away; fields may be added without.
const jsonVersion = 1

type document struct {
	Version     int               `json:"version"`
	Outcome     Outcome           `json:"outcome"`
	Headline    string            `json:"headline"`
	Good        string            `json:"good"`
	Bad         string            `json:"bad"`
	Commits     int               `json:"commits"`          // behind good, up to and including bad
	Series      *rowDocument      `json:"series,omitempty"` // over the whole range
	Basis       Basis             `json:"basis,omitempty"`
	Culprit     *Commit           `json:"culprit,omitempty"`
	Probability *float64          `json:"probability,omitempty"`
	Takes       *float64          `json:"takes,omitempty"` // share of the whole shift
	Rows        []rowDocument     `json:"rows,omitempty"`  // the benchmark at the commit, against the one before
	Cause       *report.Cause     `json:"cause,omitempty"`
	Suspects    []suspectDocument `json:"suspects"`
	Parts       []partDocument    `json:"parts,omitempty"`
	Others      []otherDocument   `json:"others,omitempty"`
	Skipped     []skipDocument    `json:"skipped"`
	Own         []skipDocument    `json:"ownSources"` // commits measured with their own benchmark sources
	Comparisons int               `json:"comparisons"`
	Stopped     string            `json:"stopped,omitempty"`
	Command     string            `json:"command,omitempty"`
}

type rowDocument struct {
	Package  string         `json:"package"`
	Name     string         `json:"name"`
	Unit     string         `json:"unit"`
	Verdict  gate.Verdict   `json:"verdict"`
	Before   *float64       `json:"before"`
	At       *float64       `json:"at"`
	Change   *float64       `json:"change"`
	Interval *stat.Interval `json:"interval,omitempty"`
}

type suspectDocument struct {
	Commits     []Commit `json:"commits"`
	Probability float64  `json:"probability"`
}

type partDocument struct {
	Commits []Commit `json:"commits"`
	Change  float64  `json:"change"`
	Share   float64  `json:"share"`
	Clear   bool     `json:"clear"`
}

type otherDocument struct {
	rowDocument
	Moved bool `json:"moved"`
}

type skipDocument struct {
	Commit string `json:"commit"`
	Why    string `json:"why"`
}

// JSON writes an answer for programs.
func JSON(w io.Writer, a Answer, o Options) error {
	s := a.Search
	doc := document{
		Version: jsonVersion, Outcome: a.Outcome, Headline: a.headline(), Good: s.Good, Bad: s.Bad, Commits: s.Last(), Basis: a.Basis,
		Suspects: []suspectDocument{}, Skipped: []skipDocument{}, Own: []skipDocument{}, Comparisons: s.Comparisons(), Stopped: s.Stopped, Command: o.Command,
	}
	if a.Target.Name != "" {
		row := rowOf(a.Target)
		doc.Series = &row
	}
	if a.Outcome == Found {
		c := a.culprit()
		doc.Culprit = &c
	}
	if a.Outcome == Found || a.Outcome == Between {
		doc.Probability = stat.Known(a.Suspects[0].P)
	}
	if a.Takes != nil {
		doc.Takes = stat.Known(*a.Takes)
	}
	if s.Cause.File != "" || len(s.Cause.Grown) > 0 {
		doc.Cause = &s.Cause
	}
	for _, r := range a.Rows {
		doc.Rows = append(doc.Rows, rowOf(r))
	}
	for _, one := range a.Suspects {
		if p := stat.Tidy(one.P); p >= 1e-4 || len(doc.Suspects) == 0 {
			doc.Suspects = append(doc.Suspects, suspectDocument{one.Commits, p})
		}
	}
	for _, p := range a.Parts {
		doc.Parts = append(doc.Parts, partDocument{p.Commits, stat.Tidy(p.Change), stat.Tidy(p.Share), p.Clear})
	}
	for _, other := range a.Others {
		doc.Others = append(doc.Others, otherDocument{rowOf(other.Row), other.Moved})
	}
	for _, skip := range s.Skips {
		doc.Skipped = append(doc.Skipped, skipDocument{s.Commits[skip.At].ID, skip.Why})
	}
	for _, own := range s.Owns {
		doc.Own = append(doc.Own, skipDocument{s.Commits[own.At].ID, own.Why})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(figure.JSON(text), '\n'))
	return err
}

func rowOf(r gate.Row) rowDocument {
	out := rowDocument{Package: r.Package, Name: r.Name, Unit: r.Unit, Verdict: r.Verdict, Change: r.Change, Interval: r.Interval}
	if r.Base != nil {
		out.Before = &r.Base.Median
	}
	if r.Head != nil {
		out.At = &r.Head.Median
	}
	return out
}
