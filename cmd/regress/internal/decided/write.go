package decided

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/table"
	"github.com/descartes/regress/pkg/gate"
)

// Text writes a page for a terminal of that many columns; 0: as wide as need be.
func Text(w io.Writer, p Page, width int) error {
	var b strings.Builder
	if len(p.Red) > 0 {
		out := table.Table{Columns: []table.Column{{Title: "RED SINCE"}, {Title: "BY"}, {Title: "SERIES"}, {Title: "CHANGE", Right: true}, {Title: "WHAT CAME OF IT", Wraps: true}}}
		for _, r := range p.Red {
			change := gate.Verdict(r.Verdict)
			size := string(change)
			if r.By != nil {
				size = figure.Change(*r.By)
			}
			out.Add([]table.Cell{table.Say(day(r.Since)), table.Named(shortChange(r)), table.Named(r.Series.Path() + " " + r.Series.Unit), table.Figure(size), table.Say(fate(r))})
		}
		table.Text{Width: width}.Write(&b, out)
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s: %d passed, %d failed, %d undecided.\n", figure.Counted(len(p.Decisions), "decision"), p.Outcomes[string(gate.Pass)], p.Outcomes[string(gate.Fail)], p.Outcomes[gate.Undecided])
	_, err := io.WriteString(w, b.String())
	return err
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

// shortChange names a change on a line: of a pull request also the branch.
func shortChange(r Red) string {
	switch {
	case r.Pull != 0 && r.Branch != "":
		return r.Change + " " + r.Branch
	case r.Change == r.Commit:
		return figure.Commit(r.Commit)
	}
	return r.Change
}

// fate returns what came of a series in words.
func fate(r Red) string {
	commit := figure.Commit(r.LastCommit)
	switch r.Fate {
	case Recovered:
		return "recovered on " + day(r.At) + " with " + commit
	case Accepted:
		if r.Waiver != "" {
			return "accepted on " + day(r.At) + ": " + r.Waiver
		}
		return "accepted on " + day(r.At)
	case Unsettled:
		return "not settled on " + day(r.At) + " at " + commit
	case Merged:
		return "merged as it was, with " + commit
	}
	return "open since, at " + commit
}

// jsonVersion grows when a field changes its meaning or goes away; fields may be added without.
const jsonVersion = 1

type document struct {
	Version   int                `json:"version"`
	Decisions []decisionDocument `json:"decisions"` // oldest first
	Red       []redDocument      `json:"red"`
}

type decisionDocument struct {
	ID      string         `json:"id"`
	Time    time.Time      `json:"time"`
	Commit  string         `json:"commit"`
	Base    string         `json:"base,omitempty"`
	Branch  string         `json:"branch,omitempty"`
	Against string         `json:"against,omitempty"`
	Pull    int            `json:"pull,omitempty"`
	Outcome string         `json:"outcome"`
	By      string         `json:"regress,omitempty"` // its version
	Counts  map[string]int `json:"verdicts"`          // how many series have which
}

type redDocument struct {
	Change      string    `json:"change"`
	Branch      string    `json:"branch,omitempty"`
	Pull        int       `json:"pull,omitempty"`
	Package     string    `json:"package"`
	Name        string    `json:"name"`
	Unit        string    `json:"unit"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	Since       time.Time `json:"since"`
	Commit      string    `json:"commit"`
	Verdict     string    `json:"verdict"`
	By          *float64  `json:"by"` // relative; null: unknown
	Fate        Fate      `json:"fate"`
	At          time.Time `json:"at"`
	LastCommit  string    `json:"lastCommit"`
	Waiver      string    `json:"waiver,omitempty"`
}

// JSON writes a page for programs.
func JSON(w io.Writer, p Page, _ int) error {
	doc := document{Version: jsonVersion, Decisions: []decisionDocument{}, Red: []redDocument{}}
	for _, d := range p.Decisions {
		counts := map[string]int{}
		for _, j := range d.Verdicts {
			counts[j.Verdict]++
		}
		doc.Decisions = append(doc.Decisions, decisionDocument{d.ID(), d.Time, d.Commit, d.Base, d.Branch, d.Against, d.Pull, d.Outcome, d.Version, counts})
	}
	for _, r := range p.Red {
		doc.Red = append(doc.Red, redDocument{
			r.Change, r.Branch, r.Pull, r.Series.Package, r.Series.Name, r.Series.Unit, r.Fingerprint,
			r.Since, r.Commit, r.Verdict, r.By, r.Fate, r.At, r.LastCommit, r.Waiver,
		})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(figure.JSON(text), '\n'))
	return err
}
