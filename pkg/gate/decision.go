package gate

import (
	"slices"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Verdict of one series.
type Verdict string

// The verdicts. Inconclusive is never folded into Unchanged: no evidence of a
// change is not evidence of no change.
const (
	Improved     Verdict = "improved"
	Unchanged    Verdict = "unchanged"
	Regressed    Verdict = "regressed"
	Inconclusive Verdict = "inconclusive"
	Added        Verdict = "new"     // head alone has it, and base's source does not declare it or is unknown
	Missing      Verdict = "missing" // base has it and head did not print it
	Removed      Verdict = "removed" // base has it and its function is gone from head's source
	Crept        Verdict = "crept"   // slower than the anchor, and not by this change alone
	Waived       Verdict = "waived"  // regressed, or crept, within an unexpired waiver
	Edited       Verdict = "edited"  // its own source is another one at base: not comparable
	SameCode     Verdict = "same code"
	SameWork     Verdict = "same work"  // the counted work is the same where time was too noisy
	NotJudged    Verdict = "not judged" // a neutral unit, or ignored by a rule
)

// Outcome of a whole run.
type Outcome string

// The outcomes, and the exit codes that they map to.
const (
	Pass Outcome = "pass" // 0
	Fail Outcome = "fail" // 1
)

// Undecided is what is not known: an Outcome (exit code 3) and a TargetVerdict. Of a
// single series it is Inconclusive.
const Undecided = "undecided"

// Input is everything that a decision depends on: the same Input gives the same
// Decision on every machine and every day.
type Input struct {
	Log      baseline.Log
	Stored   []baseline.Run // reference runs, oldest first, for environments of Log that have no base side
	Policy   Policy
	Targets  []Target
	Waivers  []Waiver
	Today    time.Time // decides whether a waiver has expired
	OnlyHead bool      // judge targets alone: regress targets
}

// Decision is the verdict on a whole run with the rows that say why. No number
// in it is NaN or infinite; what is unknown is absent. It has no sentences: package
// report of the command makes them.
type Decision struct {
	Outcome     Outcome
	Reasons     []Ground    // why Outcome is not Pass, the gravest first; empty when it is
	Cannot      []Limit     // what it could not have seen, whatever the outcome
	Rows        []Row       // worst first: by verdict, then by the size of the worsening, then by name
	Targets     []TargetRow // what must be acted on first
	Counts      map[Verdict]int
	Problems    []baseline.Problem
	Warnings    []Warning
	Sides       []SideInfo
	Policy      PolicyInfo
	Rounds      float64        // a side, mean over benchmarks
	Anchor      string         // what head was held against besides base: "v1.2.0"
	Procs       baseline.Procs // how to read the names: see baseline.Log
	OnlyTargets bool           // nothing but targets was judged
}

// SideInfo is where one side of the comparison came from.
type SideInfo struct {
	Side        baseline.Side
	Commit      string
	Branch      string
	Dirty       bool
	Stored      bool // from the store, not from this measurement
	Environment baseline.Environment
}

// PolicyInfo is the policy in force, for the reader.
type PolicyInfo struct {
	Alpha     float64
	MinEffect float64
	Procedure baseline.Procedure
	Strict    bool
	Seed      uint64
	Counter   string // what counted instructions, as baseline.Log.Counter; empty: nothing did
}

// The procedures of a decision besides baseline.TwoStage.
const (
	FixedRounds    baseline.Procedure = "fixed"  // somebody else chose the rounds
	StoredBaseline baseline.Procedure = "stored" // head alone was measured
)

// Stage is the part of a procedure that gave a row its verdict.
type Stage string

// The stages; a row that needed no figure has none.
const (
	Screen  Stage = "screen"
	Confirm Stage = "confirm"
	Fixed   Stage = "fixed"
	Stored  Stage = "stored"
	Exact   Stage = "exact"
	Counts  Stage = "counts" // of instructions
)

// Interval is a confidence interval; Level is its coverage, .95.
type Interval = stat.Interval

// Summary is one side of a row.
type Summary struct {
	// Median is the center of the side, in Row.Unit. Where a row has a Change by a shift of
	// logarithms, both sides' centers are of the rounds that it was taken from, and
	// head's is base's times 1 + Change: base's is the median of all those rounds once the
	// shift is taken out of head's. Elsewhere it is the median of the rounds.
	Median float64
	N      int     // rounds
	Spread float64 // half-width relative to the median: robust SD of the rounds; 0 for one round
}

// Row is the verdict on one series.
type Row struct {
	Package   string
	Name      string // as baseline.Key.Name
	Unit      string
	Direction baseline.Direction
	Exact     bool
	Verdict   Verdict
	Reason    Reason
	Base      *Summary
	Head      *Summary
	Change    *float64  // relative, head/base − 1 in the unit's own direction: +.12 is 12 % more
	Interval  *Interval // of Change
	// P is one-sided, before correction for other series; over its share of the budget where
	// several looks were taken; absent when no test was made.
	P          *float64
	MinEffect  float64  // Δ in force for this row; tolerance for exact units
	Detectable *float64 // smallest relative worsening this row could have seen with power .8 at its corrected level
	Still      bool     // a count, or a value that never moved: it says nothing of time
	AtMost     *float64 // bound of the worsening; only of an unchanged row
	Stage      Stage
	JudgedAs   string     // the unit of the row that this one repeats: B/s or msg/s that is a constant over sec/op
	Waivers    []Accepted // what waivers mean for it, in the order of the waivers; the last may cover it
	Drift      *Drift     // since the anchor
	Middle     *Middle    // where the medians of the repetitions moved otherwise; nil: they did not, or there are none

	Fingerprint string // class of machine; only where a decision has more than one
}

// Drift is a row held against the anchor instead of base, by the same
// procedure; the fields are those of Row. A Verdict of Regressed has crept in.
type Drift struct {
	Verdict    Verdict
	Reason     Reason
	Anchor     *Summary
	Head       *Summary
	Change     *float64
	Interval   *Interval
	P          *float64
	Detectable *float64
	AtMost     *float64
	Stage      Stage
	JudgedAs   string
	Waivers    []Accepted
}

// Key of the row.
func (r Row) Key() baseline.Key {
	return baseline.Key{Package: r.Package, Name: r.Name, Unit: r.Unit}
}

// Distinct are the rows but for those that only repeat another one in a second unit,
// with the same verdict: what a reader wants to see once.
func (d Decision) Distinct() []Row {
	type at struct {
		key         baseline.Key
		fingerprint string
	}
	if !slices.ContainsFunc(d.Rows, func(r Row) bool { return r.JudgedAs != "" }) {
		return slices.Clone(d.Rows)
	}
	verdicts := map[at]Verdict{}
	for _, r := range d.Rows {
		verdicts[at{r.Key(), r.Fingerprint}] = r.Verdict
	}
	return slices.DeleteFunc(slices.Clone(d.Rows), func(r Row) bool {
		judged := at{r.Key(), r.Fingerprint}
		judged.key.Unit = r.JudgedAs
		return r.JudgedAs != "" && verdicts[judged] == r.Verdict
	})
}

// TargetVerdict of one target on one series.
type TargetVerdict string

// The target verdicts, besides Undecided: the interval straddles the limit, or there are
// too few rounds.
const (
	Met         TargetVerdict = "met"
	Missed      TargetVerdict = "missed"
	NotMeasured TargetVerdict = "not measured" // nothing matched: never green
	LeftOut     TargetVerdict = "left out"     // not measured because its code is the same, or another part of the suite was asked for
)

// TargetRow is one target held against one series.
type TargetRow struct {
	Target   string
	Package  string
	Name     string
	Unit     string // tidied
	Limit    float64
	Below    bool
	Value    *float64 // median of head's rounds
	Interval *Interval
	Margin   *float64 // how many times better than required, from the wrong end of the interval; < 1 is worse
	Verdict  TargetVerdict
	Reason   Reason
}
