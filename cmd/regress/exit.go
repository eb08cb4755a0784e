package main

import (
	"errors"
	"fmt"

	"github.com/descartes/regress/pkg/gate"
)

// The exit codes, and the only place that maps to them.
const (
	exitPass      = 0 // everything that was judged passed
	exitFail      = 1 // the gate failed
	exitUsage     = 2 // wrong usage: flags, arguments, regress.toml
	exitUndecided = 3 // nothing parsed, no power, store or network failed: never green
)

// usageError is a mistake of the person who typed the command.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// outcomeError carries a decision that is not a pass out of a command whose
// report has already been printed.
type outcomeError struct{ outcome gate.Outcome }

func (e outcomeError) Error() string { return "the gate says " + string(e.outcome) }

// excusedError is why a run could not be decided, where the user wants that to fail nothing.
type excusedError struct{ error }

func (e excusedError) Unwrap() error { return e.error }

// exitCode maps what a command returned.
func exitCode(err error) int {
	var usage usageError
	var outcome outcomeError
	switch {
	case err == nil || errors.As(err, new(excusedError)):
		return exitPass
	case errors.As(err, &outcome):
		if outcome.outcome == gate.Fail {
			return exitFail
		}
		return exitUndecided
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitUndecided
}

// silent reports whether the report has said all there is to say.
func silent(err error) bool {
	var outcome outcomeError
	return errors.As(err, &outcome)
}
