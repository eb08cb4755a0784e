package baseline

import "time"

// Side says which end of a comparison a value belongs to.
type Side string

// The sides. A log of one commit alone has no side. The anchor is an older commit,
// such as the last release, that head is held against too.
const (
	None   Side = ""
	Base   Side = "base"
	Head   Side = "head"
	Anchor Side = "anchor"
)

// Judged reports whether a side is the one under judgement, and not what it is
// held against.
func (s Side) Judged() bool { return s == None || s == Head }

// Key names one series within a run: a benchmark of a package in one unit.
type Key struct {
	Package string // import path as printed by go test ("pkg: …"); may be empty
	Name    string // as printed, without the "Benchmark" prefix and with the -procs suffix: "PingPong/size=64B-2"
	Unit    string // tidied: sec/op, B/s, B/op, allocs/op, msg/s, p95-latency-sec …
}

// Sample is every value of one series in one run, in measurement order.
type Sample struct {
	Key
	Values []float64 // finite, in the tidied unit
	Rounds []int     // Rounds[i] is the round (process start, from 1) that produced Values[i]; same length

	// Center is what a history keeps of the sample where that is not the median of its rounds, as
	// Hold says; 0: it is.
	Center float64
}

// Direction says which way a unit improves.
type Direction int

// The directions. Neutral units are shown and never judged.
const (
	Neutral Direction = iota
	Lower             // smaller is better
	Higher            // larger is better
)

// Unit is the metadata of one unit.
type Unit struct {
	Name      string // tidied
	Direction Direction
	Exact     bool // deterministic by nature (B/op, allocs/op): compared without statistics
}

// Run is one side of one execution of a suite at one commit in one environment.
type Run struct {
	Project     string
	Side        Side
	Commit      string // full SHA, or empty when the text does not say
	Branch      string
	Dirty       bool      // the tree had uncommitted changes
	Time        time.Time // start, UTC; zero when the text does not say
	Session     string    // equal for runs that were measured side by side, in one session; empty: alone, or unknown
	Facts       Facts     // of the commit
	Environment Environment
	Samples     []Sample // sorted by Key
	Raw         []byte   // the text this run was read from, whole
}

// Log is everything that one measurement (or several shards of one) printed.
type Log struct {
	Files      []string                   // names of the texts that it was read from, in order
	Procedure  Procedure                  // Paired or TwoStage where regress itself chose the rounds; empty for foreign text
	Seed       uint64                     // of the random order; 0 for foreign text
	Bench      string                     // the part of the suite that was asked for, as go test -bench; empty: all, or unknown
	Shards     Shards                     // which parts of a divided measurement it has
	Stopped    string                     // why measuring ended early ("budget of 3m0s", "interrupt"); empty: it did not
	Runs       []Run                      // one a side and environment; two of one environment form a pair
	Units      map[string]Unit            // by tidied name, every unit that occurs
	Procs      Procs                      // values of GOMAXPROCS that the names of all runs tell; nil: unknown
	Noise      map[Key]Noise              // the history that the decision used, as recorded in the log
	Functions  map[Side][]Function        // benchmark functions declared in the source of each side; absent side: unknown
	Same       map[Key]string             // benchmarks (Unit empty) with the same code at base and head, and the proof in words
	SameAnchor map[Key]string             // likewise at anchor and head; nil: none
	AnchorRef  string                     // what the anchor was found by, a tag or a commit; empty: there is none, or it is unknown
	Edited     map[Side]map[Function]bool // benchmarks whose own source differs at that side (base, anchor) from head; nil: none
	Counter    string                     // what counted instructions, such as "qemu-user 7.2.22"; empty: nothing could
	Work       map[Key]Work               // how the processes that timed a benchmark (Unit empty) spent their time; nil: unknown
	Uncounted  map[Key]string             // benchmarks (Unit empty) whose work cannot be counted, and why; nil: none
	Problems   []Problem
	Warnings   []Warning
}

// Procedure names the rule by which rounds were chosen and are judged.
type Procedure string

// The procedures by which regress itself measures: see package gate.
const (
	// Paired runs the sides of one round right after each other, in random order; a process may
	// print many short repetitions.
	Paired Procedure = "paired"
	// TwoStage draws the order of all processes of an increment. Logs of older versions have it.
	TwoStage Procedure = "two-stage"
)

// Chosen reports whether regress chose the rounds, and can choose more.
func (p Procedure) Chosen() bool { return p == Paired || p == TwoStage }

// The units of counted work, of one iteration.
const (
	Instructions = "insn/op"     // of the user
	Syscalls     = "syscalls/op" // shown beside them, never judged
)

// Counted reports whether a unit is one of counted work.
func Counted(unit string) bool { return unit == Instructions || unit == Syscalls }

// Work says how the processes that timed a benchmark spent their time, as the kernel accounts for
// it: what a count of user instructions stands for, and what it leaves out. Of several sides it is
// the least share in user mode and the largest of the others.
type Work struct {
	User     float64 // share of the elapsed time in user mode; above 1 where several processors worked
	System   float64 // share of the processor time that the kernel had
	Children bool    // it started other processes, whose work is not counted
}

// Join returns what is known of both.
func (w Work) Join(more Work) Work {
	return Work{User: min(w.User, more.User), System: max(w.System, more.System), Children: w.Children || more.Children}
}

// Want is one benchmark of which more rounds are wanted before it can be judged.
type Want struct {
	Package string
	Name    string // as Key.Name
	Rounds  int    // further rounds of each side
	Against Side   // what to run beside head: Base or Anchor; empty: all sides that there are
	Count   bool   // count instructions in place of timing

	// Shuffled asks for programs whose functions stand in another random order in each round and
	// on each side, so that where the linker happens to put them is chance like any other.
	Shuffled bool
}

// Function is a benchmark function of a package: Name is "BenchmarkPingPong".
type Function struct {
	Package, Name string
}

// Noise is what past sessions say about a series on one class of machine. All
// figures are standard deviations of natural logarithms: .01 is about 1 %.
type Noise struct {
	SD       float64 // within a session: 1.4826·MAD about the session's median, median over sessions
	Between  float64 // of the session medians, the run-wide factor taken out
	RunWide  float64 // of the factor that moves a whole session together
	Sessions int
}
