package measure

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// Want is one benchmark that needs more rounds.
type Want = baseline.Want

// NextFunc says, from the log so far, what to run next. Empty: enough.
type NextFunc func(log baseline.Log) []Want

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

	// DefaultTimeout is for one process. It is what a hanging benchmark costs.
	DefaultTimeout = time.Minute

	// DefaultRounds is the least that a comparison starts with: the first look of
	// the two-stage procedure.
	DefaultRounds = 2
)

// Options say what to measure. Dir is the only field that must be set.
type Options struct {
	Dir       string        // where the patterns of Packages start; inside the repository
	Base      string        // branch, tag or commit whose merge base with HEAD is the base; empty: the head alone
	Anchor    string        // branch, tag or commit to hold the head against besides the base, or LastRelease; empty: none
	Branch    string        // recorded as the head's branch; empty: what git says
	Project   string        // recorded in the log; empty: the module path
	Packages  []string      // go package patterns; empty: ./...
	Command   []string      // a suite other than Go tests; see Command suites in command.go
	Bench     string        // in the syntax of go test -bench; empty: all
	Benchtime string        // as go test -benchtime, the same on both sides; empty: DefaultBenchtime
	Timeout   time.Duration // of one process; 0: DefaultTimeout
	Budget    time.Duration // of running benchmarks, discovery included, building not: a cold cache must not eat the rounds; 0: none
	Rounds    int           // of each side before Next is asked; 0: DefaultRounds
	Seed      uint64        // of the random order; 0: drawn and recorded
	All       bool          // also run benchmarks whose code is the same on both sides; not needed for an A/A run, which marks none

	Noise map[baseline.Key]baseline.Noise // history that the decision will use, recorded in the log
	Next  NextFunc                        // nil: Rounds rounds and no more

	Log      io.Writer      // receives the raw log, one write a process; nil: none
	Resume   []byte         // text of an interrupted log to go on from; Log receives it again, its stop mark taken out
	Progress func(Progress) // called before each step; nil: silent
}

// Result is what happened. The log itself is Text.
type Result struct {
	Text         []byte         // the raw log, whole
	BaseCommit   string         // full SHA; empty when the head was measured alone
	HeadCommit   string         // full SHA; empty outside a repository
	Anchor       string         // what the anchor was found by; empty: there is none
	AnchorCommit string         // full SHA; where it is BaseCommit, or in an A/A run, it is not measured
	Branch       string         // of the head; empty when detached
	Dirty        bool           // the working tree differs from HeadCommit
	Identical    bool           // the same commit on both sides and a clean tree: an A/A run
	Seed         uint64         // of the order
	Processes    int            // run by this call, discovery not counted
	Failed       int            // of them, without a result
	Same         []baseline.Key // not run, or run because of All: code proven the same
	Unmeasured   []baseline.Key // found and without a single round on some side that has them: the budget, or a failure
	Stopped      string         // "budget of 3m0s", "interrupt"; empty: everything wanted was run
	Build        time.Duration  // git and building
	Measure      time.Duration  // discovery and rounds
}

// Run measures. Errors before the first process (see the Err variables) carry
// their remedy and leave nothing behind. Afterwards only a log that cannot be
// written is an error: crashes and time-outs are marks in the log, and the end of
// the budget or of ctx is Result.Stopped. The temporary tree and every child
// process are gone when Run returns, also by a panic.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.fill(); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	tmp, err := os.MkdirTemp("", "regress-")
	if err != nil {
		return Result{}, fmt.Errorf("make a directory for the base and the binaries: %w", err)
	}
	defer removeAll(tmp)
	if tmp, err = filepath.EvalSymlinks(tmp); err != nil {
		return Result{}, fmt.Errorf("resolve the temporary directory: %w", err)
	}
	m := &measurement{o: o, tmp: tmp, entries: map[baseline.Key]*entry{}}
	m.res.Seed = o.Seed
	if err := m.prepare(ctx); err != nil {
		if ctx.Err() != nil {
			return m.res, fmt.Errorf("interrupted before the first round: %w", context.Cause(ctx))
		}
		return m.res, err
	}
	m.res.Build = time.Since(begin)
	m.begin = time.Now()
	err = m.measure(ctx)
	m.res.Measure = time.Since(m.begin)
	m.res.Text = m.log.text.Bytes()
	return m.res, err
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
	if _, err := benchtime(o.Benchtime); err != nil {
		return err
	}
	if o.Bench == "" {
		o.Bench = "."
	}
	if _, err := functionLevel(o.Bench); err != nil {
		return err
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	for o.Seed == 0 {
		o.Seed = rand.Uint64() >> 32 // short enough to be typed again
	}
	if o.Rounds <= 0 {
		o.Rounds = DefaultRounds
	}
	return nil
}

// removeAll deletes a tree even where a benchmark or the module cache made
// directories read-only.
func removeAll(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
