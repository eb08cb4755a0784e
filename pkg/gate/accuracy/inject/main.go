// Inject measures the gate on this machine, for real: it makes a repository with
// eight benchmarks, commits changes to it, runs regress compare on each, and
// counts what was called slower.
//
//	go run ./pkg/gate/accuracy/inject
//	go run ./pkg/gate/accuracy/inject -times 1
//	go run ./pkg/gate/accuracy/inject -repo . -file pkg/ipc/ipc.go -for 1h
//
// The first makes 20 unchanged commits and 10 of each slowdown in at most 20 minutes, the second
// gives a first impression with 2 and 1, the third makes 20 unchanged commits of a suite that
// exists.
//
// An unchanged commit adds a comment that moves every line below it, so that the
// binaries differ. A slowdown makes the steps of one benchmark, another one
// each time, 3, 5, 10 or 30 % more: real work. Beside it the same two commits are measured the
// usual way, go test -bench . -count=10 at one and then at the other, and the same text
// is judged by benchstat's rule (two-sided Mann-Whitney, p < .05), by the same and
// ≥ 3 %, and by regress compare FILE. Both ways build with a cache that is warm but
// for what changed, use the same -benchtime, and pay for their builds.
//
// With -repo nothing is slowed down: a clone of that repository gets commits that add a
// comment to -file, which the suite of its regress.toml must depend on, and regress
// compare judges each against the one before. Whatever is red then is false.
//
// # Public modules
//
//	go run ./pkg/gate/accuracy/inject -modules all -times 3 -for 2h
//	go run ./pkg/gate/accuracy/inject -modules all -times 3 -for 4h -beside 4
//	go run ./pkg/gate/accuracy/inject -modules all -times 2 -slower 3,5,10,30 -for 6h
//	go run ./pkg/gate/accuracy/inject -modules all -times 2 -slower 3,5,10,30 -for 12h -beside 4
//
// Each of ten public modules, at the version in module.go, becomes a repository of its own, and of
// the benchmarks at its top those are measured that choose takes: whole functions in order, 20
// benchmarks at most, or as many as -benchmarks says. goldmark has none in Go, and gets some. The
// go command downloads the modules, and what their tests need, before anything is timed; later it
// finds them in its cache.
//
// Without -slower, each commit moves the functions of the module's package and changes nothing: so
// many of its benchmarks have an answer, so long did one take, linking included and compiling not.
// A benchmark has one when its time or its work was judged, and not its allocations alone. Whatever
// is red is false.
//
// With -slower, the benchmarks of the module are changed at base and head alike: they do as many
// operations more than b.N, or b.Loop or pb.Next, as a file says that is no test. A commit changes
// that file for one benchmark, which does 5 % more of what it does then, as much more time as
// work. It is the first that takes twice as long with each operation done twice, which is tried by
// running two binaries by turns, without regress and before the competing processes start.
// "Caught" is red on a row of that benchmark, by time or by counted work, and not by allocations
// alone; any other red row is false.
//
// -beside starts so many processes that do nothing but compute. Nothing else should run meanwhile:
// the load average and the share of stolen processor time stand in the table. Where the time is up
// the table says so, and has what there is.
//
// # What counts of instructions say
//
//	go run ./pkg/gate/accuracy/inject -modules all -rebuilt -budget 10m -for 6h
//	go run ./pkg/gate/accuracy/inject -unseen -times 3 -for 2h
//	go run ./pkg/gate/accuracy/inject -single -times 5 -beside 8 -for 1h
//
// With -rebuilt, binaries that do the same are counted: each module with its functions moved, with
// functions renamed, and built without -trimpath, and twenty real commits that claim to change
// nothing (commits.go), each beside the one before it. So that everything is counted, the smallest
// change of time to act on is .2 % there, and what is said of time is left out. It needs a machine
// that counts: regress doctor says so. Commits come from the module proxy; where that refuses them,
// clones of chi, zap, expr, goldmark, toml and bitset, named so, in a directory that -clones names.
//
// With -unseen, a suite of its own becomes slower by what a count does not see, by a little and by
// much: branches guessed wrongly, a list out of order in memory, divisions, a contended lock, a
// longer sleep, more work in the kernel, a smaller read buffer. How much is found as with -slower.
// None may be called "same work" without a word of what that leaves out; those words are printed.
//
// With -single, a repository of one benchmark gets 30 % more work, which must be red, and then less
// again, which must be green.
//
// # The course of a branch
//
//	go run ./pkg/gate/accuracy/inject -sessions 30
//	go run ./pkg/gate/accuracy/inject -sessions 3
//
// Main gets so many commits that change nothing, and regress baseline update measures each beside
// the anchor while up to three processes that compute come and go, in time and, where this machine
// counts, in work. The table has the noise between runs as regress trend --format json says it, of
// the ratios to the anchor and, with --absolute, of the times; and in how many places a step of 3 %
// that is put into the recorded values is found within five runs, which takes 17 runs at least. In
// those of the work that is a slowdown that does 3 % more work, and no other.
//
// # The table
//
// It prints a Markdown table. "Other rows" are benchmarks called slower that were not touched:
// every one is a false alarm. Where the time is up, the table
// says how many of each were tried.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == field.BusyArg {
		field.Busy(os.Stdin)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "inject:", err)
		os.Exit(2)
	}
}

// slowdowns that are tried, in per cent; 0 twice as often, because a false
// alarm is what must be rare.
var slowdowns = []int{0, 0, 3, 5, 10, 30}

// options are what inject is asked.
type options struct {
	times             int
	limit             time.Duration
	benchtime, effect string
	repo, file        string
	modules, slower   string
	most              int
	rebuilt           bool
	clones            string
	unseen, single    bool
	sessionCount      int
	beside            int
	budget            string
	keep              string
}

func parse() options {
	var o options
	flag.IntVar(&o.times, "times", 10, "commits of each slowdown; twice as many unchanged ones, but with -modules as many")
	flag.DurationVar(&o.limit, "for", 20*time.Minute, "stop after this long")
	flag.StringVar(&o.benchtime, "benchtime", "10ms", "of every process and every -count repetition")
	flag.StringVar(&o.effect, "effect", "5%", "Δ, the smallest regression to catch")
	flag.StringVar(&o.repo, "repo", "", "a repository to judge unchanged commits of, instead")
	flag.StringVar(&o.file, "file", "", "with -repo: the Go file in it that gets the comments")
	flag.StringVar(&o.modules, "modules", "", "public modules to judge commits of, instead: all, or names as in gjson,toml")
	flag.IntVar(&o.most, "benchmarks", 20, "with -modules: of each one at most")
	flag.StringVar(&o.slower, "slower", "", "with -modules: make one benchmark of each do this much more, in per cent: 3,5,10,30")
	flag.BoolVar(&o.rebuilt, "rebuilt", false, "with -modules: compare what is counted of commits that claim to do the same")
	flag.StringVar(&o.clones, "clones", "", "with -rebuilt: a directory of git clones named as the modules are, to take commits from (default: the module proxy)")
	flag.BoolVar(&o.unseen, "unseen", false, "judge slowdowns that a count of instructions does not see, instead")
	flag.BoolVar(&o.single, "single", false, "judge a repository of one benchmark, 30 % slower and restored, instead")
	flag.IntVar(&o.sessionCount, "sessions", 0, "measure so many runs of a branch beside an anchor, under a load that changes, instead")
	flag.IntVar(&o.beside, "beside", 0, "how many processes compute beside everything")
	flag.StringVar(&o.budget, "budget", "", "with -modules, -unseen and -single: of regress compare (default: its own)")
	flag.StringVar(&o.keep, "keep", "", "with -modules: a directory for the raw log of each decision, which regress compare FILE judges again")
	flag.Parse()
	return o
}

func run(ctx context.Context) (err error) {
	o := parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is no flag; see -help", flag.Arg(0))
	}
	dir, err := os.MkdirTemp("", "regress-inject-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.modules != "" || o.unseen || o.single {
		return o.campaign(ctx, dir)
	}
	if o.sessionCount > 0 {
		return o.sessions(ctx, dir)
	}
	others, err := field.Compete(o.beside)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, others.End()) }()
	if o.repo != "" {
		return unchanged(ctx, os.Stdout, dir, o.repo, o.file, 2*o.times, o.limit)
	}
	return o.eight(ctx, dir)
}

// campaign measures what is asked of modules, or of a suite made for it.
func (o options) campaign(ctx context.Context, dir string) error {
	l := lab{dir: dir, regress: filepath.Join(dir, "regress")}
	if err := l.build(ctx); err != nil {
		return err
	}
	if o.keep != "" {
		var err error
		if o.keep, err = filepath.Abs(o.keep); err != nil {
			return err
		}
		if err := os.MkdirAll(o.keep, 0o755); err != nil {
			return err
		}
	}
	c := &campaign{out: os.Stdout, dir: dir, regress: l.regress, most: o.most, times: o.times, budget: o.budget, beside: o.beside, clones: o.clones, keep: o.keep, started: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	var err error
	switch {
	case o.unseen:
		return c.unseen(ctx)
	case o.single:
		return c.single(ctx)
	}
	if c.modules, err = named(o.modules); err != nil {
		return err
	}
	switch {
	case o.rebuilt:
		return c.rebuilt(ctx)
	case o.slower == "":
		return c.unchanged(ctx)
	}
	targets, err := percents(o.slower)
	if err != nil {
		return err
	}
	return c.slower(ctx, targets)
}

// eight slows down each of the eight benchmarks.
func (o options) eight(ctx context.Context, dir string) error {
	lab, err := newLab(ctx, dir, o.benchtime, o.effect)
	if err != nil {
		return err
	}
	start := time.Now()
	byPercent := map[int]*tally{}
	for i := range o.times {
		for j, percent := range slowdowns {
			if time.Since(start) > o.limit || ctx.Err() != nil {
				break
			}
			t, err := lab.try(ctx, percent, i*len(slowdowns)+j)
			if err != nil {
				return err
			}
			if byPercent[percent] == nil {
				byPercent[percent] = &tally{}
			}
			byPercent[percent].add(t)
			fmt.Fprintf(os.Stderr, "%4.0f s  %+d %% in %s: regress compare %v (%.1f rounds, %.0f s), fixed rounds %v (%.0f s)\n",
				time.Since(start).Seconds(), percent, t.victim, t.staged.red, t.staged.rounds, t.staged.seconds, t.fixed[0].red, t.fixed[0].seconds)
		}
	}
	return write(os.Stdout, lab, byPercent, time.Since(start))
}
