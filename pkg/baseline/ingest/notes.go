package ingest

import (
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// notes are what there is to say of a part besides its results: problems, warnings, what each line
// was taken for, and the error of a text that cannot be judged. All other pieces of a part write
// here, and read the place from here.
type notes struct {
	*place
	limits   limits
	account  *account // nil: nobody asks
	seen     bool     // the present line is accounted for
	open     bool     // there are results since go test said how a process went
	last     []byte   // the last line, where it has no end
	problems []baseline.Problem
	more     int // problems beyond the limit
	placed   int // problems up to here have their package
	warnings []baseline.Warning
	passed   map[baseline.WarningKind]int // where among the warnings one for all such lines is, from 1
	err      error
}

// took accounts for the present line, once.
func (n *notes) took(class Class, line []byte) {
	n.open = n.open || class == ClassResult
	if n.torn {
		n.last = line
	}
	if !n.seen {
		n.seen = true
		n.account.note(n.file, n.number(n.line), class, line)
	}
}

// passOver accounts for a line that looks like something and is not taken for it.
// One warning speaks of all lines of a kind.
func (n *notes) passOver(kind baseline.WarningKind, line []byte) {
	n.took(ClassPassed, line)
	if i := n.passed[kind]; i > 0 {
		n.warnings[i-1].Count++
		return
	}
	n.warn(baseline.Warning{Kind: kind, File: n.file, Line: n.at(), Detail: string(clip(line)), Count: 1})
	if at := len(n.warnings); at <= n.limits.Warnings && n.warnings[at-1].Kind == kind {
		if n.passed == nil {
			n.passed = map[baseline.WarningKind]int{}
		}
		n.passed[kind] = at
	}
}

// problem notes what is wrong at the present line, unless it names another; name may be empty.
func (n *notes) problem(name string, what baseline.Problem) {
	what.Name = strings.TrimPrefix(name, "Benchmark")
	n.report(n.here(what))
}

// report notes a problem that knows its place.
func (n *notes) report(problem baseline.Problem) {
	if len(n.problems) >= n.limits.Problems {
		n.more++
		return
	}
	n.problems = append(n.problems, problem)
}

// takeBack forgets those of the problems from a number on that better ones replace.
func (n *notes) takeBack(from int, which func(baseline.Problem) bool) {
	kept := slices.DeleteFunc(n.problems[from:], which)
	n.problems = n.problems[:from+len(kept)]
}

// belong gives problems of the present side that have no package the one that they are of.
func (n *notes) belong(pkg string) {
	for i := n.placed; i < len(n.problems); i++ {
		if problem := &n.problems[i]; problem.Package == "" && problem.Side == n.side {
			problem.Package = pkg
		}
	}
	n.placed = len(n.problems)
}

// warn notes a warning.
func (n *notes) warn(w baseline.Warning) {
	if len(n.warnings) == n.limits.Warnings {
		w = baseline.Warning{Kind: baseline.MoreWarnings, File: n.file}
	}
	if len(n.warnings) <= n.limits.Warnings {
		n.warnings = append(n.warnings, w)
	}
}
