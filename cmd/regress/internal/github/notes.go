package github

import (
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/gate"
)

// note is one thing to say about one place in the source.
type note = finding.Finding

// notes says of every row that is not as it should be where it stands and what is wrong.
func notes(p forge.Post) []note {
	return p.Findings()
}

// titleUndecided is the title of the annotation on a run that is neither red nor green.
const titleUndecided = "regress: undecided"

// undecided returns the note that makes a run that fails nobody visible all the same.
func (j *Job) undecided(post forge.Post) []note {
	if post.Decision.Outcome != gate.Undecided || j.opt.FailUndecided {
		return nil
	}
	return []note{{Level: finding.Warning, Title: titleUndecided, Message: post.Headline}}
}

// placed are the notes that a check run can take: it needs a line for each.
func placed(all []note) []note {
	return slices.DeleteFunc(slices.Clone(all), func(n note) bool { return n.File == "" })
}

// outputOf is what the check run says of a decision.
func (j *Job) outputOf(post forge.Post, all []note) output {
	d := post.Decision
	o := output{title: figure.Cut(figure.OneLine(post.Headline), maxTitle), summary: forge.Fit(post.Summary, forge.MaxMarkdown), notes: all}
	switch {
	case d.Outcome == gate.Pass && report.FewJudged(d):
		o.conclusion, o.state = "neutral", "success" // a status knows no neutral, and nothing is held against the change
	case d.Outcome == gate.Pass:
		o.conclusion, o.state = "success", "success"
	case d.Outcome == gate.Fail && expired(post):
		o.conclusion, o.state = "action_required", "failure"
	case d.Outcome == gate.Fail:
		o.conclusion, o.state = "failure", "failure"
	case j.opt.FailUndecided:
		o.conclusion, o.state = "failure", "failure"
	default:
		o.conclusion, o.state = "neutral", "error" // a status knows no neutral; undecided is never green
	}
	if o.title == "" {
		o.title = string(d.Outcome)
	}
	return o
}

// expired reports whether the decision is red for want of renewing waivers
// alone: every series that regressed has one, and it has run out.
func expired(p forge.Post) bool {
	red := 0
	for _, row := range p.Decision.Distinct() {
		if row.Verdict != gate.Regressed && row.Verdict != gate.Crept {
			continue
		}
		red++
		series := row.Package + "." + row.Name + " " + row.Unit
		if !slices.ContainsFunc(p.Waivers, func(w gate.Waiver) bool {
			return w.Series != nil && w.Series.MatchString(series) && !p.Today.Before(w.Expires)
		}) {
			return false
		}
	}
	missed := slices.ContainsFunc(p.Decision.Targets, func(t gate.TargetRow) bool { return t.Verdict == gate.Missed })
	return red > 0 && !missed
}
