package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// resume takes over the text of an interrupted log, after checking that going on from it would not
// mix two different comparisons.
func (s *Session) resume() error {
	if len(s.o.Resume) == 0 {
		return nil
	}
	s.resumed = ingest.Unfinished(s.o.Resume)
	old, ok := ingest.ReadHeader(s.resumed)
	if !ok {
		return fmt.Errorf("%w: the text to resume has no line `regress-log: 1`, so regress did not write it; start a new one", ErrResume)
	}
	for _, check := range [][3]string{
		{old.Head.Commit, s.facts.HeadCommit, "the head"}, {old.Base.Commit, s.facts.BaseCommit, "the base"}, {old.Anchor.Commit, s.facts.AnchorCommit, "the anchor"},
	} {
		if check[0] != check[1] {
			return fmt.Errorf("%w: it was measured with %s at %s, and %[2]s is now %[4]s; start a new one",
				ErrResume, check[2], orNone(check[0]), orNone(check[1]))
		}
	}
	was := old.Environment.SuiteFlags
	if flags := "-benchtime=" + s.o.Benchtime; !slices.Contains(strings.Fields(was), flags) {
		return fmt.Errorf("%w: it was measured with %s, not %s; give the same flags", ErrResume, orNone(was), flags)
	}
	procedure := ""
	if s.o.Next != nil {
		procedure = string(baseline.Paired)
	}
	if old.Procedure != procedure {
		return fmt.Errorf("%w: its rounds were chosen by the procedure %s, not %s; start a new one", ErrResume, orNone(old.Procedure), orNone(procedure))
	}
	if old.Environment.Counter != "" && old.Environment.Counter != s.counter() {
		return fmt.Errorf("%w: instructions were counted by %s, not %s; go on where it was begun, or start a new one", ErrResume, old.Environment.Counter, orNone(s.counter()))
	}
	s.o.Shards = old.Shards
	if old.Seed != 0 {
		s.o.Seed = old.Seed
	}
	return nil
}

// sameBinaries refuses to go on where the code is another.
func (s *Session) sameBinaries() error {
	if len(s.resumed) == 0 {
		return nil
	}
	old := ""
	for mark, rest := range ingest.Marks(s.resumed) {
		if f := strings.Fields(rest); mark == ingest.MarkBinary && len(f) == 3 {
			old += ingest.Binary(baseline.Side(f[0]), f[1], f[2])
		}
	}
	if old != s.binaries() {
		return fmt.Errorf("%w: the code has changed since it was begun (the test binaries differ); start a new one", ErrResume)
	}
	return nil
}

// sameMachine refuses to go on where the results would not compare.
func (s *Session) sameMachine(now baseline.Environment) error {
	header, _ := ingest.ReadHeader(s.resumed)
	old := header.Environment
	for _, check := range [][3]string{
		{"goos", old.OS, now.OS},
		{"goarch", old.Arch, now.Arch},
		{"cpu", old.CPU, ingest.OneLine(now.CPU)},
		{"cores", fmt.Sprint(old.Cores), fmt.Sprint(now.Cores)},
		{"quota", fmt.Sprint(old.Quota), fmt.Sprint(now.Quota)},
		{"gomaxprocs", fmt.Sprint(old.Procs), fmt.Sprint(now.Procs)},
		{"go-version", old.GoVersion, now.GoVersion},
	} {
		if check[1] != check[2] {
			return fmt.Errorf("%w: it was measured with %s %s, and this is %s; go on where it was begun, or start a new one",
				ErrResume, check[0], orNone(check[1]), orNone(check[2]))
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" || s == "0" {
		return "none"
	}
	return s
}

// recount gives every benchmark the rounds that the resumed text has of it, those that failed
// included.
func (m *measurement) recount() error {
	if len(m.resumed) == 0 {
		return nil
	}
	log, err := readLog(m.resumed)
	if err != nil {
		return err
	}
	entry := func(pkg, name string) *entry {
		if e := m.plan.entries[baseline.Key{Package: pkg, Name: name}]; e != nil {
			return e
		}
		return m.plan.entries[baseline.Key{}]
	}
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			e := entry(s.Package, s.Name)
			if e == nil || len(s.Rounds) == 0 {
				continue
			}
			newest := slices.Max(s.Rounds)
			if s.Unit == baseline.Instructions || s.Unit == baseline.Syscalls {
				e.counted[run.Side] = newest
				continue
			}
			e.rounds[run.Side] = max(e.rounds[run.Side], newest)
			e.last = max(e.last, newest)
		}
	}
	for _, e := range m.plan.entries {
		maps.Copy(e.tried, e.rounds)
	}
	for _, p := range log.Problems {
		if e := entry(p.Package, p.Name); e != nil && p.Kind == baseline.NoResult && p.Name != "" {
			e.tried[p.Side]++
		}
	}
	for key := range log.Work {
		if e := m.plan.entries[key]; e != nil {
			e.workTold = true
		}
	}
	for key := range log.Uncounted {
		if e := m.plan.entries[key]; e != nil {
			e.uncountable = true
		}
	}
	for mark, rest := range ingest.Marks(m.resumed) {
		if mark == ingest.MarkRound {
			m.plan.rounds++
		}
		if key, method, ok := ingest.ReadMethod(rest); mark == ingest.MarkMethod && ok && m.plan.entries[key] != nil {
			m.plan.entries[key].method = method
		}
	}
	return nil
}
