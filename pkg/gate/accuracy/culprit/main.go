package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == field.BusyArg {
		field.Busy(os.Stdin)
		return
	}
	only := flag.String("only", "", "measure the histories whose name has this in it")
	list := flag.Bool("list", false, "list the histories and measure nothing")
	compete := flag.Int("compete", 0, "beside this many processes that compute")
	count := flag.Bool("count", true, "let regress count instructions")
	keep := flag.String("keep", "", "directory for the repositories and the logs of the searches; it must not be there yet")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wanted := slices.DeleteFunc(histories(), func(h history) bool { return !strings.Contains(h.name, *only) })
	if *list {
		for _, h := range wanted {
			fmt.Println(h.name)
		}
		return
	}
	if err := run(ctx, wanted, *keep, *compete, *count); err != nil {
		fmt.Fprintln(os.Stderr, "culprit:", err)
		os.Exit(1)
	}
}

// run measures histories and prints the table.
func run(ctx context.Context, wanted []history, keep string, compete int, count bool) (err error) {
	if len(wanted) == 0 {
		return errors.New("no history has that in its name; -list says what there is")
	}
	dir := keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "culprit-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	l, err := newLab(ctx, dir)
	if err != nil {
		return err
	}
	if compete > 0 {
		others, err := field.Compete(compete)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, others.End()) }()
	}
	fmt.Printf("%-22s %-10s %-34s %-8s %s\n", "history", "outcome", "found", "cost", "time")
	var right, wrong, dear int
	for _, h := range wanted {
		begin := time.Now()
		got, err := l.try(ctx, h, count)
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		say := "right"
		switch {
		case h.right(got):
			right++
		case got.Outcome == "found" || got.Outcome == "between":
			wrong++
			say = "WRONG: it was " + strings.Join(h.culprits(), ", ")
		default:
			say = "not found: " + got.Headline
		}
		if h.kind == one && got.Comparisons > limit {
			dear++
		}
		fmt.Printf("%-22s %-10s %-34s %2d of %2d %5.0f s  %s\n", h.name, got.Outcome, strings.Join(got.names(), ", "), got.Comparisons, limit, time.Since(begin).Seconds(), say)
	}
	fmt.Printf("\n%d of %d right, %d named wrongly; %d with one culprit cost more than %d comparisons\n", right, len(wanted), wrong, dear, limit)
	return nil
}

// limit is 3·log2 of the commits.
var limit = int(3 * math.Log2(commits))

// answer is what is read of the JSON of regress bisect.
type answer struct {
	Outcome     string
	Headline    string
	Comparisons int
	Suspects    []struct{ Commits []commit }
	Parts       []struct {
		Commits []commit
		Clear   bool
	}
}

type commit struct{ Subject string }

// names returns the subjects of what was found: the commit, the range, or the last of each part.
func (a answer) names() (out []string) {
	switch a.Outcome {
	case "found", "between":
		for _, c := range a.Suspects[0].Commits {
			out = append(out, c.Subject)
		}
	case "several":
		for _, p := range a.Parts {
			if p.Clear {
				out = append(out, p.Commits[len(p.Commits)-1].Subject)
			}
		}
	}
	return out
}

// lab is where histories are made: the module, and how long a step of added work takes.
type lab struct {
	dir, regress string
	step         float64 // nanoseconds
	op           float64 // of the benchmark, in nanoseconds
}

func newLab(ctx context.Context, dir string) (*lab, error) {
	l := &lab{dir: dir, regress: filepath.Join(dir, "regress")}
	if _, err := call(ctx, "", "go", "build", "-o", l.regress, "github.com/descartes/regress/cmd/regress"); err != nil {
		return nil, fmt.Errorf("build regress: %w; run this within its repository", err)
	}
	return l, l.calibrate(ctx)
}

// try makes a history, searches it and returns the answer.
func (l *lab) try(ctx context.Context, h history, count bool) (a answer, err error) {
	dir := filepath.Join(l.dir, strings.NewReplacer("%", "", " ", "-").Replace(h.name))
	if err := l.build(ctx, dir, h); err != nil {
		return a, err
	}
	out, err := call(ctx, dir, l.regress, "bisect", "--good", "good", "--bad", "main", "--bench", pattern,
		fmt.Sprintf("--count=%v", count), "--format", "json", "-o", filepath.Join(dir, ".regress.txt"))
	if jsonErr := json.Unmarshal(out, &a); jsonErr != nil {
		return a, errors.Join(err, jsonErr)
	}
	return a, nil
}

// call runs a program and returns its standard output; its error has what it complained.
func call(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends what it started
	cmd.WaitDelay = 20 * time.Second
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, complaints.String())
	}
	return out, nil
}
