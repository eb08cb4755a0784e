package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/site"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// siteFlags are what site is asked.
type siteFlags struct {
	fileFlags
	storeFlags
	output, branch string
}

func siteCommand(w *world) *cli.Command {
	f := new(siteFlags)
	own := []cli.Flag{
		stringFlag(&f.output, "output", "the folder to write (default: site); a page in it is replaced, anything else refused", "o"),
		stringFlag(&f.branch, "branch", "the branch (default: main, or what the repository calls it; else the one checked out)"),
	}
	return &cli.Command{
		Name:   "site",
		Usage:  "write a page of how benchmarks went: a folder that needs no server, for GitHub Pages or a disk",
		Flags:  flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

func (f *siteFlags) run(ctx context.Context, s *session, _ []string) error {
	if f.output == "" {
		f.output = "site"
	}
	project, err := s.shown(ctx, s.project(baseline.Log{}), f.branch)
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	written, err := site.Write(f.output, project)
	if err != nil {
		return err
	}
	const kB, MB = 1000, 1000 * 1000
	_, err = fmt.Fprintf(s.stdout, "%s: %s in %d series, %s, %.1f MB; one series loads %d kB\n", figure.Plain(f.output), figure.Counted(written.Points, "run"), written.Series, figure.Counted(written.Files, "file"), float64(written.Bytes)/MB, (written.View+kB-1)/kB)
	return err
}

// newestRuns are looked at for what units mean: one run may be of a part of the suite.
const newestRuns = 5

// shown returns what a page shows of a project of the store.
func (s *session) shown(ctx context.Context, project, branch string) (*site.Project, error) {
	out := &site.Project{Name: project, Repository: repository(project), Machines: map[string]string{}}
	query := baseline.Query{Project: project}
	branches := s.branches(ctx, branch)
	var err error
	if out.Page, query.Branch, err = s.page(ctx, query, branches, func(baseline.Key) bool { return true }, time.Time{}); err != nil {
		return nil, err
	}
	if len(out.Page.Series) == 0 {
		return nil, fmt.Errorf("the store has nothing of branch %q of %q: regress baseline update adds a run, and regress baseline list says what there is", branches[0], project)
	}
	out.Branch = query.Branch
	return out, s.describe(ctx, query, out)
}

// describe fills in what the newest runs say: machines, units and targets.
func (s *session) describe(ctx context.Context, query baseline.Query, out *site.Project) error {
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	infos, err := store.List(ctx, query)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return err
	}
	for _, info := range infos {
		if _, known := out.Machines[info.Fingerprint]; !known {
			out.Machines[info.Fingerprint] = machineWords(info.Environment)
		}
	}
	if len(infos) > 0 {
		out.Measured = infos[0].Time
	}
	out.Units = map[string]baseline.Direction{}
	for i, info := range infos[:min(newestRuns, len(infos))] {
		run, err := store.Get(ctx, info.ID)
		if err != nil {
			return err
		}
		log, err := ingest.Read(info.ID, bytes.NewReader(run.Raw))
		if err != nil {
			s.note("warning: what the units of run %s mean is not known: %v", info.ID, err)
			continue
		}
		for name, unit := range log.Units {
			if _, known := out.Units[name]; !known {
				out.Units[name] = unit.Direction
			}
		}
		if i == 0 && len(s.cfg.Targets) > 0 && run.Project == s.project(log) {
			in := s.input(log)
			in.OnlyHead = true
			out.Targets = gate.Decide(in).Targets
		}
	}
	return nil
}

// machineWords says what a class of machine is.
func machineWords(e baseline.Environment) string {
	var parts []string
	if e.CPU != "" {
		parts = append(parts, e.CPU)
	}
	if e.Cores > 0 {
		parts = append(parts, figure.Counted(e.Cores, "core"))
	}
	if e.Procs > 0 && e.Procs != e.Cores {
		parts = append(parts, fmt.Sprintf("GOMAXPROCS=%d", e.Procs))
	}
	if e.OS != "" {
		parts = append(parts, e.OS+"/"+e.Arch)
	}
	if len(parts) == 0 {
		return "a machine of which nothing is known"
	}
	return strings.Join(parts, ", ")
}

// hosted is a module path at GitHub, or one below it.
var hosted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^github\.com/([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?:/|$)`)
})

// repository returns the address of the repository of a project; empty where its name says none.
func repository(project string) string {
	match := hosted().FindStringSubmatch(project)
	if match == nil {
		return ""
	}
	return "https://github.com/" + match[1] + "/" + match[2]
}
