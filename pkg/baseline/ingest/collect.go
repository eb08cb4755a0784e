package ingest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline"
)

// collector keeps the values of results, each under the run that it belongs to.
type collector struct {
	*notes
	header  *header
	series  int // how many more are allowed
	runs    []*run
	current *run                  // of the present side and environment; nil: look it up
	names   map[string]*benchmark // of the present package in that run; nil: look them up
	last    *benchmark            // of those, the last one that had a line; nil: none yet
	again   baseline.Warning      // a name that comes again without a package; zero: none
	bad     []baseline.Problem    // values that are none, which matter where their unit is judged
}

// run collects what becomes a baseline.Run.
type run struct {
	side       baseline.Side
	commit     string
	key        string // of the environment
	run        baseline.Run
	benchmarks map[string]map[string]*benchmark // by package and name
	sorted     []*benchmark                     // all of them, once nothing is added
}

// benchmark is one benchmark of one run.
type benchmark struct {
	pkg, name string
	lines     int
	line      int        // number of the first
	process   int        // that printed it last
	next      *benchmark // that had a line after it, and mostly has again; nil: none yet
	samples   []sample   // one a unit, in order of appearance
}

// sample is one of a unit as it was printed; the values are tidied.
type sample struct {
	baseline.Sample
	printed string
}

// moved forgets where results go, since what they are of has changed.
func (c *collector) moved() { c.current, c.names, c.last = nil, nil, nil }

// result keeps one parsed line.
func (c *collector) result(r *benchfmt.Result) {
	if r.Iters < 1 {
		c.problem(string(r.Name), baseline.Problem{Kind: baseline.BadCount, Detail: fmt.Sprint(r.Iters)})
		return
	}
	if len(r.Values) > c.limits.Metrics {
		c.err = fmt.Errorf("line %d: %w: more than %d metrics of one benchmark; report fewer", c.at(), ErrTooLarge, c.limits.Metrics)
		return
	}
	b := c.printed(r.Name)
	if b == nil {
		return
	}
	round := c.round
	if round == 0 {
		round = b.lines
	}
	for i, v := range r.Values {
		if v.Value < 0 && !math.IsInf(v.Value, 0) {
			c.badValue(b.name, v) // where its unit is judged
		}
		switch {
		case math.IsNaN(v.Value) || math.IsInf(v.Value, 0):
			c.badValue(b.name, v)
		case repeatsUnit(r.Values[:i], v):
			c.problem(b.name, baseline.Problem{Kind: baseline.UnitTwice, Of: cmp.Or(v.OrigUnit, v.Unit), Unit: tidied(v.Unit)})
		case !c.add(b, v, round):
			return
		}
	}
}

// printed counts a line of a benchmark, which it returns; nil where there is no place for it.
func (c *collector) printed(name []byte) *benchmark {
	if c.run() == nil {
		return nil
	}
	b := c.benchmark(name)
	if b == nil {
		return nil
	}
	if c.last != nil {
		c.last.next = b
	}
	c.last = b
	b.lines++
	if b.line == 0 {
		b.line = c.at()
	} else if b.process != c.ended && b.pkg == "" && !c.regress && c.again.Kind == "" {
		c.again = baseline.Warning{Kind: baseline.NameAgain, File: c.file, Line: c.at(), Side: c.side, Name: b.name}
	}
	b.process = c.ended
	return b
}

// run returns the one that the next result belongs to; nil when the text contradicts itself.
func (c *collector) run() *run {
	if c.current != nil {
		return c.current
	}
	key, commit := c.header.parse().fingerprint, c.header.origin().Commit
	for _, r := range c.runs {
		if r.side == c.side && r.key == key {
			if r.commit != commit {
				c.err = fmt.Errorf("line %d: results of commit %q after results of commit %q on one side; put `side: base` and `side: head` above what belongs to each, or keep them in two files", c.at(), commit, r.commit)
				return nil
			}
			c.current = r
			return r
		}
	}
	if len(c.runs) >= c.limits.Parts {
		c.err = fmt.Errorf("line %d: %w: results of more than %d machines; give those of some of them", c.at(), ErrTooLarge, c.limits.Parts)
		return nil
	}
	r := &run{side: c.side, key: key, commit: commit, run: c.header.begun(), benchmarks: map[string]map[string]*benchmark{}}
	c.runs = append(c.runs, r)
	c.current = r
	return r
}

// benchmark finds or makes the benchmark of the current run and package; nil
// when its name is none that a store would keep.
func (c *collector) benchmark(name []byte) *benchmark {
	if c.names == nil {
		c.names = c.current.benchmarks[c.pkg]
		if c.names == nil {
			c.names = map[string]*benchmark{}
			c.current.benchmarks[c.pkg] = c.names
		}
	}
	if c.last != nil && c.last.next != nil && c.last.next.name == string(name) {
		return c.last.next // as in the round before: far cheaper than to look for it
	}
	if b := c.names[string(name)]; b != nil {
		return b
	}
	if !keepable(name) {
		c.problem(string(clip(name)), baseline.Problem{Kind: baseline.BadName})
		return nil
	}
	b := &benchmark{pkg: c.pkg, name: string(name)}
	c.names[b.name] = b
	return b
}

// add keeps one value, v.Unit being the tidied one; false when there are too many series.
func (c *collector) add(b *benchmark, v benchfmt.Value, round int) bool {
	printed := cmp.Or(v.OrigUnit, v.Unit)
	for i := range b.samples {
		if s := &b.samples[i]; s.printed == printed {
			s.Values = append(s.Values, v.Value) // two statements: in one, both pointers are set each time
			s.Rounds = append(s.Rounds, round)
			return true
		}
	}
	if !keepable([]byte(printed)) {
		c.problem(b.name, baseline.Problem{Kind: baseline.BadUnitName, Of: string(clip([]byte(printed)))})
		return true
	}
	if c.series--; c.series < 0 {
		c.err = fmt.Errorf("line %d: %w: more than %d series; measure a part of the suite with -bench, or split the file", c.at(), ErrTooLarge, c.limits.Series)
		return false
	}
	printed = strings.Clone(printed)
	s := sample{printed: printed}
	s.Key = baseline.Key{Package: b.pkg, Name: b.name, Unit: tidied(printed)}
	const usual = 4 // or a multiple, so that little is copied as they grow
	s.Values, s.Rounds = append(make([]float64, 0, usual), v.Value), append(make([]int, 0, usual), round)
	b.samples = append(b.samples, s)
	return true
}

// badValue notes a value that is no measurement. Whether it matters depends on
// its unit, and what a Unit line says of that may stand further below.
func (c *collector) badValue(name string, v benchfmt.Value) {
	if len(c.bad) < c.limits.Problems {
		c.bad = append(c.bad, c.here(baseline.Problem{
			Name: name, Kind: baseline.BadValue, Unit: tidied(v.Unit), Detail: fmt.Sprintf("%g %s", v.Value, v.Unit),
		}))
	}
}

// belong gives results that no pkg: line named the package that go test names behind them.
func (c *collector) belong(pkg string) {
	for _, r := range c.runs {
		loose := r.benchmarks[""]
		if r.side != c.side || len(loose) == 0 {
			continue
		}
		delete(r.benchmarks, "")
		if r.benchmarks[pkg] == nil {
			r.benchmarks[pkg] = map[string]*benchmark{}
		}
		for _, name := range sortedKeys(loose) {
			r.benchmarks[pkg][name] = r.benchmarks[pkg][name].and(loose[name], pkg)
		}
	}
	c.moved()
}

// and returns a benchmark with the lines of both, as one of package pkg.
func (b *benchmark) and(more *benchmark, pkg string) *benchmark {
	if b == nil {
		b = &benchmark{pkg: pkg, name: more.name, line: more.line}
	}
	for _, s := range more.samples {
		s.Package = pkg
		for i := range s.Rounds {
			s.Rounds[i] += b.lines
		}
		i := slices.IndexFunc(b.samples, func(have sample) bool { return have.printed == s.printed })
		if i < 0 {
			b.samples = append(b.samples, s)
			continue
		}
		have := &b.samples[i]
		have.Values, have.Rounds = append(have.Values, s.Values...), append(have.Rounds, s.Rounds...)
	}
	b.lines += more.lines
	return b
}

// repeatsUnit reports whether one of the values of a line has the unit of v as it
// was printed.
func repeatsUnit(values []benchfmt.Value, v benchfmt.Value) bool {
	for i := range values {
		if values[i].Unit == v.Unit && values[i].OrigUnit == v.OrigUnit {
			return true
		}
	}
	return false
}

// keepable reports whether a store takes a text: see baseline.Run.Validate.
func keepable(text []byte) bool { return len(text) <= baseline.MaxName && utf8.Valid(text) }
