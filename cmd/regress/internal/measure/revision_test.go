package measure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// inspect finds out what would be measured.
func inspect(ctx context.Context, dir, ref string) (*Session, error) {
	s := &Session{o: Options{Dir: dir, Base: ref}}
	return s, s.resolve(ctx)
}

func TestInspect(t *testing.T) {
	t.Parallel()
	plain := map[string]string{"f.go": "package t\n"}
	fails := func(dir, ref string, want error, parts ...string) {
		t.Helper()
		_, err := inspect(t.Context(), dir, ref)
		if !errors.Is(err, want) {
			t.Errorf("base %q: error %v, want %v", ref, err, want)
			return
		}
		for _, part := range parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("base %q: %q does not say %q", ref, err, part)
			}
		}
	}
	fails(t.TempDir(), "main", repo.ErrRepository, "run inside a clone")

	r := newRepo(t, plain)
	base := r.git("rev-parse", "HEAD")
	r.git("tag", "v1.0.0")
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"g.go": "package t\n"})
	head := r.commit("second")
	r.git("checkout", "--quiet", "main")
	r.write(map[string]string{"h.go": "package t\n"})
	tip := r.commit("main goes on")
	r.git("checkout", "--quiet", "feature")

	r.git("remote", "add", "origin", r.dir)
	fails(r.dir, "mian", ErrRef, "did you mean main", "git fetch origin mian")
	fails(r.dir, "1.0.0", ErrRef, "did you mean v1.0.0")
	fails(r.dir, "nothing-like-it", ErrRef, "git fetch origin nothing-like-it")
	fails(r.dir, "--upload-pack=x", ErrRef)
	fails(r.dir, "HEAD:f.go", ErrRef)
	for _, ref := range []string{"main", "v1.0.0", base[:10], tip} {
		got, err := inspect(t.Context(), r.dir, ref)
		if err != nil || got.facts.BaseCommit != base || got.facts.HeadCommit != head || got.facts.Branch != "feature" || got.facts.Dirty {
			t.Errorf("base %s: %+v, %v; want the merge base %s", ref, got.facts, err, base)
		}
	}

	r.git("checkout", "--quiet", "--orphan", "island")
	r.commit("no common history")
	fails(r.dir, "main", ErrRef, "no commit in common")

	empty := project{t, t.TempDir()}
	empty.git("init", "--quiet")
	fails(empty.dir, "main", repo.ErrRepository, "commit first")
}

func TestClones(t *testing.T) {
	t.Parallel()
	origin := newRepo(t, map[string]string{"f.go": "package t\n"})
	base := origin.git("rev-parse", "HEAD")
	origin.git("checkout", "--quiet", "-b", "feature")
	for _, name := range []string{"g.go", "h.go"} {
		origin.write(map[string]string{name: "package t\n"})
		origin.commit(name)
	}
	clone := func(args ...string) project {
		t.Helper()
		r := project{t, filepath.Join(t.TempDir(), "clone")}
		args = append([]string{"clone", "--quiet", "--branch=feature"}, args...)
		execute(t, "git", append(args, "file://"+origin.dir, r.dir)...)
		return r
	}

	// A CI checkout has origin/main and no main.
	if got, err := inspect(t.Context(), clone().dir, "main"); err != nil || got.facts.BaseCommit != base {
		t.Errorf("base from origin/main: %+v, %v", got.facts, err)
	}
	check := func(r project, want error) {
		t.Helper()
		if _, err := inspect(t.Context(), r.dir, "main"); !errors.Is(err, want) || !strings.Contains(err.Error(), "fetch-depth: 0") {
			t.Errorf("error %v, want %v with its remedy", err, want)
		}
	}
	check(clone("--depth=1"), ErrRef)
	shallow := clone("--depth=1", "--no-single-branch")
	check(shallow, repo.ErrShallow)
	shallow.git("fetch", "--quiet", "--unshallow") // the remedy works
	if got, err := inspect(t.Context(), shallow.dir, "main"); err != nil || got.facts.BaseCommit != base {
		t.Errorf("after git fetch --unshallow: %+v, %v", got.facts, err)
	}
}

// The repository is only read: no hook runs, no index changes, and a .git that
// cannot be written will do.
func TestCheckoutOnlyReads(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"f.go": "package t\n", "d/data": "old"})
	hook := filepath.Join(t.TempDir(), "ran")
	for _, name := range []string{"post-checkout", "post-index-change"} {
		path := filepath.Join(r.dir, ".git", "hooks", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\ntouch "+hook+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	base := r.git("rev-parse", "HEAD")
	r.write(map[string]string{"d/data": "new", "d/more": "staged"})
	r.git("add", "d/more")
	_ = os.Remove(hook) // git add itself may have run one
	before := state(t, r)
	s, err := inspect(t.Context(), r.dir, "main")
	if err != nil || !s.facts.Dirty {
		t.Fatalf("inspect: %+v, %v", s.facts, err)
	}
	tmp := t.TempDir()
	tree := filepath.Join(tmp, "tree")
	if _, err := s.repo.Checkout(t.Context(), base, tree, filepath.Join(tmp, "index")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(tree, "d/data"))
	if err != nil || string(text) != "old" {
		t.Errorf("d/data of the base: %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(tree, "d/more")); err == nil {
		t.Error("the tree of the base has a file of the head")
	}
	if _, err := os.Stat(hook); err == nil {
		t.Error("a hook ran")
	}
	changed, err := s.repo.Changed(t.Context(), s.facts.BaseCommit)
	if err != nil || strings.Join(changed, " ") != "d/data d/more" {
		t.Errorf("changed: %q, %v", changed, err)
	}
	if after := state(t, r); after != before {
		t.Errorf("the repository was\n%s\nand is\n%s", before, after)
	}
}

// state is every file of .git with its size and time.
func state(t *testing.T, r project) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(r.dir, ".git"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.WriteString(path + " " + info.ModTime().String() + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A hook of git's (pre-push) runs with variables that point git elsewhere.
func TestInsideHook(t *testing.T) {
	r := newRepo(t, map[string]string{"f.go": "package t\n"})
	other := newRepo(t, map[string]string{"other.go": "package t\n"})
	t.Setenv("GIT_DIR", filepath.Join(other.dir, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other.dir, ".git", "index"))
	got, err := inspect(t.Context(), r.dir, "main")
	if err != nil || got.repo.Top != r.dir {
		t.Errorf("inspect: %+v, %v; want %s", got.facts, err, r.dir)
	}
}
