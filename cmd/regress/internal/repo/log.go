package repo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is one commit of a history.
type Entry struct {
	Commit  string // in full
	Time    time.Time
	Author  string
	Subject string // first line of the message
}

// FirstParents returns the newest commits that ref reached by first parents, at most most, oldest
// first: the states that a branch was in.
func (r Repo) FirstParents(ctx context.Context, ref string, most int) ([]Entry, error) {
	commit, err := r.Commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	out, err := r.log(ctx, commit, most)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", ref, err)
	}
	slices.Reverse(out)
	return out, nil
}

// Entry returns what git knows of the commit that a branch, tag or commit names; false where there
// is none here. It asks git once, so that it can be asked for many.
func (r Repo) Entry(ctx context.Context, ref string) (Entry, bool) {
	out, err := r.log(ctx, ref+"^{commit}", 1)
	if err != nil || len(out) == 0 {
		return Entry{}, false
	}
	return out[0], true
}

// log returns a commit and those that it was made from by first parents, newest first, at most
// most.
func (r Repo) log(ctx context.Context, commit string, most int) ([]Entry, error) {
	text, err := r.git(ctx, "log", "--first-parent", "--max-count="+strconv.Itoa(most), "--format=%H%x00%ct%x00%an%x00%s%x00", "-z", "--end-of-options", commit, "--")
	if err != nil {
		return nil, err
	}
	var out []Entry
	for fields := strings.Split(text, "\x00"); len(fields) >= 4; {
		seconds, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git gave the time %q", fields[1])
		}
		out = append(out, Entry{Commit: fields[0], Time: time.Unix(seconds, 0).UTC(), Author: fields[2], Subject: fields[3]})
		fields = fields[min(len(fields), 5):] // an empty one ends each
	}
	return out, nil
}

// Place returns the place of a commit in the first-parent order of the history that it ends, the
// first commit being 1; 0 in a shallow clone, where git cannot count them.
func (r Repo) Place(ctx context.Context, commit string) (int, error) {
	if !isCommit(commit) {
		return 0, fmt.Errorf("count the history: %q is not the name of a commit in full", commit)
	}
	if r.Shallow(ctx) {
		return 0, nil
	}
	text, err := r.git(ctx, "rev-list", "--first-parent", "--count", commit, "--")
	if err != nil {
		return 0, fmt.Errorf("count the history of %.12s: %w", commit, err)
	}
	return strconv.Atoi(strings.TrimSpace(text))
}
