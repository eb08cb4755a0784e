package measure

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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

// expand replaces the placeholders.
func (m *measurement) expand(s *suite, bench string) []string {
	argv := make([]string, len(m.o.Command))
	for i, arg := range m.o.Command {
		argv[i] = strings.NewReplacer("{side}", s.label(), "{bench}", bench).Replace(arg)
	}
	return argv
}

// discoverCommand runs the command once for all benchmarks of a side.
func (m *measurement) discoverCommand(ctx context.Context, s *suite) error {
	m.progress(Progress{Phase: Discovering, Step: m.o.Command[0], Side: s.side})
	each := slices.ContainsFunc(m.o.Command, func(arg string) bool { return strings.Contains(arg, "{bench}") })
	var names []baseline.Key
	var units []string
	path := ""
	t := target{argv: m.expand(s, m.o.Bench), dir: s.dir}
	out, _ := m.exec(ctx, t, true, func(text string) {
		if v, ok := strings.CutPrefix(text, "pkg: "); ok {
			path = strings.TrimSpace(v)
		}
		if unitLine(text) {
			units = append(units, text)
		}
		if p, ok, _ := parseLine(text); ok {
			names = append(names, baseline.Key{Package: path, Name: p.name})
		}
	})
	if out.canceled {
		return nil
	}
	if err := m.units(units); err != nil {
		return err
	}
	if out.failure != "" {
		return m.fail(s.side, baseline.Key{}, out.failure)
	}
	if len(names) == 0 {
		return m.fail(s.side, baseline.Key{}, fmt.Sprintf("%s printed no benchmark line", m.o.Command[0]))
	}
	if !each {
		names = []baseline.Key{{}}
	}
	for _, key := range names {
		e := m.entries[key]
		if e == nil {
			e = &entry{key: key, targets: map[baseline.Side]target{}, rounds: map[baseline.Side]int{}}
			m.entries[key] = e
		}
		e.ran++
		e.spent += out.wall / time.Duration(len(names)) // a first guess
		e.targets[s.side] = target{argv: m.expand(s, pattern(key.Name)), dir: s.dir}
	}
	return nil
}

// pattern matches one printed name in whole, with or without "Benchmark" and -procs.
func pattern(name string) string {
	short, _ := splitProcs(name)
	suffix := cmp.Or(strings.TrimPrefix(name, short), "-1")
	return "^(Benchmark)?" + regexp.QuoteMeta(short) + "(" + suffix + ")?$"
}
