package repo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/descartes/regress/cmd/regress/internal/nearest"
)

// UnknownRef is the error for a name that git does not know. It is an ErrRef.
type UnknownRef struct {
	Ref  string
	Hint string // what to do: another name, or what to fetch
}

func (e *UnknownRef) Error() string { return fmt.Sprintf("%v %q: %s", ErrRef, e.Ref, e.Hint) }
func (e *UnknownRef) Unwrap() error { return ErrRef }

var commitName = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func isCommit(name string) bool { return commitName.MatchString(name) }

// Commit resolves a branch, tag or commit, or origin's branch of that name, to the full name of a
// commit. Its error is an [*UnknownRef].
func (r Repo) Commit(ctx context.Context, ref string) (string, error) {
	for _, name := range []string{ref, "refs/remotes/origin/" + ref} {
		text, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
		if commit := strings.TrimSpace(text); err == nil && isCommit(commit) {
			return commit, nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
	}
	return "", r.unknown(ctx, ref)
}

// unknown returns the error for a name that git does not know, with the names it may have been
// meant for.
func (r Repo) unknown(ctx context.Context, ref string) error {
	if r.Shallow(ctx) {
		return &UnknownRef{ref, "this clone is shallow and has no such branch, tag or commit; " + Deepen}
	}
	var close []string
	for _, name := range r.Names(ctx) {
		if similar(strings.TrimPrefix(name, "origin/"), ref) {
			close = append(close, name)
		}
	}
	fetch := r.fetching(ctx, ref)
	hint := "there is no such branch, tag or commit here"
	switch {
	case r.ancestorOf(ctx, ref) != "":
		hint = fmt.Sprintf("%s is there, and its history does not reach that far back: `git log --oneline %[1]s` shows it", r.ancestorOf(ctx, ref))
	case len(close) > 0:
		hint = fmt.Sprintf("did you mean %s?", strings.Join(close[:min(3, len(close))], " or "))
		if fetch != "" {
			hint += " Otherwise " + fetch
		}
	case fetch != "":
		hint += "; if it is on the server, " + fetch
	default:
		hint += "; `git log --oneline` and `git branch --all` show what there is"
	}
	return &UnknownRef{ref, hint}
}

// fetching returns the command that would bring a name from a server; empty where no server can
// have it, or there is none.
func (r Repo) fetching(ctx context.Context, ref string) string {
	remotes, remote := r.remotes(ctx)
	if remote == "" || !fetchable().MatchString(ref) {
		return ""
	}
	if before, after, ok := strings.Cut(ref, "/"); ok && slices.Contains(remotes, before) {
		remote, ref = before, after
	}
	return fmt.Sprintf("`git fetch %s %s`", remote, ref)
}

// remotes returns the names of all remotes, and the one that counts: origin, or else the first.
func (r Repo) remotes(ctx context.Context) (all []string, first string) {
	text, _ := r.git(ctx, "remote")
	all = strings.Fields(text)
	if len(all) > 0 {
		first = all[0]
	}
	if slices.Contains(all, "origin") {
		first = "origin"
	}
	return all, first
}

// copied is an address as scp has it: user@host:path.
var copied = regexp.MustCompile(`^(?:[^@/:]+@)?([A-Za-z0-9.-]+):[^/]`)

// Host returns the host in the address of origin, or of the first remote, in lower case; empty
// where there is none. It reads what git has, and asks nobody.
func (r Repo) Host(ctx context.Context) string {
	_, remote := r.remotes(ctx)
	if remote == "" {
		return ""
	}
	text, _ := r.git(ctx, "remote", "get-url", "--", remote)
	return hostOf(strings.TrimSpace(text))
}

// hostOf returns the host in the address of a repository; empty where it names a folder.
func hostOf(address string) string {
	if found := copied.FindStringSubmatch(address); found != nil {
		return strings.ToLower(found[1])
	}
	where, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(where.Hostname())
}

// ancestorOf returns the branch, tag or commit of which ref asks for an ancestor that it does not
// have: main of main~9. Empty where ref is no such name.
func (r Repo) ancestorOf(ctx context.Context, ref string) string {
	name := strings.TrimRight(ref, "~^0123456789")
	if at := strings.IndexAny(ref, "~^"); at != len(name) || at == 0 {
		return ""
	}
	if _, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}"); err != nil {
		return ""
	}
	return name
}

// Names returns the branches, here and at origin, and the tags, sorted.
func (r Repo) Names(ctx context.Context) []string {
	text, _ := r.git(ctx, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
	names := strings.Fields(text)
	slices.Sort(names)
	return names
}

// fetchable are names that a server could have: no HEAD~9, no @{-1}, no main:file.
var fetchable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL\pN][\pL\pN_./+-]*$`)
})

// Deepen is the remedy for a clone that lacks history.
const Deepen = "run `git fetch --unshallow`, or give actions/checkout `fetch-depth: 0`"

// Shallow reports whether the clone lacks history.
func (r Repo) Shallow(ctx context.Context) bool {
	text, _ := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(text) == "true"
}

// MergeBase returns the commit where HEAD left ref. Its error is an [*UnknownRef], or an
// ErrShallow where the clone does not reach that far back.
func (r Repo) MergeBase(ctx context.Context, ref string) (string, error) {
	commit, err := r.Commit(ctx, ref)
	if err != nil {
		return "", err
	}
	base, err := r.git(ctx, "merge-base", "HEAD", commit)
	switch {
	case err == nil:
		return strings.TrimSpace(base), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case r.Shallow(ctx):
		return "", fmt.Errorf("%w: this clone is shallow and does not reach the commit where HEAD left %s; %s", ErrShallow, ref, Deepen)
	}
	return "", &UnknownRef{ref, "it has no commit in common with HEAD; name a branch of the same history"}
}

// DefaultBranch returns the branch that changes are made against: the one that origin names, else
// main, else master, whether here or at origin; empty when there is none of them.
func (r Repo) DefaultBranch(ctx context.Context) string {
	if text, err := r.git(ctx, "symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD"); err == nil {
		name := strings.TrimPrefix(strings.TrimSpace(text), "origin/")
		if _, err := r.Commit(ctx, name); err == nil {
			return name
		}
	}
	for _, name := range []string{"main", "master"} {
		for _, full := range []string{"refs/heads/" + name, "refs/remotes/origin/" + name} {
			if _, err := r.git(ctx, "rev-parse", "--verify", "--quiet", full+"^{commit}"); err == nil {
				return name
			}
		}
	}
	return ""
}

// IsUnknown returns the *UnknownRef in err; nil when it is another error.
func IsUnknown(err error) *UnknownRef {
	var unknown *UnknownRef
	errors.As(err, &unknown)
	return unknown
}

// similar reports whether two names are at most two edits apart, or differ only in case, or one is
// the last element of the other.
func similar(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b || strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a) {
		return true
	}
	return nearest.Distance(a, b) <= min(2, len(b)/2)
}
