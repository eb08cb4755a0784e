package measure

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/source"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// Session is what is built once and asked often: the revisions that are compared, their trees and
// their binaries, in a temporary directory that Close removes.
type Session struct {
	o         Options
	tmp       string
	guard     *child.Guard
	repo      *repo.Repo // nil outside a repository
	facts     Facts
	revisions []Revision
	sides     []*side                 // of the revisions that are ready, the judged one last
	warnings  []string                // for the log, known before it is begun
	resumed   []byte                  // text of the log that is gone on from
	changed   map[string][]string     // by commit: the files that differ from it
	entries   map[baseline.Key]*entry // of the last Run
	kept      map[string]*suite.Suite // by commit: what Revise need not make again
	trees     int                     // that it has made
	elsewhere int                     // benchmark functions of other shards, on all sides
	absent    map[baseline.Side]error // optional sides that do not build
	own       map[string]string       // by commit: why it has not the benchmark sources of the donor
	donor     *suite.Suite            // whose benchmark sources all sides get; nil: each has its own
	telling   sync.Mutex
}

// side is a revision that was made runnable.
type side struct {
	Revision
	*suite.Suite
	name string // of its folders, in four letters on all sides
}

// Facts say what is compared.
type Facts struct {
	BaseCommit   string // full SHA; empty when the head was measured alone
	HeadCommit   string // full SHA; empty outside a repository
	Anchor       string // what the anchor was found by; empty: there is none
	AnchorCommit string // full SHA; where it is BaseCommit, or in an A/A run, it is not measured
	Branch       string // of the head; empty when detached
	Dirty        bool   // the working tree differs from HeadCommit
	Identical    bool   // the same commit on both sides and a clean tree: an A/A run
}

// Open finds out what to compare, makes the trees and builds. Its errors (see the Err variables)
// carry their remedy and leave nothing behind.
func Open(ctx context.Context, o Options) (*Session, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	sweep(os.TempDir())
	s := &Session{o: o, changed: map[string][]string{}}
	err := s.prepare(ctx)
	if err == nil {
		return s, nil
	}
	s.Close()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted before the first round: %w", context.Cause(ctx))
	}
	return nil, err
}

// Facts returns what is compared.
func (s *Session) Facts() Facts { return s.facts }

// Close removes the trees and the binaries.
func (s *Session) Close() {
	if s.tmp != "" {
		removeAll(s.tmp)
	}
	s.guard.Close()
}

// prepare makes every revision runnable.
func (s *Session) prepare(ctx context.Context) (err error) {
	if s.tmp, err = tempDir(); err != nil {
		return err
	}
	if s.guard, err = child.NewGuard(s.tmp); err != nil {
		return err
	}
	s.progress(Progress{Phase: Preparing, Step: "reading the repository"})
	if err := s.resolve(ctx); err != nil {
		return err
	}
	if err := s.resume(); err != nil {
		return err
	}
	for _, r := range s.revisions {
		made := &side{Revision: r, name: r.short(), Suite: &suite.Suite{Label: r.label(), Dir: s.o.Dir, Root: s.o.Dir, Judged: r.Side.Judged(), Inputs: s.o.Inputs, Runner: suite.Runner{Guard: s.guard, Env: s.o.Env}}}
		if s.repo != nil {
			made.Root = s.repo.Top
		}
		if !r.Working {
			if err := s.checkout(ctx, made); err != nil {
				return err
			}
		}
		s.sides = append(s.sides, made)
	}
	if len(s.o.Command) > 0 {
		return nil
	}
	if err := s.compile(ctx); err != nil {
		return err
	}
	return s.sameBinaries()
}

// checkout makes the tree of a commit.
func (s *Session) checkout(ctx context.Context, made *side) error {
	s.progress(Progress{Phase: Preparing, Step: "checking out the " + made.label()})
	made.Root = filepath.Join(s.tmp, "tree-"+made.name)
	stored, err := s.repo.Checkout(ctx, made.Commit, made.Root, filepath.Join(s.tmp, "index-"+made.name))
	if err != nil {
		return err
	}
	if len(stored) > 0 {
		s.warn("%d files that a git filter such as git-lfs makes are in the tree of the %s as git stores them, the first %s: what a benchmark reads of them is not what it was", len(stored), made.label(), stored[0])
	}
	if _, err := os.Stat(filepath.Join(made.Root, ".gitmodules")); err == nil {
		s.warn("the repository has submodules, which the tree of the %s does not: benchmarks that need one will not build or run there", made.label())
	}
	made.Dir = filepath.Join(made.Root, s.repo.Sub)
	return nil
}

// judged is the side under judgement.
func (s *Session) judged() *side { return s.sides[len(s.sides)-1] }

// side returns the side of that label; nil: it is not measured.
func (s *Session) side(label baseline.Side) *side {
	for _, one := range s.sides {
		if one.Side == label {
			return one
		}
	}
	return nil
}

// Top returns the top of the repository; empty outside one.
func (s *Session) Top() string {
	if s.repo == nil {
		return ""
	}
	return s.repo.Top
}

// Commit returns that of a side, in full; empty where it is not measured.
func (s *Session) Commit(label baseline.Side) string {
	if one := s.side(label); one != nil {
		return one.Revision.Commit
	}
	return ""
}

// others are the sides that it is held against, the most important first.
func (s *Session) others() []*side { return s.sides[:len(s.sides)-1] }

// compile finds and builds the packages of every side.
func (s *Session) compile(ctx context.Context) error {
	for _, one := range slices.Backward(slices.Clone(s.sides)) { // the head first: its errors are the author's own
		build := s.build
		if s.donor != nil && s.donor != one.Suite && !one.Working {
			build = s.transplant
		}
		err := build(ctx, one)
		if err != nil && one.Optional && ctx.Err() == nil {
			s.warn("nothing is held against the %s %s: %v", one.label(), one.Ref, err)
			if s.absent == nil {
				s.absent = map[baseline.Side]error{}
			}
			s.absent[one.Side] = err
			s.sides = slices.DeleteFunc(s.sides, func(other *side) bool { return other == one })
			continue
		}
		if err != nil {
			return err
		}
		if s.o.Transplant && s.donor == nil {
			s.donor = one.Suite
		}
	}
	s.keep()
	found := len(s.judged().Packages)
	for _, one := range s.others() {
		found += len(one.Packages)
		s.warnings = append(s.warnings, suite.Unlike(one.Suite, s.judged().Suite)...)
	}
	if found == 0 && s.elsewhere == 0 {
		return s.noBenchmark()
	}
	return nil
}

// noBenchmark returns the error for a suite that is empty, with where benchmarks are instead.
func (s *Session) noBenchmark() error {
	where := "; write one, or name other packages"
	if skipped := source.Skipped(s.o.Dir); len(skipped) > 0 {
		where = fmt.Sprintf(", but the folder %s does, which ./... leaves out because of the '_': --packages ./%[1]s measures it", skipped[0])
		if len(skipped) > 1 {
			where = fmt.Sprintf(", but %d folders do that ./... leaves out because of a '_': --packages ./%s measures them", len(skipped), strings.Join(skipped[:min(len(skipped), 8)], ",./"))
		}
	}
	for _, warning := range s.warnings {
		where += "; " + warning
	}
	return fmt.Errorf("%w: no test file of %s in %s declares a function BenchmarkXxx(b *testing.B)%s",
		ErrNothing, strings.Join(s.o.Packages, " "), s.o.Dir, where)
}

func (s *Session) build(ctx context.Context, one *side) error {
	if s.kept[one.Revision.Commit] == one.Suite {
		return nil // made for another measurement of this session
	}
	step := "building the " + one.label()
	s.progress(Progress{Phase: Preparing, Step: step})
	warnings, err := one.List(ctx, s.o.Packages)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		s.warn("%s", w)
	}
	if s.o.Shards.Of > 0 {
		s.elsewhere += one.Divide(s.o.Shards)
	}
	match, err := suite.FunctionLevel(s.o.Bench)
	if err != nil {
		return err
	}
	return one.Build(ctx, filepath.Join(s.tmp, one.name), match, func(done, of int) {
		s.progress(Progress{Phase: Preparing, Step: step, Done: done, Total: of})
	})
}

// warn adds a warning to the log, once.
func (s *Session) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.warnings, text) {
		s.warnings = append(s.warnings, text)
	}
}

func (s *Session) progress(p Progress) {
	if s.o.Progress == nil {
		return
	}
	s.telling.Lock() // packages are built side by side
	defer s.telling.Unlock()
	s.o.Progress(p)
}

// proven returns the packages of the judged side of which another has the same: see suite.Same.
// Who compares a commit with itself asks for the noise of the machine: there nothing is proven.
func (s *Session) proven(ctx context.Context, other *side) (map[string]bool, error) {
	if s.facts.Identical || other.Working || s.repo == nil {
		return nil, nil
	}
	out := map[string]bool{}
	for _, p := range s.judged().Packages {
		twin := other.Find(p.Path)
		if twin == nil || p.Hash == "" || twin.Hash != p.Hash {
			continue
		}
		changed, read := s.changed[other.Commit]
		if !read {
			var err error
			if changed, err = s.differing(ctx, other.Commit); err != nil {
				return nil, err
			}
			s.changed[other.Commit] = changed
		}
		if suite.Same(s.judged().Suite, other.Suite, p, twin, changed) {
			out[p.Path] = true
		}
	}
	return out, nil
}

// differing lists the files that differ between a commit and the judged side.
func (s *Session) differing(ctx context.Context, commit string) ([]string, error) {
	if s.judged().Working {
		return s.repo.Changed(ctx, commit)
	}
	return s.repo.ChangedBetween(ctx, commit, s.judged().Revision.Commit)
}

// edited returns the benchmark functions of the judged side whose own source is another one on an
// other side.
func (s *Session) edited(other *side) (out []baseline.Function, err error) {
	if s.facts.Identical {
		return nil, nil
	}
	for _, p := range s.judged().Packages {
		twin := other.Find(p.Path)
		if twin == nil {
			continue
		}
		names, err := suite.Edited(twin, p)
		if err != nil {
			return nil, fmt.Errorf("compare the benchmarks of %s: %w", p.Path, err)
		}
		for _, name := range names {
			out = append(out, baseline.Function{Package: p.Path, Name: name})
		}
	}
	return out, nil
}

// project is what the log says about whose benchmarks these are.
func (s *Session) project() string {
	if s.o.Project != "" {
		return s.o.Project
	}
	return s.judged().Project
}

// noiseKeys are the series of which something is known, in order.
func (s *Session) noiseKeys() []baseline.Key {
	return slices.SortedFunc(maps.Keys(s.o.Noise), baseline.Key.Compare)
}
