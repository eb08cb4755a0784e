package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/watch"
	"github.com/descartes/regress/cmd/regress/internal/webhook"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// watchFlags are what watch is asked.
type watchFlags struct {
	fileFlags
	storeFlags
	forgeFlags
	format, branch, machine, key string
	notify                       string
	days, most                   int
	dry                          bool
}

func watchCommand(w *world) *cli.Command {
	f := new(watchFlags)
	own := []cli.Flag{
		&cli.StringFlag{Name: "format", Destination: &f.format, Value: "text", Usage: "text, markdown or json", EnvVars: []string{envName("format")}},
		stringFlag(&f.branch, "branch", "the branch (default: main, or what the repository calls it)"),
		stringFlag(&f.machine, "machine", "of this class of machine alone, as baseline list names it, such as 5f0c3a119e21"),
		stringFlag(&f.key, "key", "tells several suites of one repository apart on its forge: letters, digits, '.', '_', '-'"),
		&cli.IntFlag{Name: "days", Destination: &f.days, Value: watch.DefaultDays, Usage: "tell nothing new of commits that are older than `N` days", EnvVars: []string{envName("days")}},
		&cli.IntFlag{Name: "most", Destination: &f.most, Value: watch.DefaultMost, Usage: "have no more than `N` alerts open; the largest causes come first", EnvVars: []string{envName("most")}},
		stringFlag(&f.notify, "notify", "post every change of an alert as JSON to this address too; as it may hold a token, better in REGRESS_NOTIFY"),
		boolFlag(&f.dry, "dry-run", "say what would be done, and do nothing"),
	}
	return &cli.Command{
		Name:   "watch",
		Usage:  "tell what made benchmarks of the main branch worse: one issue for one cause, closed when it is over",
		Flags:  flags(own, f.storeFlags.flags(), f.forgeFlags.flags("keep an issue for each cause, and write the job summary"), f.fileFlags.flags()),
		Action: w.action(&f.fileFlags, f.run, f.storeFlags.override),
	}
}

// run tells and does not judge: whatever it finds, and whatever GitHub answers, it ends well. A
// store that cannot be read is an error.
func (f *watchFlags) run(ctx context.Context, s *session, _ []string) error {
	write := map[string]func(io.Writer, watch.Report, int) error{"text": watch.Text, "markdown": watch.Markdown, "json": watch.JSON}[f.format]
	switch {
	case write == nil:
		return usagef("--format %q: text, markdown or json", f.format)
	case f.days < 1:
		return usagef("--days %d: give how many days back commits are news", f.days)
	case f.most < 1:
		return usagef("--most %d: give how many alerts may be open at once", f.most)
	}
	t := &teller{session: s, watchFlags: f, targets: s.cfg.Watch.Notify}
	if f.notify != "" {
		if err := config.CheckNotify(f.notify); err != nil {
			return usagef("--notify: %w", err)
		}
		t.targets = append(slices.Clip(t.targets), f.notify)
	}
	var err error
	if t.site, err = f.site(s.setup); err != nil {
		return err
	}
	in, err := f.input(ctx, s, t.site)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	t.report.Input = in
	if t.report.Actions, err = t.tell(ctx); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	t.summarize()
	return write(s.stdout, t.report, s.width)
}

// input returns what the store has of the branch, and how it is spoken of.
func (f *watchFlags) input(ctx context.Context, s *session, site forge.Site) (watch.Input, error) {
	project := s.project(baseline.Log{})
	query := baseline.Query{Project: project, Fingerprint: f.machine}
	branches := s.branches(ctx, f.branch)[:1]
	all := func(baseline.Key) bool { return true }
	page, branch, err := s.changesPage(ctx, query, branches, all, f.machine == "", course.Watched)
	if err != nil {
		return watch.Input{}, err
	}
	if len(page.Series) == 0 {
		s.note("the store has nothing of branch %q yet: regress baseline update adds to it", branch)
	}
	query.Branch = branch
	units := map[string]baseline.Direction{}
	for _, c := range page.Causes {
		for _, step := range c.Steps {
			units[step.Key.Unit] = baseline.Neutral
		}
	}
	if err := s.directions(ctx, query, units); err != nil {
		return watch.Input{}, err
	}
	return watch.Input{
		Page: page, Project: project, Key: f.key, Direction: func(unit string) baseline.Direction { return units[unit] },
		Waivers: s.cfg.Waivers, Today: time.Now().UTC(), Days: f.days, Most: f.most, Words: s.watchWords(site), Owners: s.owners(site),
	}, nil
}

// owners returns who is mentioned in an alert. In the job of a pull request nobody is, and in a
// fork neither, whatever regress.toml says: a stranger may have written it, or copied it.
func (u *setup) owners(site forge.Site) (out []watch.Owner) {
	if site != nil {
		if known := site.Known(); known.Fork || known.Forked || known.Pull != 0 {
			return nil
		}
	}
	for _, o := range u.cfg.Watch.Owners {
		out = append(out, watch.Owner(o))
	}
	return out
}

// mostAsked is in how many of the newest runs a unit is looked for.
const mostAsked = 20

// directions fills in which way units improve, as the newest run that has them says. One that no
// run has stays neutral.
func (a *archive) directions(ctx context.Context, query baseline.Query, units map[string]baseline.Direction) error {
	if len(units) == 0 {
		return nil
	}
	store, err := a.store(ctx)
	if err != nil {
		return err
	}
	query.Limit = mostAsked
	infos, err := store.List(ctx, query)
	if err != nil && !errors.Is(err, baseline.ErrDamaged) {
		return err
	}
	open := len(units)
	seen := map[string]bool{}
	for _, info := range infos {
		if open == 0 {
			break
		}
		run, err := store.Get(ctx, info.ID)
		if err != nil {
			return err
		}
		log, err := ingest.Read(info.ID, bytes.NewReader(run.Raw))
		if err != nil { // it could be read when it was kept
			a.note("warning: which way units improve is not read from run %s: %v", info.ID, err)
			continue
		}
		for name, unit := range log.Units {
			if _, wanted := units[name]; wanted && !seen[name] {
				units[name], seen[name] = unit.Direction, true
				open--
			}
		}
	}
	return nil
}

// function is the name of a benchmark function that can stand in a pattern as it is.
var function = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL\pN_]+$`)
})

// watchWords returns the links and commands of alerts.
func (s *session) watchWords(site forge.Site) watch.Words {
	command := func(words []string, of baseline.Key) string {
		if !slices.ContainsFunc(words, func(w string) bool { return !refs.MatchString(strings.TrimLeft(w, "-")) }) && function().MatchString(of.Function().Name) {
			words = append(words, "--bench", "^"+of.Function().Name+"$")
			for i, word := range words {
				words[i] = figure.Word(word)
			}
			return strings.Join(words, " ")
		}
		return ""
	}
	out := watch.Words{
		Page: s.cfg.Watch.Page,
		Culprit: func(good, bad string, of baseline.Key) string {
			words := []string{"regress", "bisect", "--good", good, "--bad", bad}
			if of.Unit != "sec/op" && refs.MatchString(of.Unit) {
				words = append(words, "--unit", of.Unit)
			}
			return command(words, of)
		},
		Evidence: func(parent, commit string, of baseline.Key) string {
			compare := command([]string{"regress", "compare", "--base", parent}, of)
			if compare == "" || !refs.MatchString(commit) {
				return ""
			}
			return "git checkout " + figure.Word(commit) + " && " + compare
		},
	}
	if site != nil && site.Repository() != "" {
		out.Commits = site.Compare
	}
	return out
}

// teller tells what a report says.
type teller struct {
	*session
	*watchFlags
	site    forge.Site // nil: none
	targets []string   // addresses that are notified
	report  watch.Report
	trouble []string // what could not be done
}

func (t *teller) plan(known []watch.Known) []watch.Action { return watch.Plan(t.report.Input, known) }

// tell carries out what the plan says, where somebody can be told, and returns what was done and
// what would be. Who was told is known by the issues; where none are kept, by the ledger.
func (t *teller) tell(ctx context.Context) ([]watch.Action, error) {
	if t.site == nil {
		return t.notifyAlone(ctx)
	}
	board, err := t.site.Board()
	if err != nil {
		t.note("no issues are kept: %v", err)
		if known := t.site.Known(); known.Fork || known.Pull != 0 { // and nobody else is told either
			return t.plan(nil), nil
		}
		return t.notifyAlone(ctx)
	}
	if t.dry {
		known, err := board.Known(ctx)
		if err != nil {
			t.warn(err)
		}
		return t.plan(known), nil
	}
	actions, err := board.Follow(ctx, t.plan)
	if err != nil {
		t.warn(err)
	}
	for _, a := range actions {
		if a.Done {
			t.notifyOf(ctx, a)
		}
	}
	return actions, nil
}

// notifyAlone notifies where no issues are kept. What nobody took is told again by the next run.
func (t *teller) notifyAlone(ctx context.Context) ([]watch.Action, error) {
	if len(t.targets) == 0 {
		return t.plan(nil), nil
	}
	told, err := t.openLedger()
	if err != nil {
		return nil, err
	}
	defer told.close()
	actions := t.plan(told.known())
	for i, a := range actions {
		if t.dry || a.Deed == watch.Keep || a.Deed == watch.Untold || !t.notifyOf(ctx, a) {
			continue
		}
		if actions[i], err = told.enter(a); err != nil {
			return nil, err
		}
	}
	return actions, nil
}

// notifyOf posts an action to all that are notified, and reports whether anybody took it, or
// nothing was to be posted.
func (t *teller) notifyOf(ctx context.Context, a watch.Action) (taken bool) {
	repository := ""
	if t.site != nil {
		repository = t.site.Repository()
	}
	a.Done = true
	id, document, ok := t.report.Event(a, repository)
	if !ok {
		return true
	}
	for _, address := range t.targets {
		if err := (webhook.Poster{}).Post(ctx, address, id, document); err != nil {
			t.warn(err)
			continue
		}
		taken = true
	}
	return taken
}

// warn says what could not be done, on the page of the job too.
func (t *teller) warn(err error) {
	text := err.Error()
	if t.site != nil {
		text = t.site.Redact(text)
	}
	t.note("warning: %s", text)
	t.trouble = append(t.trouble, text)
	if t.site != nil {
		t.site.Warn(t.stderr, "regress: not everything was told", text)
	}
}

// summarize writes the report to the summary of the job, which needs no token.
func (t *teller) summarize() {
	if t.dry || t.site == nil {
		return
	}
	var page bytes.Buffer
	err := watch.Markdown(&page, t.report, 0)
	for _, text := range t.trouble { // a workflow command may be stopped
		fmt.Fprintf(&page, "\n⚠ Not everything was told: %s\n", figure.Prose(text))
	}
	if err == nil {
		err = t.site.Summarize(page.String())
	}
	if err != nil {
		t.warn(err)
	}
}
