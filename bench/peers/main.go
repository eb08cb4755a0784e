// Command peers measures pkg/ipc beside other ways to move messages between two
// processes of one machine: a floor written in C, plain Go, and the libraries that
// Go programs use. It measures pkg/ipc's codecs beside JSON libraries, in one
// process. README.md says how each is configured.
//
//	cd bench/peers && go run . [-rounds N] [-seconds S] [-only REGEXP] [-format table|bench]
//
// All take turns in random order, in rounds; ratios are of figures from the same
// round, measured one after the other. Linux only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/descartes/regress/bench/peers/internal/host"
)

func main() {
	if len(os.Args) > 1 {
		if done, code := playRole(os.Args[1:]); done {
			os.Exit(code)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// playRole runs this process as one side of a measurement, if args say so.
func playRole(args []string) (done bool, code int) {
	roles := map[string]func([]string) error{"near": near, "far": far}
	role, ok := roles[args[0]]
	if !ok {
		return false, 0
	}
	if err := role(args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "peers %v: %v\n", args, err)
		return true, 1
	}
	return true, 0
}

type options struct {
	rounds  int
	seconds float64
	limit   time.Duration
	only    *regexp.Regexp
	format  string
	seed    uint64
}

// rare is how often what no bar needs is measured: in every rare-th round, but for work with
// many processes.
const rare = 3

// parse reads the flags.
func parse(args []string, errs io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.IntVar(&o.rounds, "rounds", 7, "rounds; what no bar needs is measured in every third")
	flags.Float64Var(&o.seconds, "seconds", .3, "seconds each measurement lasts")
	flags.DurationVar(&o.limit, "limit", 4*time.Minute, "start no measurement after this")
	flags.StringVar(&only, "only", "", "measure what matches this `regexp`, as in 'shm/trip 64 B', or codec/FORMAT/PAYLOAD; then all of it in every round")
	flags.StringVar(&o.format, "format", "table", "table, or bench: a line per result in the format of Go benchmarks")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the random order")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if only != "" {
		var err error
		if o.only, err = regexp.Compile(only); err != nil {
			return o, fmt.Errorf("-only: %w", err)
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q: want flags only, see -h", flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: want 1 or more", o.rounds)
	case !(o.seconds >= .01 && o.seconds <= 60): // not NaN either
		return o, fmt.Errorf("-seconds %g: want .01 to 60", o.seconds)
	case o.format != "table" && o.format != "bench":
		return o, fmt.Errorf("-format %q: want table or bench", o.format)
	}
	return o, nil
}

// command returns the program: it returns 0, 1 when something could not be measured
// that should have been, 2 for wrong usage.
func command(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(errs, "peers:", err)
		return 2
	}
	if err := compete(ctx, o, out, errs); err != nil {
		fmt.Fprintln(errs, "peers:", err)
		return 1
	}
	return 0
}

// compete measures everything and reports.
func compete(ctx context.Context, o options, out, errs io.Writer) error {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := report{works: works(), measured: measured{}, exchanges: exchanges{}, partial: o.only != nil}
	floor, compiler, err := buildFloor(ctx, dir)
	if errors.Is(err, errNoCompiler) {
		compiler = err.Error()
		r.problems = append(r.problems, compiler)
	} else if err != nil {
		return err
	}
	r.rivals, r.machine = field(self, floor), machine(compiler)
	c := contest{options: o, dir: dir, report: &r, errs: errs, order: rand.New(rand.NewPCG(o.seed, 0))}
	if o.format == "bench" {
		c.lines = lines{out}
	} else {
		c.lines = lines{io.Discard}
	}
	c.lines.begin(r.machine)
	err = c.run(ctx)
	if o.format == "table" {
		r.write(out)
	}
	return err
}

// contest is a run in progress.
type contest struct {
	options
	dir    string
	report *report
	lines  lines
	errs   io.Writer
	order  *rand.Rand
	failed int
	left   int // measurements that the limit left out
}

// entry is one measurement to make.
type entry struct {
	rival rival
	work  work
}

// run measures all rounds.
func (c *contest) run(ctx context.Context) error {
	deadline := time.Now().Add(c.limit)
	for round := 1; round <= c.rounds && time.Now().Before(deadline) && ctx.Err() == nil; round++ {
		cost, busy := host.Crossing(), host.Load()
		c.report.crossings = append(c.report.crossings, cost)
		c.report.loads = append(c.report.loads, busy)
		c.lines.round(round, cost, busy)
		entries := c.entries(round)
		fmt.Fprintf(c.errs, "round %d of %d: %d measurements, a cache line crosses in %v, load %s\n", round, c.rounds, len(entries), cost, busy)
		for i, e := range entries {
			if ctx.Err() != nil {
				break
			}
			if time.Now().After(deadline) {
				c.left += len(entries) - i
				break
			}
			c.measure(ctx, e, round)
		}
		if c.codecs(ctx, round, deadline)+len(entries) == 0 {
			return fmt.Errorf("-only matches nothing: want something like 'ours-shm/trip 64 B' or 'codec'")
		}
		if done := len(c.report.crossings); done < c.rounds && time.Now().After(deadline) {
			c.problem(fmt.Sprintf("%d rounds of %d fitted into -limit %v; the last lacks %d measurements", done, c.rounds, c.limit, c.left))
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: what was measured until then is reported")
	}
	if c.failed > 0 {
		return fmt.Errorf("%d measurements failed", c.failed)
	}
	return nil
}

// measure measures one entry in one round.
func (c *contest) measure(ctx context.Context, e entry, round int) {
	r, err := e.rival.run(ctx, c.dir, e.work, strconv.FormatFloat(c.seconds, 'f', -1, 64), c.seconds)
	if err != nil {
		if ctx.Err() == nil {
			c.failed++
			c.problem(fmt.Sprintf("round %d: %v", round, err))
		}
		return
	}
	c.report.measured.add(e.rival.name, e.work, round, r)
	c.lines.result(e.rival.name, e.work, r)
}

// problem notes and prints what could not be measured.
func (c *contest) problem(text string) {
	c.report.problems = append(c.report.problems, text)
	c.lines.problem(text)
	fmt.Fprintln(c.errs, "peers:", text)
}

// entries lists a round's measurements: works in random order, and within a work the rivals, so
// that what is compared was measured within a few seconds.
func (c *contest) entries(round int) []entry {
	var all []entry
	ours := bars()
	works := append([]work(nil), c.report.works...)
	c.order.Shuffle(len(works), func(i, j int) { works[i], works[j] = works[j], works[i] })
	for _, w := range works {
		var group []entry
		for _, r := range c.report.rivals {
			if !r.plays(w) {
				continue
			}
			if c.only == nil && !barred(ours, r.name, w) && !w.crowd() && round%rare != 1 {
				continue
			}
			if c.only != nil && !c.only.MatchString(r.name+"/"+w.String()) {
				continue
			}
			group = append(group, entry{r, w})
		}
		c.order.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		all = append(all, group...)
	}
	return all
}
