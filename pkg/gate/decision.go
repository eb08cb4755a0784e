package gate

import (
	"slices"
	"time"

	"github.com/descartes/regress/pkg/baseline"
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
	New          Verdict = "new"     // head alone has it, and base's source does not declare it or is unknown
	Missing      Verdict = "missing" // base has it and head did not print it
	Removed      Verdict = "removed" // base has it and its function is gone from head's source
	Crept        Verdict = "crept"   // slower than the anchor, and not by this change alone
	Waived       Verdict = "waived"  // regressed, or crept, within an unexpired waiver
	SameCode     Verdict = "same code"
	NotJudged    Verdict = "not judged" // a neutral unit, or ignored by a rule
)

// Outcome of a whole run.
type Outcome string

// The outcomes, and the exit codes that they map to.
const (
	Pass      Outcome = "pass"      // 0
	Fail      Outcome = "fail"      // 1
	Undecided Outcome = "undecided" // 3
)

// Input is everything that a decision depends on: the same Input gives the same
// Decision on every machine and every day.
type Input struct {
	Log      baseline.Log
	Stored   []baseline.Run // reference runs of the environments in Log, oldest first; consulted for environments of Log that have no base side
	Policy   Policy
	Targets  []Target
	Waivers  []Waiver
	Today    time.Time // decides whether a waiver has expired
	OnlyHead bool      // judge targets alone: regress targets
}

// Decision is the verdict on a whole run with the rows that say why. No number
// in it is NaN or infinite; what is unknown is absent.
type Decision struct {
	Outcome  Outcome            `json:"outcome"`
	Headline string             `json:"headline"` // one sentence: "2 of 38 benchmarks regressed; the worst, PingPong/…, by 12 %"
	Reasons  []string           `json:"reasons"`  // why Outcome is not Pass, a sentence each; empty when it is
	Cannot   []string           `json:"cannotSee"`
	Rows     []Row              `json:"rows"` // worst first: see Row.compare
	Targets  []TargetRow        `json:"targets,omitempty"`
	Counts   map[Verdict]int    `json:"counts"`
	Procs    baseline.Procs     `json:"-"` // how to read the names: see baseline.Log
	Problems []baseline.Problem `json:"problems,omitempty"`
	Warnings []baseline.Warning `json:"warnings,omitempty"`
	Sides    []SideInfo         `json:"sides"`
	Policy   PolicyInfo         `json:"policy"`
	Rounds   float64            `json:"roundsPerSide"`    // mean over benchmarks
	Anchor   string             `json:"anchor,omitempty"` // what head was held against besides base: "v1.2.0"
}

// SideInfo is where one side of the comparison came from.
type SideInfo struct {
	Side        baseline.Side `json:"side"`
	Commit      string        `json:"commit,omitempty"`
	Branch      string        `json:"branch,omitempty"`
	Dirty       bool          `json:"dirty,omitempty"`
	Stored      bool          `json:"stored,omitempty"` // from the store, not from this measurement
	Fingerprint string        `json:"fingerprint"`
	Machine     string        `json:"machine"` // "AMD EPYC, 2 cores, linux/amd64"
	GoVersion   string        `json:"goVersion,omitempty"`
}

// PolicyInfo is the policy in force, for the reader.
type PolicyInfo struct {
	Alpha     float64 `json:"alpha"`
	MinEffect float64 `json:"minEffect"`
	Procedure string  `json:"procedure"` // "two-stage", "fixed" or "stored"
	Strict    bool    `json:"strict,omitempty"`
	Seed      uint64  `json:"seed,omitempty"`
}

// Interval is a confidence interval; Level is its coverage, .95.
type Interval struct {
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Level float64 `json:"level"`
}

// Side is one side of a row.
type Side struct {
	Median float64 `json:"median"` // of the rounds, in Row.Unit
	N      int     `json:"n"`      // rounds
	Spread float64 `json:"spread"` // half-width relative to the median: robust SD of the rounds; 0 for one round
}

// Row is the verdict on one series.
type Row struct {
	Package    string             `json:"package,omitempty"`
	Name       string             `json:"name"` // as baseline.Key.Name
	Unit       string             `json:"unit"`
	Direction  baseline.Direction `json:"direction"`
	Exact      bool               `json:"exact,omitempty"`
	Verdict    Verdict            `json:"verdict"`
	Why        string             `json:"why"` // one clause that a developer understands: "slower by 12 %, certain at 1 in 100 for the whole suite"
	Base       *Side              `json:"base,omitempty"`
	Head       *Side              `json:"head,omitempty"`
	Change     *float64           `json:"change,omitempty"`     // relative, head/base − 1 in the unit's own direction: +.12 is 12 % more
	Interval   *Interval          `json:"interval,omitempty"`   // of Change
	P          *float64           `json:"p,omitempty"`          // one-sided, before correction for other series; over its share of the budget where several looks were taken; absent when no test was made
	MinEffect  float64            `json:"minEffect"`            // Δ in force for this row; tolerance for exact units
	Detectable *float64           `json:"detectable,omitempty"` // smallest relative worsening this row could have seen with power .8 at its corrected level
	AtMost     *float64           `json:"worseByLessThan,omitempty"`
	Stage      string             `json:"stage,omitempty"`    // "screen", "confirm", "fixed", "stored", "exact"
	JudgedAs   string             `json:"judgedAs,omitempty"` // the unit of the row that this one repeats: B/s or msg/s that is a constant over sec/op
	Waiver     string             `json:"waiver,omitempty"`
	Warnings   []string           `json:"warnings,omitempty"`
	Drift      *Drift             `json:"drift,omitempty"` // since the anchor

	Fingerprint string `json:"fingerprint,omitempty"` // class of machine; only where a decision has more than one
}

// Drift is a row held against the anchor instead of base, by the same
// procedure; the fields are those of Row. A Verdict of Regressed has crept in.
type Drift struct {
	Verdict    Verdict   `json:"verdict"`
	Why        string    `json:"why"`
	Anchor     *Side     `json:"anchor,omitempty"`
	Change     *float64  `json:"change,omitempty"`
	Interval   *Interval `json:"interval,omitempty"`
	P          *float64  `json:"p,omitempty"`
	Detectable *float64  `json:"detectable,omitempty"`
	AtMost     *float64  `json:"worseByLessThan,omitempty"`
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

// The target verdicts.
const (
	Met         TargetVerdict = "met"
	Missed      TargetVerdict = "missed"
	Unclear     TargetVerdict = "undecided"    // the interval straddles the limit, or there are too few rounds
	NotMeasured TargetVerdict = "not measured" // nothing matched: never green
	LeftOut     TargetVerdict = "left out"     // not measured because its code is the same, or another part of the suite was asked for
)

// TargetRow is one target held against one series.
type TargetRow struct {
	Target   string        `json:"target"`
	Package  string        `json:"package,omitempty"`
	Name     string        `json:"name,omitempty"`
	Unit     string        `json:"unit"` // tidied
	Limit    float64       `json:"limit"`
	Below    bool          `json:"below"`
	Value    *float64      `json:"value,omitempty"` // median of head's rounds
	Interval *Interval     `json:"interval,omitempty"`
	Margin   *float64      `json:"margin,omitempty"` // how many times better than required, from the wrong end of the interval; < 1 is worse
	Verdict  TargetVerdict `json:"verdict"`
	Why      string        `json:"why"`
}

// Want is one benchmark of which the procedure needs more rounds before it can decide.
type Want struct {
	Package string
	Name    string        // as baseline.Key.Name
	Rounds  int           // further rounds of each side
	Against baseline.Side // what to run beside head: Base or Anchor; empty: all sides that there are
}
