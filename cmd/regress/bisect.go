package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/bisection"
	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// bisectBudget is how long a search may measure where nothing is said: one in sixty commits takes
// about seven sessions of a minute at most.
const bisectBudget = 15 * time.Minute

// The values of --bench-from.
const (
	benchFromBad = "bad"
	benchFromOwn = "own"
)

// bisectFlags are what bisect is asked.
type bisectFlags struct {
	fileFlags
	measureFlags
	storeFlags
	good, bad ref
	unit      string
	from      string
	format    string
	resume    string
	count     bool
}

func bisectCommand(w *world) *cli.Command {
	f := new(bisectFlags)
	own := []cli.Flag{
		&cli.GenericFlag{Name: "good", Value: &f.good, Usage: "a commit that was fast (default: the commit where HEAD left the default branch; on that branch, the one before the newest change for the worse that the store has, else the anchor)", EnvVars: []string{envName("good")}},
		&cli.GenericFlag{Name: "bad", Value: &f.bad, Usage: "a later commit that is slow (default: HEAD)", EnvVars: []string{envName("bad")}},
		stringFlag(&f.unit, "unit", "follow this unit, such as B/op (default: the time, else what is worse)"),
		&cli.StringFlag{Name: "bench-from", Destination: &f.from, Value: benchFromBad, Usage: "whose benchmark sources are measured: those of bad wherever they build, or each commit's own", EnvVars: []string{envName("bench-from")}},
		countFlag(&f.count),
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "text", Usage: "text, markdown or json", EnvVars: []string{envName("format")}},
		stringFlag(&f.resume, "resume", "go on from the log of an interrupted search"),
	}
	return &cli.Command{
		Name:      "bisect",
		Usage:     "find the commit that made a benchmark slower, or say it again from the log of a search",
		ArgsUsage: "[FILE]",
		Flags:     flags(own, f.measureFlags.flags(), f.storeFlags.flags(), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.override, f.measureFlags.override, f.storeFlags.override),
	}
}

// override sets the budget of a search, which is not that of a comparison.
func (f *bisectFlags) override(c *config.Config) error {
	if !f.budget.given {
		c.Budget = bisectBudget
	}
	return nil
}

func (f *bisectFlags) run(ctx context.Context, s *session, files []string) error {
	write := map[string]func(io.Writer, bisection.Answer, bisection.Options) error{"text": bisection.Text, "markdown": bisection.Markdown, "json": bisection.JSON}[f.format]
	switch {
	case write == nil:
		return usagef("--format %q: text, markdown or json", f.format)
	case f.from != benchFromBad && f.from != benchFromOwn:
		return usagef("--bench-from %q: %s or %s", f.from, benchFromBad, benchFromOwn)
	case len(files) > 1:
		return usagef("bisect: one FILE at most, and got %s", strings.Join(files, " "))
	case len(files) == 1 && f.resume != "":
		return usagef("bisect: --resume goes on measuring, and %s is read as it is: give one of them", files[0])
	case f.resume != "" && (f.good != "" || f.bad != ""):
		return usagef("bisect: the log to resume says what is searched: leave --good and --bad out")
	case len(s.cfg.Suite.Command) > 0:
		return usagef("bisect: it takes Go benchmarks, and regress.toml has a command as its suite: use git bisect run regress compare --base COMMIT")
	}
	var all []*bisection.Search
	var err error
	if len(files) == 1 {
		all, _, err = readSearch(files[0], s.stdin)
	} else {
		all, err = f.search(ctx, s)
	}
	if err != nil {
		return err
	}
	answer := s.answered(all)
	o := bisection.Options{Width: s.width, Command: f.again(answer)}
	if err := write(s.stdout, answer, o); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	if !answer.Outcome.Known() {
		return outcomeError{gate.Undecided}
	}
	return nil
}

// readSearch reads the log of a search; "-" is the standard input.
func readSearch(name string, stdin io.Reader) (all []*bisection.Search, text []byte, err error) {
	if name == "-" {
		name = "stdin"
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, nil, usagef("read the log of a search: %w", err)
	}
	all, err = bisection.Read(name, text)
	return all, text, err
}

// answered returns the answer of several searches, each within a merge that the one before found:
// the deepest that knows one.
func (s *session) answered(all []*bisection.Search) bisection.Answer {
	answer := all[0].Answer(s.decided)
	for _, inner := range all[1:] {
		found := inner.Answer(s.decided)
		if !found.Outcome.Known() {
			break
		}
		answer = found
	}
	return answer
}

// decided judges a session of two commits: limits of the specification and waivers have no say.
func (s *session) decided(log baseline.Log) gate.Decision { return gate.Decide(s.bisected(log)) }

// bisected returns what a session is judged by.
func (s *session) bisected(log baseline.Log) gate.Input {
	in := s.input(log)
	in.Targets, in.Waivers = nil, nil
	in.Policy = bisection.Policy(in.Policy)
	return in
}

// again returns the command that measures the commit that was found against the one before.
func (f *bisectFlags) again(a bisection.Answer) string {
	if a.Outcome != bisection.Found && a.Outcome != bisection.Between || a.Target.Name == "" {
		return ""
	}
	commits := a.Suspects[0].Commits
	words := []string{"regress", "bisect", "--good", commits[0].ID[:12] + "~1", "--bad", commits[len(commits)-1].ID[:12], "--bench", "^" + a.Target.Key().Function().Name + "$"}
	if a.Search.Unit != "" {
		words = append(words, "--unit", a.Search.Unit)
	}
	for i, word := range words {
		words[i] = figure.Word(word)
	}
	return strings.Join(words, " ")
}

// ends returns the commits between which is searched, in full, and how people call them.
func (f *bisectFlags) ends(ctx context.Context, s *session, in repo.Repo) (good, bad string, names [2]string, err error) {
	names = [2]string{string(f.good), string(f.bad)}
	if names[1] == "" {
		names[1] = "HEAD"
	}
	if bad, err = in.Commit(ctx, names[1]); err != nil {
		return "", "", names, usageError{fmt.Errorf("--bad: %w", err)}
	}
	if names[0] == "" {
		if good, names[0], err = f.fast(ctx, s, in, bad, &names[1]); err != nil {
			return "", "", names, err
		}
		if names[1] != "HEAD" && f.bad == "" {
			bad, err = in.Commit(ctx, names[1])
		}
		return good, bad, names, err
	}
	if good, err = in.Commit(ctx, names[0]); err != nil {
		return "", "", names, usageError{fmt.Errorf("--good: %w", err)}
	}
	if good == bad {
		return "", "", names, usagef("bisect: --good %s and --bad %s are the same commit %.12s", names[0], names[1], good)
	}
	return good, bad, names, nil
}

// fast finds a good commit where none is named. Where the store names a range, bad is its end.
func (f *bisectFlags) fast(ctx context.Context, s *session, in repo.Repo, bad string, badName *string) (good, name string, err error) {
	if branch := in.DefaultBranch(ctx); branch != "" {
		tip, err := in.Commit(ctx, branch)
		if base := in.Fork(ctx, bad, tip); err == nil && base != "" && base != bad {
			return base, branch, nil
		}
	}
	if f.bad == "" {
		after, by := f.stored(ctx, s)
		if after != "" {
			if good, err = in.Commit(ctx, after); err == nil {
				*badName = by
				return good, figure.Commit(after), nil
			}
		}
	}
	anchor := s.cfg.Anchor
	if anchor == measure.LastRelease {
		if name, good, err = in.Release(ctx, bad); err == nil && good != "" && good != bad {
			return good, name, nil
		}
	} else if anchor != "" {
		if good, err = in.Commit(ctx, anchor); err == nil && good != bad {
			return good, anchor, nil
		}
	}
	return "", "", usagef("bisect: say which commit was fast, --good COMMIT: HEAD is on the default branch, the store has no change for the worse, and there is no release to begin from")
}

// stored returns the commits around the newest change for the worse that the store has of the
// benchmarks that are asked for; empty: it has none.
func (f *bisectFlags) stored(ctx context.Context, s *session) (after, by string) {
	query := baseline.Query{Project: s.project(baseline.Log{}), Branch: s.branches(ctx, "")[0]}
	look := trendFlags{}
	wanted, since, err := look.selected(nil)
	if f.bench != "" {
		wanted, since, err = look.selected([]string{strings.Trim(strings.TrimPrefix(strings.TrimPrefix(f.bench, "^"), "Benchmark"), "$")})
	}
	if err != nil {
		return "", ""
	}
	points, err := s.courses(ctx, query, func(k baseline.Key) bool { return wanted(k) && (f.unit == "" || f.unit == k.Unit) }, since)
	if err != nil || len(points) == 0 {
		return "", ""
	}
	page, err := course.New(points, s.firstParents(ctx, query.Branch))
	if err != nil {
		s.note("warning: the store does not help: %v", err)
		return "", ""
	}
	newest := -1
	for i, c := range page.Causes {
		if c.Worse > 0 && c.After >= 0 && (newest < 0 || c.By > page.Causes[newest].By) {
			newest = i
		}
	}
	if newest < 0 {
		return "", ""
	}
	c := page.Causes[newest]
	return page.Commits[c.After].ID, page.Commits[c.By].ID
}

// commitsOf lists the commits of a range, the good one first.
func commitsOf(ctx context.Context, in repo.Repo, good, bad string) ([]bisection.Commit, error) {
	steps, err := in.Steps(ctx, good, bad)
	if err != nil {
		return nil, usageError{err}
	}
	if len(steps) == 0 {
		return nil, usagef("bisect: there is no commit between %.12s and %.12s", good, bad)
	}
	first, _ := in.Entry(ctx, good)
	out := []bisection.Commit{{ID: good, Author: first.Author, Subject: first.Subject, Time: first.Time}}
	for _, step := range steps {
		out = append(out, bisection.Commit{ID: step.Commit, Author: step.Author, Subject: step.Subject, Time: step.Time, Parents: step.Parents, Revert: step.Revert})
	}
	return out, nil
}

// search measures until the commit is found, and keeps the log.
func (f *bisectFlags) search(ctx context.Context, s *session) ([]*bisection.Search, error) {
	in, err := repo.Open(ctx, s.root)
	if err != nil {
		return nil, err
	}
	b := &bisector{session: s, in: in, transplant: f.from == benchFromBad}
	var text []byte
	if f.resume != "" {
		if b.all, text, err = readSearch(f.resume, s.stdin); err != nil {
			return nil, err
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
	} else {
		good, bad, names, err := f.ends(ctx, s, in)
		if err != nil {
			return nil, err
		}
		commits, err := commitsOf(ctx, in, good, bad)
		if err != nil {
			return nil, err
		}
		search, begun := bisection.Begin(bisection.Range{Good: names[0], Bad: names[1], Bench: f.bench, Unit: f.unit, Effect: s.cfg.Policy.MinEffect}, commits)
		b.all, text = []*bisection.Search{search}, []byte(begun)
		s.note("%s between %s (%.12s) and %s (%.12s)", figure.Counted(len(commits)-1, "commit"), names[0], good, names[1], bad)
	}
	if dirty, err := in.Dirty(ctx); err == nil && dirty {
		s.note("uncommitted changes are not looked at")
	}
	if b.options, err = s.options(ctx, plan{measureFlags: f.measureFlags, next: true, count: f.count}); err != nil {
		return nil, err
	}
	kept, err := s.keep(f.output, f.resume)
	if err != nil {
		return nil, err
	}
	b.file = kept.file
	if err = b.write(string(text)); err == nil {
		err = b.run(ctx)
	}
	name := s.shorten(kept.file.Name())
	_, closing := kept.close()
	if err = errors.Join(err, closing); err != nil {
		return nil, err
	}
	s.note("log of the search: %s", name)
	if slices.ContainsFunc(b.all, func(one *bisection.Search) bool { return one.Stopped != "" }) {
		s.note("go on with: regress bisect --resume %s", figure.Word(name))
	}
	return b.all, nil
}
