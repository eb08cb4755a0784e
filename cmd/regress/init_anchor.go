package main

import (
	"context"

	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// firstAnchor returns the anchor that init writes, so that the first baseline is a ratio already
// and the history does not depend on the runner: the last release where there is one, else the
// commit that the main branch is at, or this branch began at. Empty: there is no commit yet.
func firstAnchor(ctx context.Context, top string) string {
	in, err := repo.Open(ctx, top)
	if err != nil {
		return ""
	}
	commit, err := in.Head(ctx)
	if err != nil {
		return ""
	}
	if tag, _, err := in.Release(ctx, commit); err == nil && tag != "" {
		return measure.LastRelease
	}
	if main := in.DefaultBranch(ctx); main != "" {
		if fork, err := in.MergeBase(ctx, main); err == nil {
			return fork // a commit of this branch alone may be gone once it is merged
		}
	}
	return commit
}
