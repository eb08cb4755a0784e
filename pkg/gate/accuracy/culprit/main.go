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
	clones := flag.String("real", "", "search real histories in place of constructed ones, in the clones that this directory has")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l := &lab{count: *count, clones: *clones}
	wanted := slices.DeleteFunc(l.trials(), func(t trial) bool { return !strings.Contains(t.name, *only) })
	if *list {
		for _, t := range wanted {
			fmt.Println(t.name)
		}
		return
	}
	if err := run(ctx, l, wanted, *keep, *compete); err != nil {
		fmt.Fprintln(os.Stderr, "culprit:", err)
		os.Exit(1)
	}
}

// trial is a history whose culprit is known, and how it is searched.
type trial struct {
	name   string
	search func(context.Context) (answer, error)
	right  func(answer) bool
	was    []string // the culprits, as the answer would name them
	dear   int      // comparisons above which a search costs too much; 0: there is no bound
}

// trials are the real histories where clones were given, else the constructed ones.
func (l *lab) trials() (out []trial) {
	if l.clones != "" {
		for _, r := range reals {
			search := func(ctx context.Context) (answer, error) { return l.research(ctx, r) }
			out = append(out, trial{name: r.name(), search: search, right: r.right, was: []string{r.culprit}})
		}
		return out
	}
	for _, h := range histories() {
		t := trial{name: h.name, search: func(ctx context.Context) (answer, error) { return l.try(ctx, h) }, right: h.right, was: h.culprits()}
		if h.kind == one {
			t.dear = limit
		}
		out = append(out, t)
	}
	return out
}

// run searches and prints the table.
func run(ctx context.Context, l *lab, wanted []trial, keep string, compete int) (err error) {
	if len(wanted) == 0 {
		return errors.New("no history has that in its name; -list says what there is")
	}
	l.dir = keep
	if keep == "" {
		if l.dir, err = os.MkdirTemp("", "culprit-"); err != nil {
			return err
		}
		defer os.RemoveAll(l.dir)
	} else if err := os.Mkdir(keep, 0o755); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	if compete > 0 {
		others, err := field.Compete(compete)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, others.End()) }()
	}
	fmt.Println("| history | outcome | found | probability | comparisons | seconds | load | |\n|---|---|---|---:|---:|---:|---:|---|")
	var right, wrong, dear int
	for _, t := range wanted {
		begin := time.Now()
		got, err := t.search(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		say := "right"
		switch {
		case t.right(got):
			right++
		case got.Outcome == "found" || got.Outcome == "between":
			wrong++
			say = "**wrong**: it was " + strings.Join(t.was, ", ")
		default:
			say = "not found: " + got.Headline
		}
		if t.dear > 0 && got.Comparisons > t.dear {
			dear++
		}
		fmt.Printf("| %s | %s | %s | %s | %d of %d | %.0f | %s | %s |\n", t.name, got.Outcome, strings.Join(got.names(), ", "), got.probability(), got.Comparisons, got.limit(), time.Since(begin).Seconds(), load(), say)
	}
	fmt.Printf("\n%d of %d right, %d named wrongly; %d with one culprit cost more than %d comparisons.\n", right, len(wanted), wrong, dear, limit)
	return nil
}

// load returns how many processes wanted to run in the last minute, as the kernel says.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Fields(string(text))[0]
}

// limit is 3·log2 of the commits.
var limit = int(3 * math.Log2(commits))

// answer is what is read of the JSON of regress bisect.
type answer struct {
	Outcome     string
	Headline    string
	Commits     int
	Comparisons int
	Probability float64
	Suspects    []struct{ Commits []commit }
	Parts       []struct {
		Commits []commit
		Clear   bool
	}
}

type commit struct{ ID, Subject string }

// probability writes how sure a commit is; empty where none was found.
func (a answer) probability() string {
	if a.Probability == 0 {
		return ""
	}
	return fmt.Sprintf("%.4f", min(.9999, math.Floor(a.Probability*1e4)/1e4)) // it never reads as certain
}

// limit returns 3·log2 of the commits of the range.
func (a answer) limit() int { return int(3 * math.Log2(float64(max(2, a.Commits)))) }

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

// lab is where histories are made.
type lab struct {
	dir, regress string
	count        bool
	clones       string // where the repositories of real histories are; empty: they are constructed
}

// prepare builds regress.
func (l *lab) prepare(ctx context.Context) error {
	l.regress = filepath.Join(l.dir, "regress")
	if _, err := call(ctx, "", "go", "build", "-o", l.regress, "github.com/descartes/regress/cmd/regress"); err != nil {
		return fmt.Errorf("build regress: %w; run this within its repository", err)
	}
	if l.clones != "" {
		return os.Setenv("GOFLAGS", "-mod=mod") // old lists of checksums lack what Go asks for by now
	}
	return nil
}

// try makes a history, searches it and returns the answer.
func (l *lab) try(ctx context.Context, h history) (a answer, err error) {
	dir := filepath.Join(l.dir, strings.NewReplacer("%", "", " ", "-").Replace(h.name))
	if err := l.build(ctx, dir, h); err != nil {
		return a, err
	}
	return l.bisect(ctx, dir, "good", "main", pattern)
}

// bisect searches a repository and returns the answer. The log stays in the repository.
func (l *lab) bisect(ctx context.Context, dir, good, bad, bench string) (a answer, err error) {
	out, err := call(ctx, dir, l.regress, "bisect", "--good", good, "--bad", bad, "--bench", bench,
		fmt.Sprintf("--count=%v", l.count), "--format", "json", "-o", filepath.Join(dir, ".regress.txt"))
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
