package baseline

// Problem is a line or a process that should have been a result and is not: a
// broken benchmark line, a crash, a time-out. A problem that names a benchmark
// makes its rows inconclusive; none is ever dropped in silence.
//
// It is data: what was seen and of which kind. The sentence for the reader, with
// the remedy, is made where it is printed.
type Problem struct {
	File    string
	Line    int // from 1; 0 when it concerns the whole file
	Side    Side
	Package string
	Name    string // benchmark, in Key.Name form or a bare function name; empty when unknown
	Kind    ProblemKind
	Detail  string // what was seen, verbatim and clipped: the line, the first line of a panic, the exit status
	Unit    string // tidied: the one series that it concerns; empty: all of the benchmark
	Of      string // what Detail is about where a kind needs it: see the kinds
	Count   int    // of MoreProblems
}

// ProblemKind says what sort of thing went wrong. The values are stable: they
// stand in JSON reports.
type ProblemKind string

// The kinds of a text that is not as it should be.
const (
	BrokenLine     ProblemKind = "broken line"      // Detail: the line; Of: what the parser misses
	BrokenUnitLine ProblemKind = "broken unit line" // Detail: the line; Of: what the parser misses
	BrokenMark     ProblemKind = "broken mark"      // Detail: the line; Of: the form that it should have
	BadDirection   ProblemKind = "bad direction"    // Detail: what a Unit line says for better=; Of: the unit
	BadAssumption  ProblemKind = "bad assumption"   // Detail: what a Unit line says for assume=; Of: the unit
	UnitConflict   ProblemKind = "unit conflict"    // two files say different things of a unit; Detail: the other files; Of: the unit
	BadValue       ProblemKind = "bad value"        // Detail: the value with its unit, "NaN ns/op"
	UnitTwice      ProblemKind = "unit twice"       // Of: a unit that one line has twice
	NoMetric       ProblemKind = "no metric"        // a line without a metric that the other side has; Of: its unit
	BadCount       ProblemKind = "bad count"        // Detail: the number of iterations
	BadName        ProblemKind = "bad name"         // Name is too long, or no UTF-8
	BadUnitName    ProblemKind = "bad unit name"    // Of: the unit, too long or no UTF-8
	LongLine       ProblemKind = "long line"        // a result of more bytes than a result can have
	LineLeftOut    ProblemKind = "line left out"    // Detail: the number of bytes of the line
	Mixed          ProblemKind = "mixed"            // lines of package Of came among those of Package
	MoreProblems   ProblemKind = "more problems"    // Count further ones of File are not listed
)

// The kinds of a benchmark that began and has no numbers, or never ran.
const (
	Interrupted ProblemKind = "interrupted"  // other output ran into its line
	Ambiguous   ProblemKind = "ambiguous"    // two lines could be its numbers
	NoNumbers   ProblemKind = "no numbers"   // its process ended well, without them
	Cut         ProblemKind = "cut"          // the text ends before them
	NotRun      ProblemKind = "not run"      // it was not reached; Detail: what ended the measurement, "budget of 3m0s"
	TestFailed  ProblemKind = "test failed"  // no benchmark of its package ran; Detail: go test's line
	BuildFailed ProblemKind = "build failed" // the package did not run; Detail: go test's word, "[build failed]"
)

// The kinds of a process, or a benchmark in it, that died.
const (
	Crashed       ProblemKind = "crashed"        // Detail: the first line of the panic
	TimedOut      ProblemKind = "timed out"      // Detail: the line that says so
	Exited        ProblemKind = "exited"         // before the numbers had come; Detail: "exit status 2"
	Failed        ProblemKind = "failed"         // --- FAIL; Detail: the reason that it gave, empty when it gave none
	BinaryFailed  ProblemKind = "binary failed"  // FAIL, and nothing says in which benchmark
	PackageFailed ProblemKind = "package failed" // after its last result; Detail: "exit status 2", empty when unknown
	NoResult      ProblemKind = "no result"      // a `# failed:` mark of the raw log; Detail: what it says
)

// Died reports whether the process or the benchmark died: a crash, a time-out, a
// failure, rather than a text that is not as it should be.
func (k ProblemKind) Died() bool {
	switch k {
	case Crashed, TimedOut, Exited, Failed, BinaryFailed, PackageFailed, NoResult:
		return true
	}
	return false
}

// Repeats reports whether two problems are the same one, found in two places.
func (p Problem) Repeats(other Problem) bool {
	p.File, p.Line, other.File, other.Line = "", 0, "", 0
	return p == other
}

// Warning is a fact that weakens a result and does not stop it. Like a Problem
// it is data; equal warnings are the same warning.
type Warning struct {
	Kind   WarningKind
	File   string
	Line   int // from 1; 0 when it concerns the whole file
	Side   Side
	Name   string // a benchmark in Key.Name form, where a kind is about one
	Detail string // what was seen, verbatim and clipped
	Of     string // what Detail is about: a key, a unit
	Other  string // what Detail is held against
	Round  int    // of Disturbed
	Count  int    // of what the warning speaks of, the first of which it shows
}

// WarningKind says what sort of thing weakens a result. The values are stable.
type WarningKind string

// The kinds of warnings.
const (
	Noted          WarningKind = "noted"            // Detail: a sentence that another program has written, as in a `# warning:` mark
	BadFact        WarningKind = "bad fact"         // Of: a key of the header; Detail: its value, which is none
	LongFact       WarningKind = "long fact"        // Of: a key whose value was cut
	KeyChanges     WarningKind = "key changes"      // Of: a key that means nothing to regress; Other, Detail: its values before and after
	NumbersAlone   WarningKind = "numbers alone"    // Detail: the first of Count lines of numbers without a name
	NotAResult     WarningKind = "not a result"     // Detail: the first of Count lines that look like one
	FactPassedOver WarningKind = "fact passed over" // Detail: the first of Count lines that look like a key of a header, below it
	BadMetric      WarningKind = "bad metric"       // Name; Detail: a value that is no number, of a unit that is not judged
	Unmeasured     WarningKind = "unmeasured"       // Name printed a result without any metric
	NoneFollowed   WarningKind = "none followed"    // Name stands alone on a line, and no result of it came
	NameAgain      WarningKind = "name again"       // Name comes again after PASS, and no package is named
	Uneven         WarningKind = "uneven"           // of Count benchmarks, the first is Name: Detail lines at head, Other at base
	NoEnd          WarningKind = "no end"           // the text ends before go test has said how it went
	Torn           WarningKind = "torn"             // Detail: the last line, which has no end
	Copied         WarningKind = "copied"           // Count lines from Line repeat those from Of and are counted once
	Skipped        WarningKind = "skipped"          // Name; Detail: the reason that it gave, empty when it gave none
	Disturbed      WarningKind = "disturbed"        // Count rounds; Detail: why, of the first, which is Round of Side
	NeutralUnit    WarningKind = "neutral unit"     // Of: a unit of which nothing says which way it improves
	ShardsDiffer   WarningKind = "shards differ"    // Of: a fact; Other, Detail: its values
	MoreWarnings   WarningKind = "more warnings"    // of File, which are left out
)
