package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// unchanged judges up to times commits of a clone of repo, made in dir, that change a comment in
// file.
func unchanged(ctx context.Context, w io.Writer, dir, repo, file string, times int, limit time.Duration) error {
	if file == "" {
		return errors.New("-repo needs -file, a Go file that the suite depends on")
	}
	from, err := filepath.Abs(repo)
	if err != nil {
		return err
	}
	l := &lab{dir: dir, regress: filepath.Join(dir, "regress")}
	if err := l.build(ctx); err != nil {
		return err
	}
	if err := l.git(ctx, "clone", "-q", from, "suite"); err != nil {
		return err
	}
	l.dir = filepath.Join(dir, "suite")
	if err := l.author(ctx); err != nil {
		return err
	}
	var all []judged
	start := time.Now()
	for i := range times {
		if time.Since(start) > limit {
			break
		}
		if err := l.comment(ctx, file, i); err != nil {
			return err
		}
		j, err := l.decide(ctx, "--base", "HEAD~1")
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		all = append(all, j)
		fmt.Fprintf(os.Stderr, "%4.0f s  decision %d: exit %d, slower %v, %d benchmarks with an answer, %d without, %.1f rounds, %.0f s\n",
			time.Since(start).Seconds(), i+1, j.exit, j.red, j.known, j.unknown, j.rounds, j.seconds)
	}
	if len(all) == 0 {
		return errors.New("not one decision: give it more time with -for")
	}
	return writeUnchanged(w, all)
}

// comment commits another comment at the top of file: every line below it moves, and so the
// binaries differ.
func (l *lab) comment(ctx context.Context, file string, number int) error {
	path := filepath.Join(l.dir, file)
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("-file: %w", err)
	}
	content = append([]byte(fmt.Sprintf("// Number %d.\n\n", number)), content...)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return l.git(ctx, "commit", "-q", "-a", "-m", fmt.Sprintf("comment %d", number))
}

// exits are the exit codes of regress compare that are a verdict.
var exits = []struct {
	code int
	is   string
}{{0, "green"}, {3, "undecided"}, {1, "red"}}

func writeUnchanged(w io.Writer, all []judged) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s/%s, %d processors, %s; %d decisions on unchanged code.\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), len(all))
	out.WriteString("| exit | decisions | rows slower | rounds a side | benchmarks with an answer | without | seconds |\n|---|---|---|---|---|---|---|\n")
	for _, e := range exits {
		var n, rows, known, unknown, rounds, seconds float64
		for _, j := range all {
			if j.exit != e.code {
				continue
			}
			n, rows, known, unknown = n+1, rows+float64(len(j.red)), known+float64(j.known), unknown+float64(j.unknown)
			rounds, seconds = rounds+j.rounds, seconds+j.seconds
		}
		if n == 0 {
			fmt.Fprintf(&out, "| %d, %s | 0 | 0 | | | | |\n", e.code, e.is)
			continue
		}
		fmt.Fprintf(&out, "| %d, %s | %.0f | %.0f | %.1f | %.1f | %.1f | %.0f |\n", e.code, e.is, n, rows, rounds/n, known/n, unknown/n, seconds/n)
	}
	_, err := io.WriteString(w, out.String())
	return err
}
