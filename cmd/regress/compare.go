package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

func compareCommand(w *world) *cli.Command {
	own := []cli.Flag{
		&cli.StringFlag{Name: "base", Value: "main", Usage: "branch, tag or commit to compare with: measured beside head, or looked up in the store for a FILE of head alone", EnvVars: []string{envName("base")}},
		boolFlag("strict", "a series that is too noisy to decide fails"),
		stringFlag("resume", "go on from the raw log of an interrupted run"),
		&cli.BoolFlag{Name: "github", Usage: "report to GitHub: check run, annotations, job summary (default inside Actions)", EnvVars: []string{envName("github"), "GITHUB_ACTIONS"}},
	}
	return &cli.Command{
		Name:      "compare",
		Usage:     "measure base and head side by side on this machine, or read FILEs, and decide",
		ArgsUsage: "[FILE…]",
		Flags:     flags(own, formatFlags(), measureFlags(), storeFlags(), hubFlags()),
		Action:    w.withSession((*session).compare),
	}
}

func (s *session) compare(c *cli.Context) error {
	if c.String("base") == "" {
		return usagef("compare: --base is empty: name a branch, tag or commit")
	}
	if c.Args().Present() && c.String("resume") != "" {
		return usagef("compare: --resume goes on measuring, and %s is read as it is: give one of them", c.Args().First())
	}
	printReport, err := s.printer(c)
	if err != nil {
		return err
	}
	hub, err := s.github(c)
	if err != nil {
		return err
	}
	log, err := s.compareLog(c)
	if err != nil {
		hub.broken(c.Context, err)
		return err
	}
	in := s.input(log)
	if in.Stored, err = s.reference(c.Context, &in.Log, c.String("base")); err != nil {
		hub.broken(c.Context, err)
		return err
	}
	decision := gate.Decide(in)
	if err := printReport(decision, in); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	hub.causes = s.causes(c, decision)
	hub.finish(c.Context, in, decision)
	return outcome(decision)
}

func (s *session) compareLog(c *cli.Context) (baseline.Log, error) {
	if c.Args().Present() {
		return s.read(c.Args().Slice())
	}
	return s.measure(c, plan{base: c.String("base"), resume: c.String("resume"), next: true})
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
func (s *session) printer(c *cli.Context) (func(gate.Decision, gate.Input) error, error) {
	options := func(in gate.Input) report.Options {
		return report.Options{Color: s.color, Width: s.width, All: c.Bool("all"), Command: again(in.Log), Expires: expiry(in.Log)}
	}
	switch format := c.String("format"); format {
	case "text":
		return func(d gate.Decision, in gate.Input) error { return report.Text(s.stdout, d, options(in)) }, nil
	case "markdown":
		return func(d gate.Decision, in gate.Input) error { return report.Markdown(s.stdout, d, options(in)) }, nil
	case "json":
		return func(d gate.Decision, _ gate.Input) error { return report.JSON(s.stdout, d) }, nil
	default:
		return nil, usagef("--format %q: text, markdown or json", format)
	}
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

// word is what may stand in a proposed command as it is; a log can come from a
// stranger.
var word = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/+-]*$`)

// again is the command that measures what the log has; empty when regress did
// not measure it, or not both sides.
func again(log baseline.Log) string {
	if log.Procedure == "" {
		return ""
	}
	for _, run := range log.Runs {
		if run.Side == baseline.Base && word.MatchString(run.Branch) {
			return "regress compare --base " + run.Branch
		}
	}
	return ""
}
