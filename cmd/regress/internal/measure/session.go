package measure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/baseline/machine"
)

// measurement is one Run.
type measurement struct {
	o        Options
	tmp      string
	repo     repository
	suites   []*suite // base, anchor where there is one, head; or the head alone
	entries  map[baseline.Key]*entry
	log      logbook
	res      Result
	begin    time.Time       // of discovery
	resumed  []byte          // text of the log that is gone on from
	rounds   int             // in the log, resumed ones included
	said     map[string]bool // lines that are written once
	spent    time.Duration   // of all rounds
	expected time.Duration   // what they would have cost on an idle machine
	skips    int             // benchmarks that skip themselves
	troubles int             // failed marks
	warnings []string        // for the log, known before it is begun
}

// prepare finds out what to compare, makes the tree of the base, and builds.
func (m *measurement) prepare(ctx context.Context) error {
	m.progress(Progress{Phase: Preparing, Step: "reading the repository"})
	found, err := inspect(ctx, m.o.Dir, m.o.Base)
	if err != nil {
		if m.o.Base != "" || !errors.Is(err, repo.ErrRepository) {
			return err
		}
		found = repository{}
		m.warnings = append(m.warnings, fmt.Sprintf("the log names no commit: %v", err))
	}
	m.repo = found
	m.res.HeadCommit, m.res.BaseCommit, m.res.Dirty = found.head, found.base, found.dirty
	m.res.Identical = found.base != "" && found.base == found.head && !found.dirty
	m.res.Branch = m.o.Branch
	if m.res.Branch == "" {
		m.res.Branch = found.branch
	}
	anchor, err := m.anchorSuite(ctx)
	if err != nil {
		return err
	}
	resumed, err := m.resume()
	if err != nil {
		return err
	}
	m.suites = []*suite{{side: baseline.None, dir: m.o.Dir}}
	if m.o.Base != "" {
		m.suites = []*suite{{side: baseline.Base}}
		if m.suites[0].dir, err = m.tree(ctx, found.base, m.suites[0]); err != nil {
			return err
		}
		if anchor != nil {
			m.suites = append(m.suites, anchor)
		}
		m.suites = append(m.suites, &suite{side: baseline.Head, dir: m.o.Dir})
	}
	if len(m.o.Command) > 0 {
		return nil
	}
	if err := m.compile(ctx); err != nil {
		return err
	}
	if resumed != m.binaries() && len(m.o.Resume) > 0 {
		return fmt.Errorf("%w: the code has changed since it was begun (the test binaries differ); start a new one", ErrResume)
	}
	return nil
}

// tree checks a commit out for s and returns what is Options.Dir there.
func (m *measurement) tree(ctx context.Context, commit string, s *suite) (dir string, err error) {
	m.progress(Progress{Phase: Preparing, Step: "checking out the " + s.label()})
	tree := filepath.Join(m.tmp, "tree-"+s.short())
	stored, err := m.repo.Checkout(ctx, commit, tree, filepath.Join(m.tmp, "index-"+s.short()))
	if err != nil {
		return "", err
	}
	if len(stored) > 0 {
		m.warnings = append(m.warnings, fmt.Sprintf("%d files that a git filter such as git-lfs makes are in the tree of the %s as git stores them, the first %s: what a benchmark reads of them is not what it was", len(stored), s.label(), stored[0]))
	}
	if _, err := os.Stat(filepath.Join(tree, ".gitmodules")); err == nil {
		m.warnings = append(m.warnings, fmt.Sprintf("the repository has submodules, which the tree of the %s does not: benchmarks that need one will not build or run there", s.label()))
	}
	return filepath.Join(tree, m.repo.Sub), nil
}

// head is the side under judgement.
func (m *measurement) head() *suite { return m.suites[len(m.suites)-1] }

// compile finds and builds the packages of every side.
func (m *measurement) compile(ctx context.Context) error {
	for _, s := range slices.Backward(slices.Clone(m.suites)) { // the head first: its errors are the author's own
		build := m.compileSide
		if s.side == baseline.Anchor {
			build = m.compileAnchor
		}
		if err := build(ctx, s); err != nil {
			return err
		}
	}
	found := 0
	for _, s := range m.suites {
		found += len(s.packages)
		if s != m.head() {
			m.warnings = append(m.warnings, unlike(s, m.head())...)
		}
	}
	if found == 0 {
		return fmt.Errorf("%w: no test file of %s in %s declares a function BenchmarkXxx(b *testing.B); write one, or name other packages",
			ErrNothing, strings.Join(m.o.Packages, " "), m.o.Dir)
	}
	return nil
}

func (m *measurement) compileSide(ctx context.Context, s *suite) error {
	m.progress(Progress{Phase: Preparing, Step: "building the " + s.label()})
	warnings, err := s.list(ctx, m.o.Packages)
	if err != nil {
		return err
	}
	m.warnings = append(m.warnings, warnings...)
	return s.build(ctx, filepath.Join(m.tmp, s.short()))
}

// measure writes the log: header, discovery, rounds.
func (m *measurement) measure(ctx context.Context) error {
	env, warnings := machine.Environment(ctx)
	env.SuiteFlags = "-benchtime=" + m.o.Benchtime
	env.GoVersion = m.head().version
	begun := m.header(env)
	if len(m.resumed) > 0 {
		if err := m.sameMachine(env); err != nil {
			return err
		}
		begun = string(m.resumed)
	}
	if err := m.log.write(begun); err != nil {
		return err
	}
	for _, w := range slices.Concat(m.warnings, warnings) {
		if err := m.once(ingest.Warning(w)); err != nil {
			return err
		}
	}
	if err := m.survey(ctx); err != nil {
		return err
	}
	if err := m.same(ctx); err != nil {
		return err
	}
	stopped, err := m.loop(ctx)
	if err != nil {
		return err
	}
	if now, _ := machine.Environment(ctx); ctx.Err() == nil && now.Fingerprint() != env.Fingerprint() {
		err := m.fail(baseline.None, baseline.Key{}, fmt.Sprintf("the machine has changed while measuring, from %s with %d cores to %s with %d: measure again",
			env.CPU, env.Cores, now.CPU, now.Cores))
		if err != nil {
			return err
		}
	}
	return m.finish(stopped)
}

// survey learns the names of all benchmarks of all sides.
func (m *measurement) survey(ctx context.Context) error {
	for _, s := range m.suites {
		if len(m.o.Command) > 0 {
			if err := m.discoverCommand(ctx, s); err != nil {
				return err
			}
		}
		for _, p := range s.packages {
			m.progress(Progress{Phase: Discovering, Step: p.path, Side: s.side})
			if err := m.discover(ctx, s, p); err != nil {
				return err
			}
		}
	}
	for key, e := range m.entries { // what the head does not have has not crept
		if _, has := e.targets[baseline.Head]; !has {
			delete(e.targets, baseline.Anchor)
		}
		if len(e.targets) == 0 {
			delete(m.entries, key)
		}
	}
	if len(m.entries) == 0 && m.troubles == 0 && ctx.Err() == nil {
		if m.skips > 0 {
			return fmt.Errorf("%w: every benchmark skips itself; see the warnings in the log", ErrNothing)
		}
		return fmt.Errorf("%w: no benchmark matches %q; `go test -list Benchmark %s` shows what there is",
			ErrNothing, m.o.Bench, strings.Join(m.o.Packages, " "))
	}
	return m.recount()
}

// finish says what was left out, and why the measurement ended.
func (m *measurement) finish(stopped string) error {
	var b strings.Builder
	for _, key := range slices.SortedFunc(maps.Keys(m.entries), baseline.Key.Compare) {
		e := m.entries[key]
		if e.same != "" {
			m.res.Same = append(m.res.Same, key)
			continue
		}
		for _, side := range sides {
			if _, has := e.targets[side]; !has || e.rounds[side] > 0 {
				continue
			}
			m.res.Unmeasured = append(m.res.Unmeasured, key)
			if !e.broken {
				b.WriteString(ingest.NotRun(side, key, stopped))
			}
			break
		}
	}
	m.res.Stopped = stopped
	if stopped != "" {
		b.WriteString(ingest.Stopped(stopped))
	}
	return m.log.write(b.String())
}

// fail records that key has no result on side.
func (m *measurement) fail(side baseline.Side, key baseline.Key, why string) error {
	if e := m.entries[key]; e != nil {
		e.fail(side)
	}
	m.troubles++
	return m.once(ingest.Failed(side, key, why))
}

// notRun records that the budget ended before key had a result on side.
func (m *measurement) notRun(side baseline.Side, key baseline.Key) error {
	if e := m.entries[key]; e != nil {
		e.fail(side)
	}
	m.troubles++
	return m.once(ingest.NotRun(side, key, m.outOfBudget()))
}

// once writes a line that the log does not have yet.
func (m *measurement) once(line string) error {
	if m.said == nil {
		m.said = map[string]bool{}
		for old := range strings.Lines(m.log.text.String()) {
			m.said[old] = true
		}
	}
	if m.said[line] {
		return nil
	}
	m.said[line] = true
	return m.log.write(line)
}

// units writes the unit metadata that the log does not have yet: every process
// prints it again.
func (m *measurement) units(lines []string) error {
	for _, line := range lines {
		if err := m.once(line + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) progress(p Progress) {
	if m.o.Progress != nil {
		m.o.Progress(p)
	}
}

// project is what the log says about whose benchmarks these are.
func (m *measurement) project() string {
	if m.o.Project != "" {
		return m.o.Project
	}
	return m.head().project
}
