// Package decided says what comparisons have decided, and what came of what was red: Of puts stored
// decisions together by the change that they judged, and Text and JSON write it.
package decided

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Fate is what came of a series that was red.
type Fate string

// The fates. The values are stable: they stand in JSON.
const (
	Recovered Fate = "recovered" // a later comparison of the same change found it well
	Accepted  Fate = "accepted"  // a waiver covers it
	Unsettled Fate = "unsettled" // the last comparison could not tell
	Open      Fate = "open"      // red the last time that it was looked at
	Merged    Fate = "merged"    // red the last time, and the branch has the change
)

// Red is a series that a change made worse, and what came of it.
type Red struct {
	Change      string // pull request "#12", else the branch, else the commit
	Branch      string
	Pull        int
	Series      baseline.Key
	Fingerprint string
	Since       time.Time // of the first decision that was red
	Commit      string    // that it judged
	Verdict     string    // that it gave
	By          *float64  // relative, the largest of all its red verdicts; nil: unknown
	Fate        Fate
	At          time.Time // of the decision that settles it, the last
	LastCommit  string    // that it judged; of what was merged, the commit that brought it
	Waiver      string    // reason of the waiver, where it was accepted
}

// Page is what a project's comparisons have decided.
type Page struct {
	Decisions []baseline.Decision // oldest first
	Outcomes  map[string]int
	Red       []Red // by the time at which they became red
}

// red reports whether a verdict says that somebody must act, or would have had to without a waiver.
func red(verdict string) bool {
	switch gate.Verdict(verdict) {
	case gate.Regressed, gate.Crept, gate.Missing, gate.Waived:
		return true
	}
	return false
}

// Of returns the page of decisions, in any order. Runs are those of the branch that changes are
// merged to: they say which of them were.
func Of(decisions []baseline.Decision, runs []baseline.RunInfo) Page {
	p := Page{Decisions: slices.Clone(decisions), Outcomes: map[string]int{}}
	slices.SortStableFunc(p.Decisions, func(a, b baseline.Decision) int { return a.Time.Compare(b.Time) })
	pulls, commits := map[int]string{}, map[string]bool{}
	for _, run := range runs {
		commits[run.Commit] = true
		if run.Facts.Pull != 0 {
			pulls[run.Facts.Pull] = run.Commit
		}
	}
	type place struct {
		change, fingerprint string
		key                 baseline.Key
	}
	at := map[place]int{} // of p.Red
	for _, d := range p.Decisions {
		p.Outcomes[d.Outcome]++
		for _, j := range d.Verdicts {
			where := place{changeOf(d), j.Fingerprint, j.Key}
			i, known := at[where]
			switch {
			case known:
				p.Red[i].again(d, j)
			case red(j.Verdict):
				at[where] = len(p.Red)
				r := Red{Change: where.change, Branch: d.Branch, Pull: d.Pull, Series: j.Key, Fingerprint: j.Fingerprint, Since: d.Time, Commit: d.Commit, Verdict: j.Verdict}
				r.again(d, j)
				p.Red = append(p.Red, r)
			}
		}
	}
	for i := range p.Red {
		r := &p.Red[i]
		if by, ok := pulls[r.Pull]; r.Fate == Open && ok && r.Pull != 0 {
			r.Fate, r.LastCommit = Merged, by
		} else if r.Fate == Open && commits[r.LastCommit] {
			r.Fate = Merged
		}
	}
	return p
}

// changeOf names what a decision judged: the same change is judged again with each push.
func changeOf(d baseline.Decision) string {
	if d.Pull != 0 {
		return "#" + strconv.Itoa(d.Pull)
	}
	return cmp.Or(d.Branch, d.Commit)
}

// again takes in what a decision says of a series that is, or was, red.
func (r *Red) again(d baseline.Decision, j baseline.Judged) {
	r.At, r.LastCommit = d.Time, d.Commit
	r.Fate = Recovered
	switch {
	case j.Verdict == string(gate.Waived):
		r.Fate, r.Waiver = Accepted, j.Waiver
	case red(j.Verdict):
		r.Fate = Open
	case j.Verdict == string(gate.Inconclusive):
		r.Fate = Unsettled
	}
	if red(j.Verdict) && j.Change != nil && (r.By == nil || abs(*j.Change) > abs(*r.By)) {
		r.By = j.Change
	}
}

func abs(v float64) float64 { return max(v, -v) }
