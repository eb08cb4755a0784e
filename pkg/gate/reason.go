package gate

import (
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// Code names the reason for a verdict. The words for each are made where a report
// is written; which fields of a Reason one of them uses stands beside it.
type Code string

// What is known of a series without a test.
const (
	Ignored         Code = "ignored by a rule"
	BrokenResult    Code = "broken result"            // Problem
	NotFinite       Code = "not finite"               // a value is NaN or infinite
	Proven          Code = "proven the same"          // Text: the proof
	NoBenchmem      Code = "without -benchmem"        // stored with allocations, which head printed of no benchmark
	NoDirection     Code = "no direction"             // nothing says which way the unit improves
	OtherMachine    Code = "base on another machine"  // Machine: base's
	OtherProcs      Code = "other GOMAXPROCS"         // Procs: of base and of head
	OtherStored     Code = "stored on other machines" // Machine: head's
	NothingStored   Code = "nothing stored"           //
	NotAtBase       Code = "not at base"              // base does not have it
	BaseSilent      Code = "base printed nothing"     // though it declares it
	FunctionRemoved Code = "function removed"         // from the source of head; Text: its name
	SeriesGone      Code = "series gone"              // head ran the function, Text, and did not print the series
	HeadSilent      Code = "head printed nothing"     //
	SourceEdited    Code = "benchmark edited"         // its own source is another one at base
	OneSided        Code = "on one side alone"        // in Rounds of the rounds
	CrashesMore     Code = "crashes more at head"     // Deaths; Problem: the last of head's
	CrashesUnsure   Code = "crashes"                  // Deaths, Problem; Needed processes a side would tell, 0: none can
	Negative        Code = "negative"                 // values below zero have no relative change
)

// What a procedure found. Shift is the change that it saw.
const (
	WithinBound   Code = "within the bound"        // worse by less than Bound; with Sessions: than in so many earlier ones
	NotWorse      Code = "not worse"               // the bound is at zero or better
	PerhapsBetter Code = "perhaps better"          // not worse, and better by Shift if anything
	Told          Code = "told from noise"         // worse, at the level of the promise
	ToldByMedian  Code = "told by the median"      // likewise, of the medians of the repetitions alone
	Better        Code = "better"                  //
	TooNoisy      Code = "too noisy"               // a change below Bound cannot be told; Text: why its work was not counted
	NextLook      Code = "before the next look"    // after Rounds a side; that look is at Needed
	MoreRounds    Code = "more rounds would tell"  // after Rounds a side
	Unconfirmed   Code = "unconfirmed"             // Shift is the screen's; telling needs Needed fresh rounds a side
	Unsettled     Code = "unsettled"               // Rounds a side did not tell it from noise; Text as there
	TooFew        Code = "too few rounds"          // Rounds a side; Needed would tell
	TooFewAmong   Code = "too few among so many"   // Rounds a side cannot reject in a family of this size; Needed would
	StillOpen     Code = "open after fixed rounds" // Rounds a side; Needed would tell
)

// What counts say. Shift holds both of them.
const (
	Counted    Code = "counted"      // from one count to the other
	Tolerated  Code = "tolerated"    // Bound: the tolerance
	Constant   Code = "constant"     // the same in every round
	CountAgain Code = "count again"  // Rounds a side; a constant needs two
	MayWaver   Code = "may waver"    // all of Rounds a side differ; the screen's end tells
	OneCount   Code = "a lone count" // differs in a single round
)

// What counted instructions say. Shift is that of the counts.
const (
	WorkEqual   Code = "work is equal"       // time was too noisy; instructions grew by Bound at most
	SameCount   Code = "same count"          // grown by less than what is the same
	CountPartly Code = "count of a part"     // grown by less than what is the same, and stands for too little of the time: Work
	CountGrew   Code = "count grew a little" // by less than Bound, the effect to act on
	CountWavers Code = "count wavers"        // by Bound within a side: it says nothing
	MoreWork    Code = "more work"           // told from chance, at the level of the promise
	WorkNotTime Code = "work, not time"      // time was judged, and is not slower
	CountUnused Code = "count not used"      // nothing hangs on it
)

// What a stored baseline says.
const (
	FewSessions   Code = "few sessions"        // Sessions, Earlier; Needed would do
	FewOfHead     Code = "few rounds of head"  // Rounds; Needed would do
	StoredDiffers Code = "differs from stored" // Shift, which no stored baseline tells from the day's machine
)

// What a target says.
const (
	BetterThanAsked Code = "better than required" // Times, from End at Level, or from the worst of Rounds
	WorseThanAsked  Code = "worse than required"  // Times
	LimitNotFinite  Code = "limit not finite"     //
	NearLimit       Code = "near the limit"       // Rounds show no spread: within a factor of two; Needed would do
	Straddles       Code = "straddles the limit"  // the interval, after Rounds
	SameOnBoth      Code = "same code, not measured"
	NotAskedFor     Code = "not asked for" // Text: what was
	NoneMatches     Code = "none matches"
)

// Reason says why a verdict is what it is: a code, and the figures that it
// speaks of. Relative changes are as in Row.Change; zero fields are not used.
type Reason struct {
	Code     Code
	Shift    *Shift  // what the procedure saw; nil: nothing
	Bound    float64 // relative, without a sign
	Rounds   int     // that there are, a side
	Needed   int     // rounds or sessions
	Sessions int
	Earlier  int // sessions before the last change point, which do not count
	Deaths   Deaths
	Times    float64 // how many times better or worse than a target asks; 0: no ratio
	End      float64 // of a target's interval, in its unit
	Level    float64 // of End, one-sided
	Text     string
	Machine  *baseline.Environment
	Work     *baseline.Work // how the benchmark spends its time; nil: unknown
	Procs    [2]int         // values of GOMAXPROCS
	Problem  *baseline.Problem
}

// Shift is how head stands to what it is held against: a relative change or, where
// a percentage says nothing (a count, or a zero among the values), both medians.
type Shift struct {
	Change   float64
	Counted  bool // From and To say it
	From, To float64
}

// Accepted is what a waiver meant for a row that is worse.
type Accepted struct {
	State   WaiverState
	Reason  string    // why it was accepted
	Place   string    // of the waiver, for the reader: "regress.toml:31"
	Ceiling float64   // MaxFloat64: any amount
	Expires time.Time // the first instant at which it no longer counts
}

// WaiverState says whether a waiver covers what it matches.
type WaiverState string

// The states of a waiver.
const (
	Covers WaiverState = "covers"
	Ended  WaiverState = "expired"
	Beyond WaiverState = "beyond its ceiling"
)

// Ground is one reason for which an outcome is not Pass.
type Ground struct {
	Code       GroundCode
	Row        *Row              // of RowRegressed and RowCrept
	Target     *TargetRow        // of TargetOpen
	Problem    *baseline.Problem // of ProblemSeen
	Benchmarks []string          // of the others that speak of benchmarks, in order of name
	Reason     Reason            // of CrashedAtHead and Blocked
	Shards     []int             // of ShardsMissing: which, from 1, of Of
	Of         int               // how many there are
	By         string            // what ended the measurement too early, if anything did
}

// GroundCode names a Ground.
type GroundCode string

// The grounds for a Fail, and below them those for Undecided.
const (
	RowRegressed   GroundCode = "row regressed"
	RowCrept       GroundCode = "row crept"
	StrictUnjudged GroundCode = "strict: could not be judged"
	CrashedAtHead  GroundCode = "crashed at head" // Reason
	NotBuilt       GroundCode = "not built"       // Problem
	TargetOpen     GroundCode = "target"          // missed, undecided or not measured
	ShardsMissing  GroundCode = "shards missing"  // Shards, Of
	MissingAtHead  GroundCode = "missing from head"
	Blocked        GroundCode = "blocked" // Reason: of the first of Benchmarks
	RoundsWanted   GroundCode = "undecided for want of rounds"
	StoredAlone    GroundCode = "not settled by the stored baseline"
	AnchorOpen     GroundCode = "undecided against the anchor"
	ProblemSeen    GroundCode = "problem"
	NoTarget       GroundCode = "no target"
	NoResult       GroundCode = "no result"
	NoResultOfHead GroundCode = "no result of head"
	AllRemoved     GroundCode = "all removed" // every benchmark, with its function
	NothingToHold  GroundCode = "nothing to compare with"
	CountsAlone    GroundCode = "counts alone"
	NothingJudged  GroundCode = "nothing judged"
)

// Limit is one thing that a decision could not have seen.
type Limit struct {
	Code       LimitCode
	Effect     float64    // relative, of EffectBelow and WeakBelow
	Benchmarks []string   // in order of name; of EffectBelow, none: all for which no other effect is in force
	Unit       string     // of EffectBelow: that of which alone it is; empty: of all units
	Target     *TargetRow // of TargetSkipped
}

// LimitCode names a Limit.
type LimitCode string

// The limits of a decision.
const (
	EffectBelow   LimitCode = "smaller than looked for"
	WeakBelow     LimitCode = "smaller than could be seen"
	Noisy         LimitCode = "too noisy"
	NotSettled    LimitCode = "not settled"
	EditedThere   LimitCode = "edited"
	Incomparable  LimitCode = "nothing to compare with"
	LeftToRule    LimitCode = "ignored by a rule"
	NoAllocations LimitCode = "without -benchmem"
	OrderGiven    LimitCode = "order not random"
	OtherDays     LimitCode = "base of other days"
	NeverRan      LimitCode = "declared and not run"
	TargetSkipped LimitCode = "target left out"
	WorkAlone     LimitCode = "judged by work alone" // Effect: the least change of time that could be seen in all of them
	NoisyToAnchor LimitCode = "too noisy against the anchor"
	NotHeld       LimitCode = "not held against the anchor"
)

// Warning is a fact that weakens a decision and does not stop it.
type Warning struct {
	Code       WarningCode
	Base, Head string           // of SidesDiffer: what each side has
	Fact       Fact             // of SidesDiffer: in what
	Waiver     string           // of WaiverUnused: its name
	Place      string           // of WaiverUnused: where it stands
	Seen       baseline.Warning // of LogWarning
	Benchmark  string
	Deaths     Deaths
	Problem    *baseline.Problem
}

// WarningCode names a Warning.
type WarningCode string

// The warnings.
const (
	SidesDiffer  WarningCode = "the sides differ"
	WaiverUnused WarningCode = "waiver matches nothing"
	LogWarning   WarningCode = "of the log"
	FailsAtTimes WarningCode = "fails now and then" // Benchmark, Deaths, Problem
)

// Fact is something about a machine or a build in which two sides may differ.
type Fact string

// The facts that are compared.
const (
	Toolchain  Fact = "toolchain"
	SuiteFlags Fact = "suite flags"
	Kernel     Fact = "kernel"
	Governor   Fact = "frequency governor"
)
