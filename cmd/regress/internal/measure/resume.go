package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// resume takes over the text of an interrupted log, after checking that going
// on from it would not mix two different comparisons. binaries are its marks of
// what was built.
func (m *measurement) resume() (binaries string, err error) {
	m.log.out = m.o.Log
	if len(m.o.Resume) == 0 {
		return "", nil
	}
	m.resumed = ingest.Unfinished(m.o.Resume)
	old, ok := ingest.ReadHeader(m.resumed)
	if !ok {
		return "", fmt.Errorf("%w: the text to resume has no line `regress-log: 1`, so regress did not write it; start a new one", ErrResume)
	}
	for _, check := range [][3]string{
		{old.Head.Commit, m.repo.head, "the head"}, {old.Base.Commit, m.repo.base, "the base"}, {old.Anchor.Commit, m.repo.anchor, "the anchor"},
	} {
		if check[0] != check[1] {
			return "", fmt.Errorf("%w: it was measured with %s at %s, and %[2]s is now %[4]s; start a new one",
				ErrResume, check[2], orNone(check[0]), orNone(check[1]))
		}
	}
	was := old.Environment.SuiteFlags
	if flags := "-benchtime=" + m.o.Benchtime; !slices.Contains(strings.Fields(was), flags) {
		return "", fmt.Errorf("%w: it was measured with %s, not %s; give the same flags", ErrResume, orNone(was), flags)
	}
	if old.Seed != 0 {
		m.o.Seed, m.res.Seed = old.Seed, old.Seed
	}
	for mark, rest := range ingest.Marks(m.resumed) {
		if mark == ingest.MarkBinary {
			if f := strings.Fields(rest); len(f) == 3 {
				binaries += ingest.Binary(baseline.Side(f[0]), f[1], f[2])
			}
		}
	}
	return binaries, nil
}

// sameMachine refuses to go on where the results would not compare.
func (m *measurement) sameMachine(now baseline.Environment) error {
	header, _ := ingest.ReadHeader(m.resumed)
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

// recount gives every benchmark the rounds that the resumed text has of it.
func (m *measurement) recount() error {
	if len(m.resumed) == 0 {
		return nil
	}
	log, err := readLog(m.log.text.Bytes())
	if err != nil {
		return err
	}
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			e := m.entries[baseline.Key{Package: s.Package, Name: s.Name}]
			if e == nil {
				e = m.entries[baseline.Key{}]
			}
			if e != nil && len(s.Rounds) > 0 {
				e.rounds[run.Side] = max(e.rounds[run.Side], slices.Max(s.Rounds))
			}
		}
	}
	for mark := range ingest.Marks(m.resumed) {
		if mark == ingest.MarkRound {
			m.rounds++
		}
	}
	return nil
}
