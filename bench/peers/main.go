// Command peers measures pkg/ipc beside other ways to move messages between two
// processes of one machine: a floor written in C, plain Go, and the libraries that
// Go programs use. It measures pkg/ipc's codecs beside JSON libraries, in one
// process, and gRPC, net/http and io.Copy over pkg/ipc/netconn beside the same over a
// Unix socket. README.md says how each is configured.
//
//	cd bench/peers && go run . [-limit D] [-only REGEXP] [-field N] [-seconds S] [-format table|bench]
//
// What a bar compares is measured one after the other, in random order, in rounds; a round
// gives each bar one ratio. Bars are met, missed or undecided by the interval of their ratios,
// see package decide; what is decided is measured no more. Linux only.
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
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/descartes/regress/bench/peers/internal/decide"
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
	roles := map[string]func([]string) error{"near": near, "far": far, "near-conn": nearConn, "far-conn": farConn}
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
	field   int
	seconds float64
	limit   time.Duration
	only    *regexp.Regexp
	format  string
	seed    uint64
}

// matches reports whether -only asks for what has that name.
func (o options) matches(name string) bool { return o.only == nil || o.only.MatchString(name) }

// parse reads the flags.
func parse(args []string, errs io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.DurationVar(&o.limit, "limit", 14*time.Minute, "begin no further round after this: bars that are open then are undecided")
	flags.StringVar(&only, "only", "", "decide the bars that match this `regexp`, as in 'ours-shm/c-shm trip 64 B' or 'netconn' or '^codec/', and of the field show what does, as in 'mangos/trip'")
	flags.IntVar(&o.field, "field", 1, "in the first `N` rounds measure everybody at everything, for the tables; 0: the bars alone")
	flags.Float64Var(&o.seconds, "seconds", .3, "seconds each measurement lasts")
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
	case o.field < 0:
		return o, fmt.Errorf("-field %d: want 0 or more rounds", o.field)
	case o.limit <= 0:
		return o, fmt.Errorf("-limit %v: want more than 0", o.limit)
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
	r := report{works: works(), measured: measured{}, exchanges: exchanges{}}
	for _, b := range bars() {
		if o.matches(b.name()) {
			r.bars = append(r.bars, &tally{bar: b, Tally: decide.Tally{Bar: b.Bar}})
		}
	}
	for _, b := range codecBars() {
		if o.matches(b.name()) {
			r.codecBars = append(r.codecBars, &codecTally{codecBar: b, Tally: decide.Tally{Bar: b.Bar}})
		}
	}
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
}

// entry is one measurement to make.
type entry struct {
	rival rival
	work  work
}

// run measures rounds until nothing is open.
func (c *contest) run(ctx context.Context) error {
	deadline := time.Now().Add(c.limit)
	for round := 1; ; round++ {
		entries := c.entries(round)
		cost, busy := host.Crossing(), host.Load()
		c.report.crossings, c.report.loads = append(c.report.crossings, cost), append(c.report.loads, busy)
		c.lines.round(round, cost, busy)
		fmt.Fprintf(c.errs, "round %d: %d bars are open, %d measurements, a cache line crosses in %v, load %.2g\n", round, c.report.open(), len(entries), cost, busy)
		for _, e := range entries {
			if ctx.Err() != nil {
				break
			}
			c.measure(ctx, e, round)
		}
		if c.codecs(ctx, round)+len(entries) == 0 {
			return fmt.Errorf("-only matches nothing: want something like 'ours-shm/c-shm trip 64 B' or 'codec'")
		}
		c.report.tally(round)
		switch open := c.report.open(); {
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted: what was measured until then is reported")
		case c.failed >= giveUp:
			return fmt.Errorf("%d measurements failed", c.failed)
		case open > 0 && time.Now().After(deadline):
			c.problem(fmt.Sprintf("%d bars were still open after -limit %v", open, c.limit))
		case open > 0 || round < c.field:
			continue
		}
		break
	}
	if c.failed > 0 {
		return fmt.Errorf("%d measurements failed", c.failed)
	}
	return nil
}

// giveUp is how many measurements may fail: a bar with a side that fails is never decided.
const giveUp = 20

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
// that what is compared was measured within a few seconds. The two works of a fan-in go together.
func (c *contest) entries(round int) []entry {
	var groups [][]entry
	at := map[string]int{}
	for _, w := range c.report.works {
		group := w.String()
		if w.kind == fanIn {
			group = fanIn
		}
		for _, r := range c.report.rivals {
			if !r.plays(w) || !c.due(r.name, w, round) {
				continue
			}
			if _, ok := at[group]; !ok {
				at[group] = len(groups)
				groups = append(groups, nil)
			}
			groups[at[group]] = append(groups[at[group]], entry{r, w})
		}
	}
	c.order.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	for _, g := range groups {
		c.order.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
	}
	return slices.Concat(groups...)
}

// due reports whether a contestant's work is measured in a round: a bar that is open needs it, or
// it is a round of the field.
func (c *contest) due(name string, w work, round int) bool {
	for _, t := range c.report.bars {
		if t.Open() && t.needs(name, w) {
			return true
		}
	}
	return round <= c.field && c.matches(name+"/"+w.String())
}
