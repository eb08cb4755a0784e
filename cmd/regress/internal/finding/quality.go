package finding

import (
	"io"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/gate"
)

// qualityIssue is one of GitLab's code quality report, which has these members of Code Climate's.
type qualityIssue struct {
	Description string          `json:"description"`
	Check       Rule            `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"` // info, minor, major, critical or blocker
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string       `json:"path"`
	Lines qualityLines `json:"lines"`
}

type qualityLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}

// Quality writes the findings as GitLab's code quality report, an array. A decision that is
// undecided is an issue of its own: an empty array would be green.
func (o Source) Quality(w io.Writer) error {
	severities := map[Level]string{Failure: "major", Warning: "minor", Notice: "info"}
	all := o.Findings()
	if o.Decision.Outcome == gate.Undecided {
		all = append(all, Finding{Level: Warning, Rule: Undecided, Series: string(Undecided), Message: report.Headline(o.Decision)})
	}
	issues := []qualityIssue{}
	for _, f := range all {
		file, line, last := o.where(f)
		issues = append(issues, qualityIssue{
			Description: figure.OneLine(f.text()), Check: f.Rule, Fingerprint: f.fingerprint(), Severity: severities[f.Level],
			Location: qualityLocation{file, qualityLines{line, last}},
		})
	}
	return writeJSON(w, "a code quality report", issues)
}
