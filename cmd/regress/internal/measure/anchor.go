package measure

import (
	"context"
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/repo"
	"github.com/descartes/regress/pkg/baseline"
)

// LastRelease is the Options.Anchor that stands for the highest release tag that
// the base has: vX.Y.Z, of the module's directory where that is not the top
// ("sub/v1.2.3"). Pre-releases are none.
const LastRelease = "last release tag"

// findAnchor finds the commit that head is held against besides the base. Without a
// release to find, why says so and the measurement goes on; a name that git does not
// know is a mistake in the configuration.
func (r *repository) findAnchor(ctx context.Context, ref string) (why string, err error) {
	if ref != LastRelease {
		r.anchorRef = ref
		r.anchor, err = r.Commit(ctx, ref)
		return "", named(err, ErrAnchor)
	}
	if r.anchorRef, r.anchor, err = r.Release(ctx, r.base); err != nil {
		return "", named(err, ErrAnchor)
	}
	switch {
	case r.anchorRef != "":
		return "", nil
	case r.Shallow(ctx):
		return "this clone is shallow and has no release tag, so that nothing is held against the last release; " + repo.Deepen, nil
	}
	return "the base has no release tag (vX.Y.Z), and nothing is held against one: make a first release, or `git fetch --tags`", nil
}

// anchorSuite makes the tree of the anchor; nil where it has nothing of its own to
// tell. An old release that does not build any more is no reason to stop.
func (m *measurement) anchorSuite(ctx context.Context) (*suite, error) {
	if m.o.Anchor == "" || m.o.Base == "" {
		return nil, nil
	}
	why, err := m.repo.findAnchor(ctx, m.o.Anchor)
	if err != nil {
		return nil, err
	}
	if why != "" {
		m.warnings = append(m.warnings, fmt.Sprintf("anchor = %q: %s", m.o.Anchor, why))
		return nil, nil
	}
	m.res.Anchor, m.res.AnchorCommit = m.repo.anchorRef, m.repo.anchor
	if m.repo.anchor == m.repo.base || m.res.Identical {
		return nil, nil
	}
	s := &suite{side: baseline.Anchor}
	s.dir, err = m.tree(ctx, m.repo.anchor, s)
	return s, err
}

// compileAnchor builds the anchor's side, and takes it out with a warning where that
// cannot be done.
func (m *measurement) compileAnchor(ctx context.Context, s *suite) error {
	err := m.compileSide(ctx, s)
	if err == nil || ctx.Err() != nil {
		return err
	}
	m.warnings = append(m.warnings, fmt.Sprintf("nothing is held against the anchor %s: %v", m.repo.anchorRef, err))
	m.suites = slices.DeleteFunc(m.suites, func(other *suite) bool { return other == s })
	return nil
}
