package gate

import (
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
	onlyBase := map[baseline.Key]*group{}
	for _, g := range all {
		if g.headRun == nil {
			for _, key := range g.keys {
				onlyBase[key] = g
			}
		}
	}
	onHead := map[baseline.Key]bool{} // of those
	for _, g := range all {
		for _, key := range g.keys {
			if _, has := g.head[key]; has && onlyBase[key] != nil {
				onHead[key] = true
			}
		}
	}
	facts := newFacts(in)
	var out []*series
	for _, g := range all {
		for _, key := range g.sorted(in.Stored) {
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

// sorted returns the keys of the group in order. Where head was measured alone, what the newest
// stored run of that environment has is expected of it, but for counts: not every
// machine of a class counts.
func (g *group) sorted(stored []baseline.Run) []baseline.Key {
	out := slices.Clone(g.keys)
	if i := lastStored(stored, g.print); i >= 0 && g.headRun != nil && g.baseRun == nil {
		for _, sample := range stored[i].Samples {
			if _, printed := g.head[sample.Key]; !printed && len(sample.Values) > 0 && !baseline.Counted(sample.Unit) {
				out = append(out, sample.Key)
			}
		}
	}
	slices.SortFunc(out, baseline.Key.Compare)
	return out
}

func (g *group) series(in Input, key baseline.Key) *series {
	unit := unitOf(in.Log, key.Unit)
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
					s.base, _ = roundsOf(*sample)
				}
			}
		}
	}
	return s
}

// unitOf returns what a log says of a unit.
func unitOf(log baseline.Log, name string) baseline.Unit {
	if unit, known := log.Units[name]; known {
		return unit
	}
	return baseline.Unit{Name: name}
}

// facts are what a log says besides numbers.
type facts struct {
	in       Input
	problems map[baseline.Function][]baseline.Problem // by package and name as given
	declared map[baseline.Side]map[baseline.Function]bool
	dying    map[int]int // by shard: benchmarks with a process that died, on either side
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
	f.countDeaths()
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

// benchmarkOf returns the benchmark that a problem names, as results do or by its bare function.
func benchmarkOf(p baseline.Problem) baseline.Key {
	return baseline.Key{Package: p.Package, Name: strings.TrimPrefix(p.Name, "Benchmark")}
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
			for _, p := range f.problems[baseline.Function{Package: pkg, Name: name}] {
				if p.Unit == "" || p.Unit == key.Unit {
					out = append(out, p)
				}
			}
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

// look gives a series the finding that facts alone decide, in order of weight; none
// where its numbers have to decide.
func (f facts) look(s *series, g, elsewhere *group) {
	v, why := f.known(s, g, elsewhere)
	if v == "" {
		return
	}
	s.finding = found(v, "", "")
	s.reason = why
	if v == Inconclusive || v == Missing {
		s.state = open
	}
	if why.Code == CrashesUnsure && f.in.Log.Procedure.Chosen() {
		s.want = why.Needed
	}
}

// known returns what facts alone say of a series; no verdict where they say nothing.
func (f facts) known(s *series, g, elsewhere *group) (Verdict, Reason) {
	base, head := len(s.base.values) > 0, len(s.head.values) > 0
	var function baseline.Function
	if !base || !head {
		function = s.key.Function()
	}
	proof, same := f.same(s.key)
	var procs [2]int
	problem, crash := f.problem(s)
	switch {
	case s.policy.ignore:
		return NotJudged, Reason{Code: Ignored}
	case problem != nil:
		return Inconclusive, Reason{Code: BrokenResult, Problem: problem}
	case crash.Code != "":
		return Inconclusive, crash
	case s.broken:
		return Inconclusive, Reason{Code: NotFinite}
	case same:
		return SameCode, Reason{Code: Proven, Text: proof}
	case !head && f.noBenchmem(s, function):
		return NotJudged, Reason{Code: NoBenchmem}
	case s.key.Unit == baseline.Instructions && elsewhere == nil && (!s.twoWay || base != head):
		return NotJudged, Reason{Code: CountUnused} // one side alone was counted here, and another session may have counted otherwise
	case s.unit.Direction == baseline.Neutral:
		return NotJudged, Reason{Code: NoDirection}
	case base != head && f.otherProcs(s, &procs):
		return Inconclusive, Reason{Code: OtherProcs, Procs: procs}
	case !head:
		return f.absent(function)
	case base && len(f.in.Log.Edited) > 0 && f.in.Log.Edited[baseline.Base][s.key.Function()]:
		return Edited, Reason{Code: SourceEdited}
	case base:
		return "", Reason{}
	case elsewhere != nil:
		return Inconclusive, Reason{Code: OtherMachine, Machine: &elsewhere.baseRun.Environment}
	case !s.twoWay:
		return f.alone(s, g)
	case f.declared[baseline.Base][function] && !f.ran(baseline.Base, function):
		return Inconclusive, Reason{Code: BaseSilent}
	}
	return Added, Reason{Code: NotAtBase}
}

// noBenchmem reports whether a series is one of allocations that the store knows, and head, of
// which that benchmark ran, printed none of any.
func (f facts) noBenchmem(s *series, function baseline.Function) bool {
	if s.twoWay || s.key.Unit != "B/op" && s.key.Unit != "allocs/op" || !f.ran(baseline.Head, function) {
		return false
	}
	_, bytes := f.in.Log.Units["B/op"]
	_, counts := f.in.Log.Units["allocs/op"]
	return !bytes && !counts
}

// otherProcs reports whether a series that one side has is on the other side with
// another value of GOMAXPROCS, which no series of that side shares, and sets both:
// base's and head's.
func (f facts) otherProcs(s *series, procs *[2]int) bool {
	bare, n := f.in.Log.Procs.Split(s.key.Name)
	at, other := 0, 1
	if len(s.base.values) == 0 {
		at, other = 1, 0
	}
	found := 0
	own := map[int]bool{}
	for _, run := range f.in.Log.Runs {
		if run.Side == baseline.Anchor {
			continue
		}
		mine := (run.Side == baseline.Base) == (at == 0)
		for _, sample := range run.Samples {
			name, m := f.in.Log.Procs.Split(sample.Name)
			switch {
			case mine:
				own[m] = true
			case m == n:
				return false
			case name == bare && sample.Package == s.key.Package && sample.Unit == s.key.Unit:
				found = m
			}
		}
	}
	procs[at], procs[other] = n, found
	return found > 0 && !own[found]
}

// problem returns the first problem of a series that is no death, else what its deaths
// mean, unless that is chance alone: then its numbers decide.
func (f facts) problem(s *series) (*baseline.Problem, Reason) {
	problems := f.problemsOf(s.key)
	for i := range problems {
		if !problems[i].Kind.Died() {
			return &problems[i], Reason{}
		}
	}
	if len(problems) == 0 {
		return nil, Reason{}
	}
	s.deaths = f.deaths(s.key)
	last := &problems[len(problems)-1]
	for i := range problems {
		if problems[i].Side != baseline.Base {
			last = &problems[i]
		}
	}
	staged := f.in.Log.Procedure.Chosen()
	switch v, need := s.deaths.judge(f.crashLevel(s.key), staged); v {
	case headsDoing:
		return nil, Reason{Code: CrashesMore, Deaths: s.deaths, Problem: last}
	case unsure:
		declared, known := f.declared[baseline.Base]
		if s.deaths.BaseOf == 0 && (!staged || known && !declared[s.key.Function()]) {
			need = 0 // base does not have it: no process of its would tell
		}
		return nil, Reason{Code: CrashesUnsure, Deaths: s.deaths, Problem: last, Needed: need}
	}
	return nil, Reason{}
}

// absent returns what to make of a series that base printed and head did not.
func (f facts) absent(function baseline.Function) (Verdict, Reason) {
	declared, known := f.declared[baseline.Head]
	switch {
	case known && !declared[function]:
		return Removed, Reason{Code: FunctionRemoved, Text: function.Name}
	case f.ran(baseline.Head, function):
		return Missing, Reason{Code: SeriesGone, Text: function.Name}
	}
	return Missing, Reason{Code: HeadSilent}
}

// alone returns what to make of a series of which head was measured without base: the
// store may know earlier sessions.
func (f facts) alone(s *series, g *group) (Verdict, Reason) {
	if slices.ContainsFunc(s.stored, func(r baseline.Run) bool { return sampleOf(r, s.key) != nil }) {
		return "", Reason{} // to be judged against them
	}
	if baseKnown(f.in) {
		return Added, Reason{Code: NotAtBase}
	}
	others := slices.ContainsFunc(f.in.Stored, func(r baseline.Run) bool {
		return r.Environment.Fingerprint() != g.print && sampleOf(r, s.key) != nil
	})
	if others {
		return Inconclusive, Reason{Code: OtherStored, Machine: &g.headRun.Environment}
	}
	return Added, Reason{Code: NothingStored}
}

// baseKnown says whether base was to be measured, whatever came of it: what it did not
// print it does not have.
func baseKnown(in Input) bool {
	_, declared := in.Log.Functions[baseline.Base]
	return in.Log.Procedure.Chosen() || declared || slices.ContainsFunc(in.Log.Runs, func(r baseline.Run) bool { return r.Side == baseline.Base })
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
	add := func(key baseline.Key, v Verdict, why Reason) {
		if known[key] {
			return
		}
		known[key] = true
		s := &series{key: key, policy: f.in.Policy.limits(key)}
		switch s.finding = found(v, "", ""); {
		case s.policy.ignore:
			s.decide(NotJudged, Ignored)
		case why.Code == CrashesUnsure && f.in.Log.Procedure.Chosen():
			s.ask(why.Needed, why)
		case v == Inconclusive:
			s.wait(why)
		default:
			s.reason = why
		}
		out = append(out, s)
	}
	for i, p := range f.in.Log.Problems {
		if p.Name == "" {
			continue
		}
		key := benchmarkOf(p)
		why := Reason{Code: BrokenResult, Problem: &f.in.Log.Problems[i]}
		if problem, crash := f.problem(&series{key: key}); problem == nil && crash.Code != "" {
			why = crash
		}
		add(key, Inconclusive, why)
	}
	keys := make([]baseline.Key, 0, len(f.in.Log.Same))
	for key := range f.in.Log.Same {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for _, key := range keys {
		add(key.Benchmark(), SameCode, Reason{Code: Proven, Text: f.in.Log.Same[key]})
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
