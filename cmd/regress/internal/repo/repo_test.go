package repo

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clone is a real repository.
type clone struct {
	t   *testing.T
	dir string
}

func newClone(t *testing.T, branch string, files map[string]string) clone {
	t.Helper()
	c := clone{t, t.TempDir()}
	c.git("init", "--quiet", "--initial-branch="+branch)
	c.write(files)
	c.commit("first")
	return c
}

func (c clone) git(args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", c.dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (c clone) write(files map[string]string) {
	c.t.Helper()
	for name, text := range files {
		path := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c clone) commit(message string) string {
	c.t.Helper()
	c.git("add", "-A")
	c.git("commit", "--quiet", "--allow-empty", "-m", message)
	return c.git("rev-parse", "HEAD")
}

func (c clone) open() Repo {
	c.t.Helper()
	r, err := Open(c.t.Context(), c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// Every question is about the repository that was asked for, also inside a hook of another one,
// where git's own variables point there.
func TestHookOfAnotherRepository(t *testing.T) {
	here := newClone(t, "main", map[string]string{"sub/f.txt": "here"})
	commit := here.git("rev-parse", "HEAD")
	here.git("tag", "v1.0.0")
	here.write(map[string]string{"loose.txt": "x", "sub/f.txt": "changed"})
	other := newClone(t, "elsewhere", map[string]string{"other.txt": "there"})
	for name, value := range map[string]string{
		"GIT_DIR": filepath.Join(other.dir, ".git"), "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": filepath.Join(other.dir, ".git", "index"),
		"GIT_PREFIX": "sub/", "GIT_COMMON_DIR": filepath.Join(other.dir, ".git"), "GIT_OBJECT_DIRECTORY": filepath.Join(other.dir, ".git", "objects"),
		"GIT_NAMESPACE": "other", "GIT_CONFIG_PARAMETERS": "'core.bare=true'", "GIT_EXTERNAL_DIFF": "false", "GIT_TRACE": "1",
	} {
		t.Setenv(name, value)
	}
	r, err := Open(t.Context(), filepath.Join(here.dir, "sub"))
	if err != nil || r.Top != here.dir || r.Sub != "sub" || r.GitDir != filepath.Join(here.dir, ".git") {
		t.Fatalf("Open: %+v, %v", r, err)
	}
	same := func(what, have, want string, err error) {
		t.Helper()
		if have != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", what, have, err, want)
		}
	}
	head, err := r.Head(t.Context())
	same("the head", head, commit, err)
	same("the branch", r.Branch(t.Context()), "main", nil)
	same("the default branch", r.DefaultBranch(t.Context()), "main", nil)
	named, err := r.Commit(t.Context(), "main")
	same("main", named, commit, err)
	base, err := r.MergeBase(t.Context(), "main")
	same("the merge base", base, commit, err)
	tag, at, err := r.Release(t.Context(), commit)
	same("the release", tag+" "+at, "v1.0.0 "+commit, err)
	changed, err := r.Changed(t.Context(), commit)
	same("what changed", strings.Join(changed, " "), "sub/f.txt loose.txt", err)
	loose, err := r.Untracked(t.Context())
	same("what is untracked", strings.Join(loose, " "), "loose.txt", err)
	files, err := r.Named(t.Context(), "f.txt")
	same("the files of that name", strings.Join(files, " "), "sub/f.txt", err)
	diff, err := r.Diff(t.Context(), commit)
	if err != nil || !strings.Contains(diff, "+changed") {
		t.Errorf("the difference is %q, %v", diff, err)
	}
	if dirty, err := r.Dirty(t.Context()); err != nil || !dirty {
		t.Errorf("dirty: %v, %v", dirty, err)
	}
	tree := filepath.Join(t.TempDir(), "tree")
	if _, err := r.Checkout(t.Context(), commit, tree, tree+".index"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(tree, "sub", "f.txt"))
	same("the file of the commit", string(text), "here", err)
}

// What a repository's own configuration and hooks name as programs does not run.
func TestConfiguredProgramsDoNotRun(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$0 $*\" >>"+ran+"\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := newClone(t, "main", map[string]string{
		".gitattributes": "*.bin filter=f.g diff=d\n", "old.bin": "stored", "new.bin": "stored", "f.txt": "1",
	})
	commit := c.git("rev-parse", "HEAD")
	c.write(map[string]string{"new.bin": "made by the filter", "f.txt": "2"})
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.editor", "core.askPass", "diff.external", "diff.d.textconv", "diff.d.command", "sequence.editor",
		"filter.f.g.clean", "filter.f.g.smudge", "filter.f.g.process", "credential.helper", "core.sshCommand",
	} {
		c.git("config", key, program)
	}
	c.git("config", "filter.f.g.required", "true")
	for _, hook := range []string{"post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"} {
		path := filepath.Join(c.dir, ".git", "hooks", hook)
		text, err := os.ReadFile(program)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := c.open()
	tree := filepath.Join(t.TempDir(), "tree")
	stored, err := r.Checkout(t.Context(), commit, tree, tree+".index")
	if err != nil || strings.Join(stored, " ") != "new.bin" {
		t.Errorf("Checkout: stored %q, %v; want new.bin, which has changed since", stored, err)
	}
	if _, err := r.Dirty(t.Context()); err != nil {
		t.Error(err)
	}
	if changed, err := r.Changed(t.Context(), commit); err != nil || strings.Join(changed, " ") != "f.txt new.bin" {
		t.Errorf("Changed: %q, %v", changed, err)
	}
	if diff, err := r.Diff(t.Context(), commit); err != nil || !strings.Contains(diff, "+2") {
		t.Errorf("Diff: %q, %v", diff, err)
	}
	if text, err := os.ReadFile(ran); err == nil {
		t.Errorf("these ran:\n%s", text)
	}
}

// What a user types is a name and never an option.
func TestNamesAreNotOptions(t *testing.T) {
	t.Parallel()
	c := newClone(t, "main", map[string]string{"f.txt": "1"})
	r := c.open()
	made := filepath.Join(t.TempDir(), "made")
	for _, name := range []string{"--output=" + made, "--all", "-h", "--help", "^main", "--", "--git-dir", "main:f.txt", "", "a b", "\n"} {
		if commit, err := r.Commit(t.Context(), name); !errors.Is(err, ErrRef) || commit != "" {
			t.Errorf("%q is %q, %v; want an unknown name", name, commit, err)
		}
		if _, err := r.MergeBase(t.Context(), name); !errors.Is(err, ErrRef) {
			t.Errorf("the merge base with %q: %v", name, err)
		}
		if _, err := r.Diff(t.Context(), name); err == nil {
			t.Errorf("a difference from %q", name)
		}
		if _, err := r.Changed(t.Context(), name); err == nil {
			t.Errorf("changes since %q", name)
		}
		if _, err := r.Checkout(t.Context(), name, filepath.Join(t.TempDir(), "t"), "index"); err == nil {
			t.Errorf("a checkout of %q", name)
		}
	}
	if _, err := os.Stat(made); err == nil {
		t.Error("a name was taken for an option")
	}
}

// The advice is one that can be followed: only what can be the name of a branch is fetched.
func TestUnknownNameGetsAdviceThatWorks(t *testing.T) {
	t.Parallel()
	c := newClone(t, "main", map[string]string{"f.txt": "1"})
	r := c.open()
	check := func(name, want, never string) {
		t.Helper()
		_, err := r.Commit(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), want) || never != "" && strings.Contains(err.Error(), never) {
			t.Errorf("%q: %v; want %q and not %q", name, err, want, never)
		}
	}
	check("topic", "git branch --all", "fetch")
	check("mian", "did you mean main?", "fetch")
	check("origin/main", "did you mean main?", "fetch")
	c.git("remote", "add", "fork", c.dir)
	check("topic", "`git fetch fork topic`", "")
	c.git("remote", "add", "origin", c.dir)
	check("topic", "`git fetch origin topic`", "")
	check("origin/topic", "`git fetch origin topic`", "")
	check("fork/topic/two", "`git fetch fork topic/two`", "")
	check("feature/topic", "`git fetch origin feature/topic`", "")
	check("mian", "did you mean main? Otherwise `git fetch origin mian`", "")
	check("HEAD~9", "HEAD is there, and its history does not reach that far back: `git log --oneline HEAD`", "fetch")
	check("@{-1}", "git log", "fetch")
	check("main~1", "main is there, and its history does not reach that far back", "fetch")
	check("main^2", "main is there", "fetch")
}

func TestDefaultBranch(t *testing.T) {
	t.Parallel()
	check := func(c clone, want string) {
		t.Helper()
		if have := c.open().DefaultBranch(t.Context()); have != want {
			t.Errorf("the default branch is %q, want %q", have, want)
		}
	}
	check(newClone(t, "main", nil), "main")
	check(newClone(t, "master", nil), "master")
	check(newClone(t, "trunk", nil), "")
	both := newClone(t, "master", nil)
	both.git("branch", "main")
	check(both, "main")

	origin := newClone(t, "develop", nil)
	origin.git("branch", "main")
	local := clone{t, filepath.Join(t.TempDir(), "clone")}
	if out, err := exec.Command("git", "clone", "--quiet", "file://"+origin.dir, local.dir).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	check(local, "develop")
	local.git("remote", "set-head", "origin", "--delete") // as actions/checkout leaves it
	check(local, "main")
}

// A git that does not end is ended, and one that prints without end is cut off.
func TestCallsAreBounded(t *testing.T) {
	bin := t.TempDir()
	fake := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	fake("sleep 300")
	begin := time.Now()
	if _, err := (call{dir: ".", limit: 200 * time.Millisecond, args: []string{"status"}}).run(t.Context()); err == nil || !strings.Contains(err.Error(), "git status did not end within 200ms") {
		t.Errorf("a git that hangs: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, "."); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an interrupt: %v", err)
	}
	fake("yes")
	if _, err := (call{dir: ".", limit: time.Minute, args: []string{"diff"}}).run(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("a git that prints without end: %v", err)
	}
	if took := time.Since(begin); took > 50*time.Second {
		t.Errorf("it took %v", took)
	}
	fake("echo 'fatal: this is why' >&2; exit 128")
	if _, err := git(t.Context(), ".", "status"); err == nil || err.Error() != "fatal: this is why" {
		t.Errorf("a git that fails: %v", err)
	}
}
