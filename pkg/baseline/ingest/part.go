package ingest

import (
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

	file     string // as problems name it
	next     string // the file that the following part comes from, when a mark says so
	limits   Limits
	series   int // how many more are allowed
	round    int // by the last mark; 0: count the lines of each benchmark
	log      baseline.Log
	runs     []*run
	current  *run // of the present side and environment; nil: look it up
	names    map[string]*benchmark
	metadata benchfmt.UnitMetadataMap
	disturb  disturbances
	more     int // problems beyond the limit
	err      error
}

// run collects what becomes a baseline.Run.
type run struct {
	side       baseline.Side
	commit     string
	key        string // of the environment
	run        baseline.Run
	benchmarks map[string]map[string]*benchmark // by package and name
}

// benchmark is one benchmark of one run.
type benchmark struct {
	pkg, name string
	lines     int
	samples   []baseline.Sample // one a unit, in order of appearance
}

func newPart(file string, limits Limits) *part {
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

// add keeps one value; false when there are too many series.
func (p *part) add(b *benchmark, unit string, value float64, round int) bool {
	for i := range b.samples {
		if s := &b.samples[i]; s.Unit == unit {
			s.Values, s.Rounds = append(s.Values, value), append(s.Rounds, round)
			return true
		}
	}
	if !keepable([]byte(unit)) {
		p.problem(b.name, baseline.Problem{Kind: baseline.BadUnitName, Of: string(clip([]byte(unit)))})
		return true
	}
	if p.series--; p.series < 0 {
		p.err = fmt.Errorf("line %d: %w: more than %d series; measure a part of the suite with -bench, or split the file", p.at(), ErrTooLarge, p.limits.Series)
		return false
	}
	unit = strings.Clone(unit)
	key := baseline.Key{Package: b.pkg, Name: b.name, Unit: unit}
	b.samples = append(b.samples, baseline.Sample{Key: key, Values: []float64{value}, Rounds: []int{round}})
	return true
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
	problem.Message = message(problem)
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

// finish makes the Log.
func (p *part) finish() baseline.Log {
	for _, r := range p.runs {
		for _, pkg := range sortedKeys(r.benchmarks) {
			names := r.benchmarks[pkg]
			for _, name := range sortedKeys(names) {
				samples := names[name].samples
				slices.SortFunc(samples, func(a, b baseline.Sample) int { return strings.Compare(a.Unit, b.Unit) })
				r.run.Samples = append(r.run.Samples, samples...)
			}
		}
		p.log.Runs = append(p.log.Runs, r.run)
	}
	p.log.Procs = procs(p.log.Runs)
	p.units()
	p.disturb.tell(p)
	if p.more > 0 {
		more := baseline.Problem{File: p.file, Kind: baseline.MoreProblems, Count: p.more}
		more.Message = message(more)
		p.log.Problems = append(p.log.Problems, more)
	}
	h := p.parse()
	p.log.Procedure, p.log.Seed, p.log.Bench, p.log.AnchorRef = baseline.Procedure(h.Procedure), h.Seed, h.Bench, h.Anchor.Ref
	return p.log
}

// procs returns the values of GOMAXPROCS that the names of all runs tell; nil
// when there is no name. A header that says 1 settles it.
func procs(runs []baseline.Run) baseline.Procs {
	out := baseline.Procs{}
	for _, run := range runs {
		var names []string
		for i, s := range run.Samples {
			if i == 0 || s.Benchmark() != run.Samples[i-1].Benchmark() {
				names = append(names, s.Path())
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
