package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

//go:embed testdata/suite/suite_test.go
var suite []byte

// work is how many steps one operation of each benchmark has: about 50 µs.
var work = []struct {
	bench string
	name  string // of the constant
	steps int
}{
	{"Hash", "hash", 600},
	{"Checksum", "checksum", 2000},
	{"Sort", "sort", 100},
	{"Map", "lookup", 100},
	{"JSON", "parse", 100},
	{"Format", "format", 200},
	{"Match", "match", 200},
	{"Tree", "tree", 200},
}

// lab is a repository to measure in.
type lab struct {
	dir       string
	regress   string // the program
	benchtime string
	effect    string
	env       []string // of what it starts, beside this process's own
}

func newLab(ctx context.Context, dir, benchtime, effect string) (*lab, error) {
	l := &lab{dir: filepath.Join(dir, "suite"), regress: filepath.Join(dir, "regress"), benchtime: benchtime, effect: effect}
	if err := os.Mkdir(l.dir, 0o755); err != nil {
		return nil, err
	}
	if err := l.build(ctx); err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("project = \"example.com/suite\"\nbudget = \"2m\"\n[suite]\npackages = [\".\"]\nbench = \".\"\nbenchtime = %q\n[policy]\nmin-effect = %q\n", benchtime, effect)
	for name, content := range map[string]string{
		"go.mod": "module example.com/suite\n\ngo 1.26\n", "suite_test.go": string(suite), "steps.go": steps("", 0),
		"regress.toml": settings, ".gitignore": "/.regress/\n*.test\n*.txt\n",
	} {
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	return l, l.found(ctx)
}

// found makes the directory a repository and commits what lies in it.
func (l *lab) found(ctx context.Context) error {
	if err := l.git(ctx, "init", "-q", "-b", "main"); err != nil {
		return err
	}
	if err := l.author(ctx); err != nil {
		return err
	}
	return l.commit(ctx, "base")
}

// commit commits everything that lies in the directory, ignored or not.
func (l *lab) commit(ctx context.Context, subject string) error {
	if err := l.git(ctx, "add", "-A", "-f", "--", ".", ":!.regress"); err != nil {
		return err
	}
	return l.git(ctx, "commit", "-q", "--allow-empty", "-m", subject)
}

// build builds the program that is measured.
func (l *lab) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", l.regress, "github.com/descartes/regress/cmd/regress")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build regress: %w; run this within its repository\n%s", err, out)
	}
	return nil
}

// author says whose the commits are.
func (l *lab) author(ctx context.Context) error {
	return errors.Join(
		l.git(ctx, "config", "user.name", "inject"),
		l.git(ctx, "config", "user.email", "inject@example.com"),
		l.git(ctx, "config", "commit.gpgsign", "false"))
}

func (l *lab) git(ctx context.Context, args ...string) error {
	_, err := l.exec(ctx, "git", args...)
	return err
}

// steps is the file of the numbers of steps, with one benchmark slower by per cent.
func steps(slower string, percent int) string {
	var out strings.Builder
	out.WriteString("package suite\n\nconst (\n")
	for _, w := range work {
		n := w.steps
		if w.bench == slower {
			n += n * percent / 100
		}
		fmt.Fprintf(&out, "\t%s = %d\n", w.name, n)
	}
	out.WriteString(")\n")
	return out.String()
}

// exec runs a program in the repository and returns its standard output. An exit code is
// no error to the callers that look at the output, so that it comes with it.
func (l *lab) exec(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = l.dir
	if len(l.env) > 0 {
		cmd.Env = append(os.Environ(), l.env...)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends what it started
	cmd.WaitDelay = 20 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// trial is one commit, judged in every way.
type trial struct {
	victim  string // "" when nothing changed
	percent int
	staged  judged
	fixed   []judged // in order of fixedRules
}

// try commits a change and measures it.
func (l *lab) try(ctx context.Context, percent, number int) (trial, error) {
	t := trial{percent: percent, victim: work[number%len(work)].bench}
	content := steps(t.victim, percent)
	if percent == 0 {
		t.victim = "none"
	}
	moved := strings.Replace(string(suite), "var sink int", fmt.Sprintf("// Number %d moves\n// the lines below.\nvar sink int", number), 1)
	for _, err := range []error{
		os.WriteFile(filepath.Join(l.dir, "steps.go"), []byte(content), 0o644),
		os.WriteFile(filepath.Join(l.dir, "suite_test.go"), []byte(moved), 0o644),
	} {
		if err != nil {
			return t, err
		}
	}
	if err := l.git(ctx, "checkout", "-q", "-B", "trial"); err != nil {
		return t, err
	}
	if err := l.git(ctx, "commit", "-q", "-a", "-m", fmt.Sprintf("%s slower by %d %%", t.victim, percent)); err != nil {
		return t, err
	}
	var err error
	if t.staged, err = l.decide(ctx, "--base", "main"); err != nil {
		return t, err
	}
	if t.fixed, err = l.fixed(ctx); err != nil {
		return t, err
	}
	return t, l.git(ctx, "checkout", "-q", "main")
}

// fixedRules judge the text of go test -count.
var fixedRules = []string{"-count=10, benchstat's rule, p < .05", "-count=10, p < .05 and ≥ 3 %", "-count=10, regress compare FILE"}

const count = 10

// fixed measures main and then trial with -count, and judges the same text in
// every way of fixedRules.
func (l *lab) fixed(ctx context.Context) ([]judged, error) {
	start := time.Now()
	var both bytes.Buffer
	for _, side := range []struct{ name, branch string }{{"base", "main"}, {"head", "trial"}} {
		if err := l.git(ctx, "checkout", "-q", side.branch); err != nil {
			return nil, err
		}
		out, err := l.exec(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchtime", l.benchtime, "-count", strconv.Itoa(count))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&both, "side: %s\n%s", side.name, out)
	}
	seconds := time.Since(start).Seconds()
	if err := os.WriteFile(filepath.Join(l.dir, "both.txt"), both.Bytes(), 0o644); err != nil {
		return nil, err
	}
	values := times(both.String())
	out := []judged{benchstat(values, 0), benchstat(values, .03)}
	ours, err := l.decide(ctx, "both.txt")
	if err != nil {
		return nil, err
	}
	out = append(out, ours)
	for i := range out {
		out[i].rounds, out[i].seconds = count, seconds
	}
	return out, nil
}

// times are the ns/op of a text of two sides, by benchmark.
func times(text string) map[string]map[baseline.Side][]float64 {
	out := map[string]map[baseline.Side][]float64{}
	side := baseline.None
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && fields[0] == "side:":
			side = baseline.Side(fields[1])
		case len(fields) >= 4 && strings.HasPrefix(fields[0], "Benchmark") && fields[3] == "ns/op":
			name, _, _ := strings.Cut(strings.TrimPrefix(fields[0], "Benchmark"), "-")
			if v, err := strconv.ParseFloat(fields[2], 64); err == nil {
				if out[name] == nil {
					out[name] = map[baseline.Side][]float64{}
				}
				out[name][side] = append(out[name][side], v)
			}
		}
	}
	return out
}

// benchstat's rule: a two-sided Mann-Whitney test for each benchmark, medians compared.
func benchstat(values map[string]map[baseline.Side][]float64, least float64) (out judged) {
	for name, sides := range values {
		base, head := stat.Sorted(sides[baseline.Base]), stat.Sorted(sides[baseline.Head])
		p := 2 * min(stat.MannWhitney(base, head), stat.MannWhitney(head, base))
		change := stat.Quantile(head, .5)/stat.Quantile(base, .5) - 1
		if p < .05 && change > 0 && change >= least {
			out.red = append(out.red, name)
		}
	}
	slices.Sort(out.red)
	return out
}
