// Package choice compares the values of one key in the names of benchmarks, such as
// transport=pipe and transport=shm, within one log: how many times better one value is
// than another (Gains), and which is best (Recommendations). Both count for
// readers alone; no decision depends on them.
//
// Answers are data. A Reason says why one has no figure, or what weakens it.
package choice

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// Verdict says how sure an answer is.
type Verdict string

// The verdicts. Best and Tie are those of a recommendation, Met and Missed of a gain
// that somebody claimed.
const (
	Best        Verdict = "best"         // every other value is worse, its whole interval
	Tie         Verdict = "tie"          // the interval of another value reaches the best one
	Met         Verdict = "met"          // the whole interval is at least what was claimed
	Missed      Verdict = "missed"       // the whole interval is below the claim
	Undecided   Verdict = "undecided"    // too few rounds, or values without a ratio
	NotMeasured Verdict = "not measured" // nothing to compare
)

// Code names a Reason.
type Code string

// Why an answer is what it is, or has no figure.
const (
	NoneMatches    Code = "none matches"        // no measured benchmark
	NotAskedFor    Code = "not asked for"       // Text: what was
	NoneShared     Code = "none shared"         // no benchmark was measured with each of Values
	OneValue       Code = "one value"           // Values has one: nothing to choose from
	NoDirection    Code = "no direction"        // nothing says which way the unit improves
	NotFinite      Code = "not finite"          // a value is NaN or infinite
	NotPositive    Code = "not positive"        // a value is not above zero, and so has no ratio
	FarApart       Code = "far apart"           // too far for a ratio
	TooFewRounds   Code = "too few rounds"      // Needed would do
	BelowClaim     Code = "below the claim"     // the whole interval
	StraddlesClaim Code = "straddles the claim" // the interval
	TooFewToLead   Code = "too few to lead"     // Needed rounds would do
	CannotTell     Code = "cannot tell"         // the first option from those that are tied
	Leads          Code = "leads"               // the first option
)

// What weakens an answer.
const (
	Dropped  Code = "dropped"   // Count benchmarks were not measured with each of Values
	NoResult Code = "no result" // of benchmark Text: Problem
)

// Reason is one of the codes above with what it speaks of; zero fields are not used.
type Reason struct {
	Code    Code
	Count   int
	Needed  int
	Values  []string
	Text    string
	Problem *baseline.Problem
}

// machine is what head printed on one class of machine.
type machine map[baseline.Key]rounds

// rounds are the values of one series, one a round.
type rounds struct {
	values []float64
	clean  bool // no value had to be left out
}

// machinesOf sorts the runs of head by fingerprint; shards of one environment add up.
func machinesOf(log baseline.Log) map[string]machine {
	out := map[string]machine{}
	for _, run := range log.Runs {
		if !run.Side.Judged() {
			continue
		}
		print := run.Environment.Fingerprint()
		if out[print] == nil {
			out[print] = machine{}
		}
		for _, s := range run.Samples {
			_, values, clean := s.ByRound()
			before, seen := out[print][s.Key]
			out[print][s.Key] = rounds{slices.Concat(before.values, values), clean && (before.clean || !seen)}
		}
	}
	return out
}
