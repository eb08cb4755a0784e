package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// collect makes the series of a log, in order of key and fingerprint, with a
// finding already where no number is needed to have one: same code, a crash, a
// side that is absent, a neutral unit.
func collect(in Input) []*series {
	all := groups(in.Log)
	onlyBase, onHead := map[baseline.Key]*group{}, map[baseline.Key]bool{}
	for _, g := range all {
		for key := range g.head {
			onHead[key] = true
		}
		if g.headRun == nil {
			for key := range g.base {
				onlyBase[key] = g
			}
		}
	}
	facts := newFacts(in)
	var out []*series
	for _, g := range all {
		for _, key := range g.keys(in.Stored) {
			if g.headRun == nil && onHead[key] {
				continue // judged where head was measured
			}
			s := g.series(in, key)
			facts.look(s, g, onlyBase[key])
			out = append(out, s)
		}
	}
	out = append(out, facts.silent(out)...)
	slices.SortStableFunc(out, func(a, b *series) int {
		if c := a.key.Compare(b.key); c != 0 {
			return c
		}
		return strings.Compare(a.env, b.env)
	})
	return out
}

// keys of the group, sorted. Where head was measured alone, what the newest
// stored run of that environment has is expected of it.
func (g *group) keys(stored []baseline.Run) []baseline.Key {
	out := make([]baseline.Key, 0, len(g.head)+8)
	for key := range g.head {
		out = append(out, key)
	}
	for key := range g.base {
		if _, both := g.head[key]; !both {
			out = append(out, key)
		}
	}
	if i := lastStored(stored, g.print); i >= 0 && g.headRun != nil && g.baseRun == nil {
		for _, sample := range stored[i].Samples {
			if _, printed := g.head[sample.Key]; !printed && len(sample.Values) > 0 {
				out = append(out, sample.Key)
			}
		}
	}
	slices.SortFunc(out, baseline.Key.Compare)
	return out
}

func (g *group) series(in Input, key baseline.Key) *series {
	unit, known := in.Log.Units[key.Unit]
	if !known {
		unit = baseline.Unit{Name: key.Unit}
	}
	s := &series{
		key: key, env: g.print, unit: unit, policy: in.Policy.limits(key), broken: g.broken[key],
		base: g.base[key], head: g.head[key], twoWay: g.baseRun != nil && g.headRun != nil,
	}
	if noise, ok := in.Log.Noise[key]; ok && noise.SD >= 0 && !math.IsInf(noise.SD, 0) && noise.Sessions > 0 {
		s.past = &noise
	}
	if !s.twoWay && g.headRun != nil {
		for _, run := range in.Stored {
			if run.Environment.Fingerprint() == g.print {
				s.stored = append(s.stored, run)
				if sample := sampleOf(run, key); sample != nil { // the newest stands for base
					s.base, _ = collapse(*sample)
				}
			}
		}
	}
	return s
}

// facts are what a log says besides numbers.
type facts struct {
	in       Input
	problems map[baseline.Function][]baseline.Problem // by package and name as given
	declared map[baseline.Side]map[baseline.Function]bool
}

func newFacts(in Input) facts {
	f := facts{
		in: in, problems: map[baseline.Function][]baseline.Problem{},
		declared: map[baseline.Side]map[baseline.Function]bool{},
	}
	for _, p := range in.Log.Problems {
		if p.Name != "" {
			at := baseline.Function{Package: p.Package, Name: strings.TrimPrefix(p.Name, "Benchmark")}
			f.problems[at] = append(f.problems[at], p)
		}
	}
	for side, functions := range in.Log.Functions {
		f.declared[side] = map[baseline.Function]bool{}
		for _, fn := range functions {
			f.declared[side][fn] = true
		}
	}
	return f
}

// ran says whether a side printed anything of a benchmark function. Few ask, so
// that looking is cheaper than remembering.
func (f facts) ran(side baseline.Side, function baseline.Function) bool {
	for _, run := range f.in.Log.Runs {
		if (run.Side == baseline.Base) != (side == baseline.Base) {
			continue
		}
		for _, s := range run.Samples {
			if s.Package == function.Package && s.Function() == function {
				return true
			}
		}
	}
	return false
}

// problemsOf a benchmark: those that name it, its function, or it without a package.
func (f facts) problemsOf(key baseline.Key) []baseline.Problem {
	if len(f.problems) == 0 {
		return nil
	}
	var out []baseline.Problem
	function := strings.TrimPrefix(key.Function().Name, "Benchmark")
	names := []string{key.Name}
	if function != key.Name {
		names = append(names, function)
	}
	packages := []string{key.Package}
	if key.Package != "" {
		packages = append(packages, "")
	}
	for _, name := range names {
		for _, pkg := range packages {
			out = append(out, f.problems[baseline.Function{Package: pkg, Name: name}]...)
		}
	}
	return out
}

// same finds the proof that a benchmark's code is the same on both sides.
func (f facts) same(key baseline.Key) (proof string, ok bool) {
	if len(f.in.Log.Same) == 0 {
		return "", false
	}
	if proof, ok = f.in.Log.Same[key.Benchmark()]; ok {
		return proof, true
	}
	name := key.Function().Name
	if proof, ok = f.in.Log.Same[baseline.Key{Package: key.Package, Name: strings.TrimPrefix(name, "Benchmark")}]; ok {
		return proof, true
	}
	proof, ok = f.in.Log.Same[baseline.Key{Package: key.Package, Name: name}]
	return proof, ok
}

// look gives a series the finding that facts alone decide, in order of weight.
func (f facts) look(s *series, g, elsewhere *group) {
	set := func(v Verdict, blocks bool, why string, args ...any) {
		s.finding = unknown(v, "", fmt.Sprintf(why, args...))
		s.blocks = blocks
	}
	base, head := len(s.base.values) > 0, len(s.head.values) > 0
	var function baseline.Function
	if !base || !head {
		function = s.key.Function()
	}
	proof, same := f.same(s.key)
	problems := f.problemsOf(s.key)
	switch {
	case s.policy.ignore:
		set(NotJudged, false, "ignored by a rule")
	case len(problems) > 0:
		set(Inconclusive, true, "%s", problems[0].Message)
	case s.broken:
		set(Inconclusive, true, "printed a value that is not a finite number: mend the benchmark")
	case same:
		set(SameCode, false, "nothing that it runs differs: %s", proof)
	case s.unit.Direction == baseline.Neutral:
		set(NotJudged, false, "nothing says which way %s improves: print \"Unit %s better=lower\" or better=higher", s.key.Unit, s.key.Unit)
	case !head:
		f.absent(s, function, set)
	case base:
		return // to be judged on its numbers
	case elsewhere != nil:
		set(Inconclusive, true, "base was measured on another class of machine (%s): run both sides on one", machine(elsewhere.baseRun.Environment))
	case !s.twoWay:
		f.alone(s, g, set)
	case f.declared[baseline.Base][function] && !f.ran(baseline.Base, function):
		set(Inconclusive, true, "base declares it and printed nothing: see why it did not run there")
	default:
		set(New, false, "base does not have it")
	}
}

// absent: base printed the series and head did not.
func (f facts) absent(s *series, function baseline.Function, set func(Verdict, bool, string, ...any)) {
	declared, known := f.declared[baseline.Head]
	switch {
	case known && !declared[function]:
		set(Removed, false, "%s is gone from the source of head", function.Name)
	case f.ran(baseline.Head, function):
		set(Missing, true, "head ran %s and printed no such line: renamed, or lost", function.Name)
	default:
		set(Missing, true, "base ran it and head printed nothing: see why it did not run")
	}
}

// alone: head was measured without base; the store may know earlier sessions.
func (f facts) alone(s *series, g *group, set func(Verdict, bool, string, ...any)) {
	if slices.ContainsFunc(s.stored, func(r baseline.Run) bool { return sampleOf(r, s.key) != nil }) {
		return // to be judged against them
	}
	others := slices.ContainsFunc(f.in.Stored, func(r baseline.Run) bool {
		return r.Environment.Fingerprint() != g.print && sampleOf(r, s.key) != nil
	})
	if others {
		set(Inconclusive, true, "the store knows it from other machines alone, and %s cannot be compared with them: regress compare --base measures both sides here", machine(g.headRun.Environment))
		return
	}
	set(New, false, "nothing is stored to compare it with")
}

// silent are the benchmarks of which the log speaks and which printed no
// number: crashed on both sides, or not measured because their code is the same.
func (f facts) silent(seen []*series) []*series {
	if len(f.problems)+len(f.in.Log.Same) == 0 {
		return nil
	}
	known := map[baseline.Key]bool{}
	for _, s := range seen {
		known[s.key.Benchmark()] = true
		fn := s.key.Function()
		known[baseline.Key{Package: fn.Package, Name: fn.Name}] = true
		known[baseline.Key{Package: fn.Package, Name: strings.TrimPrefix(fn.Name, "Benchmark")}] = true
		known[baseline.Key{Name: s.key.Name}] = true
		known[baseline.Key{Name: fn.Name}] = true
	}
	var out []*series
	add := func(key baseline.Key, v Verdict, blocks bool, why string) {
		if !known[key] {
			known[key] = true
			s := &series{key: key, policy: f.in.Policy.limits(key)}
			s.finding = unknown(v, "", why)
			s.blocks = blocks
			if s.policy.ignore {
				s.finding = unknown(NotJudged, "", "ignored by a rule")
			}
			out = append(out, s)
		}
	}
	for _, p := range f.in.Log.Problems {
		if p.Name != "" {
			add(baseline.Key{Package: p.Package, Name: strings.TrimPrefix(p.Name, "Benchmark")}, Inconclusive, true, p.Message)
		}
	}
	keys := make([]baseline.Key, 0, len(f.in.Log.Same))
	for key := range f.in.Log.Same {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for _, key := range keys {
		add(key.Benchmark(), SameCode, false, "nothing that it runs differs: "+f.in.Log.Same[key])
	}
	return out
}

// sampleOf finds a series in a run by its key; nil when it has none.
func sampleOf(run baseline.Run, key baseline.Key) *baseline.Sample {
	i, ok := slices.BinarySearchFunc(run.Samples, key, func(s baseline.Sample, k baseline.Key) int { return s.Compare(k) })
	if !ok || len(run.Samples[i].Values) == 0 {
		return nil
	}
	return &run.Samples[i]
}

// machine names a class of machine for the reader: "AMD EPYC, 2 cores, linux/amd64".
func machine(e baseline.Environment) string {
	var parts []string
	if e.CPU != "" {
		parts = append(parts, e.CPU)
	}
	if e.Cores > 0 {
		parts = append(parts, fmt.Sprintf("%d cores", e.Cores))
	}
	if e.OS != "" || e.Arch != "" {
		parts = append(parts, strings.Trim(e.OS+"/"+e.Arch, "/"))
	}
	if len(parts) == 0 {
		return "unknown machine"
	}
	return strings.Join(parts, ", ")
}
