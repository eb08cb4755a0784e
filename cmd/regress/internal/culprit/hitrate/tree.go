package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/placement"
)

// prepare makes the repository of a change: its main is the commit that made the benchmark cheaper,
// and its working tree has the sources of the commit before with the same tests.
func (c change) prepare(ctx context.Context, clones, tree string) error {
	if _, err := os.Stat(filepath.Join(tree, ".git", "prepared")); err == nil {
		return nil
	}
	if err := os.RemoveAll(tree); err != nil {
		return err
	}
	before := tree + ".slow"
	for dir, version := range map[string]string{tree: c.fast, before: c.slow} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := c.checkout(ctx, clones, version, dir); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(dir, "vendor")); err != nil {
			return err
		}
	}
	defer os.RemoveAll(before)
	if err := c.require(ctx, tree); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A", "-f"}, {"-c", "user.name=hitrate", "-c", "user.email=hitrate@example.com", "commit", "-q", "-m", c.subject}} {
		if err := command(ctx, tree, "git", args...); err != nil {
			return err
		}
	}
	if err := replaceSources(tree, before); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(tree, ".git", "prepared"), nil, 0o600)
}

// require gives the module a go.mod that works.
func (c change) require(ctx context.Context, tree string) error {
	if _, err := os.Stat(filepath.Join(tree, "go.mod")); errors.Is(err, os.ErrNotExist) {
		if err := command(ctx, tree, "go", "mod", "init", c.path); err != nil {
			return err
		}
	}
	return command(ctx, tree, "go", "mod", "tidy")
}

// replaceSources replaces the Go files of a tree that are no tests by those of another one.
func replaceSources(tree, by string) error {
	source := func(path string) bool { return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") }
	if err := walk(tree, func(path string) error {
		if source(path) {
			return os.Remove(path)
		}
		return nil
	}); err != nil {
		return err
	}
	return walk(by, func(path string) error {
		name, err := filepath.Rel(by, path)
		if err != nil || !source(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(tree, name)
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644))
	})
}

// checkout puts the files of a commit into a directory.
func (c change) checkout(ctx context.Context, clones, commit, dir string) error {
	if err := command(ctx, "", "git", "clone", "-q", "-n", c.from(clones), dir); err != nil {
		return err
	}
	if err := command(ctx, dir, "git", "checkout", "-q", commit); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dir, ".git"))
}

// from returns where a change's repository is cloned from.
func (c change) from(clones string) string {
	parts := strings.Split(c.path, "/")
	return strings.NewReplacer("{host}", parts[0], "{owner}", parts[1], "{name}", parts[2]).Replace(clones)
}

// command runs a program in a directory.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %.300s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// function returns where a cause is, as change.guilty has it; without a function the line stands
// in for it.
func function(tree string, cause placement.Cause) string {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, filepath.Join(tree, cause.File), nil, parser.SkipObjectResolution)
	if err == nil {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && cause.First >= set.Position(fn.Pos()).Line && cause.Last <= set.Position(fn.End()).Line {
				return cause.File + ":" + fn.Name.Name
			}
		}
	}
	return fmt.Sprintf("%s:%d", cause.File, cause.First)
}
