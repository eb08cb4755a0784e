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
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// What init writes into .github/workflows. This repository's own are the same,
// but for the place of the action.
//
//go:embed workflows
var workflows embed.FS

// What init writes for other forges.
//
//go:embed ci
var otherCI embed.FS

// initFlags are what init is asked.
type initFlags struct {
	page bool
	ci   string
}

func initCommand(w *world) *cli.Command {
	f := new(initFlags)
	return &cli.Command{
		Name:  "init",
		Usage: "write a commented regress.toml and what CI needs into this repository: GitHub's workflows, GitLab's jobs, or Gitea's workflow",
		Flags: []cli.Flag{
			stringFlag(&f.ci, "ci", "for github, gitlab or gitea (Forgejo, too) (default: by the host of the remote, or by what is there)"),
			boolFlag(&f.page, "page", "write GitHub's workflows for page, alerts and culprits alone, those that are not there yet"),
		},
		Action: func(c *cli.Context) error { return w.init(c.Context, *f) },
	}
}

type newFile struct {
	path string // relative to the top of the repository
	text []byte
}

// The workflows that init writes; the last two are for page and alerts, and for their culprits.
var initWorkflows = []string{"regress.yml", "regress-report.yml", "regress-page.yml", "regress-culprit.yml"}

// init writes all files or none: what exists is somebody's work. With --page, no regress.toml, and
// of the workflows those of the last two that are not there yet.
func (w *world) init(ctx context.Context, f initFlags) error {
	top, branch, host, err := w.initTop(ctx)
	if err != nil {
		return err
	}
	kind, err := f.kind(top, host)
	if err != nil {
		return err
	}
	version, notes, err := goFile(top)
	if err != nil {
		return err
	}
	files := []newFile{{config.Name, []byte(config.Anchored(firstAnchor(ctx, top)))}}
	if f.page {
		files, notes = nil, nil
	}
	ci, next, err := ciFiles(kind, top, f.page)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	for _, file := range ci {
		files = append(files, newFile{file.path, workflow(string(file.text), version, branch)})
	}
	if files, err = w.missing(top, files, f.page); err != nil {
		return err
	}
	if err := w.write(top, files); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	for _, note := range notes {
		w.note("%s", note)
	}
	fmt.Fprintln(w.stdout, "next: "+next)
	return nil
}

// kind returns the forge that init writes for.
func (f initFlags) kind(top, host string) (forge.Kind, error) {
	is := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(host, word) })
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, err := os.Stat(filepath.Join(top, name)); return err == nil })
	}
	kind := forge.Kind(f.ci)
	switch {
	case kind == forge.GitHub, kind == forge.GitLab, kind == forge.Gitea:
	case kind != "":
		return "", usagef("--ci is %q: use github, gitlab or gitea; any other CI is in docs/other-ci.md", f.ci)
	case f.page, is("github"):
		kind = forge.GitHub
	case is("gitlab"):
		kind = forge.GitLab
	case is("gitea", "forgejo", "codeberg"):
		kind = forge.Gitea
	case has(".github"):
		kind = forge.GitHub
	case has(".gitlab-ci.yml", ".gitlab"):
		kind = forge.GitLab
	case has(".gitea", ".forgejo"):
		kind = forge.Gitea
	default:
		kind = forge.GitHub
	}
	if f.page && kind != forge.GitHub {
		return "", usagef("--page writes a workflow of GitHub's; elsewhere, see docs/other-ci.md")
	}
	return kind, nil
}

// ciFiles returns what a forge's CI needs in the repository at top, and what to do next.
func ciFiles(kind forge.Kind, top string, page bool) (files []newFile, next string, err error) {
	next = "regress compare"
	names, from, folder := initWorkflows, fs.FS(workflows), ".github/workflows"
	switch kind {
	case forge.GitLab:
		names, from, folder = []string{"gitlab.yml"}, otherCI, ".gitlab/ci"
	case forge.Gitea:
		names, from, folder = []string{"gitea.yml"}, otherCI, ".gitea/workflows"
		if _, err := os.Stat(filepath.Join(top, ".forgejo")); err == nil {
			folder = ".forgejo/workflows"
		}
	default:
		if page {
			names, next = names[len(names)-2:], `in Settings > Pages choose "GitHub Actions" as the source`
		}
	}
	for _, name := range names {
		source, as := "workflows/"+name, name
		if kind != forge.GitHub {
			source, as = "ci/"+name, "regress.yml"
		}
		text, err := fs.ReadFile(from, source)
		if err != nil {
			return nil, "", err
		}
		files = append(files, newFile{filepath.Join(filepath.FromSlash(folder), as), text})
	}
	if kind != forge.GitLab {
		return files, next, nil
	}
	include, err := otherCI.ReadFile("ci/gitlab-include.yml")
	if _, there := os.Lstat(filepath.Join(top, ".gitlab-ci.yml")); there == nil {
		return files, "add to .gitlab-ci.yml, which is left as it is:\n" + strings.TrimSpace(string(include)), err
	}
	return append(files, newFile{".gitlab-ci.yml", include}), next, err
}

// write writes files below top, and says so.
func (w *world) write(top string, files []newFile) error {
	for _, f := range files {
		path := filepath.Join(top, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "wrote %s\n", f.path)
	}
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
// since forges read what CI does nowhere else, the branch that changes are made against, main
// where nothing says another, and the host of the remote, empty where there is none.
func (w *world) initTop(ctx context.Context) (top, branch, host string, err error) {
	from, err := os.Getwd()
	if err != nil {
		return "", "", "", fmt.Errorf("init: %w", err)
	}
	in, err := repo.Open(ctx, from)
	if err != nil { // no repository yet
		return from, "main", "", nil
	}
	if in.Sub != "." {
		return "", "", "", usagef("init: run it at the top of the repository, in %s: forges read what CI does there alone", in.Top)
	}
	return from, cmp.Or(in.DefaultBranch(ctx), in.Branch(ctx), "main"), in.Host(ctx), nil
}
