package repo

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Release returns the highest release tag vX.Y.Z that the history of a commit has, and the commit
// that it names. A module below the top is released by tags of its own ("sub/v1.2.3"), which go
// before those of the folders above it. Pre-releases do not count. Both are empty where there is
// none.
func (r Repo) Release(ctx context.Context, at string) (tag, commit string, err error) {
	if !isCommit(at) {
		return "", "", fmt.Errorf("look for a release: %q is not the name of a commit in full", at)
	}
	text, err := r.git(ctx, "for-each-ref", "--merged="+at, "--format=%(refname:strip=2)", "refs/tags")
	if err != nil {
		return "", "", fmt.Errorf("list the tags of %.12s: %w", at, err)
	}
	tags := strings.Fields(text)
	for sub := r.Sub; tag == ""; sub = path.Dir(sub) {
		tag = highest(tags, strings.TrimPrefix(sub+"/", "./"))
		if sub == "." {
			break
		}
	}
	if tag == "" {
		return "", "", nil
	}
	commit, err = r.Commit(ctx, "refs/tags/"+tag)
	return tag, commit, err
}

// release is a version that is no pre-release.
var release = regexp.MustCompile(`^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(\+[0-9A-Za-z.-]+)?$`)

// highest returns the highest of the release tags behind a prefix; empty when there is none.
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
