package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// What can be wrong before the first process, for callers that branch. The
// message around each names the object and the remedy.
var (
	ErrRepository = errors.New("no usable git repository")
	ErrRef        = errors.New("unknown base")
	ErrAnchor     = errors.New("unknown anchor")
	ErrShallow    = errors.New("merge base not in this clone")
	ErrBuild      = errors.New("does not build")
	ErrNothing    = errors.New("nothing to measure")
	ErrResume     = errors.New("log does not fit")
)

// repository is what git says about the directory that is measured.
type repository struct {
	git    string // git directory, absolute
	top    string // top of the working tree, absolute, symbolic links resolved
	sub    string // Options.Dir relative to top
	head   string // full SHA
	branch string // empty when detached
	dirty  bool
	base   string // full SHA of the merge base; empty when none was asked for

	anchor    string // full SHA; empty when none was asked for, or there is none
	anchorRef string // what it was found by
}

// elsewhere are the variables by which a hook tells git where it stands.
var elsewhere = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"}

// git runs one git command in dir and returns what it printed. Variables that
// a hook sets (GIT_DIR and its kin) would point it elsewhere, so they are taken
// out; hooks and optional locks are switched off: the repository is only read.
func git(ctx context.Context, dir string, extra []string, args ...string) (string, error) {
	args = append([]string{"-C", dir, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !slices.Contains(elsewhere, name) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	cmd.Env = append(cmd.Env, extra...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%w: git is not installed or not on PATH; install it", ErrRepository)
	}
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			err = errors.New(firstLine(text))
		}
		return "", err
	}
	return stdout.String(), nil
}

// inspect reads the facts of the repository around dir. Without ref, no base is
// looked for.
func inspect(ctx context.Context, dir, ref string) (repository, error) {
	var r repository
	text, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	if err != nil {
		if errors.Is(err, ErrRepository) {
			return r, err
		}
		if strings.Contains(err.Error(), "dubious ownership") {
			return r, fmt.Errorf("%w: %s belongs to another user; run `git config --global --add safe.directory %[2]s`", ErrRepository, dir)
		}
		return r, fmt.Errorf("%w: %s (%v); run inside a clone with a working tree", ErrRepository, dir, err)
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) != 2 {
		return r, fmt.Errorf("%w: git rev-parse in %s answered %q", ErrRepository, dir, text)
	}
	r.git = lines[1]
	if r.top, err = filepath.EvalSymlinks(lines[0]); err != nil {
		return r, fmt.Errorf("resolve the top of the working tree: %w", err)
	}
	if r.sub, err = filepath.Rel(r.top, dir); err != nil {
		return r, fmt.Errorf("place %s in the working tree %s: %w", dir, r.top, err)
	}
	head, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	if err != nil {
		return r, fmt.Errorf("%w: %s has no commit yet; commit first", ErrRepository, r.top)
	}
	r.head = strings.TrimSpace(head)
	if branch, err := git(ctx, dir, nil, "symbolic-ref", "--short", "--quiet", "HEAD"); err == nil {
		r.branch = strings.TrimSpace(branch)
	}
	if r.dirty, err = dirty(ctx, r.top); err != nil {
		return r, err
	}
	if ref == "" {
		return r, nil
	}
	r.base, err = mergeBase(ctx, dir, ref)
	return r, err
}

// dirty reports whether the tree differs from HEAD in a way that a build may see:
// any tracked file, or an untracked one that Go would compile or embed from
// testdata. A report or a log that lies around does not count.
func dirty(ctx context.Context, top string) (bool, error) {
	text, err := git(ctx, top, nil, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
	if err != nil {
		return false, fmt.Errorf("ask git for changes in %s: %w", top, err)
	}
	built := []string{".go", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".syso", ".mod", ".sum", ".work"}
	for entry := range strings.SplitSeq(text, "\x00") {
		if len(entry) < 4 {
			continue
		}
		state, path := entry[:2], entry[3:]
		if state != "??" || slices.Contains(built, filepath.Ext(path)) || strings.Contains("/"+path, "/testdata/") {
			return true, nil
		}
	}
	return false, nil
}

// mergeBase is where HEAD left ref: ref itself, or origin's branch of that name
// where there is no local one, as in a CI checkout.
func mergeBase(ctx context.Context, dir, ref string) (string, error) {
	commit, err := commitOf(ctx, dir, ref, ErrRef)
	if err != nil {
		return "", err
	}
	base, err := git(ctx, dir, nil, "merge-base", "HEAD", commit)
	switch {
	case err == nil:
		return strings.TrimSpace(base), nil
	case shallow(ctx, dir):
		return "", fmt.Errorf("%w: this clone is shallow and does not reach the commit where HEAD left %s; %s", ErrShallow, ref, deepen)
	}
	return "", fmt.Errorf("%w %q: it has no commit in common with HEAD; name a branch of the same history", ErrRef, ref)
}

// commitOf resolves a branch, tag or commit, or origin's branch of that name. unknown is
// the sentinel of its error.
func commitOf(ctx context.Context, dir, ref string, unknown error) (string, error) {
	for _, name := range []string{ref, "refs/remotes/origin/" + ref} {
		if strings.HasPrefix(name, "-") {
			continue // git would read it as a flag
		}
		if text, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", name+"^{commit}"); err == nil {
			return strings.TrimSpace(text), nil
		}
	}
	return "", unknownRef(ctx, dir, ref, unknown)
}

// shallow reports whether the clone lacks history.
func shallow(ctx context.Context, dir string) bool {
	text, _ := git(ctx, dir, nil, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(text) == "true"
}

const deepen = "run `git fetch --unshallow`, or give actions/checkout `fetch-depth: 0`"

// unknownRef is the error for a name that git does not know, with the names it
// may have been meant for.
func unknownRef(ctx context.Context, dir, ref string, unknown error) error {
	if shallow(ctx, dir) {
		return fmt.Errorf("%w %q: this clone is shallow and has no such branch, tag or commit; %s", unknown, ref, deepen)
	}
	text, _ := git(ctx, dir, nil, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
	var close []string
	for name := range strings.Lines(text) {
		name = strings.TrimSpace(name)
		if similar(strings.TrimPrefix(name, "origin/"), ref) {
			close = append(close, name)
		}
	}
	slices.Sort(close)
	hint := fmt.Sprintf("there is no such branch, tag or commit here; if it is on the server, `git fetch origin %s`", ref)
	if len(close) > 0 {
		hint = fmt.Sprintf("did you mean %s? Otherwise `git fetch origin %s`", strings.Join(close[:min(3, len(close))], " or "), ref)
	}
	return fmt.Errorf("%w %q: %s", unknown, ref, hint)
}

// similar reports whether two names are at most two edits apart, or differ
// only in case, or one is the last element of the other.
func similar(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b || strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a) {
		return true
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, diag := i+1, i
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			left, diag = min(left+1, row[j+1]+1, diag+cost), row[j+1]
			row[j+1] = left
		}
	}
	return row[len(b)] <= min(2, len(b)/2)
}

// checkout writes the tree of commit into dir, which must be empty, through an
// index of its own: the repository's index, HEAD and list of worktrees stay as
// they are.
func (r repository) checkout(ctx context.Context, commit, dir, index string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the tree of %.12s: %w", commit, err)
	}
	env := []string{"GIT_DIR=" + r.git, "GIT_WORK_TREE=" + dir, "GIT_INDEX_FILE=" + index}
	if _, err := git(ctx, dir, env, "read-tree", "--reset", "-u", commit); err != nil {
		return fmt.Errorf("check out %.12s into %s: %w", commit, dir, err)
	}
	return nil
}

// changed lists the files that differ between a commit and the working tree,
// relative to the top: tracked ones, and untracked ones that are not ignored.
func (r repository) changed(ctx context.Context, since string) ([]string, error) {
	tracked, err := git(ctx, r.top, nil, "diff", "--name-only", "-z", "--no-renames", since)
	if err != nil {
		return nil, fmt.Errorf("list the files that differ from %.12s: %w", since, err)
	}
	loose, err := git(ctx, r.top, nil, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, fmt.Errorf("list the untracked files: %w", err)
	}
	files := strings.FieldsFunc(tracked+loose, func(c rune) bool { return c == 0 })
	return slices.DeleteFunc(files, func(f string) bool {
		return strings.HasPrefix(f, ".regress/") || strings.Contains(f, "/.regress/") // logs of our own
	}), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
