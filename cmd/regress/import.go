package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// importFlags are what import is asked.
type importFlags struct {
	fileFlags
	storeFlags
	branch, commit string
	byDate, dry    bool
}

func importCommand(w *world) *cli.Command {
	f := new(importFlags)
	own := []cli.Flag{
		stringFlag(&f.branch, "branch", "the branch they are of (default: what they say, else main, or what the repository calls it)"),
		stringFlag(&f.commit, "commit", "the commit of files that name none"),
		boolFlag(&f.byDate, "by-date", "files that name a day and no commit are of the last commit of the branch by the end of it"),
		boolFlag(&f.dry, "dry-run", "say what would be stored and what not, and store nothing"),
	}
	return &cli.Command{
		Name:      "import",
		Usage:     "store old results: files of go test -bench and of other tools, named by commit, and data.js of github-action-benchmark",
		ArgsUsage: "PATH…",
		Flags:     flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

// atOnce is how many runs are put into the store in one transaction.
const atOnce = 200

// importing is one import at work.
type importing struct {
	*session
	ages    *ages
	store   baseline.Store // nil: a dry run
	dry     bool
	waiting []baseline.Run // for the store

	files, passed, refused  int
	runs, added             int
	places                  int // where a benchmark has no result
	unknown, aside, unnamed map[string]bool
}

func (f *importFlags) run(ctx context.Context, s *session, paths []string) error {
	if len(paths) == 0 {
		return usagef("import: give the files, or the directories that they are in, or - for the standard input: regress import old-results data.js")
	}
	im := &importing{session: s, dry: f.dry, unknown: map[string]bool{}, aside: map[string]bool{}, unnamed: map[string]bool{}}
	var err error
	if im.ages, err = newAges(ctx, s.setup, f); err != nil {
		return err
	}
	if !f.dry {
		if im.store, err = s.store(ctx); err != nil {
			return err
		}
	}
	for _, path := range paths {
		if err := im.walk(ctx, path); err != nil {
			return im.stopped(err)
		}
	}
	if err := im.flush(ctx); err != nil {
		return im.stopped(err)
	}
	return im.done(ctx)
}

// walk takes a file, or all below a directory but what begins with a dot; "-" is the standard
// input.
func (im *importing) walk(ctx context.Context, top string) error {
	if top == "-" {
		im.files++
		return im.read(ctx, "stdin", im.stdin, true)
	}
	info, err := os.Stat(top)
	if err != nil {
		return usagef("import: %w", err)
	}
	if !info.IsDir() {
		return im.file(ctx, top, true)
	}
	return filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case path != top && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			im.refuse("%s is no regular file: name what it leads to", path)
			return nil
		}
		return im.file(ctx, path, false)
	})
}

// file takes one file; named: it was given itself, so that it must have results.
func (im *importing) file(ctx context.Context, path string, named bool) error {
	im.files++
	in, err := os.Open(path)
	if err != nil {
		im.refuse("%v", err)
		return nil
	}
	defer in.Close()
	return im.read(ctx, path, in, named)
}

// read takes what a reader gives; path is its name.
func (im *importing) read(ctx context.Context, path string, in io.Reader, named bool) error {
	measured, err := ingest.ReadAll(path, in)
	switch {
	case (errors.Is(err, ingest.ErrNoBenchmarks) || errors.Is(err, ingest.ErrNotText)) && !named:
		im.passed++
		im.note("passed over: %v", err)
		return nil
	case err != nil:
		im.refuse("%v", err)
		return nil
	}
	var taken []baseline.Run
	for _, past := range measured {
		im.broken(past.Problems)
		where := path
		if past.Line > 0 {
			where = fmt.Sprintf("%s:%d", path, past.Line)
		}
		var runs []baseline.Run
		for _, run := range past.Runs {
			if run.Side == baseline.Base && twin(past.Runs, run) {
				continue // an A/A run is one session
			}
			if run, err = im.ages.place(ctx, path, run); err != nil {
				im.refuse("%s: %v", where, err)
				continue
			}
			run.Project = im.project(past.Log)
			run.Environment = im.machine(run.Environment)
			runs = append(runs, run)
		}
		taken = append(taken, im.joined(ctx, runs)...)
	}
	im.say(path, taken)
	im.runs += len(taken)
	im.waiting = append(im.waiting, taken...)
	if len(im.waiting) >= atOnce {
		return im.flush(ctx)
	}
	return nil
}

// unknownMachine is what a machine is called of which nothing is known, so that nothing that is
// measured or read elsewhere is of its class.
const unknownMachine = "unknown machine"

// machine returns what is known of the machine of old results, and no more: this one may be
// another.
func (im *importing) machine(e baseline.Environment) baseline.Environment {
	if e == (baseline.Environment{SuiteFlags: e.SuiteFlags, GoVersion: e.GoVersion}) {
		e.CPU = unknownMachine
		im.unnamed[e.Fingerprint()] = true
	}
	return e
}

// broken says which benchmarks have no result.
func (im *importing) broken(problems []baseline.Problem) {
	const most = 50 // are told one by one
	for _, p := range problems {
		if im.places++; im.places <= most {
			im.note("%s:%d: %s: %s", p.File, p.Line, figure.Name(strings.Trim(p.Package+"."+p.Name, ".")), report.ProblemText(p))
		}
	}
}

// refuse notes what has results and is not taken.
func (im *importing) refuse(format string, args ...any) {
	im.refused++
	im.note("not taken: "+format, args...)
}

// say prints what was taken of a file.
func (im *importing) say(path string, taken []baseline.Run) {
	if len(taken) == 0 {
		return
	}
	commits, series := map[string]bool{}, map[baseline.Key]bool{}
	first, last := taken[0].Time, taken[0].Time
	for _, run := range taken {
		commits[run.Commit] = true
		if im.ages.lacking[run.Commit] {
			im.unknown[run.Commit] = true
		} else if run.Facts.Place == 0 && run.Branch == im.ages.main {
			im.aside[run.Commit] = true
		}
		for _, s := range run.Samples {
			series[s.Key] = true
		}
		if run.Time.Before(first) {
			first = run.Time
		}
		if run.Time.After(last) {
			last = run.Time
		}
	}
	what := fmt.Sprintf("%s of %s", figure.Counted(len(taken), "run"), figure.Counted(len(commits), "commit"))
	if len(commits) == 1 {
		what = fmt.Sprintf("%.12s of %s", taken[0].Commit, taken[0].Branch)
	}
	when := first.Format(time.DateOnly)
	if to := last.Format(time.DateOnly); to != when {
		when += " to " + to
	}
	fmt.Fprintf(im.stdout, "%s  %s  %s  %d series\n", figure.Name(path), what, when, len(series))
}

// flush stores what waits.
func (im *importing) flush(ctx context.Context) error {
	if im.store == nil || len(im.waiting) == 0 {
		im.waiting = nil
		return nil
	}
	for part := range slices.Chunk(im.waiting, atOnce) {
		added, err := im.store.Put(ctx, part...)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		im.added += added
	}
	im.waiting = nil
	return nil
}

// stopped returns the error of an import that broke off, with what is stored already.
func (im *importing) stopped(err error) error {
	if im.added > 0 {
		return fmt.Errorf("%w; %d runs are stored already, and importing again adds the others", err, im.added)
	}
	return err
}

// done says what came of it; its error is for what was not taken.
func (im *importing) done(ctx context.Context) error {
	const most = 50
	if im.places > most {
		im.note("%d further benchmarks without a result are not listed", im.places-most)
	}
	if n := len(im.unknown); n > 0 {
		im.note("git does not know %d of the commits here%s: trend goes by the time of measurement", n, im.ages.remedy(ctx))
	}
	if n := len(im.aside); n > 0 {
		im.note("%d of the commits are not on the first-parent line of %s: trend goes by the time of measurement", n, im.ages.main)
	}
	for _, print := range slices.Sorted(maps.Keys(im.unnamed)) {
		im.note("what names no machine is of the class %s, with which nothing else is compared: regress trend --machine %[1]s", print)
	}
	switch {
	case im.runs == 0 && im.refused == 0:
		return fmt.Errorf("import: no results in %s", figure.Counted(im.files, "file"))
	case im.dry:
		fmt.Fprintf(im.stdout, "%s would be stored; nothing was written\n", figure.Counted(im.runs, "run"))
	default:
		fmt.Fprintf(im.stdout, "%d added, %d stored already\n", im.added, im.runs-im.added)
	}
	if im.refused > 0 {
		return fmt.Errorf("import: %s not taken, as said above; the others are stored, and importing again changes nothing of them", figure.Counted(im.refused, "result"))
	}
	return nil
}
