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
// It prints a Markdown table. "Other rows" are benchmarks called slower that were not touched:
// every one is a false alarm. Where the time is up, the table
// says how many of each were tried.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
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

func run(ctx context.Context) error {
	times := flag.Int("times", 10, "commits of each slowdown; twice as many unchanged ones")
	limit := flag.Duration("for", 20*time.Minute, "stop after this long")
	benchtime := flag.String("benchtime", "10ms", "of every process and every -count repetition")
	effect := flag.String("effect", "5%", "Δ, the smallest regression to catch")
	repo := flag.String("repo", "", "a repository to judge unchanged commits of, instead")
	file := flag.String("file", "", "with -repo: the Go file in it that gets the comments")
	flag.Parse()
	dir, err := os.MkdirTemp("", "regress-inject-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *repo != "" {
		return unchanged(ctx, os.Stdout, dir, *repo, *file, 2**times, *limit)
	}
	lab, err := newLab(ctx, dir, *benchtime, *effect)
	if err != nil {
		return err
	}
	start := time.Now()
	byPercent := map[int]*tally{}
	for i := range *times {
		for j, percent := range slowdowns {
			if time.Since(start) > *limit || ctx.Err() != nil {
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
			fmt.Fprintf(os.Stderr, "%4.0f s  %+d %% in %s: two stages %v (%.1f rounds, %.0f s), fixed rounds %v (%.0f s)\n",
				time.Since(start).Seconds(), percent, t.victim, t.staged.red, t.staged.rounds, t.staged.seconds, t.fixed[0].red, t.fixed[0].seconds)
		}
	}
	return write(os.Stdout, lab, byPercent, time.Since(start))
}
