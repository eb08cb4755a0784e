package measure

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// Command suites: any program that prints the Go benchmark format. It is started
// in Options.Dir of its side's tree, with two placeholders in its arguments:
//
//	{side}   base or head ("head" when the head is measured alone)
//	{bench}  a regular expression for the benchmarks to run: Options.Bench in the
//	         discovery, then one name: ^(Benchmark)?PingPong/size=64B(-2)?$
//
// Without {bench} each process is a round of the whole suite. Lines of other
// benchmarks than the wanted one are ignored. A program that must be built is
// built by the command itself; the discovery is its first run on each side.

// expand returns the command of a side with the placeholders replaced.
func (d *discovery) expand(s *side, bench string) []string {
	argv := make([]string, len(d.o.Command))
	for i, arg := range d.o.Command {
		argv[i] = strings.NewReplacer("{side}", s.label(), "{bench}", bench).Replace(arg)
	}
	return argv
}

// command runs the command once for all benchmarks of a side.
func (d *discovery) command(ctx context.Context, s *side) error {
	d.progress(Progress{Phase: Discovering, Step: d.o.Command[0], Side: s.Side})
	each := slices.ContainsFunc(d.o.Command, func(arg string) bool { return strings.Contains(arg, "{bench}") })
	var names []baseline.Key
	var units []string
	path := ""
	t := suite.Target{Argv: d.expand(s, d.o.Bench), Dir: s.Dir}
	out := s.Runner.Run(ctx, t, suite.Limit{Of: d.purse.limit, Idle: true}, func(text string) {
		if v, ok := strings.CutPrefix(text, "pkg: "); ok {
			path = strings.TrimSpace(v)
		}
		if suite.UnitLine(text) {
			units = append(units, text)
		}
		if p, ok, _ := suite.ParseLine(text); ok {
			names = append(names, baseline.Key{Package: path, Name: p.Name})
		}
	})
	if out.Canceled {
		return nil
	}
	if err := d.log.units(units); err != nil {
		return err
	}
	switch {
	case d.purse.late(out):
		return d.notRun(s.Side, baseline.Key{})
	case out.Failure != "":
		return d.fail(s.Side, baseline.Key{}, out.Failure)
	case len(names) == 0:
		return d.fail(s.Side, baseline.Key{}, fmt.Sprintf("%s printed no benchmark line", d.o.Command[0]))
	}
	if !each {
		names = []baseline.Key{{}}
	}
	for _, key := range names {
		e := d.plan.entry(key)
		e.ran++
		e.spent += out.Wall / time.Duration(len(names)) // a first guess
		e.targets[s.Side] = suite.Target{Argv: d.expand(s, pattern(key.Name)), Dir: s.Dir}
	}
	return nil
}

// pattern matches one printed name in whole, with or without "Benchmark" and -procs.
func pattern(name string) string {
	short, _ := suite.SplitProcs(name)
	suffix := cmp.Or(strings.TrimPrefix(name, short), "-1")
	return "^(Benchmark)?" + regexp.QuoteMeta(short) + "(" + suffix + ")?$"
}
