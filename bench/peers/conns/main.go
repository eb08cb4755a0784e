// Command conns measures programs that speak over a net.Conn over shared memory, by package
// netconn, beside the same over a Unix socket: gRPC, net/http and io.Copy.
//
//	cd bench/peers && go run ./conns [-limit D] [-seconds S] [-only REGEXP]
//
// A near and a far process do each measurement. The two sides of a bar are measured one after the
// other, in random order, and give one ratio; pairs follow each other until the interval of the
// median ratio lies on one side of the bar, at one of five looks, or the time is up: the bar is
// then met, missed or undecided. All verdicts of a bar together err in one of twenty runs at most.
// What gRPC costs by itself is that over its own bufconn, with both sides in one process. Linux
// only; run it on a quiet machine with two free cores.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/descartes/regress/bench/peers/internal/host"
)

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "near" || os.Args[1] == "far") {
		if err := play(os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "conns %v: %v\n", os.Args[1:], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// play plays one side of a measurement, NEAR WORK NETWORK PATH BUDGET or FAR WORK NETWORK PATH.
func play(role string, args []string) error {
	if want := map[string]int{"far": 3, "near": 4}[role]; len(args) != want {
		return fmt.Errorf("%d arguments, want %d", len(args), want)
	}
	w, err := find(args[0])
	if err != nil {
		return err
	}
	network, path := args[1], args[2]
	if role == "far" {
		l, err := listen(network, path)
		if err != nil {
			return err
		}
		fmt.Println("listening")
		return w.serve(l)
	}
	b, err := parseBudget(args[3])
	if err != nil {
		return err
	}
	if network != bufNet {
		end, err := startFar(args[:3])
		if err != nil {
			return err
		}
		defer end()
	}
	figure, err := w.measure(context.Background(), network, path, b)
	if err == nil {
		fmt.Println(figure)
	}
	return err
}

// startFar starts the far process, waits until it listens, and returns what ends it.
func startFar(args []string) (end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{"far"}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread() // the far process dies with the thread that starts it
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(out, make([]byte, len("listening\n"))); err != nil {
		return nil, errors.Join(fmt.Errorf("the far process does not listen: %w", err), cmd.Wait())
	}
	return func() { _, _ = cmd.Process.Kill(), cmd.Wait() }, nil
}

// patience is what a measurement may take beside its budget.
const patience = 20 * time.Second

// measure returns the figure of one work on one network, measured in processes of their own.
func measure(ctx context.Context, dir, work, network, budget string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, network)
	defer func() { _ = os.Remove(path) }() // the far process is killed
	cmd := exec.CommandContext(ctx, self, "near", work, network, path, budget)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s on %s: %w: %s", work, network, errors.Join(err, ctx.Err()), strings.TrimSpace(errs.String()))
	}
	figure, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	if err != nil || !(figure > 0) {
		return 0, fmt.Errorf("%s on %s: the near process printed %q, want a figure", work, network, out.String())
	}
	return figure, nil
}

// command is the program: it returns 0, 1 when something could not be measured, 2 for wrong usage.
func command(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("conns", flag.ContinueOnError)
	flags.SetOutput(errs)
	limit := flags.Duration("limit", 8*time.Minute, "begin no further round after this")
	budget := flags.String("seconds", "0.4", "seconds each measurement lasts; 100x: as many operations, or bytes, for trying it out")
	only := flags.String("only", "", "measure the bars that match this `regexp`, as in 'unary shm/unix'")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of the random order")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var match *regexp.Regexp
	if err == nil {
		match, err = regexp.Compile(*only)
	}
	if err == nil {
		_, err = parseBudget(*budget)
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q: want flags only, see -h", flags.Arg(0))
	}
	var all []*found
	for _, b := range bars() {
		if err == nil && match.MatchString(b.name()) {
			all = append(all, &found{bar: b})
		}
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("-only %q matches none of the bars", *only)
	}
	if err != nil {
		fmt.Fprintln(errs, "conns:", err)
		return 2
	}
	if err := run(ctx, all, *budget, *limit, rand.New(rand.NewPCG(*seed, 0)), out, errs); err != nil {
		fmt.Fprintln(errs, "conns:", err)
		return 1
	}
	return 0
}

// run measures pair after pair until every bar is decided or the time is up, and prints the table.
func run(ctx context.Context, all []*found, budget string, limit time.Duration, rnd *rand.Rand, out, errs io.Writer) error {
	dir, err := os.MkdirTemp("", "conns")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var crossings, loads []string
	for start := time.Now(); (len(loads) == 0 || time.Since(start) < limit) && ctx.Err() == nil && err == nil; {
		var open []*found
		for _, f := range all {
			if !f.decided(f.ratios()) {
				open = append(open, f)
			}
		}
		if len(open) == 0 {
			break
		}
		crossings, loads = append(crossings, host.Crossing().String()), append(loads, host.Load())
		fmt.Fprintf(errs, "round %d: %d bars are open, a cache line crosses in %s, load %s\n",
			len(crossings), len(open), crossings[len(crossings)-1], loads[len(loads)-1])
		rnd.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		for _, f := range open {
			if err = f.pair(ctx, dir, budget, rnd.IntN(2) == 0); err != nil {
				break
			}
		}
	}
	fmt.Fprintf(out, "%s, %d processors, %s. A cache line crossed between two cores, by round, in: %s (load: %s)\n\n",
		host.CPU(), runtime.NumCPU(), runtime.Version(), strings.Join(crossings, " "), strings.Join(loads, " "))
	write(out, all)
	return errors.Join(err, ctx.Err())
}

// pair measures both sides of the bar, one after the other.
func (f *found) pair(ctx context.Context, dir, budget string, oursFirst bool) error {
	order := []string{f.bar.theirs, f.bar.ours}
	if oursFirst {
		order = []string{f.bar.ours, f.bar.theirs}
	}
	figures := map[string]float64{}
	for _, network := range order {
		figure, err := measure(ctx, dir, f.work, network, budget)
		if err != nil {
			return err
		}
		figures[network] = figure
	}
	f.ours, f.theirs = append(f.ours, figures[f.bar.ours]), append(f.theirs, figures[f.bar.theirs])
	return nil
}
