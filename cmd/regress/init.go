package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/descartes/regress/cmd/regress/internal/cli"
	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// What init writes into .github/workflows. This repository's own are the same,
// but for the place of the action.
//
//go:embed workflows
var workflows embed.FS

func initCommand(w *world) *cli.Command {
	page := false
	return &cli.Command{
		Name:   "init",
		Usage:  "write a commented regress.toml and the GitHub workflows into this repository",
		Flags:  []cli.Flag{boolFlag(&page, "page", "write the workflows for page, alerts and culprits alone, those that are not there yet")},
		Action: func(c *cli.Context) error { return w.init(c.Context, page) },
	}
}

type newFile struct {
	path string // relative to the top of the repository
	text []byte
}

// The workflows that init writes; the last two are for page and alerts, and for their culprits.
var initWorkflows = []string{"regress.yml", "regress-report.yml", "regress-page.yml", "regress-culprit.yml"}

// init writes all files or none: what exists is somebody's work. page: no regress.toml, and of the
// workflows those of the last two that are not there yet.
func (w *world) init(ctx context.Context, page bool) error {
	top, branch, err := w.initTop(ctx)
	if err != nil {
		return err
	}
	version, notes, err := goFile(top)
	if err != nil {
		return err
	}
	files, names := []newFile{{config.Name, []byte(config.Anchored(firstAnchor(ctx, top)))}}, initWorkflows
	if page {
		files, names, notes = nil, names[len(names)-2:], nil
	}
	for _, name := range names {
		text, err := workflows.ReadFile("workflows/" + name)
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		files = append(files, newFile{filepath.Join(".github", "workflows", name), workflow(string(text), version, branch)})
	}
	if files, err = w.missing(top, files, page); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(top, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		fmt.Fprintf(w.stdout, "wrote %s\n", f.path)
	}
	for _, note := range notes {
		w.note("%s", note)
	}
	if page {
		fmt.Fprintln(w.stdout, `next: in Settings > Pages choose "GitHub Actions" as the source`)
		return nil
	}
	fmt.Fprintln(w.stdout, "next: regress compare")
	return nil
}

// missing returns the files that are to be written: all, or where some may be there already, the
// others; its error names what exists.
func (w *world) missing(top string, files []newFile, some bool) (out []newFile, err error) {
	there := ""
	for _, f := range files {
		_, err := os.Lstat(filepath.Join(top, f.path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, f)
		case err != nil:
			return nil, fmt.Errorf("init: %w", err)
		case some:
			w.note("%s exists and is left as it is", f.path)
			there = f.path
		default:
			return nil, usagef("init: %s exists and is left as it is: nothing was written", f.path)
		}
	}
	if len(out) == 0 {
		return nil, usagef("init: %s exists and is left as it is: nothing was written", there)
	}
	return out, nil
}

// initTop returns the current directory, which must be the top of a repository where there is one,
// since GitHub reads workflows nowhere else, and the branch that changes are made against; main
// where nothing says another.
func (w *world) initTop(ctx context.Context) (top, branch string, err error) {
	from, err := os.Getwd()
	if err != nil {
		return "", "", fmt.Errorf("init: %w", err)
	}
	in, err := repo.Open(ctx, from)
	if err != nil { // no repository yet
		return from, "main", nil
	}
	if in.Sub != "." {
		return "", "", usagef("init: run it at the top of the repository, in %s: GitHub reads workflows there alone", in.Top)
	}
	return from, cmp.Or(in.DefaultBranch(ctx), in.Branch(ctx), "main"), nil
}
