package placement

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A line of the base is a line of the head shifted by what was added and removed
// in front of it, or in a hunk. The text is what git prints for it.
func TestAlign(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		run(t, dir, "git", args...)
	}
	git("init", "--quiet", "--initial-branch=main")
	write(t, dir, "a b.go", "1\n2\n3\n4\n5\n6\n7\n8\n")
	write(t, dir, "gone.go", "x\n")
	git("add", "-A")
	git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first")
	// 2 is replaced by two lines, 5 and 6 removed, one line added behind 8.
	write(t, dir, "a b.go", "1\n-- two\n++ more\n3\n4\n7\n8\n9\n")
	write(t, dir, "loose.go", "package x\n")
	if err := os.Remove(filepath.Join(dir, "gone.go")); err != nil {
		t.Fatal(err)
	}
	changes, err := difference(t.Context(), dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 3 || changes[0].new != "a b.go" || changes[1].old != "gone.go" || changes[1].new != "" || changes[2].new != "loose.go" {
		t.Fatalf("changes: %+v", changes)
	}
	c := changes[0]
	if len(c.hunks) != 3 || c.hunks[0].new != "-- two\n++ more\n" || c.hunks[1].old != "5\n6\n" {
		t.Fatalf("hunks: %+v", c.hunks)
	}
	for line, want := range map[int]string{1: "1", 2: "hunk 0", 3: "4", 4: "5", 5: "hunk 1", 6: "hunk 1", 7: "6", 8: "7"} {
		at, h := c.align(line)
		have := fmt.Sprint(at)
		for i := range c.hunks {
			if c.hunks[i] == h {
				have = fmt.Sprintf("hunk %d", i)
			}
		}
		if have != want {
			t.Errorf("line %d is %s, want %s", line, have, want)
		}
	}
	if c.at(2) != c.hunks[0] || c.at(3) != c.hunks[0] || c.at(4) != nil || c.at(8) != c.hunks[2] {
		t.Error("the lines of the head are in other hunks")
	}
}

// Whatever the text, what is read of it is consistent: no hunk holds more lines
// than it announces, and aligning ends.
func FuzzParseDiff(f *testing.F) {
	f.Add("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@ func\n-a\n-b\n+c\n", 3)
	f.Add("diff --git a/x b/x\n--- \"a/\\303\\244\"\n+++ /dev/null\n@@ -1 +0,0 @@\n--- a\n", 1)
	f.Add("@@ -1 +1 @@\n+++ b/x\n@@ -999999999,999999999 +1 @@\n", 9)
	f.Fuzz(func(t *testing.T, text string, line int) {
		for _, c := range parseDiff(text) {
			for _, h := range c.hunks {
				if strings.Count(h.old, "\n") > h.oldCount || strings.Count(h.new, "\n") > h.newCount {
					t.Errorf("hunk %+v has more lines than it says", h)
				}
			}
			c.align(line)
			c.at(line)
		}
	})
}

// Names in a profile begin with an import path.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/top\n")
	write(t, dir, "sub/go.mod", "module \"example.com/top/v2/sub\"\n")
	write(t, dir, "in/x_test.go", "package in_test\n")
	write(t, dir, "my_test/x_test.go", "package my_test\n")
	run(t, dir, "git", "init", "--quiet")
	tree, err := openTree(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"example.com/top/a.go":              "a.go",
		"example.com/top/in/a.go":           "in/a.go",
		"example.com/top/in_test/x_test.go": "in/x_test.go",
		"example.com/top/my_test/x_test.go": "my_test/x_test.go",
		"example.com/top_test/y_test.go":    "y_test.go",
		"example.com/top/v2/sub/p/b.go":     "sub/p/b.go",
		"example.com/top@v1.2.3/a.go":       "a.go", // replaced by a directory
		"example.com/topping/a.go":          "",
		"example.com/other@v1.0.0/x/a.go":   "module:example.com/other",
		"runtime/malloc.go":                 "",
		"":                                  "",
	} {
		if have := tree.resolve(name); have != want {
			t.Errorf("%q is %q, want %q", name, have, want)
		}
	}
	for dir, want := range map[string]string{".": "example.com/top", "in": "example.com/top/in", "sub": "example.com/top/v2/sub", "sub/p": "example.com/top/v2/sub/p"} {
		if have := tree.importPath(dir); have != want {
			t.Errorf("%q is %q, want %q", dir, have, want)
		}
	}
}

func TestNeutral(t *testing.T) {
	check := func(name, old, new string, want bool) {
		t.Helper()
		dir := t.TempDir()
		head := "package x\n\nfunc f(in []int) int {\n" + new + "}\n"
		write(t, dir, "x.go", head)
		tree := &tree{top: dir, files: map[string]*file{}}
		tree.parse(".")
		d := tree.files["x.go"].at(4)
		h := &hunk{file: "x.go", newStart: 4, newCount: strings.Count(new, "\n"), old: old, new: new}
		changed := func(line int) bool { return line >= h.newStart && line <= h.last() }
		if have := neutral(h, d, changed); have != want {
			t.Errorf("%s: %t, want %t", name, have, want)
		}
	}
	check("a comment", "\treturn 1 // one\n", "\treturn 1 // two\n", true)
	check("layout", "\treturn  len( in )\n", "\treturn len(in)\n", true)
	check("a local name", "\tn := len(in)\n\treturn n\n", "\tcount := len(in)\n\treturn count\n", true)
	check("another function", "\tn := slow(in)\n\treturn n\n", "\tn := fast(in)\n\treturn n\n", false)
	check("another variable", "\treturn g + len(in)\n", "\treturn h + len(in)\n", false)
	check("another field", "\tn := x.a\n\treturn n\n", "\tn := x.b\n\treturn n\n", false)
	check("another number", "\treturn 1\n", "\treturn 2\n", false)
	check("two names joined", "\ta, b := 1, 2\n\treturn a + b\n", "\ta, b := 1, 2\n\treturn a + a\n", false)
}

func TestShortName(t *testing.T) {
	for symbol, want := range map[string]string{
		"example.com/a/b.Do":                  "Do",
		"example.com/a/b.(*T).Do":             "Do",
		"example.com/a/b.T.Do-fm":             "Do",
		"example.com/a/b.Do.func1":            "Do",
		"example.com/a/b.Do.func1.2.gowrap1":  "Do",
		"example.com/a/b.Do[go.shape.int]":    "Do",
		"example.com/a/b.(*T[...]).Do.func2":  "Do",
		"example.com/a/b.(*T[x.com/y.Z]).Do2": "Do2",
		"memmove":                             "memmove",
	} {
		if have := shortName(symbol); have != want {
			t.Errorf("%s is %s, want %s", symbol, have, want)
		}
	}
}

// A dependency outside of the repository is named by its line in go.mod.
func TestModule(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/top\n")
	run(t, dir, "git", "init", "--quiet")
	tree, err := openTree(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	h := &hunk{file: "go.mod", oldStart: 5, oldCount: 2, newStart: 5, newCount: 2, new: "\texample.com/other v1.1.0\n\texample.com/third v1.0.0 // indirect\n"}
	field := survey(tree, []*change{{old: "go.mod", new: "go.mod", hunks: []*hunk{h}}})
	side := func(version string, value float64) samples {
		return samples{total: value, stacks: []stack{{value: value, frames: []frame{
			{"example.com/other.F", "example.com/other@" + version + "/f.go", 7},
			{"example.com/top.BenchmarkX", "example.com/top/x_test.go", 3},
		}}}}
	}
	best := choose(field.weigh(side("v1.0.0", 100), side("v1.1.0", 300)), 200)
	if best == nil || best.touch.module != "example.com/other" || best.touch.first != 5 || best.score != 200 {
		t.Errorf("the cause is %+v", best)
	}
}

// A function that has moved to another file costs what it did; the line that
// calls it twice is the cause.
func TestMoved(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "git", "init", "--quiet")
	const hot = "func hot(n int) int {\n\tfor i := range n {\n\t\tn ^= i\n\t}\n\treturn n\n}\n"
	write(t, dir, "go.mod", "module example.com/t\n")
	write(t, dir, "x.go", "package t\n\n"+hot+"\nfunc G() int {\n\tn := hot(9)\n\treturn n\n}\n")
	run(t, dir, "git", "add", "-A")
	run(t, dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first")
	write(t, dir, "y.go", "package t\n\n"+hot)
	write(t, dir, "x.go", "package t\n\nfunc G() int {\n\tn := hot(9)\n\tn += hot(8)\n\treturn n\n}\n")
	finder, err := Open(t.Context(), dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	side := func(stacks ...stack) samples {
		s := samples{stacks: stacks}
		for _, one := range stacks {
			s.total += one.value
		}
		return s
	}
	at := func(value float64, file string, line, caller int) stack {
		return stack{value: value, frames: []frame{{"example.com/t.hot", "example.com/t/" + file, line}, {"example.com/t.G", "example.com/t/x.go", caller}}}
	}
	field := survey(finder.tree, finder.changes)
	base := side(at(50, "x.go", 4, 11), at(50, "x.go", 5, 11))
	head := side(at(50, "y.go", 4, 4), at(50, "y.go", 5, 4), at(50, "y.go", 4, 5), at(50, "y.go", 5, 5))
	best := choose(field.weigh(base, head), 100)
	if best == nil || best.touch.hunk.file != "x.go" || best.touch.first != 5 {
		t.Errorf("the cause is %+v", best)
		for _, s := range field.weigh(base, head) {
			t.Logf("%s:%d score %v claim %v", s.touch.hunk.file, s.touch.first, s.score, s.claim)
		}
	}
}

// A hook's variables do not lead to the difference of another repository.
func TestDifferenceInsideHook(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, at := range []string{dir, other} {
		write(t, at, "x.go", "package x\n")
		run(t, at, "git", "init", "--quiet")
		run(t, at, "git", "add", "-A")
		run(t, at, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first")
	}
	write(t, dir, "x.go", "package y\n")
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_WORK_TREE", other)
	changes, err := difference(t.Context(), dir, "HEAD")
	if err != nil || len(changes) != 1 || changes[0].new != "x.go" {
		t.Errorf("changes: %v, %v", changes, err)
	}
}

// Profiles that are none, and a repository that is none, are errors.
func TestErrors(t *testing.T) {
	if _, err := Open(t.Context(), t.TempDir(), "HEAD"); err == nil || !strings.Contains(err.Error(), "find the cause: no usable git repository") {
		t.Errorf("no repository: %v", err)
	}
	f := &Finder{tree: &tree{}}
	if _, err := f.Find(Pair{Base: []byte("nothing"), Kind: CPU}); err == nil || !strings.Contains(err.Error(), "base: read a profile") {
		t.Errorf("no profile: %v", err)
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Error(err)
	}
}
