package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// waiveFlags are what waive is asked.
type waiveFlags struct {
	fileFlags
	reason, until, ceiling string
	last                   bool
	log                    string
}

// usualCeiling is what a waiver accepts where nobody says how much.
const usualCeiling = "10%"

func waiveCommand(w *world) *cli.Command {
	f := new(waiveFlags)
	own := []cli.Flag{
		stringFlag(&f.reason, "reason", "why it is acceptable"),
		stringFlag(&f.until, "until", "the first day on which it no longer counts: 2027-01-31 (default with --last: 90 days after the log)"),
		stringFlag(&f.ceiling, "ceiling", "the largest worsening it accepts: 20%, or any for what was zero before (default: "+usualCeiling+"; with --last: as measured)"),
		boolFlag(&f.last, "last", "accept all that regressed in the newest log"),
		stringFlag(&f.log, "log", "the raw log in which SERIES is looked up (default: the newest in .regress/log)"),
	}
	return &cli.Command{
		Name:      "waive",
		Usage:     "accept a regression: append a [[waiver]] to regress.toml. SERIES is 'Name unit' as the report prints it, or a regular expression of 'package.Name unit'",
		ArgsUsage: "[SERIES]",
		Flags:     flags(own, f.fileFlags.flags()),
		Action:    w.action(&f.fileFlags, f.run),
	}
}

func (f *waiveFlags) run(_ context.Context, s *session, args []string) error {
	if len(args) > 1 || f.last == (len(args) == 1) {
		return usagef("waive: give one SERIES, 'Name unit' as the report prints it, or --last for all that regressed in the newest log")
	}
	waivers, err := f.waivers(s, args)
	if err != nil {
		return err
	}
	path := s.cfg.File
	if path == "" {
		path = filepath.Join(s.root, config.Name)
	}
	for _, waiver := range waivers {
		if err := config.AppendWaiver(path, waiver); err != nil {
			return usageError{err}
		}
		limit := "by any amount"
		if !math.IsInf(waiver.Ceiling, 1) {
			limit = fmt.Sprintf("up to +%s", figure.Percent(waiver.Ceiling))
		}
		fmt.Fprintf(s.stdout, "%s: waived %s %s until %s\n", s.shorten(path), waiver.Name, limit, waiver.Expires.Format(time.DateOnly))
	}
	return nil
}

// waivers returns what is to be written, all of it good.
func (f *waiveFlags) waivers(s *session, args []string) ([]gate.Waiver, error) {
	if err := f.missing(); err != nil {
		return nil, err
	}
	d, name, expires, err := f.decision(s)
	if err != nil {
		return nil, err
	}
	var proposed []gate.Waiver
	if f.last {
		if proposed, _ = report.Waivers(d, expires); len(proposed) == 0 {
			return nil, usagef("waive: nothing regressed in %s that no waiver names yet", name)
		}
	} else {
		pattern := args[0]
		if name != "" {
			if pattern, err = seriesOf(args[0], d, name); err != nil {
				return nil, err
			}
		} else {
			s.note("the series is not looked up: there is no log in %s; --log FILE names one", filepath.Join(stateDir, "log"))
		}
		proposed = []gate.Waiver{{Name: pattern}}
	}
	for i, w := range proposed {
		ceiling, until := cmp.Or(f.ceiling, usualCeiling), f.until
		if f.last && f.ceiling == "" {
			ceiling = config.Ceiling(w.Ceiling)
		}
		if until == "" {
			until = w.Expires.Format(time.DateOnly)
		}
		if _, err := time.Parse(time.DateOnly, until); err != nil {
			return nil, usagef("waive: --until %q is no date: write the first day on which it no longer counts, --until 2027-01-31", until)
		}
		if proposed[i], err = config.NewWaiver(w.Name, ceiling, f.reason, until); err != nil {
			return nil, usagef("waive: %w", err)
		}
		if !proposed[i].Expires.After(time.Now()) {
			return nil, usagef("waive: %s has passed: give a day to come, --until 2027-01-31", until)
		}
	}
	return proposed, nil
}

// missing returns an error that names the flags without which there is no waiver, all at once.
func (f *waiveFlags) missing() error {
	const why = `a waiver says why it is acceptable, and ends, such as --reason "checks its input now"`
	until := " --until " + time.Now().AddDate(0, 0, waiverDays).Format(time.DateOnly)
	noReason, noEnd := strings.TrimSpace(f.reason) == "", f.until == "" && !f.last
	switch {
	case noReason && noEnd:
		return usagef("waive: --reason and --until are missing: %s%s", why, until)
	case noReason:
		return usagef("waive: --reason is missing: %s", why)
	case noEnd:
		return usagef("waive: --until is missing: %s%s", why, until)
	}
	return nil
}

// decision decides on the log that is looked into, and returns its name; empty where there is none.
func (f *waiveFlags) decision(s *session) (d gate.Decision, name string, expires time.Time, err error) {
	name = f.log
	if name == "" {
		logs, _ := filepath.Glob(filepath.Join(s.root, stateDir, "log", "*.txt")) // the pattern is good
		if len(logs) == 0 && f.last {
			return d, "", expires, usagef("waive: there is no log in %s: compare first, or name one with --log FILE", filepath.Join(stateDir, "log"))
		}
		if len(logs) == 0 {
			return d, "", expires, nil
		}
		name = slices.Max(logs) // they are named by their time
	}
	log, err := readFile(name, s.stdin)
	if err != nil {
		return d, "", expires, err
	}
	return gate.Decide(s.input(log)), s.shorten(name), expiry(log), nil
}

// seriesOf returns the pattern for what somebody typed: a regular expression that matches a
// series of the decision, or the name of a benchmark as the report prints it, with or without
// unit and package. One that means nothing in the log would be found out by the next run.
func seriesOf(typed string, d gate.Decision, name string) (string, error) {
	pattern, bad := regexp.Compile(`^(?:` + typed + `)$`)
	var named, calm, red []baseline.Key
	packages := map[string]bool{}
	for _, row := range d.Rows {
		key := row.Key()
		if bad == nil && pattern.MatchString(key.String()) {
			return typed, nil
		}
		isRed := row.Verdict == gate.Regressed || row.Verdict == gate.Crept
		if isRed {
			red = append(red, key)
		}
		exact := typed == key.String() || typed == key.Name+" "+key.Unit
		if exact || isRed && (typed == key.Name || typed == key.Path()) {
			named = append(named, key)
			packages[key.Package] = true
		} else if typed == key.Name || typed == key.Path() {
			calm = append(calm, key)
		}
	}
	switch {
	case len(packages) > 1:
		return "", usagef("waive: %s is a benchmark of several packages: give it as %s", typed, named[0])
	case len(named) > 0:
		return config.SeriesPattern(d.Procs, named...), nil
	case len(calm) > 0:
		return "", usagef("waive: %s did not regress in %s; to waive one of its series all the same, give it with its unit, such as '%s %s'", typed, name, calm[0].Name, calm[0].Unit)
	case bad != nil:
		return "", usagef("waive: %q is neither a series of %s nor a regular expression: %w", typed, name, bad)
	}
	names := make([]string, 0, len(d.Rows))
	for _, key := range red {
		names = append(names, "'"+key.Name+" "+key.Unit+"'")
	}
	hint := "nothing regressed in it"
	if len(names) > 0 {
		hint = "what regressed in it is " + strings.Join(names[:min(len(names), 5)], ", ")
	}
	return "", usagef("waive: %q matches no series of %s: %s; --log FILE names another log", typed, name, hint)
}
