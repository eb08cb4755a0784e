package measure

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// NextFunc says, from the log so far, what to run next. Empty: enough.
type NextFunc func(log baseline.Log) []baseline.Want

// Counter counts the instructions of test binaries between the starts and stops of their timer.
type Counter interface {
	// Name returns what the log calls it, such as "qemu-user 7.2.22"; empty where nothing counts
	// here, and then nothing is counted.
	Name() string
	// Probe returns what has one process of a binary counted.
	Probe(binary string) (CountProbe, error)
}

// CountProbe is a suite.Probe that counts one process.
type CountProbe interface {
	suite.Probe
	// Result returns what was counted in the last run of the timer, all iterations together.
	Result() (instructions, syscalls uint64, err error)
}

// Defaults of Options.
const (
	// DefaultBenchtime is the same for every benchmark and on both sides. It is short,
	// because what a longer time averages away inside one process is not what differs
	// between processes: in ten benchmarks of 2 ns to 25 ms the standard deviation between
	// processes hardly fell from 10ms to 300ms, so that a process costs what its time costs.
	// Variance times cost against 100ms, twenty processes of each benchmark and benchtime in
	// random order on a virtual machine of two cores with real-time priority, geometric mean:
	//
	//	10ms .19   30ms .42   100ms 1   300ms 1.8
	//
	// (six other benchmarks on a busy machine: .7, .6, 1 and 1.2.) It is not 10ms, because
	// what a percentile or a garbage collection costs takes a few thousand iterations to show.
	//
	// Note: choosing one for each benchmark, √(b·c/a) with a the variance between
	// processes, b·t that within one, from five repetitions at 10ms, and c the cost of
	// starting one, was tried on the same data: .23, no better than 10ms for all, and every
	// stored baseline would depend on what was chosen that day.
	DefaultBenchtime = "30ms"

	// DefaultRounds is the least that a comparison starts with: the first look of
	// the two-stage procedure.
	DefaultRounds = 2
)

// Options say what to measure. Dir and Timeout must be set.
type Options struct {
	Dir       string     // where the patterns of Packages start; inside the repository
	Base      string     // branch, tag or commit whose merge base with HEAD is the base; empty: the head alone
	Anchor    string     // branch, tag or commit to hold the head against besides the base, or LastRelease; empty: none
	Revisions []Revision // what to measure instead of Base, Anchor and the working tree, the one to judge last; empty: these
	// Transplant builds the other sides with the benchmark sources of the judged one where they
	// build there, so that a benchmark that was edited meanwhile measures the same on all.
	Transplant bool

	Project   string          // recorded in the log; empty: the module path
	Packages  []string        // go package patterns; empty: ./...
	Inputs    suite.Inputs    // what benchmarks read besides their code, where that is said
	Command   []string        // a suite other than Go tests; see Command suites in command.go
	Env       []string        // names of variables that benchmarks get besides the harmless ones: see package child
	Shards    baseline.Shards // measure the benchmark functions of these alone; zero: all
	Bench     string          // in the syntax of go test -bench; empty: all
	Benchtime string          // as go test -benchtime, the same on both sides; empty: DefaultBenchtime
	Timeout   time.Duration   // of one process
	Budget    time.Duration   // of running benchmarks, discovery included, building not; 0: none
	Rounds    int             // of each side before Next is asked; 0: DefaultRounds
	Seed      uint64          // of the random order; 0: drawn and recorded
	All       bool            // also run benchmarks whose code is the same on both sides; an A/A run marks none

	Noise map[baseline.Key]baseline.Noise // history that the decision will use, recorded in the log
	Next  NextFunc                        // asks for pairs; nil: Rounds rounds and no more, each process by itself

	Spare NextFunc // asks for counts once nothing else is wanted, which the budget may cut short; nil: for none

	Counter Counter // of instructions, for what Next and Spare want counted; nil: none

	Log      io.Writer      // receives the raw log, one write a process; nil: none
	Resume   []byte         // text of an interrupted log to go on from; Log receives it again, its stop mark taken out
	Progress func(Progress) // called before each step, from one goroutine at a time; nil: silent
}

// Result is what happened.
type Result struct {
	Facts
	Text    []byte // the raw log, whole
	Seed    uint64 // of the order
	Stopped string // "budget of 3m0s", "interrupt"; empty: everything wanted was run
}

// fill sets defaults and refuses what cannot work.
func (o *Options) fill() error {
	if o.Dir == "" {
		o.Dir = "."
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return fmt.Errorf("find directory %s: %w", o.Dir, err)
	}
	o.Dir = dir
	if len(o.Packages) == 0 {
		o.Packages = []string{"./..."}
	}
	if o.Benchtime == "" {
		o.Benchtime = DefaultBenchtime
	}
	if _, err := suite.Benchtime(o.Benchtime); err != nil {
		return err
	}
	if o.Bench == "" {
		o.Bench = "."
	}
	if _, err := suite.FunctionLevel(o.Bench); err != nil {
		return err
	}
	if o.Timeout <= 0 {
		return fmt.Errorf("a timeout of %v lets no benchmark run: give one process a minute or more", o.Timeout)
	}
	for o.Seed == 0 {
		o.Seed = rand.Uint64() >> 32 // short enough to be typed again
	}
	if o.Rounds <= 0 {
		o.Rounds = DefaultRounds
	}
	return nil
}
