package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
)

// mostCommits of a branch's history that are looked at: past them a course is not read.
const mostCommits = 20_000

// trendFlags are what trend is asked.
type trendFlags struct {
	fileFlags
	storeFlags
	format, branch, machine, since string
	changes                        int
	absolute                       bool
}

func trendCommand(w *world) *cli.Command {
	f := new(trendFlags)
	own := []cli.Flag{
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "text", Usage: "text, markdown or json", EnvVars: []string{envName("format")}},
		stringFlag(&f.branch, "branch", "the branch (default: main, or what the repository calls it; else the one checked out)"),
		stringFlag(&f.machine, "machine", "of this class of machine alone, as baseline list names it, such as 5f0c3a119e21"),
		boolFlag(&f.absolute, "absolute", "values as they were measured, also of series that are held against an anchor"),
		stringFlag(&f.since, "since", "only runs since this day, such as 2026-05-31"),
		&cli.IntFlag{Name: "changes", Destination: &f.changes, Usage: "what changed within the last `N` commits, one line for all that one commit changed", EnvVars: []string{envName("changes")}},
	}
	return &cli.Command{
		Name:      "trend",
		Usage:     "how benchmarks went over the commits of a branch: levels, and where they changed",
		ArgsUsage: "[SERIES…]",
		Flags:     flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

func (f *trendFlags) run(ctx context.Context, s *session, names []string) error {
	write := map[string]func(io.Writer, course.Page, course.Options) error{"text": course.Text, "markdown": course.Markdown, "json": course.JSON}[f.format]
	if write == nil {
		return usagef("--format %q: text, markdown or json", f.format)
	}
	if f.changes < 0 {
		return usagef("--changes %d: give how many commits to look back", f.changes)
	}
	wanted, since, err := f.selected(names)
	if err != nil {
		return err
	}
	s.absolute = f.absolute
	branches := s.branches(ctx, f.branch)
	query := baseline.Query{Project: s.project(baseline.Log{}), Fingerprint: f.machine}
	var page course.Page
	var branch string
	if f.changes > 0 {
		query.Since = since
		page, branch, err = s.changesPage(ctx, query, branches, wanted, len(names) == 0 && f.machine == "" && f.since == "", course.Changes)
	} else {
		page, branch, err = s.page(ctx, query, branches, wanted, since)
	}
	switch {
	case err != nil:
		return fmt.Errorf("trend: %w", err)
	case len(page.Series) == 0:
		return fmt.Errorf("trend: the store has nothing of branch %q that the arguments select: regress baseline list says what it has, and regress baseline update adds a run", branches[0])
	case branch != branches[0]:
		s.note("the store has nothing of branch %q; this is %q", branches[0], branch)
	}
	if f.changes > 0 {
		page.Latest(f.changes)
	}
	return write(s.stdout, page, course.Options{Width: s.width, Changes: f.changes > 0})
}

// page returns how the wanted series went on the first of the branches that the store has, and
// which that is. Where it has none the page has no series.
func (s *session) page(ctx context.Context, query baseline.Query, branches []string, wanted func(baseline.Key) bool, since time.Time) (page course.Page, branch string, err error) {
	for _, query.Branch = range branches {
		points, err := s.courses(ctx, query, wanted, since)
		if err != nil {
			return page, query.Branch, err
		}
		if len(points) > 0 {
			page, err = s.learned.of(query.Project).New(points, s.firstParents(ctx, query.Branch))
			page.Machines = s.machines
			return page, query.Branch, err
		}
	}
	return page, query.Branch, nil
}

// selected returns which series are wanted, and since when; the zero time: ever.
func (f *trendFlags) selected(names []string) (wanted func(baseline.Key) bool, since time.Time, err error) {
	if f.since != "" {
		if since, err = time.Parse(time.DateOnly, f.since); err != nil {
			return nil, since, usagef("--since %q: give a day, such as 2026-05-31", f.since)
		}
	}
	var all []*regexp.Regexp
	for _, name := range names {
		one, err := regexp.Compile(name)
		if err != nil {
			return nil, since, usagef("%q is no regular expression: %w", name, err)
		}
		all = append(all, one)
	}
	return func(k baseline.Key) bool {
		return len(all) == 0 || slices.ContainsFunc(all, func(r *regexp.Regexp) bool { return r.MatchString(k.String()) })
	}, since, nil
}

// branches returns the branches to look at, of which the first that the store has is meant: the one
// that was asked for, else the default branch, then the one that is checked out.
func (u *setup) branches(ctx context.Context, asked string) []string {
	if asked != "" {
		return []string{asked}
	}
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return []string{""} // any
	}
	out := []string{strings.TrimPrefix(in.DefaultBranch(ctx), "origin/")}
	if here := in.Branch(ctx); here != "" && here != out[0] {
		out = append(out, here)
	}
	return out
}

// firstParents returns the history of a branch, here or at origin, whichever is longer; nil where
// git has none.
func (u *setup) firstParents(ctx context.Context, branch string) (history []course.Commit) {
	in, err := repo.Open(ctx, u.root)
	if err != nil {
		return nil
	}
	for _, ref := range []string{branch, "origin/" + branch} {
		entries, err := in.FirstParents(ctx, ref, mostCommits)
		if err != nil || len(entries) < len(history) {
			continue
		}
		history = nil
		for _, e := range entries {
			history = append(history, course.Commit{ID: e.Commit, Author: e.Author, Subject: e.Subject, Time: e.Time})
		}
	}
	return history
}

// courses returns what the store has of the wanted series, by series and class of machine, each
// with the anchors that were measured beside it, unless absolute values are asked for.
func (a *archive) courses(ctx context.Context, query baseline.Query, wanted func(baseline.Key) bool, since time.Time) (map[course.Name][]course.Point, error) {
	store, err := a.store(ctx)
	if err != nil {
		return nil, err
	}
	infos, err := store.List(ctx, query)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return nil, err
	}
	environments, facts := map[string]string{}, map[string]*baseline.Facts{} // of a run
	a.machines = map[string]string{}
	for i := range infos {
		a.machines[infos[i].Fingerprint] = machineWords(infos[i].Environment)
		environments[infos[i].ID], facts[infos[i].ID] = environmentOf(infos[i].Environment), &infos[i].Facts
	}
	var out collected
	query.Anchors, query.Since = !a.absolute, since
	for p, err := range baseline.WithAnchors(store.History(ctx, query)) {
		if errors.Is(err, baseline.ErrDamaged) {
			a.note("warning: %v", err)
			break
		}
		if err != nil {
			return nil, err
		}
		if !wanted(p.Key) {
			continue
		}
		out.add(course.Name{Key: p.Key, Fingerprint: p.Fingerprint}, course.Point{Commit: p.Commit, Time: p.Time, Value: p.Center, Spread: p.Spread, Rounds: p.Rounds, Environment: environments[p.RunID], Facts: facts[p.RunID], Beside: held(p.Anchors)})
	}
	return out.byName(), nil
}

// collected are points by series. A store has millions, and mostly one run has the series of the
// one before, in the same order: looking there first spares the sum over the name.
type collected struct {
	names  []course.Name
	points [][]course.Point // by name
	place  map[course.Name]int
	next   int // place of the series that likely comes next
}

// add adds a point to a series.
func (c *collected) add(name course.Name, p course.Point) {
	at := c.next
	if at >= len(c.names) || c.names[at] != name {
		var known bool
		if at, known = c.place[name]; !known {
			if c.place == nil {
				c.place = map[course.Name]int{}
			}
			at = len(c.names)
			c.names, c.points, c.place[name] = append(c.names, name), append(c.points, nil), at
		}
	}
	c.points[at] = append(c.points[at], p)
	c.next = at + 1
}

// byName returns all points.
func (c *collected) byName() map[course.Name][]course.Point {
	out := make(map[course.Name][]course.Point, len(c.names))
	for i, name := range c.names {
		out[name] = c.points[i]
	}
	return out
}

// held returns the points of anchors as a course has them.
func held(anchors []baseline.Point) (out []course.Held) {
	for _, p := range anchors {
		out = append(out, course.Held{Commit: p.Commit, Value: p.Center})
	}
	return out
}

// environmentOf names what is known of a machine and may move values without a change of code.
func environmentOf(e baseline.Environment) string {
	var parts []string
	for _, part := range []string{e.GoVersion, e.Kernel, e.Governor, e.Virtual, e.CPU, e.Counter} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
