package measure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// Turn is a further measurement with a session.
type Turn struct {
	Revisions []Revision    // commits, the one to judge last
	Bench     string        // selects no more than the session's Options did
	Next      NextFunc      // as in Options
	Budget    time.Duration // as in Options
}

// Revise puts other commits in the place of those that a session of Go benchmarks has, so that Run
// measures them next. What was made of a commit before is used again. Where an optional one does
// not build, the session goes on without it: see Ready.
func (s *Session) Revise(ctx context.Context, t Turn) error {
	if _, err := suite.FunctionLevel(t.Bench); err != nil {
		return err
	}
	s.revisions, s.sides, s.resumed, s.warnings = t.Revisions, nil, nil, nil
	s.o.Bench, s.o.Next, s.o.Budget = t.Bench, t.Next, t.Budget
	s.o.Seed++ // other orders than those of the measurement before
	s.changed, s.facts, s.absent = map[string][]string{}, Facts{}, nil
	s.note()
	for _, r := range t.Revisions {
		if r.Side == baseline.Anchor {
			s.facts.Anchor, s.facts.AnchorCommit = r.Ref, r.Commit
		}
		one := &side{Revision: r, Suite: s.kept[r.Commit]}
		if one.Suite == nil {
			one.Suite = &suite.Suite{Inputs: s.o.Inputs, Runner: suite.Runner{Guard: s.guard, Env: s.o.Env}}
			s.trees++
			one.name = fmt.Sprintf("%04d", s.trees)
			if err := s.checkout(ctx, one); err != nil {
				return err
			}
		}
		one.Label, one.Judged = fmt.Sprintf("commit %.10s", r.Commit), r.Side.Judged()
		s.sides = append(s.sides, one)
	}
	return s.compile(ctx)
}

// keep remembers what was made of each commit.
func (s *Session) keep() {
	if s.kept == nil {
		s.kept = map[string]*suite.Suite{}
	}
	for _, one := range s.sides {
		if !one.Working {
			s.kept[one.Revision.Commit] = one.Suite
		}
	}
}

// Ready returns nil where a side is there, else why an optional one is not, in a line.
func (s *Session) Ready(label baseline.Side) error {
	if err := s.absent[label]; err != nil {
		return errors.New(brief(err))
	}
	return nil
}

// Tree returns where the tree of the judged side is, and its commit; a working tree has none.
func (s *Session) Tree() (dir, commit string) {
	if one := s.judged(); !one.Working {
		return one.Root, one.Revision.Commit
	}
	return s.Top(), ""
}

// OwnSources returns why a commit is measured with its own benchmark sources, in a line; empty: it
// is not, or was not built in this session.
func (s *Session) OwnSources(commit string) string { return s.own[commit] }

// Same reports whether the benchmarks of a package cannot differ between two commits that were
// made runnable in this session: see suite.Same.
func (s *Session) Same(ctx context.Context, a, b, pkg string) (bool, error) {
	one, other := s.kept[a], s.kept[b]
	if one == nil || other == nil {
		return false, nil
	}
	p, twin := one.Find(pkg), other.Find(pkg)
	if p == nil || twin == nil || p.Hash == "" || p.Hash != twin.Hash {
		return false, nil
	}
	changed, err := s.repo.ChangedBetween(ctx, a, b)
	if err != nil {
		return false, err
	}
	return suite.Same(one, other, p, twin, changed), nil
}

// transplant builds a side with the benchmark sources of the donor, and where that does not
// build, with its own.
func (s *Session) transplant(ctx context.Context, one *side) error {
	if s.kept[one.Revision.Commit] == one.Suite {
		return nil
	}
	undo, changed, err := one.Transplant(s.donor)
	if err == nil {
		err = s.build(ctx, one)
	}
	if err == nil || ctx.Err() != nil || !changed {
		return err
	}
	if undone := undo(); undone != nil {
		return errors.Join(err, undone)
	}
	s.warn("the benchmark sources of the newest commit do not build at %.12s, which is measured with its own: %s", one.Revision.Commit, brief(err))
	if s.own == nil {
		s.own = map[string]string{}
	}
	s.own[one.Revision.Commit] = brief(err)
	one.Packages = nil
	return s.build(ctx, one)
}

// brief returns what an error says of the first thing that is wrong.
func brief(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[:min(2, len(lines))], " ")
}
