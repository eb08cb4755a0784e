package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// Merge makes one Log of the shards of one measurement: the files that the jobs
// of a matrix have left. Runs of one side and one class of machine become one
// run with the values of all; where two shards have the same benchmark, the
// rounds of the later one are numbered on, on both sides alike. The text of a
// united run is that of its files, each behind a line `# file: NAME`, and reads
// as the same run again.
//
// It refuses what are no shards of one measurement: different projects or
// commits on one side, results with and without a side on one class of machine,
// a shard and what is none, the same benchmark in two files that do not say of which
// commit (an old and a new file look like that) or with different toolchains or flags,
// and logs whose rounds regress chose beside others.
//
// Results that an earlier file has too, because a file is given twice or beside the
// log that went on from it, are counted once, with a warning.
func Merge(logs ...baseline.Log) (baseline.Log, error) {
	return unite(once(logs)...)
}

// once returns logs without the results that earlier ones have.
func once(logs []baseline.Log) []baseline.Log {
	if len(logs) < 2 {
		return logs
	}
	sources := make([]*source, len(logs))
	for i, log := range logs {
		sources[i] = &source{file: list(log.Files)}
		if len(log.Runs) > 0 {
			sources[i].text = log.Runs[0].Raw
		}
	}
	copies := withoutCopies(sources)
	out := slices.Clone(logs)
	for i, in := range sources {
		c, any := copies[in]
		if !any || unplaced(logs[i]) {
			continue
		}
		if c.warning.File == in.file && slices.ContainsFunc(logs[i].Warnings, func(w baseline.Warning) bool { return w == c.warning }) {
			continue // of its own results, which were left out when it was read
		}
		again, err := read(in.file, bytes.NewReader(c.text), defaultLimits(), nil)
		if err != nil && !errors.Is(err, ErrNoBenchmarks) {
			continue // it was read before, so its lines make sense
		}
		for j := range again.Runs {
			again.Runs[j].Raw = in.text
		}
		out[i].Runs = again.Runs
		out[i].Warnings = append(slices.Clone(out[i].Warnings), c.warning)
		out[i].Problems = slices.DeleteFunc(slices.Clone(out[i].Problems), func(p baseline.Problem) bool {
			return slices.ContainsFunc(logs[:i], func(l baseline.Log) bool { return slices.ContainsFunc(l.Problems, p.Repeats) })
		})
	}
	return out
}

// unplaced reports whether a log has results that name neither a side nor a
// commit: those of two files may be an old and a new one.
func unplaced(log baseline.Log) bool {
	return slices.ContainsFunc(log.Runs, func(r baseline.Run) bool { return r.Side == baseline.None && r.Commit == "" })
}

// unite is Merge of logs that repeat nothing.
func unite(logs ...baseline.Log) (baseline.Log, error) {
	if len(logs) == 0 {
		return baseline.Log{}, fmt.Errorf("merge: %w: no file was given", ErrNoBenchmarks)
	}
	m := merger{log: logs[0]}
	if len(logs) > 1 {
		if err := m.merge(logs); err != nil {
			return baseline.Log{}, err
		}
	}
	if err := m.sides(); err != nil {
		return baseline.Log{}, err
	}
	m.name()
	return m.log, nil
}

type merger struct {
	log    baseline.Log
	united []*united
	warned map[baseline.Warning]bool
}

// united is one run of the result.
type united struct {
	run     baseline.Run
	files   []string
	texts   [][]byte
	samples map[baseline.Key]*baseline.Sample
	last    map[baseline.Key]bool // benchmarks that it has
}

func (m *merger) merge(logs []baseline.Log) error {
	m.warned = map[baseline.Warning]bool{}
	m.log = baseline.Log{Units: map[string]baseline.Unit{}, Noise: map[baseline.Key]baseline.Noise{}, Same: map[baseline.Key]string{}}
	if err := m.procedure(logs); err != nil {
		return err
	}
	if err := m.shards(logs); err != nil {
		return err
	}
	rounds := map[string]map[baseline.Key]int{} // by class of machine: the last round of each benchmark
	for i, log := range logs {
		m.log.Files = append(m.log.Files, log.Files...)
		m.log.Seed = cmp.Or(m.log.Seed, log.Seed)
		m.log.AnchorRef = cmp.Or(m.log.AnchorRef, log.AnchorRef)
		if i == 0 || m.log.Bench != "" && log.Bench == "" {
			m.log.Bench = log.Bench
		} else if m.log.Bench != "" && m.log.Bench != log.Bench {
			m.log.Bench += "|" + log.Bench // in the syntax of -bench alternation binds loosest
		}
		if log.Stopped != "" && !strings.Contains(m.log.Stopped, log.Stopped) {
			m.log.Stopped = strings.TrimPrefix(m.log.Stopped+"; "+log.Stopped, "; ")
		}
		maps.Copy(m.log.Same, log.Same)
		proven(&m.log.SameAnchor, log.SameAnchor)
		proven(&m.log.Uncounted, log.Uncounted)
		m.log.Counter = cmp.Or(m.log.Counter, log.Counter)
		for key, work := range log.Work {
			worked(&m.log, key, work)
		}
		for side, functions := range log.Edited {
			for f := range functions {
				edit(&m.log, side, f)
			}
		}
		for key, noise := range log.Noise {
			if noise.Sessions > m.log.Noise[key].Sessions {
				m.log.Noise[key] = noise
			}
		}
		m.log.Problems = append(m.log.Problems, log.Problems...)
		m.units(log)
		if err := m.runs(log, rounds); err != nil {
			return err
		}
	}
	m.log.Functions = functions(logs)
	m.warnings(logs)
	m.finish()
	m.log.Procs = procs(m.log.Runs)
	return nil
}

// procedure: the rounds of a log that regress steered were chosen by looking at
// the values, so they cannot be judged as a fixed number of samples.
func (m *merger) procedure(logs []baseline.Log) error {
	var first *baseline.Log
	for i, log := range logs {
		if len(log.Runs) == 0 {
			continue
		}
		if first == nil {
			first = &logs[i]
			m.log.Procedure = log.Procedure
		}
		if log.Procedure != first.Procedure {
			return fmt.Errorf("merge %s and %s: regress chose the rounds of only one of them, so they cannot be judged together; compare them one by one", list(first.Files), list(log.Files))
		}
	}
	return nil
}

// shards takes in which parts of a divided measurement there are, each with its part of the budget
// for false alarms: what was not divided has no place beside them, nor has another commit, whatever
// machine it was measured on.
func (m *merger) shards(logs []baseline.Log) error {
	var first *baseline.Log
	commits := map[baseline.Side]string{}
	for i, log := range logs {
		if len(log.Runs) == 0 && log.Shards.Of == 0 {
			continue
		}
		if first == nil {
			first = &logs[i]
		}
		if log.Shards.Of != first.Shards.Of {
			return fmt.Errorf("merge %s and %s: the one is %s and the other %s, so these are not shards of one measurement; compare them one by one",
				list(first.Files), list(log.Files), shardOf(first.Shards), shardOf(log.Shards))
		}
		m.log.Shards = m.log.Shards.Join(log.Shards)
		for _, run := range log.Runs {
			if old := commits[run.Side]; log.Shards.Of > 0 && old != "" && run.Commit != "" && old != run.Commit {
				return fmt.Errorf("merge %s and %s: commits differ (%q and %q), so these are not shards of one measurement; compare them one by one",
					list(first.Files), list(log.Files), old, run.Commit)
			}
			commits[run.Side] = cmp.Or(commits[run.Side], run.Commit)
		}
	}
	return nil
}

// shardOf says what a log is.
func shardOf(s baseline.Shards) string {
	if s.Of == 0 {
		return "no shard"
	}
	return "shard " + s.String()
}

func (m *merger) runs(log baseline.Log, rounds map[string]map[baseline.Key]int) error {
	before := map[string]map[baseline.Key]int{}
	for print, last := range rounds {
		before[print] = maps.Clone(last)
	}
	for _, run := range log.Runs {
		print := run.Environment.Fingerprint()
		if rounds[print] == nil {
			rounds[print] = map[baseline.Key]int{}
		}
		u := m.find(run.Side, print)
		if u == nil {
			u = &united{run: run, samples: map[baseline.Key]*baseline.Sample{}, last: map[baseline.Key]bool{}}
			u.run.Samples, u.run.Raw = nil, nil
			m.united = append(m.united, u)
		} else if err := m.compatible(u, run, log.Files); err != nil {
			return err
		}
		u.files, u.texts = append(u.files, list(log.Files)), append(u.texts, run.Raw)
		for _, s := range run.Samples {
			key := s.Benchmark()
			u.last[key] = true
			highest := u.add(s, before[print][key])
			rounds[print][key] = max(rounds[print][key], highest)
		}
	}
	return nil
}

func (m *merger) find(side baseline.Side, print string) *united {
	for _, u := range m.united {
		if u.run.Side == side && u.run.Environment.Fingerprint() == print {
			return u
		}
	}
	return nil
}

// add appends the values of s, its rounds moved up by offset, and returns the last round.
func (u *united) add(s baseline.Sample, offset int) int {
	have := u.samples[s.Key]
	if have == nil {
		have = &baseline.Sample{Key: s.Key}
		u.samples[s.Key] = have
	}
	have.Values = append(have.Values, s.Values...)
	highest := 0
	for _, round := range s.Rounds {
		have.Rounds = append(have.Rounds, round+offset)
		highest = max(highest, round+offset)
	}
	return highest
}

// compatible reports why run is no shard of what u is made of, and fills in what u lacks.
func (m *merger) compatible(u *united, run baseline.Run, files []string) error {
	refuse := func(what, have, other string) error {
		return fmt.Errorf("merge %s and %s: %s differ (%q and %q), so these are not shards of one measurement; compare them one by one", strings.Join(u.files, ", "), list(files), what, have, other)
	}
	have := &u.run
	if have.Project != "" && run.Project != "" && have.Project != run.Project {
		return refuse("projects", have.Project, run.Project)
	}
	if have.Commit != "" && run.Commit != "" && have.Commit != run.Commit {
		return refuse("commits", have.Commit, run.Commit)
	}
	a, b := have.Environment, run.Environment
	if common := u.common(run); common != "" {
		switch {
		case a.GoVersion != b.GoVersion:
			return refuse("toolchains", a.GoVersion, b.GoVersion)
		case a.SuiteFlags != b.SuiteFlags:
			return refuse("flags of the suite", a.SuiteFlags, b.SuiteFlags)
		case run.Side == baseline.None && (have.Commit == "" || run.Commit == ""):
			return fmt.Errorf("merge %s and %s: both have %s and do not say of which commit; if they are an old and a new file, put the line `side: base` on top of the old one and `side: head` on top of the new one; if they are of one commit, put `commit: SHA` on top of both", strings.Join(u.files, ", "), list(files), common)
		}
	}
	for _, fact := range [][3]string{
		{"kernel", a.Kernel, b.Kernel},
		{"toolchain", a.GoVersion, b.GoVersion},
		{"flags of the suite", a.SuiteFlags, b.SuiteFlags},
		{"virtualization", a.Virtual, b.Virtual},
		{"CPU governor", a.Governor, b.Governor},
		{"counter of instructions", cmp.Or(a.Counter, b.Counter), cmp.Or(b.Counter, a.Counter)},
	} {
		if fact[1] != fact[2] {
			m.warn(baseline.Warning{Kind: baseline.ShardsDiffer, Of: fact[0], Other: fact[1], Detail: fact[2]})
		}
	}
	have.Project, have.Commit, have.Branch = cmp.Or(have.Project, run.Project), cmp.Or(have.Commit, run.Commit), cmp.Or(have.Branch, run.Branch)
	have.Dirty = have.Dirty || run.Dirty
	if have.Time.IsZero() || !run.Time.IsZero() && run.Time.Before(have.Time) {
		have.Time = run.Time
	}
	return nil
}

// common is a benchmark that u has too; empty when there is none.
func (u *united) common(run baseline.Run) string {
	for _, s := range run.Samples {
		if u.last[s.Benchmark()] {
			return "Benchmark" + s.Name
		}
	}
	return ""
}

// units takes over what log knows: what a Unit line said beats what stands for
// a unit without one.
func (m *merger) units(log baseline.Log) {
	for _, name := range sortedKeys(log.Units) {
		unit := log.Units[name]
		have, known := m.log.Units[name]
		switch usual := standard(name); {
		case !known || have == usual:
			m.log.Units[name] = unit
		case unit == usual || unit == have:
		default:
			problem := baseline.Problem{
				File: list(log.Files), Kind: baseline.UnitConflict,
				Of: name, Detail: list(m.log.Files[:len(m.log.Files)-len(log.Files)]),
			}
			m.log.Problems = append(m.log.Problems, problem)
		}
	}
}

// functions are known of a side when every log that has results declares them:
// a function that one shard does not know of is not gone.
func functions(logs []baseline.Log) map[baseline.Side][]baseline.Function {
	out := map[baseline.Side][]baseline.Function{}
	for _, side := range []baseline.Side{baseline.None, baseline.Base, baseline.Head, baseline.Anchor} {
		all, declared, unknown := []baseline.Function{}, false, false
		for _, log := range logs {
			f, ok := log.Functions[side]
			all, declared = append(all, f...), declared || ok
			unknown = unknown || !ok && len(log.Runs) > 0
		}
		if declared && !unknown {
			slices.SortFunc(all, func(a, b baseline.Function) int {
				return cmp.Or(strings.Compare(a.Package, b.Package), strings.Compare(a.Name, b.Name))
			})
			out[side] = slices.Compact(all)
		}
	}
	return out
}

func (m *merger) warn(w baseline.Warning) {
	if !m.warned[w] {
		m.warned[w] = true
		m.log.Warnings = append(m.log.Warnings, w)
	}
}

// warnings of all logs, once each, without those that a Unit line of another shard has answered.
func (m *merger) warnings(logs []baseline.Log) {
	for name, unit := range m.log.Units {
		if unit.Direction != baseline.Neutral {
			m.warned[neutralWarning(name)] = true
		}
	}
	for _, log := range logs {
		for _, w := range log.Warnings {
			m.warn(w)
		}
	}
}

func (m *merger) finish() {
	texts := map[string][]byte{} // runs of the same files share their text
	for _, u := range m.united {
		for _, s := range u.samples {
			u.run.Samples = append(u.run.Samples, *s)
		}
		slices.SortFunc(u.run.Samples, func(a, b baseline.Sample) int { return a.Compare(b.Key) })
		key := strings.Join(u.files, "\n")
		if texts[key] == nil {
			texts[key] = join(u.files, u.texts)
		}
		u.run.Raw = texts[key]
		m.log.Runs = append(m.log.Runs, u.run)
	}
}

// join puts texts behind each other so that they read as what they are: several.
func join(files []string, texts [][]byte) []byte {
	if len(texts) == 1 {
		return texts[0]
	}
	var out []byte
	for i, text := range texts {
		if len(text) == 0 {
			continue
		}
		if !strings.HasPrefix(string(text[:min(len(text), len(fileMark))]), fileMark) {
			out = fmt.Appendf(out, "%s%s\n", fileMark, files[i])
		}
		out = append(out, text...)
		if text[len(text)-1] != '\n' {
			out = append(out, '\n')
		}
	}
	return out
}

// sides refuses a class of machine where some results have a side and others none.
func (m *merger) sides() error {
	plain := map[string]bool{}
	for _, run := range m.log.Runs {
		if run.Side == baseline.None {
			plain[run.Environment.Fingerprint()] = true
		}
	}
	for _, run := range m.log.Runs {
		if run.Side != baseline.None && plain[run.Environment.Fingerprint()] {
			return fmt.Errorf("%s: some results stand below `side: %s` and others below none; put `side: base` or `side: head` above each", list(m.log.Files), run.Side)
		}
	}
	return nil
}

// name gives problems the names that the results have: "--- FAIL: BenchmarkX/y"
// comes without the -procs suffix that the result line of another round has.
// Where no result has the name that the log's Procs make of it, any digits do.
func (m *merger) name() {
	if len(m.log.Problems) == 0 {
		return
	}
	full := map[baseline.Function][]string{}
	add := func(at baseline.Function, name string) {
		if !slices.Contains(full[at], name) {
			full[at] = append(full[at], name)
		}
	}
	for _, procs := range []baseline.Procs{m.log.Procs, nil} {
		known := maps.Clone(full)
		for _, run := range m.log.Runs {
			for _, s := range run.Samples {
				bare, _ := procs.Split(s.Name)
				if at := (baseline.Function{Package: s.Package, Name: bare}); known[at] == nil {
					add(at, s.Name)
				}
			}
		}
	}
	problems := make([]baseline.Problem, 0, len(m.log.Problems))
	for _, p := range m.log.Problems {
		names := full[baseline.Function{Package: p.Package, Name: p.Name}]
		if len(names) == 0 {
			names = []string{p.Name}
		}
		for _, name := range names {
			p.Name = name
			problems = append(problems, p)
		}
	}
	m.log.Problems = problems
}

func list(files []string) string { return strings.Join(files, ", ") }
