package measure

import (
	"context"
	"errors"
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// What can be wrong before the first process, for callers that branch, beside the errors of the
// packages repo and suite. The message around each names the object and the remedy.
var (
	ErrRef     = errors.New("unknown base")
	ErrAnchor  = errors.New("unknown anchor")
	ErrBuild   = suite.ErrBuild
	ErrNothing = suite.ErrNothing
	ErrResume  = errors.New("log does not fit")
)

// Revision is something to measure: a commit, or the working tree as it stands.
type Revision struct {
	Side     baseline.Side // its label in the log; None where it is measured alone
	Commit   string        // in full; of the working tree the commit that it began from, empty when unknown
	Ref      string        // what it was found by: a branch, a tag, a commit
	Working  bool          // the working tree
	Optional bool          // where it does not build, the others are measured without it
}

// label names the revision for people: a head that is measured alone is the head.
func (r Revision) label() string { return string(r.marked()) }

// marked returns the side as marks of the log name it.
func (r Revision) marked() baseline.Side {
	if r.Side == baseline.None {
		return baseline.Head
	}
	return r.Side
}

// short names directories, in four letters: the paths of the binaries are equally long on all
// sides.
func (r Revision) short() string { return (r.label() + "____")[:4] }

// LastRelease is the Options.Anchor that stands for the highest release tag that
// the base has: vX.Y.Z, of the module's directory where that is not the top
// ("sub/v1.2.3"). Pre-releases are none.
const LastRelease = "last release tag"

// resolve finds out what to measure. What is not there and need not be is a warning for the log.
func (s *Session) resolve(ctx context.Context) error {
	in, err := repo.Open(ctx, s.o.Dir)
	if err == nil {
		s.facts.HeadCommit, err = in.Head(ctx)
	}
	alone := s.o.Base == "" && len(s.o.Revisions) == 0
	if err != nil {
		if !alone || !errors.Is(err, repo.ErrRepository) {
			return err
		}
		s.warn("the log names no commit: %v", err)
		s.revisions = []Revision{{Working: true}}
		return nil
	}
	s.repo = &in
	s.facts.Branch = in.Branch(ctx)
	if s.facts.Dirty, err = in.Dirty(ctx); err != nil {
		return err
	}
	head := Revision{Commit: s.facts.HeadCommit, Ref: s.facts.Branch, Working: true}
	switch {
	case len(s.o.Revisions) > 0:
		s.revisions = s.o.Revisions
	case alone:
		s.revisions = []Revision{head}
	default:
		head.Side = baseline.Head
		err = s.compare(ctx, head)
	}
	if err == nil {
		s.note()
	}
	return err
}

// compare sets the revisions to the base, the anchor where there is one to be measured, and head.
func (s *Session) compare(ctx context.Context, head Revision) (err error) {
	base := Revision{Side: baseline.Base, Ref: s.o.Base}
	if base.Commit, err = s.repo.MergeBase(ctx, s.o.Base); err != nil {
		return named(err, ErrRef)
	}
	anchor, err := s.anchor(ctx, base.Commit)
	if err != nil {
		return err
	}
	s.revisions = []Revision{base}
	s.facts.Anchor, s.facts.AnchorCommit = anchor.Ref, anchor.Commit
	identical := base.Commit == head.Commit && !s.facts.Dirty
	if anchor.Commit != "" && anchor.Commit != base.Commit && !identical {
		s.revisions = append(s.revisions, anchor)
	}
	s.revisions = append(s.revisions, head)
	return nil
}

// note takes the facts from the revisions.
func (s *Session) note() {
	judged := s.revisions[len(s.revisions)-1]
	s.facts.HeadCommit, s.facts.Branch = judged.Commit, judged.Ref
	s.facts.Dirty = s.facts.Dirty && judged.Working
	if len(s.revisions) > 1 {
		s.facts.BaseCommit = s.revisions[0].Commit
		s.facts.Identical = s.facts.BaseCommit == judged.Commit && !s.facts.Dirty
	}
}

// anchor finds the commit that head is held against besides the base. Without a release to find,
// a warning says so and the measurement goes on; a name that git does not know is a mistake in the
// configuration.
func (s *Session) anchor(ctx context.Context, base string) (r Revision, err error) {
	r = Revision{Side: baseline.Anchor, Ref: s.o.Anchor, Optional: true}
	switch s.o.Anchor {
	case "":
	case LastRelease:
		if r.Ref, r.Commit, err = s.repo.Release(ctx, base); err == nil && r.Ref == "" {
			why := "the base has no release tag (vX.Y.Z), and nothing is held against one: make a first release, or `git fetch --tags`"
			if s.repo.Shallow(ctx) {
				why = "this clone is shallow and has no release tag, so that nothing is held against the last release; " + repo.Deepen
			}
			s.warn("anchor = %q: %s", s.o.Anchor, why)
		}
	default:
		r.Commit, err = s.repo.Commit(ctx, s.o.Anchor)
	}
	return r, named(err, ErrAnchor)
}

// named returns err, with what the unknown name was to be in front.
func named(err, what error) error {
	if unknown := repo.IsUnknown(err); unknown != nil {
		return fmt.Errorf("%w %q: %s", what, unknown.Ref, unknown.Hint)
	}
	return err
}
