package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/retention"
	"github.com/descartes/regress/pkg/baseline"
)

// enoughRuns are kept of each branch and class of machine where nothing else is asked for: as
// many as trend holds a change against on one side.
const enoughRuns = 100

// pruneFlags are what baseline prune is asked.
type pruneFlags struct {
	fileFlags
	storeFlags
	keep  int
	older age
	dry   bool
}

func baselinePruneCommand(w *world) *cli.Command {
	f := new(pruneFlags)
	own := []cli.Flag{
		&cli.IntFlag{Name: "keep", Destination: &f.keep, Value: enoughRuns, Usage: "the newest `N` runs of each branch and class of machine stay, and as many decisions against each branch", EnvVars: []string{envName("keep")}},
		&cli.GenericFlag{Name: "older", Value: &f.older, Usage: "only what is older than this goes: 180d, 26w, 12h; decisions of the last 31 days stay in any case", EnvVars: []string{envName("older")}},
		boolFlag(&f.dry, "dry-run", "say what would go, and keep it"),
	}
	return &cli.Command{
		Name:   "prune",
		Usage:  "forget old runs, but none that a change point or an anchor needs, and old decisions",
		Flags:  flags(own, f.storeFlags.flags(), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

// age is the value of a flag such as 180d.
type age struct{ time.Duration }

// Set reads what was typed.
func (a *age) Set(text string) error {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, found := strings.CutSuffix(text, unit)
		if !found {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 36_500 {
			return errors.New("write an age such as 180d or 26w")
		}
		a.Duration = time.Duration(n) * length
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("write an age such as 180d, 26w or 12h")
	}
	a.Duration = d
	return nil
}

// String returns what is in force; empty when nothing was given.
func (a *age) String() string {
	if a.Duration == 0 {
		return ""
	}
	return a.Duration.String()
}

func (f *pruneFlags) run(ctx context.Context, s *session, _ []string) error {
	if f.keep < 0 {
		return usagef("--keep %d: give how many runs of each branch and class of machine stay", f.keep)
	}
	policy := retention.Policy{Keep: f.keep}
	if f.older.Duration > 0 {
		policy.Before = time.Now().Add(-f.older.Duration)
	}
	store, err := s.store(ctx)
	if err != nil {
		return err
	}
	query := baseline.Query{Project: s.project(baseline.Log{}), Anchors: true}
	infos, err := store.List(ctx, query)
	if err != nil {
		return fmt.Errorf("baseline prune: nothing was removed: %w", err) // what cannot be read may be what another needs
	}
	plan := retention.New(policy, infos)
	for b, err := range baseline.WithAnchors(store.History(ctx, query)) {
		if err != nil {
			return fmt.Errorf("baseline prune: nothing was removed: %w", err)
		}
		plan.Add(b)
	}
	decisions, err := f.decisions(ctx, s, store, policy)
	if err != nil {
		return fmt.Errorf("baseline prune: nothing was removed: %w", err)
	}
	if len(infos) == 0 {
		return errors.Join(s.noteEmpty(ctx, store, query), decisions(s.stdout))
	}
	result := plan.Decide()
	gone, err := f.forget(ctx, s, store, result.Forget)
	verb := "removed"
	if f.dry {
		verb = "would be removed"
	}
	fmt.Fprintf(s.stdout, "%d of %s %s; %d stay: %d newest, %d young or undated, %d near a change point, %d for an anchor\n",
		gone, figure.Counted(len(infos), "run"), verb, len(infos)-gone,
		result.Kept[retention.Newest], result.Kept[retention.Young], result.Kept[retention.Change], result.Kept[retention.Linked])
	if err != nil {
		return err
	}
	return decisions(s.stdout)
}

// decisions reads which decisions can go. What it returns removes them and says how many; it does
// nothing where none is stored. Those of the last month, which the command decisions shows, stay.
func (f *pruneFlags) decisions(ctx context.Context, s *session, store baseline.Store, policy retention.Policy) (remove func(io.Writer) error, err error) {
	query := baseline.Query{Project: s.project(baseline.Log{})}
	var all []retention.Decided
	for d, err := range store.Decisions(ctx, query) {
		if errors.Is(err, baseline.ErrDamaged) { // no other needs it
			s.note("warning: %v", err)
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, retention.Decided{ID: d.ID(), Against: d.Against, Time: d.Time})
	}
	if month := time.Now().Add(-lastMonth); policy.Before.IsZero() || policy.Before.After(month) {
		policy.Before = month
	}
	forget, kept := retention.Decisions(policy, all)
	return func(to io.Writer) (err error) {
		gone, verb := len(forget), "would be removed"
		if !f.dry {
			verb = "removed"
			gone, err = forgetDecisions(ctx, store, query, forget)
		}
		if len(all) > 0 {
			fmt.Fprintf(to, "%d of %s %s; %d stay: %d newest, %d young\n", gone, figure.Counted(len(all), "decision"), verb, len(all)-gone, kept[retention.Newest], kept[retention.Young])
		}
		return err
	}, nil
}

// forgetDecisions removes decisions and returns how many are gone, those included that another
// process has removed meanwhile. A decision has a verdict on each series: few are held at once.
func forgetDecisions(ctx context.Context, store baseline.Store, query baseline.Query, forget []retention.Decided) (gone int, err error) {
	const atOnce = 100
	wanted := map[string]bool{}
	for _, d := range forget {
		wanted[d.ID] = true
	}
	for {
		var some []baseline.Decision
		for d, err := range store.Decisions(ctx, query) {
			if errors.Is(err, baseline.ErrDamaged) || len(some) == atOnce {
				break
			}
			if err != nil {
				return gone, fmt.Errorf("baseline prune: %w", err)
			}
			if id := d.ID(); wanted[id] {
				delete(wanted, id)
				some = append(some, d)
			}
		}
		if _, err := store.RemoveDecisions(ctx, some...); err != nil {
			return gone, fmt.Errorf("baseline prune: %w", err)
		}
		gone += len(some)
		if len(some) == 0 {
			return gone + len(wanted), nil
		}
	}
}

// forget removes runs, says which, and returns how many are gone. One that another process has
// removed meanwhile is.
func (f *pruneFlags) forget(ctx context.Context, s *session, store baseline.Store, runs []baseline.RunInfo) (gone int, err error) {
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	for _, r := range runs {
		if !f.dry {
			if err = store.Remove(ctx, r.ID); err != nil && !errors.Is(err, baseline.ErrNotFound) {
				err = fmt.Errorf("baseline prune: %w", err)
				break
			}
		}
		gone++
		fmt.Fprintf(table, "%.12s\t%s\t%s\t%s\t%s\n", r.ID, r.Time.Format("2006-01-02 15:04"), figure.Plain(fmt.Sprintf("%.12s", r.Commit)), figure.Name(r.Branch), r.Fingerprint)
		err = nil
	}
	return gone, errors.Join(err, table.Flush())
}
