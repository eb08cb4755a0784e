// Package lookup holds what the stores share when they look runs up: how a query selects, in which
// order runs are listed, and what an ID may look like that a person typed.
package lookup

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// Matches reports whether q selects info, its limit aside.
func Matches(q baseline.Query, info baseline.RunInfo) bool {
	return (q.Project == "" || q.Project == info.Project) &&
		(q.Branch == "" || q.Branch == info.Branch) &&
		(q.Fingerprint == "" || q.Fingerprint == info.Fingerprint) &&
		(q.Anchors || info.Side != baseline.Anchor) &&
		!info.Time.Before(q.Since) &&
		strings.HasPrefix(info.Commit, q.Commit)
}

// NewestFirst orders runs as Store.List returns them: ties by ID.
func NewestFirst(a, b baseline.RunInfo) int {
	return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID))
}

// ParseID returns the form that a Store compares of what a person typed: a run's ID, or the first 6
// or more of its 24 hexadecimal digits. What cannot be one is not found.
func ParseID(id string) (string, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) < 6 || len(id) > 24 || strings.Trim(id, "0123456789abcdef") != "" {
		return "", fmt.Errorf("run %q: %w: an ID is 6 to 24 hexadecimal digits", id, baseline.ErrNotFound)
	}
	return id, nil
}

// ByKey orders the points of one run.
func ByKey(a, b baseline.Point) int { return a.Key.Compare(b.Key) }

// Selects reports whether q selects d, its limit aside.
func Selects(q baseline.Query, d baseline.Decision) bool {
	return (q.Project == "" || q.Project == d.Project) &&
		(q.Branch == "" || q.Branch == d.Branch) &&
		strings.HasPrefix(d.Commit, q.Commit) &&
		!d.Time.Before(q.Since)
}

// OldestFirst orders decisions as Store.Decisions yields them: ties by ID.
func OldestFirst(a, b baseline.Decision) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c // an ID is a sum over all verdicts
	}
	return cmp.Compare(a.ID(), b.ID())
}
