package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

// recorder measures benchmarks in several ways.
type recorder struct {
	ways       []way
	processors []int // to pin to
	rng        *rand.Rand
	benchmarks []*benchmark
}

// benchmark is one with what was measured of it.
type benchmark struct {
	binary
	name   string  // without "Benchmark"
	ns     float64 // of an operation
	failed int     // pairs
	pairs  [][]pair
}

// pair is what two processes of a benchmark printed, which ran right after each other: the times of
// their repetitions in ascending order, in nanoseconds, and how long either took.
type pair struct {
	times [2][]float64
	took  [2]time.Duration
}

// What a benchmark may cost to be chosen.
const (
	mostOperation = 2e6 // ns
	mostSetup     = 30 * time.Millisecond
	mostTried     = 5 // benchmarks for each that is chosen
)

// alone makes a process work as one that is pinned, and print names without a suffix.
var alone = []string{"GOMAXPROCS=1"}

// choose adds benchmarks of a package, each of them at most.
func (r *recorder) choose(ctx context.Context, b binary, each int) error {
	text, _, err := b.measure(ctx, ".", -1, alone, "-test.benchtime=1x")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // what was printed before is good
		fmt.Fprintf(os.Stderr, "%s: not every benchmark ran: %v\n", b.pkg, err)
	}
	chosen := pick(cheap(results(text)), each, func(name string) bool {
		one := &benchmark{binary: b, name: name, pairs: make([][]pair, len(r.ways))}
		if err := one.calibrate(ctx); err != nil {
			fmt.Fprintf(os.Stderr, "%s.%s is left out: %v\n", b.pkg, name, err)
			return false
		}
		r.benchmarks = append(r.benchmarks, one)
		return true
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(chosen) == 0 {
		return errors.New("it has no benchmark that works and is cheap enough to repeat")
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", b.pkg, chosen)
	return nil
}

// cheap returns the sorted names of those results that are cheap enough to choose from.
func cheap(all []timed) (names []string) {
	for _, one := range all {
		if one.ns < mostOperation {
			names = append(names, one.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// pick divides names into so many stretches and returns the first good one of each.
func pick(names []string, many int, good func(string) bool) (out []string) {
	for k := range many {
		stretch := names[k*len(names)/many : (k+1)*len(names)/many]
		stretch = stretch[:min(mostTried, len(stretch))]
		if i := slices.IndexFunc(stretch, good); i >= 0 {
			out = append(out, stretch[i])
		}
	}
	return out
}

// calibrate finds out how long an operation takes, and returns an error where a repetition is dear
// beside its operations. The start of the process counts.
func (b *benchmark) calibrate(ctx context.Context) error {
	text, _, err := b.measure(ctx, field.Leaf(b.name), -1, alone, "-test.benchtime=3ms")
	if err != nil {
		return err
	}
	first := results(text)
	if len(first) != 1 {
		return fmt.Errorf("%d results, want one", len(first))
	}
	b.ns = first[0].ns
	trial := way{repetitions: 5, each: time.Millisecond}
	text, took, err := b.measure(ctx, field.Leaf(b.name), -1, alone, trial.args(b.ns)...)
	if err != nil {
		return err
	}
	if have := len(results(text)); have != trial.repetitions {
		return fmt.Errorf("%d results, want %d", have, trial.repetitions)
	}
	if cost := took/time.Duration(trial.repetitions) - trial.each; cost >= mostSetup {
		return fmt.Errorf("a repetition costs %v beside its operations", cost.Round(time.Millisecond))
	}
	return nil
}

// mostFailed pairs of a benchmark may fail before it is given up.
const mostFailed = 3

// sweeps measures until the context ends.
func (r *recorder) sweeps(ctx context.Context) {
	start := time.Now()
	for sweep := 1; ; sweep++ {
		tried := false
		for _, i := range r.rng.Perm(len(r.benchmarks)) {
			b := r.benchmarks[i]
			for _, k := range r.rng.Perm(len(r.ways)) {
				if b.failed >= mostFailed {
					break
				}
				tried = true
				p, err := r.measure(ctx, b, r.ways[k])
				switch {
				case ctx.Err() != nil:
					return
				case err != nil:
					b.failed++
					fmt.Fprintf(os.Stderr, "%s.%s, %v: %v\n", b.pkg, b.name, r.ways[k], err)
				default:
					b.pairs[k] = append(b.pairs[k], p)
				}
			}
		}
		if !tried {
			return
		}
		fmt.Fprintf(os.Stderr, "%5.0f s  sweep %d\n", time.Since(start).Seconds(), sweep)
	}
}

// measure runs a pair of a benchmark.
func (r *recorder) measure(ctx context.Context, b *benchmark, w way) (p pair, err error) {
	cpu, env := -1, []string(nil)
	if w.pinned {
		cpu, env = r.processors[r.rng.IntN(len(r.processors))], alone
	}
	first := r.rng.IntN(2)
	for _, side := range []int{first, 1 - first} {
		var text string
		if text, p.took[side], err = b.binary.measure(ctx, field.Leaf(b.name), cpu, env, w.args(b.ns)...); err != nil {
			return p, err
		}
		for _, one := range results(text) {
			p.times[side] = append(p.times[side], one.ns)
		}
		if have := len(p.times[side]); have != w.repetitions {
			return p, fmt.Errorf("%d results, want %d", have, w.repetitions)
		}
		slices.Sort(p.times[side])
	}
	return p, nil
}
