package ingest

import (
	"io"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// Class is what a line of a text was taken for.
type Class string

// Classes are all of them, in the order of a summary.
var Classes = []Class{ClassResult, ClassFact, ClassFailure, ClassNoise, ClassOutput, ClassPassed, ClassCopy}

// The classes. Every line has one.
const (
	ClassResult  Class = "result"      // a result, or a piece of one that was put together
	ClassFact    Class = "fact"        // a key of a header, a Unit line, a mark of the raw log
	ClassFailure Class = "failure"     // something failed, died or was skipped
	ClassNoise   Class = "known noise" // what go test prints besides: PASS, coverage, an empty line
	ClassOutput  Class = "output"      // what a benchmark or another program printed
	ClassPassed  Class = "passed over" // it looks like a result, a fact or a failure and is not taken for one
	ClassCopy    Class = "copy"        // a result that was there before, counted once
)

// Entry is one line of a text and what it was taken for.
type Entry struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Class Class  `json:"class"`
	Text  string `json:"text"` // clipped
}

// Account reads a text as Read does, and says of every line what it was taken for.
func Account(name string, r io.Reader) ([]Entry, baseline.Log, error) {
	a := &account{}
	log, err := read(name, r, defaultLimits(), a)
	return a.entries, log, err
}

// account notes what lines are taken for; nil: nobody asks.
type account struct{ entries []Entry }

func (a *account) note(file string, line int, class Class, text []byte) {
	if a != nil {
		a.entries = append(a.entries, Entry{File: file, Line: line, Class: class, Text: string(clip(text))})
	}
}

// insert puts in lines that were not read, where they stand.
func (a *account) insert(lines []Entry) {
	if a == nil {
		return
	}
	for _, e := range lines {
		i := slices.IndexFunc(a.entries, func(have Entry) bool { return have.File == e.File && have.Line > e.Line })
		if i < 0 {
			i = len(a.entries)
		}
		a.entries = slices.Insert(a.entries, i, e)
	}
}
