package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline"
)

// A part is a text, or a piece of one that has a header of its own, on its way
// to a Log.
type part struct {
	feed
	trouble
	header

	account  *account // nil: nobody asks
	seen     bool     // the present line is accounted for
	file     string   // as problems name it
	next     string   // the file that the following part comes from, when a mark says so
	limits   limits
	tables   int // lines of a table that benchcmp made
	series   int // how many more are allowed
	round    int // by the last mark; 0: count the lines of each benchmark
	log      baseline.Log
	runs     []*run
	current  *run // of the present side and environment; nil: look it up
	names    map[string]*benchmark
	metadata benchfmt.UnitMetadataMap
	disturb  disturbances
	passedBy map[baseline.WarningKind]int // where in the log's warnings one for all such lines is, from 1
	lones    map[baseline.Key]int         // lines with a name alone and no result since, by number
	process  int                          // counts those that have ended
	ended    bool                         // go test said how one went, at least once
	okayed   bool                         // with a line of the package: ok or FAIL
	open     bool                         // there are results since
	last     []byte                       // the last line, where it has no end
	again    baseline.Warning             // a name that comes again without a package; zero: none
	bad      []baseline.Problem           // values that are none, which matter where their unit is judged
	more     int                          // problems beyond the limit
	placed   int                          // problems up to here have their package
	err      error
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
	line      int      // number of the first
	process   int      // that printed it last
	samples   []sample // one a unit, in order of appearance
}

// sample is one of a unit as it was printed; the values are tidied.
type sample struct {
	baseline.Sample
	printed string
}

func newPart(file string, limits limits) *part {
	return &part{
		file: file, limits: limits, header: newHeader(),
		log: baseline.Log{
			Files: []string{file}, Units: map[string]baseline.Unit{}, Noise: map[baseline.Key]baseline.Noise{},
			Functions: map[baseline.Side][]baseline.Function{}, Same: map[baseline.Key]string{},
		},
	}
}

// run is the one that the next result belongs to; nil when the text contradicts itself.
func (p *part) run() *run {
	if p.current != nil {
		return p.current
	}
	key, commit := p.parse().fingerprint, p.origin().Commit
	for _, r := range p.runs {
		if r.side == p.side && r.key == key {
			if r.commit != commit {
				p.err = fmt.Errorf("line %d: results of commit %q after results of commit %q on one side; put `side: base` and `side: head` above what belongs to each, or keep them in two files", p.at(), commit, r.commit)
				return nil
			}
			p.current = r
			return r
		}
	}
	r := &run{side: p.side, key: key, commit: commit, run: p.begun(), benchmarks: map[string]map[string]*benchmark{}}
	p.runs = append(p.runs, r)
	p.current = r
	return r
}

// moved forgets where results go, since a key has changed.
func (p *part) moved() { p.current, p.names = nil, nil }

// benchmark finds or makes the benchmark of the current run and package; nil
// when its name is none that a store would keep.
func (p *part) benchmark(name []byte) *benchmark {
	if p.names == nil {
		p.names = p.current.benchmarks[p.pkg]
		if p.names == nil {
			p.names = map[string]*benchmark{}
			p.current.benchmarks[p.pkg] = p.names
		}
	}
	if b := p.names[string(name)]; b != nil {
		return b
	}
	if !keepable(name) {
		p.problem(string(clip(name)), baseline.Problem{Kind: baseline.BadName})
		return nil
	}
	b := &benchmark{pkg: p.pkg, name: string(name)}
	p.names[b.name] = b
	return b
}

// add keeps one value, v.Unit being the tidied one; false when there are too many series.
func (p *part) add(b *benchmark, v benchfmt.Value, round int) bool {
	printed := cmp.Or(v.OrigUnit, v.Unit)
	for i := range b.samples {
		if s := &b.samples[i]; s.printed == printed {
			s.Values, s.Rounds = append(s.Values, v.Value), append(s.Rounds, round)
			return true
		}
	}
	if !keepable([]byte(printed)) {
		p.problem(b.name, baseline.Problem{Kind: baseline.BadUnitName, Of: string(clip([]byte(printed)))})
		return true
	}
	if p.series--; p.series < 0 {
		p.err = fmt.Errorf("line %d: %w: more than %d series; measure a part of the suite with -bench, or split the file", p.at(), ErrTooLarge, p.limits.Series)
		return false
	}
	printed = strings.Clone(printed)
	s := sample{printed: printed}
	s.Key = baseline.Key{Package: b.pkg, Name: b.name, Unit: tidied(printed)}
	s.Values, s.Rounds = []float64{v.Value}, []int{round}
	b.samples = append(b.samples, s)
	return true
}

// took accounts for the present line, once.
func (p *part) took(class Class, line []byte) {
	p.open = p.open || class == ClassResult
	if p.torn {
		p.last = line
	}
	if !p.seen {
		p.seen = true
		p.account.note(p.file, p.number(p.line), class, line)
	}
}

// passOver accounts for a line that looks like something and is not taken for it.
// One warning speaks of all lines of a kind.
func (p *part) passOver(kind baseline.WarningKind, line []byte) {
	p.took(ClassPassed, line)
	if i := p.passedBy[kind]; i > 0 {
		p.log.Warnings[i-1].Count++
		return
	}
	p.warn(baseline.Warning{Kind: kind, File: p.file, Line: p.at(), Detail: string(clip(line)), Count: 1})
	if n := len(p.log.Warnings); n <= p.limits.Warnings && p.log.Warnings[n-1].Kind == kind {
		if p.passedBy == nil {
			p.passedBy = map[baseline.WarningKind]int{}
		}
		p.passedBy[kind] = n
	}
}

// unmeasured is a result with a count and no metric, as testing prints it for a
// time of zero.
func (p *part) unmeasured(name string) {
	p.took(ClassResult, p.text)
	p.completed([]byte(name))
	if p.run() == nil {
		return
	}
	if b := p.benchmark([]byte(name)); b != nil {
		p.counted(b)
	}
}

// counted notes that a benchmark has printed a line.
func (p *part) counted(b *benchmark) {
	b.lines++
	if b.line == 0 {
		b.line = p.at()
	} else if b.process != p.process && b.pkg == "" && !p.regress && p.again.Kind == "" {
		p.again = baseline.Warning{Kind: baseline.NameAgain, File: p.file, Line: p.at(), Side: p.side, Name: b.name}
	}
	b.process = p.process
}

// rename gives results that no pkg: line named the package that go test names
// behind them, and problems likewise.
func (p *part) rename(pkg string) {
	for _, r := range p.runs {
		loose := r.benchmarks[""]
		if r.side != p.side || len(loose) == 0 {
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
	for i := p.placed; i < len(p.log.Problems); i++ {
		if problem := &p.log.Problems[i]; problem.Package == "" && problem.Side == p.side {
			problem.Package = pkg
		}
	}
	p.placed = len(p.log.Problems)
	p.moved()
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

// keepable reports whether a store takes a text: see baseline.Run.Validate.
func keepable(text []byte) bool { return len(text) <= baseline.MaxName && utf8.Valid(text) }

// problem notes what is wrong at the present line, unless it names another; name may be empty.
func (p *part) problem(name string, what baseline.Problem) {
	what.Name = strings.TrimPrefix(name, "Benchmark")
	p.report(p.here(what))
}

// here fills in the present place.
func (p *part) here(what baseline.Problem) baseline.Problem {
	what.File, what.Side, what.Package = p.file, p.side, p.pkg
	if what.Line == 0 {
		what.Line = p.at()
	}
	return what
}

func (p *part) report(problem baseline.Problem) {
	if len(p.log.Problems) >= p.limits.Problems {
		p.more++
		return
	}
	p.log.Problems = append(p.log.Problems, problem)
}

func (p *part) warn(w baseline.Warning) {
	if len(p.log.Warnings) == p.limits.Warnings {
		w = baseline.Warning{Kind: baseline.MoreWarnings, File: p.file}
	}
	if len(p.log.Warnings) <= p.limits.Warnings {
		p.log.Warnings = append(p.log.Warnings, w)
	}
}

// procs returns the values of GOMAXPROCS that the names of all runs tell; nil
// when there is no name. A header that says 1 settles it.
func procs(runs []baseline.Run) baseline.Procs {
	out := baseline.Procs{}
	for _, run := range runs {
		var names []string
		for i, s := range run.Samples {
			if i == 0 || s.Benchmark() != run.Samples[i-1].Benchmark() {
				names = append(names, s.Name)
			}
		}
		switch {
		case len(names) == 0:
		case run.Environment.Procs == 1:
			out = out.Join(baseline.Procs{1})
		default:
			out = out.Join(baseline.ProcsOf(names))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
