package repo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Step is one commit of a range, and what it says of itself.
type Step struct {
	Entry
	Parents []string // in full, the first first
	Revert  bool     // its message says that it takes another commit back
}

// Steps returns the commits by which bad differs from good, by first parents, oldest first; good
// is not among them, bad is the last. The error says so where good is no ancestor of bad.
func (r Repo) Steps(ctx context.Context, good, bad string) ([]Step, error) {
	if !isCommit(good) || !isCommit(bad) {
		return nil, fmt.Errorf("list the commits from %q to %q: a commit is not named in full", good, bad)
	}
	if _, err := r.git(ctx, "merge-base", "--is-ancestor", good, bad); err != nil {
		if r.Shallow(ctx) {
			return nil, fmt.Errorf("%w: this clone is shallow, and %.12s is not in the history of %.12s that it has; %s", ErrShallow, good, bad, Deepen)
		}
		return nil, fmt.Errorf("%.12s is not in the history of %.12s: name an older commit of the same branch, such as the one that `git merge-base %[1]s %[2]s` prints", good, bad)
	}
	text, err := r.git(ctx, "log", "--first-parent", "--reverse", "--format=%H%x00%P%x00%ct%x00%an%x00%s%x00%b%x00", "-z", good+".."+bad, "--")
	if err != nil {
		return nil, fmt.Errorf("list the commits from %.12s to %.12s: %w", good, bad, err)
	}
	var out []Step
	for fields := strings.Split(text, "\x00"); len(fields) >= 6; {
		seconds, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list the commits from %.12s to %.12s: git gave the time %q", good, bad, fields[2])
		}
		out = append(out, Step{
			Entry:   Entry{Commit: fields[0], Time: time.Unix(seconds, 0).UTC(), Author: fields[3], Subject: fields[4]},
			Parents: strings.Fields(fields[1]),
			Revert:  strings.HasPrefix(fields[4], `Revert "`) || strings.Contains(fields[5], "This reverts commit "),
		})
		fields = fields[min(len(fields), 7):] // an empty one ends each
	}
	return out, nil
}

// Fork returns the commit where two histories part, in full; empty where they have none in common.
func (r Repo) Fork(ctx context.Context, a, b string) string {
	if !isCommit(a) || !isCommit(b) {
		return ""
	}
	text, err := r.git(ctx, "merge-base", a, b)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// DiffBetween returns what changed between two commits, as Diff does.
func (r Repo) DiffBetween(ctx context.Context, from, to string) (string, error) {
	if !isCommit(from) || !isCommit(to) {
		return "", fmt.Errorf("diff of %q and %q: a commit is not named in full", from, to)
	}
	return r.git(ctx, "diff", "-U0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames",
		"--diff-algorithm=histogram", "--src-prefix=a/", "--dst-prefix=b/", from, to, "--")
}

// ChangedBetween lists the files that differ between two commits, relative to the top.
func (r Repo) ChangedBetween(ctx context.Context, from, to string) ([]string, error) {
	if !isCommit(from) || !isCommit(to) {
		return nil, fmt.Errorf("list what differs between %q and %q: a commit is not named in full", from, to)
	}
	text, err := r.git(ctx, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", from, to, "--")
	if err != nil {
		return nil, fmt.Errorf("list the files that differ between %.12s and %.12s: %w", from, to, err)
	}
	return split(text), nil
}
