// Package report turns a gate.Decision into something to read: text for a
// terminal, Markdown for GitHub, JSON for programs. It decides nothing and has
// no clock: the same Decision and Options give the same bytes.
//
//	report.go    what every format is given
//	view.go      a decision put in the order in which a reader asks
//	advice.go    what to do about it: settling.go what is open, waivers.go the exact waiver
//	tables.go    its rows as tables, for any writer; row.go the figures of a row
//	text.go      the terminal and the log
//	markdown.go  GitHub: answers.go the first lines, history.go the past, budget.go its size
//	json.go      programs
//	work.go      counted work, and what it says beside the time
//	words.go     sentences, with words_decision.go, words_target.go and problem.go
//
// Figures and harmless text are those of package figure, and tables those of package table.
//
// Every name in a decision may come from a benchmark of a stranger's pull
// request: nothing of it reaches a terminal, a log or a page as anything but
// the characters that it consists of.
package report

import (
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Options is what a report is given besides the decision.
type Options struct {
	Color   bool      // text: ANSI colours
	Width   int       // text: columns of the terminal; 0: none, and lines are as wide as they need
	All     bool      // list unchanged, unmeasured and unjudged rows too
	Budget  int       // Markdown: most bytes; 0: 60,000; less than 20,000 counts as 20,000
	LogName string    // where the raw log is kept; empty: not said
	Command string    // what reproduces the measurement; empty: not said
	Longer  string    // the same with more time; empty: not said
	Expires time.Time // proposed for a waiver; zero: left open, for the reader to fill in

	Causes  map[baseline.Key]Cause   // what profiles say of red rows; may be empty
	Links   []Link                   // Markdown: what a reader may want to open
	History func(gate.Row) []Session // Markdown: stored sessions of a row's series, oldest first; nil: not known
}

// Cause is where a regression comes from, as far as it is known.
type Cause struct {
	File  string   `json:"file,omitempty"`  // of the change, relative to the repository; empty: not found
	First int      `json:"first,omitempty"` // its lines, from 1
	Last  int      `json:"last,omitempty"`
	Grown []string `json:"grown,omitempty"` // functions that grew most, with by how much: "fmt.Sprintf +12 ns/op"
}

// Link is a page that belongs to a report: the run, its artifact, the difference.
type Link struct {
	Text, URL string
	Command   string // what brings the page's file, the raw log, to the reader's machine; empty: not known
}

// Most bytes of Markdown: GitHub takes 65,535 characters of a comment, and the
// rest is room for what the sender adds.
const defaultBudget = 60_000

// leastBudget holds what is never cut, headline, answers and facts, with every
// piece of it at its longest.
const leastBudget = 20_000

const (
	proseWidth = 100 // columns of a sentence that is not for a terminal
	leastWidth = 72
	indent     = 2
)
