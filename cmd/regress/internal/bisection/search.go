// Package bisection turns the sessions of a search for a commit into what they say: which commit it
// was, how sure that is, and what is to be measured next. The probabilities are those of
// pkg/gate/bisect, verdicts those of pkg/gate; here are their words, and the log.
//
//	search.go    what a search is made of
//	log.go       its text: several raw logs behind each other, with marks between them
//	evidence.go  what the sessions say of one benchmark, as shares of the whole shift
//	answer.go    the end of a search as data
//	text.go      the answer for people, as text and as Markdown
//	json.go      the answer for programs
//
// A search is a pure function of its log: who reads the text again gets the same bytes.
package bisection

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/bisect"
)

// Range is what is searched.
type Range struct {
	Good   string  `json:"good"` // what was asked for: a branch, a tag, a commit
	Bad    string  `json:"bad"`
	Bench  string  `json:"bench,omitempty"` // as go test -bench; empty: all
	Unit   string  `json:"unit,omitempty"`  // of the series that is followed; empty: the time, or what else is worse
	Effect float64 `json:"effect"`          // the smallest relative change to act on
	Merge  string  `json:"merge,omitempty"` // the merge whose branch this is; empty: none
}

// Commit is one of the range, by first parents.
type Commit struct {
	ID      string    `json:"id"`
	Author  string    `json:"author"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"`
	Parents []string  `json:"parents,omitempty"`
	Revert  bool      `json:"revert,omitempty"`
}

// Session is one measurement of commit At beside From, or of a probe, beside both ends.
type Session struct {
	From  int          `json:"from"` // index of a commit; of a probe 0
	At    int          `json:"at"`
	Probe bool         `json:"probe,omitempty"`
	Log   baseline.Log `json:"-"` // base is From; head is At, or in a probe the last commit, and At the anchor
}

// Skip is a commit that cannot be measured.
type Skip struct {
	At  int    `json:"at"`
	Why string `json:"why"`
}

// Search is a range and what was found out of it, in order.
type Search struct {
	Range
	Commits  []Commit // by index; the good one first, the bad one last
	Sessions []Session
	Skips    []Skip
	Equals   []bisect.Pair
	Owns     []Skip       // commits that are measured with their own benchmark sources, and not with bad's
	Cause    report.Cause // where in the commit that was found it is; a zero File: unknown
	Stopped  string       // why it ended early: "budget of 10m0s"; empty: it did not
}

// counted is the unit of counted work, as a rule has it.
var counted = regexp.MustCompile("^" + regexp.QuoteMeta(baseline.Instructions) + "$")

// Policy returns the policy by which sessions are judged: half of the effect is enough to look
// for, and where time does not tell whether it is there, a growth of counted work by half of that:
// counts waver by less, and a time is red from half of its effect on, too.
func Policy(p gate.Policy) gate.Policy {
	if !(p.MinEffect > 0) {
		p.MinEffect = gate.DefaultPolicy().MinEffect
	}
	p.MinEffect /= 2
	var work []gate.Rule
	times := slices.Clone(p.Rules)
	for i := range times {
		times[i].MinEffect /= 2
		if u := times[i].Unit; u == nil || u.MatchString(baseline.Instructions) {
			of := times[i]
			of.Unit, of.MinEffect = counted, cmp.Or(of.MinEffect, p.MinEffect)/2
			work = append(work, of)
		}
	}
	p.Rules = slices.Concat(work, []gate.Rule{{Unit: counted, MinEffect: p.MinEffect / 2}}, times)
	return p
}

// Last returns the index of the bad commit.
func (s *Search) Last() int { return len(s.Commits) - 1 }

// Whole returns the newest session of the good and the bad commit alone; nil: there is none.
func (s *Search) Whole() *Session { return s.session(0, s.Last()) }

// session returns the newest session of two commits alone; nil: there is none.
func (s *Search) session(from, at int) *Session {
	for i := len(s.Sessions) - 1; i >= 0; i-- {
		if one := s.Sessions[i]; one.From == from && one.At == at && !one.Probe {
			return &s.Sessions[i]
		}
	}
	return nil
}

// Comparisons returns how many comparisons of two revisions were made.
func (s *Search) Comparisons() (n int) {
	for _, one := range s.Sessions {
		n++
		if one.Probe {
			n++
		}
	}
	return n
}
