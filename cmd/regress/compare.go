package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/finding"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// compareFlags are what compare is asked.
type compareFlags struct {
	fileFlags
	measureFlags
	storeFlags
	formatFlags
	hubFlags
	forgeFlags
	base    ref
	strict  bool
	resume  string
	explain bool
	count   bool
}

func compareCommand(w *world) *cli.Command {
	f := new(compareFlags)
	own := []cli.Flag{
		&cli.GenericFlag{Name: "base", Value: &f.base, Usage: "branch, tag or commit to compare with: the commit where HEAD left it (git merge-base) is measured beside head; for a FILE of head alone, it is looked up in the store (default: the branch that origin/HEAD names, else main, else master)", EnvVars: []string{envName("base")}},
		boolFlag(&f.strict, "strict", "a series that is too noisy to decide fails"),
		boolFlag(&f.explain, "explain", "do not decide: say of every line of each FILE what it was taken for"),
		countFlag(&f.count),
		stringFlag(&f.resume, "resume", "go on from the raw log of an interrupted run"),
	}
	return &cli.Command{
		Name:      "compare",
		Usage:     "measure base and head side by side on this machine, or read FILEs, and decide",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, f.formatFlags.flags(), f.measureFlags.flags(), f.storeFlags.flags(), f.hubFlags.flags(), f.forgeFlags.flags("report"), f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run, f.measureFlags.override, f.storeFlags.override, f.override),
	}
}

// firstBudget is how long a comparison measures where nobody has said how long: with what is built
// before it on two processors, a minute.
const firstBudget = 40 * time.Second

func (f *compareFlags) override(c *config.Config) error {
	c.Policy.Strict = c.Policy.Strict || f.strict
	return nil
}

func (f *compareFlags) run(ctx context.Context, s *session, files []string) error {
	if len(files) > 0 && f.resume != "" {
		return usagef("compare: --resume goes on measuring, and %s is read as it is: give one of them", files[0])
	}
	if f.explain {
		return explain(s, files, f.format)
	}
	if s.bare && !f.budget.given {
		s.cfg.Budget = firstBudget
	}
	for _, typed := range []struct{ flag, value string }{{"config", f.config}, {"packages", strings.Join(f.packages.Value(), ",")}, {"benchtime", f.benchtime}, {"store", f.store}, {"project", f.project}} {
		s.repeat(typed.flag, typed.value)
	}
	if !f.count && s.getenv(envName("count")) != "false" {
		s.typed = append(s.typed, "--count=false")
	}
	printReport, err := f.printer(ctx, s)
	if err != nil {
		return err
	}
	hub, err := s.forge(ctx, f.forgeFlags, f.hubFlags)
	if err != nil {
		return err
	}
	base := string(f.base)
	if len(files) == 0 {
		if base, err = s.baseOr(ctx, base); err != nil {
			hub.broken(ctx, err)
			return err
		}
	}
	if len(files) == 0 && f.resume == "" {
		if err := s.idle(ctx, base, f.base == ""); err != nil {
			hub.broken(ctx, err)
			return f.excuse(ctx, s, err)
		}
	}
	log, err := s.results(ctx, files, plan{measureFlags: f.measureFlags, base: base, resume: f.resume, next: true, all: f.all, count: f.count})
	if err != nil {
		hub.broken(ctx, err)
		return f.excuse(ctx, s, err)
	}
	in := s.input(log)
	if in.Stored, err = s.reference(ctx, &in.Log, base); err != nil {
		hub.broken(ctx, err)
		return f.excuse(ctx, s, err)
	}
	decision := gate.Decide(in)
	if len(files) == 0 { // what was measured here can be profiled here
		hub.causes = s.causes(ctx, decision)
		hub.keepCauses(in.Log)
	} else {
		hub.causes = keptCauses(in.Log)
	}
	if err := printReport(decision, in, hub.causes); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	hub.finish(ctx, in, decision)
	s.remember(ctx, in.Log, decision)
	return f.excuse(ctx, s, outcome(decision))
}

// outcome turns a decision into what main exits with.
func outcome(d gate.Decision) error {
	if d.Outcome == gate.Pass {
		return nil
	}
	return outcomeError{d.Outcome}
}

// printer chooses the format before anything is measured for it. The report
// does not name the file of the log: a replay under another name, or from a pipe,
// prints the same bytes.
func (f formatFlags) printer(ctx context.Context, s *session) (func(gate.Decision, gate.Input, causes) error, error) {
	writers := map[string]func(io.Writer, gate.Decision, report.Options) error{"text": report.Text, "markdown": report.Markdown, "json": report.JSON}
	if write := writers[f.format]; write != nil {
		return func(d gate.Decision, in gate.Input, found causes) error {
			o := s.reportOptions(in, found)
			o.Color, o.Width, o.All = s.color, s.width, f.all
			return write(s.stdout, d, o)
		}, nil
	}
	files := map[string]func(finding.Source, io.Writer) error{"junit": finding.Source.JUnit, "sarif": finding.Source.SARIF, "codequality": finding.Source.Quality}
	write := files[f.format]
	if write == nil {
		return nil, usagef("--format %q: %s", f.format, oneOf(formats))
	}
	return func(d gate.Decision, in gate.Input, found causes) error {
		return write(s.findings(ctx, in, d, found), s.stdout)
	}, nil
}

// formats are those of a decision, for a reader first and then for other programs.
var formats = []string{"text", "markdown", "json", "junit", "sarif", "codequality"}

// oneOf lists words to choose from.
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// reportOptions returns what every report is given besides the decision.
func (s *session) reportOptions(in gate.Input, found causes) report.Options {
	return report.Options{Command: s.again(in.Log, 0), Longer: s.again(in.Log, 2*s.cfg.Budget), Expires: expiry(in.Log), Causes: found}
}

// started is when a log was begun; zero when it does not say.
func started(log baseline.Log) time.Time {
	for _, run := range log.Runs {
		if !run.Time.IsZero() {
			return run.Time.UTC()
		}
	}
	return time.Time{}
}

// waiverDays is how long a proposed waiver lasts: a quarter, after which
// somebody looks again.
const waiverDays = 90

// expiry is the end that the report proposes for a waiver. It counts from the
// log, not from the clock, so that a replay proposes the same.
func expiry(log baseline.Log) time.Time {
	begin := started(log)
	if begin.IsZero() {
		return begin
	}
	return begin.Truncate(24*time.Hour).AddDate(0, 0, waiverDays)
}
