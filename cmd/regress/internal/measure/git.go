package measure

import (
	"context"
	"errors"
	"fmt"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// What can be wrong before the first process, for callers that branch, beside the errors of
// package repo. The message around each names the object and the remedy.
var (
	ErrRef     = errors.New("unknown base")
	ErrAnchor  = errors.New("unknown anchor")
	ErrBuild   = errors.New("does not build")
	ErrNothing = errors.New("nothing to measure")
	ErrResume  = errors.New("log does not fit")
)

// repository is what git says about the directory that is measured.
type repository struct {
	repo.Repo
	head   string // full SHA
	branch string // empty when detached
	dirty  bool
	base   string // full SHA of the merge base; empty when none was asked for

	anchor    string // full SHA; empty when none was asked for, or there is none
	anchorRef string // what it was found by
}

// inspect reads the facts of the repository around dir. Without ref, no base is looked for.
func inspect(ctx context.Context, dir, ref string) (repository, error) {
	var r repository
	var err error
	if r.Repo, err = repo.Open(ctx, dir); err != nil {
		return r, err
	}
	if r.head, err = r.Head(ctx); err != nil {
		return r, err
	}
	r.branch = r.Branch(ctx)
	if r.dirty, err = r.Dirty(ctx); err != nil {
		return r, err
	}
	if ref == "" {
		return r, nil
	}
	r.base, err = r.MergeBase(ctx, ref)
	return r, named(err, ErrRef)
}

// named returns err, with what the unknown name was to be in front.
func named(err, what error) error {
	if unknown := repo.IsUnknown(err); unknown != nil {
		return fmt.Errorf("%w %q: %s", what, unknown.Ref, unknown.Hint)
	}
	return err
}
