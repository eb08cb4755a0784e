package measure

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// discovery learns the names of all benchmarks by running each once.
type discovery struct {
	*measurement
	proven map[*side]map[string]bool // packages that are the same on another side
	dead   []dead
	why    string // of the last failure that did not count
}

// dead is a benchmark that died each time that the discovery started it on a side.
type dead struct {
	side *side
	pkg  *suite.Package
	key  baseline.Key // its name as it would have been printed
	run  string
}

// revive makes what died on one side a benchmark of that side all the same, where another side
// shows that it is one: whether it dies more often at head is for the decision to say, which asks
// for more.
func (d *discovery) revive() {
	for _, one := range d.dead {
		if e := d.plan.entries[one.key]; e != nil && !e.broken && len(e.targets) > 0 {
			d.add(one.side, one.pkg, one.key, one.run, 0)
			e.tried[one.side.Side]++
		}
	}
}

// mostTries is how often a benchmark is started in the discovery before its failure counts as one
// that it always has.
const mostTries = 3

// run looks at every package of every side. What is proven to be the same at head and elsewhere is
// looked at once, at head; where something fails there, elsewhere too.
func (d *discovery) run(ctx context.Context) error {
	if len(d.o.Command) > 0 {
		for _, one := range d.sides {
			if err := d.command(ctx, one); err != nil {
				return err
			}
		}
		return nil
	}
	d.proven = map[*side]map[string]bool{}
	for _, other := range d.others() {
		proven, err := d.Session.proven(ctx, other)
		if err != nil {
			return err
		}
		d.proven[other] = proven
	}
	failed := map[string]bool{}
	for _, one := range d.sides {
		for _, p := range one.Packages {
			if d.proven[one][p.Path] {
				continue
			}
			before := d.log.troubles
			if err := d.look(ctx, one, p); err != nil {
				return err
			}
			failed[p.Path] = failed[p.Path] || one == d.judged() && d.log.troubles > before
		}
	}
	for _, other := range d.others() {
		for _, path := range slices.Sorted(maps.Keys(d.proven[other])) {
			if failed[path] {
				if err := d.look(ctx, other, other.Find(path)); err != nil {
					return err
				}
			}
		}
	}
	d.revive()
	return nil
}

// look learns the names of all benchmarks of a package on one side. A crash
// costs the benchmark that ran, and another process for those that had not begun. A benchmark that
// failed is started again alone, since a failure can be chance.
func (d *discovery) look(ctx context.Context, s *side, p *suite.Package) error {
	match, err := suite.FunctionLevel(d.o.Bench)
	if err != nil {
		return err
	}
	waiting := slices.DeleteFunc(slices.Clone(p.Functions), func(f string) bool { return !match.MatchString(f) })
	d.progress(Progress{Phase: Discovering, Step: p.Path, Side: s.Side})
	var done, again []string
	for len(waiting) > 0 && ctx.Err() == nil {
		if d.purse.empty() {
			return d.unreached(s, p, waiting)
		}
		seen, out := d.start(ctx, s, p, d.o.Bench, done)
		if out.Canceled {
			return nil
		}
		more, err := d.adopt(s, p, seen, out, false)
		if err != nil {
			return err
		}
		again = append(again, more...)
		rest := slices.DeleteFunc(slices.Clone(waiting), func(f string) bool { return slices.Contains(seen.begun, f) })
		if len(rest) == len(waiting) || out.Failure == "" {
			if d.purse.late(out) {
				return d.unreached(s, p, rest)
			}
			if err := d.unstarted(s, p, rest, cmp.Or(out.Failure, "never started; does TestMain run m.Run, and does the process end well?")); err != nil {
				return err
			}
			break
		}
		done = slices.DeleteFunc(slices.Clone(p.Functions), func(f string) bool { return slices.Contains(rest, f) })
		waiting = rest
	}
	return d.retry(ctx, s, p, again)
}

// retry starts functions that failed again, each in a process of its own.
func (d *discovery) retry(ctx context.Context, s *side, p *suite.Package, functions []string) error {
	for _, f := range functions {
		for try := 2; ; try++ {
			if d.purse.empty() {
				return d.unreached(s, p, []string{f})
			}
			skip := slices.DeleteFunc(slices.Clone(p.Functions), func(other string) bool { return other == f })
			seen, out := d.start(ctx, s, p, d.o.Bench, skip)
			if out.Canceled {
				return nil
			}
			last := try >= mostTries || out.Killed > 0
			more, err := d.adopt(s, p, seen, out, last)
			if err != nil {
				return err
			}
			if len(seen.begun) == 0 && len(more) == 0 {
				if err := d.unstarted(s, p, []string{f}, cmp.Or(out.Failure, "never started")); err != nil {
					return err
				}
				break
			}
			if len(more) == 0 && out.Failure == "" {
				err := d.log.once(ingest.Warning(fmt.Sprintf("%s of %s failed on the %s and did not when it was started again: %s", f, p.Path, s.label(), d.why)))
				if err != nil {
					return err
				}
			}
			if last || len(more) == 0 {
				break
			}
		}
	}
	return nil
}

// start runs one process of the discovery.
func (d *discovery) start(ctx context.Context, s *side, p *suite.Package, bench string, skip []string) (*survey, suite.Outcome) {
	seen := newSurvey()
	t := suite.Target{Dir: p.Dir, Argv: []string{
		p.Binary, "-test.run=^$", "-test.bench=" + bench, "-test.benchtime=1x", "-test.count=1", "-test.v=test2json",
	}}
	if pattern := suite.Without(slices.Concat(p.Others, skip)); pattern != "" {
		t.Argv = append(t.Argv, "-test.skip="+pattern)
	}
	return seen, s.Runner.Run(ctx, t, suite.Limit{Of: d.purse.limit, Idle: true}, seen.line)
}

// unstarted notes the functions that no process has begun with.
func (d *discovery) unstarted(s *side, p *suite.Package, functions []string, why string) error {
	for _, f := range functions {
		if err := d.fail(s.Side, baseline.Key{Package: p.Path, Name: f}, why); err != nil {
			return err
		}
	}
	return nil
}

// unreached notes the functions that the budget has not reached.
func (d *discovery) unreached(s *side, p *suite.Package, functions []string) error {
	for _, f := range functions {
		if err := d.notRun(s.Side, baseline.Key{Package: p.Path, Name: f}); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes over what one process of the discovery saw. Failures count when the benchmark is not
// started again, last, and are else returned as the functions to start again.
func (d *discovery) adopt(s *side, p *suite.Package, seen *survey, out suite.Outcome, last bool) (again []string, err error) {
	if err := d.log.units(seen.units); err != nil {
		return nil, err
	}
	late, procs := d.purse.late(out), seen.procs()
	for _, name := range seen.begun {
		line, printed := seen.printed[name]
		if !printed && !seen.leaf(name) && (seen.failed[name] == "" || seen.failedBelow(name)) {
			continue // its sub-benchmarks say everything
		}
		// A function that failed before it could say whether it has sub-benchmarks goes by its
		// own name, a sub-benchmark by the name that it would have printed.
		key := baseline.Key{Package: p.Path, Name: name}
		if strings.Contains(name, "/") {
			key.Name = strings.TrimPrefix(name, "Benchmark") + procs
		}
		why := ""
		switch {
		case seen.failed[name] != "":
			why = seen.failed[name]
		case seen.skipped[name] != "":
			d.skips++
			err = d.log.once(ingest.Warning(fmt.Sprintf("%s of %s skips itself on the %s: %s", name, p.Path, s.label(), seen.skipped[name])))
		case printed:
			key.Name = line.Name
			d.add(s, p, key, name, line.NsPerOp)
		case late && name == seen.current():
			err = d.notRun(s.Side, key)
		case out.Failure != "" && name == seen.current():
			why = out.Failure
		case suite.Deep(d.o.Bench):
			// The pattern selects none of its sub-benchmarks.
		default:
			why = "printed no result"
		}
		if why != "" {
			function, _, _ := strings.Cut(name, "/")
			if !last && out.Killed == 0 {
				d.why = why
				if !slices.Contains(again, function) {
					again = append(again, function)
				}
				continue
			}
			if died := seen.failed[name] != "" || out.Failure != ""; died && out.Killed == 0 && !s.Optional && d.o.Next != nil {
				printed := baseline.Key{Package: p.Path, Name: strings.TrimPrefix(name, "Benchmark") + procs}
				d.dead = append(d.dead, dead{s, p, printed, name})
				err = d.log.failed(ingest.Failed(s.Side, key, why))
			} else {
				err = d.fail(s.Side, key, why)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return again, nil
}

// add notes that a side has the benchmark, and those of the others that are proven to be the same.
func (d *discovery) add(s *side, p *suite.Package, key baseline.Key, run string, nsPerOp float64) {
	e := d.plan.entry(key)
	e.run = run
	e.nsPerOp = max(e.nsPerOp, nsPerOp)
	e.targets[s.Side] = d.target(p, run)
	if s != d.judged() {
		return
	}
	for _, other := range d.others() {
		if d.proven[other][p.Path] {
			e.targets[other.Side] = d.target(other.Find(p.Path), run)
		}
	}
}

// target is a process of a benchmark, without -test.benchtime and -test.count. -test.v has testing
// print the name again in front of the numbers, so that what a benchmark prints meanwhile does not
// tear its line apart; test2json marks where a frame begins. Note: -test.timeout is no use here,
// testing switches its alarm off before benchmarks.
func (d *discovery) target(p *suite.Package, run string) suite.Target {
	return suite.Target{Dir: p.Dir, Argv: []string{
		p.Binary, "-test.run=^$", "-test.bench=" + suite.Exactly(run), "-test.benchmem", "-test.v=test2json",
	}}
}
