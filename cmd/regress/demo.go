package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// A module to try regress on: price.go at main, slower.go and mended.go in its place. Their names
// end in .txt, since a module within this one would be left out of it.
//
//go:embed demo
var demoFiles embed.FS

// demoBudget is what measuring three benchmarks may take in the demo, at most.
const demoBudget = "30s"

func demoCommand(w *world) *cli.Command {
	return &cli.Command{
		Name:   "demo",
		Usage:  "show a slowdown found, accepted and mended, in a temporary repository: a minute",
		Action: func(c *cli.Context) error { return w.demo(c.Context) },
	}
}

// demo makes a repository with a slowdown and runs the commands that a user would.
func (w *world) demo(ctx context.Context) (err error) {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	dir, err := os.MkdirTemp("", "regress-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := demo{world: w, program: program, dir: dir}
	for _, step := range []func(context.Context) error{d.slow, d.accept, d.mend} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	_, err = fmt.Fprintf(w.stdout, "\nThe repository was temporary and is gone. In one of yours with benchmarks: regress compare\n")
	return err
}

// demo is a show in a repository of its own.
type demo struct {
	*world
	program, dir string
}

// say prints what comes next.
func (d demo) say(text string) { fmt.Fprintf(d.stdout, "\n%s\n", text) }

// slow commits a slowdown on a branch, and finds it.
func (d demo) slow(ctx context.Context) error {
	d.say("A repository with three benchmarks, and a branch whose prices may have a comma: 12,99.")
	for _, name := range []string{"go.mod", "price.go", "price_test.go"} {
		if err := d.put(name, name); err != nil {
			return err
		}
	}
	if err := repo.Create(ctx, d.dir, "main", "prices of a shop"); err != nil {
		return err
	}
	if err := d.put("slower.go", "price.go"); err != nil {
		return err
	}
	if err := repo.Commit(ctx, d.dir, "decimal-comma", "prices may have a comma"); err != nil {
		return err
	}
	return d.run(ctx, exitFail, "compare", "--base", "main", "--budget", demoBudget)
}

// accept waives the slowdown and decides again from the log that was kept.
func (d demo) accept(ctx context.Context) error {
	d.say("Commas may be worth it. A waiver says so, up to what was measured and for 90 days; the same\nmeasurement then passes:")
	logs, err := filepath.Glob(filepath.Join(d.dir, stateDir, "log", "*.txt"))
	if err != nil || len(logs) == 0 {
		return errors.Join(errors.New("nothing was measured"), err)
	}
	if err := d.run(ctx, exitPass, "init"); err != nil {
		return err
	}
	if err := d.run(ctx, exitPass, "waive", "--last", "--reason", "shops abroad"); err != nil {
		return err
	}
	log, err := filepath.Rel(d.dir, slices.Max(logs))
	if err != nil {
		return err
	}
	return d.run(ctx, exitPass, "compare", filepath.ToSlash(log))
}

// mend commits a quicker way, and measures again.
func (d demo) mend(ctx context.Context) error {
	d.say("Or it is mended: one pass over the text takes points and commas alike.")
	if err := os.Remove(filepath.Join(d.dir, config.Name)); err != nil { // with the waiver
		return err
	}
	if err := d.put("mended.go", "price.go"); err != nil {
		return err
	}
	if err := repo.Commit(ctx, d.dir, "", "one pass over the text takes points and commas alike"); err != nil {
		return err
	}
	return d.run(ctx, exitPass, "compare", "--base", "main", "--budget", demoBudget)
}

// put writes a file of the demo under a name.
func (d demo) put(from, name string) error {
	text, err := fs.ReadFile(demoFiles, path.Join("demo", from+".txt"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, name), text, 0o644)
}

// run runs this program in the repository and shows what it prints. Another exit code than was
// meant to be shown is told, and is no error: a busy machine may leave a run undecided.
func (d demo) run(ctx context.Context, want int, args ...string) error {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = figure.Word(arg)
	}
	fmt.Fprintf(d.stdout, "\n$ regress %s\n", strings.Join(words, " "))
	cmd := exec.CommandContext(ctx, d.program, args...)
	child.Group(cmd)
	cmd.Args[0] = os.Args[0]
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.dir, d.stdout, d.stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "REGRESS_") || strings.HasPrefix(pair, "GITHUB_") || strings.HasPrefix(pair, "PWD=")
	})
	err := child.Run(cmd)
	if exited := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exited) || ctx.Err() != nil) {
		return err
	}
	code := cmd.ProcessState.ExitCode()
	fmt.Fprintf(d.stdout, "(exit %d)\n", code)
	if code != want && code != exitUndecided {
		return fmt.Errorf("regress %s was to exit %d here", args[0], want)
	}
	if code != want {
		d.note("this machine was too busy to decide; see regress doctor")
	}
	return nil
}
