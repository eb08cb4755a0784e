package placement

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBetween: the difference of two commits is read whatever the working tree has, and the tree of
// the later one from where it is.
func TestBetween(t *testing.T) {
	top, dir := t.TempDir(), t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", top, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(in, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q")
	var commits []string
	for _, text := range []string{"package t\n\nvar a = 1\n", "package t\n\nvar a = 2\n", "package t\n\nvar a = 3\n"} {
		write(top, "go.mod", "module example.com/t\n")
		write(top, "x.go", text)
		git("add", "-A")
		git("commit", "-q", "-m", "x")
		commits = append(commits, git("rev-parse", "HEAD"))
	}
	write(top, "x.go", "package t\n\n// dirty\n")
	write(dir, "go.mod", "module example.com/t\n")
	write(dir, "x.go", "package t\n\nvar a = 2\n")
	f, err := Between(t.Context(), top, commits[0], commits[1], dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.changes) != 1 || f.changes[0].new != "x.go" || f.changes[0].hunks[0].new != "var a = 2\n" {
		t.Errorf("changes %+v", f.changes)
	}
	if name := f.tree.resolve("example.com/t/x.go"); name != "x.go" || f.tree.files["x.go"] == nil {
		t.Errorf("x.go is %q, and %d files were read", name, len(f.tree.files))
	}
	if _, err := Between(t.Context(), top, "HEAD~1", commits[1], dir); err == nil {
		t.Error("HEAD~1 is a commit in full")
	}
}
