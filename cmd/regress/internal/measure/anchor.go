package measure

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// LastRelease is the Options.Anchor that stands for the highest release tag that
// the base has: vX.Y.Z, of the module's directory where that is not the top
// ("sub/v1.2.3"). Pre-releases are none.
const LastRelease = "last release tag"

// anchor finds the commit that head is held against besides the base. Without a
// release to find, why says so and the measurement goes on; a name that git does not
// know is a mistake in the configuration.
func (r *repository) findAnchor(ctx context.Context, dir, ref string) (why string, err error) {
	if ref != LastRelease {
		r.anchorRef = ref
		r.anchor, err = commitOf(ctx, dir, ref, ErrAnchor)
		return "", err
	}
	text, err := git(ctx, dir, nil, "for-each-ref", "--merged="+r.base, "--format=%(refname:strip=2)", "refs/tags")
	if err != nil {
		return "", fmt.Errorf("list the tags of the base %.12s: %w", r.base, err)
	}
	tags := strings.Fields(text)
	for sub := r.sub; r.anchorRef == ""; sub = path.Dir(sub) { // a module deep down is released by tags of its own
		r.anchorRef = highest(tags, strings.TrimPrefix(sub+"/", "./"))
		if sub == "." {
			break
		}
	}
	if r.anchorRef == "" {
		why = "the base has no release tag (vX.Y.Z), and nothing is held against one: make a first release, or `git fetch --tags`"
		if shallow(ctx, dir) {
			why = "this clone is shallow and has no release tag, so that nothing is held against the last release; " + deepen
		}
		return why, nil
	}
	r.anchor, err = commitOf(ctx, dir, "refs/tags/"+r.anchorRef, ErrAnchor)
	return "", err
}

// release is a version that is no pre-release.
var release = regexp.MustCompile(`^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(\+[0-9A-Za-z.-]+)?$`)

// highest of the release tags behind a prefix; empty when there is none.
func highest(tags []string, prefix string) (best string) {
	var top [3]int
	for _, tag := range tags {
		m := release.FindStringSubmatch(strings.TrimPrefix(tag, prefix))
		if m == nil || !strings.HasPrefix(tag, prefix) {
			continue
		}
		var v [3]int
		for i := range v {
			v[i], _ = strconv.Atoi(m[i+1]) // nine digits fit
		}
		if c := cmp.Or(cmp.Compare(v[0], top[0]), cmp.Compare(v[1], top[1]), cmp.Compare(v[2], top[2]), cmp.Compare(tag, best)); best == "" || c > 0 {
			best, top = tag, v
		}
	}
	return best
}

// anchorSuite makes the tree of the anchor; nil where it has nothing of its own to
// tell. An old release that does not build any more is no reason to stop.
func (m *measurement) anchorSuite(ctx context.Context) (*suite, error) {
	if m.o.Anchor == "" || m.o.Base == "" {
		return nil, nil
	}
	why, err := m.repo.findAnchor(ctx, m.o.Dir, m.o.Anchor)
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
