package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Errors for callers that branch. The message around each names the object and the remedy.
var (
	ErrRepository = errors.New("no usable git repository")
	ErrRef        = errors.New("unknown name")
	ErrShallow    = errors.New("merge base not in this clone")
)

// Repo is a repository with a working tree.
type Repo struct {
	Dir    string // where it was opened, absolute
	GitDir string // absolute
	Top    string // of the working tree, absolute, symbolic links resolved
	Sub    string // Dir relative to Top; "." at the top

	filters []string // environment that switches the configured filters off
	drivers []string // their names
}

// Open finds the repository around dir. Its error is an ErrRepository with a remedy.
func Open(ctx context.Context, dir string) (Repo, error) {
	var r Repo
	full, err := filepath.Abs(dir)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return r, fmt.Errorf("%w: find directory %s: %w", ErrRepository, dir, err)
	}
	dir, r.Dir = full, full
	text, err := git(ctx, dir, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	if err != nil {
		if errors.Is(err, ErrRepository) || ctx.Err() != nil {
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
	r.GitDir = lines[1]
	if r.Top, err = filepath.EvalSymlinks(lines[0]); err != nil {
		return r, fmt.Errorf("resolve the top of the working tree: %w", err)
	}
	if r.Sub, err = filepath.Rel(r.Top, dir); err != nil {
		return r, fmt.Errorf("place %s in the working tree %s: %w", dir, r.Top, err)
	}
	r.findFilters(ctx)
	return r, nil
}

// findFilters notes which filters are configured and how to switch them off. A filter is a program
// that the user chose, but which files it runs on is written in the tree.
func (r *Repo) findFilters(ctx context.Context) {
	text, _ := git(ctx, r.Dir, "config", "--null", "--name-only", "--get-regexp", `^filter\.`) // none: exit code 1
	for key := range strings.SplitSeq(strings.TrimSuffix(text, "\x00"), "\x00") {
		name := strings.TrimPrefix(key, "filter.")
		i := strings.LastIndexByte(name, '.')
		if i < 0 || slices.Contains(r.drivers, name[:i]) {
			continue
		}
		r.drivers = append(r.drivers, name[:i])
	}
	n := 0
	for _, name := range r.drivers {
		for _, pair := range [][2]string{{"clean", ""}, {"smudge", ""}, {"process", ""}, {"required", "false"}} {
			r.filters = append(r.filters,
				fmt.Sprintf("GIT_CONFIG_KEY_%d=filter.%s.%s", n, name, pair[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, pair[1]))
			n++
		}
	}
	r.filters = append(r.filters, fmt.Sprintf("GIT_CONFIG_COUNT=%d", n))
}

// git runs a command at the top of the working tree, filters off.
func (r Repo) git(ctx context.Context, args ...string) (string, error) {
	return call{dir: r.Top, env: r.filters, limit: shortCall, args: args}.run(ctx)
}

// Head returns the commit that is checked out, in full.
func (r Repo) Head(ctx context.Context) (string, error) {
	text, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	if err != nil {
		return "", fmt.Errorf("%w: %s has no commit yet; commit first", ErrRepository, r.Top)
	}
	return strings.TrimSpace(text), nil
}

// Branch returns the branch that is checked out; empty when HEAD is detached.
func (r Repo) Branch(ctx context.Context) string {
	text, err := r.git(ctx, "symbolic-ref", "--short", "--quiet", "HEAD")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// Dirty reports whether the tree differs from HEAD in a way that a build may see: any tracked
// file, or an untracked one that Go would compile or embed from testdata. A report or a log that
// lies around does not count.
func (r Repo) Dirty(ctx context.Context) (bool, error) {
	text, err := r.git(ctx, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
	if err != nil {
		return false, fmt.Errorf("ask git for changes in %s: %w", r.Top, err)
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

// Changed lists the files that differ between a commit and the working tree, relative to the top:
// tracked ones, and untracked ones that are not ignored. Logs of our own are left out.
func (r Repo) Changed(ctx context.Context, since string) ([]string, error) {
	if !isCommit(since) {
		return nil, fmt.Errorf("list what differs: %q is not the name of a commit in full", since)
	}
	tracked, err := r.git(ctx, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", since, "--")
	if err != nil {
		return nil, fmt.Errorf("list the files that differ from %.12s: %w", since, err)
	}
	loose, err := r.Untracked(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(append(split(tracked), loose...), func(f string) bool {
		return strings.HasPrefix(f, ".regress/") || strings.Contains(f, "/.regress/")
	}), nil
}

// Untracked lists the files that git does not know and is not told to ignore, relative to the top.
func (r Repo) Untracked(ctx context.Context) ([]string, error) {
	text, err := r.git(ctx, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, fmt.Errorf("list the untracked files: %w", err)
	}
	return split(text), nil
}

// Named lists the files, tracked or not, that have that name in any folder, relative to the top.
func (r Repo) Named(ctx context.Context, name string) ([]string, error) {
	text, err := r.git(ctx, "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z", "--", ":(top,glob)**/"+name)
	if err != nil {
		return nil, fmt.Errorf("list the files called %s: %w", name, err)
	}
	return split(text), nil
}

// Diff returns what changed between a commit and the tracked files of the working tree, as a
// unified difference without context, renames found.
func (r Repo) Diff(ctx context.Context, since string) (string, error) {
	if !isCommit(since) {
		return "", fmt.Errorf("diff: %q is not the name of a commit in full", since)
	}
	return r.git(ctx, "diff", "-U0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames",
		"--diff-algorithm=histogram", "--src-prefix=a/", "--dst-prefix=b/", since, "--")
}

// split takes a list apart whose names end with NUL.
func split(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == 0 })
}

// Checkout writes the tree of a commit into dir, which must be empty or not there, through an
// index of its own: the repository's index, HEAD and list of worktrees stay as they are. Files
// that a filter would have changed are copied from the working tree where they have not changed
// since; stored lists the others, which hold what git stores of them.
func (r Repo) Checkout(ctx context.Context, commit, dir, index string) (stored []string, err error) {
	if !isCommit(commit) {
		return nil, fmt.Errorf("check out: %q is not the name of a commit in full", commit)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the tree of %.12s: %w", commit, err)
	}
	env := append(slices.Clone(r.filters), "GIT_DIR="+r.GitDir, "GIT_WORK_TREE="+dir, "GIT_INDEX_FILE="+index)
	if _, err := (call{dir: dir, env: env, limit: longCall, args: []string{"read-tree", "--reset", "-u", commit}}).run(ctx); err != nil {
		return nil, fmt.Errorf("check out %.12s into %s: %w", commit, dir, err)
	}
	if len(r.drivers) == 0 {
		return nil, nil
	}
	filtered, err := r.filtered(ctx, dir, env)
	if err != nil {
		return nil, fmt.Errorf("list the files of %.12s that a filter is for: %w", commit, err)
	}
	if len(filtered) == 0 {
		return nil, nil
	}
	return r.unfiltered(ctx, commit, dir, filtered)
}

// filtered lists the files of a tree that a configured filter is for.
func (r Repo) filtered(ctx context.Context, dir string, env []string) ([]string, error) {
	files, err := call{dir: dir, env: env, limit: shortCall, args: []string{"ls-files", "-z"}}.run(ctx)
	if err != nil {
		return nil, err
	}
	text, err := call{dir: dir, env: env, limit: shortCall, args: []string{"check-attr", "--stdin", "-z", "filter"}, input: files}.run(ctx)
	var out []string
	for triple := range slices.Chunk(strings.Split(text, "\x00"), 3) { // file, "filter", its name
		if len(triple) == 3 && slices.Contains(r.drivers, triple[2]) {
			out = append(out, triple[0])
		}
	}
	return out, err
}

// unfiltered copies files as the working tree has them, and returns those that it cannot vouch for.
func (r Repo) unfiltered(ctx context.Context, commit, dir string, files []string) (stored []string, err error) {
	changed, err := r.Changed(ctx, commit)
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		from, to := filepath.Join(r.Top, name), filepath.Join(dir, name)
		info, err := os.Lstat(from)
		if err != nil || !info.Mode().IsRegular() || slices.Contains(changed, name) {
			stored = append(stored, name)
			continue
		}
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, info.Mode().Perm())
		}
		if err != nil {
			return nil, fmt.Errorf("copy %s into the tree of %.12s: %w", name, commit, err)
		}
	}
	return stored, nil
}
