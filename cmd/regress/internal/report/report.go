// Package report turns a gate.Decision into something to read: text for a
// terminal, Markdown for GitHub, JSON for programs. It decides nothing and has
// no clock: the same Decision and Options give the same bytes.
//
//	report.go    what every format is given
//	view.go      a decision put in the order in which a reader asks
//	advice.go    what to do about it, with the exact waiver
//	value.go     numbers with units that people read
//	plain.go     names from data made harmless
//	text.go      the terminal; table.go its columns
//	markdown.go  GitHub: answers.go the first lines, history.go what came before, escape.go and budget.go its dangers and sizes
//	json.go      programs
//
// Every name in a decision may come from a benchmark of a stranger's pull
// request: nothing of it reaches a terminal, a log or a page as anything but
// the characters that it consists of.
package report

import (
	"time"

	"github.com/descartes/regress/pkg/gate"
)

// Options is what a report is given besides the decision.
type Options struct {
	Color   bool      // text: ANSI colours
	Width   int       // text: columns; 0: 100
	All     bool      // list unchanged, unmeasured and unjudged rows too
	Budget  int       // Markdown: most bytes; 0: 60,000; less than 20,000 counts as 20,000
	LogName string    // where the raw log is kept; empty: not said
	Command string    // what reproduces the measurement; empty: not said
	Expires time.Time // proposed for a waiver; zero: left open, for the reader to fill in

	History func(gate.Row) []Session // Markdown: stored sessions of a row's series, oldest first; nil: not known
}

// Most bytes of Markdown: GitHub takes 65,535 characters of a comment, and the
// rest is room for what the sender adds.
const defaultBudget = 60_000

// leastBudget holds what is never cut, headline, answers and facts, with every
// piece of it at its longest.
const leastBudget = 20_000

const (
	defaultWidth = 100
	leastWidth   = 72
)
