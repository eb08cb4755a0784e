package suite

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// pkg writes test files and returns the package of them.
func pkg(t *testing.T, files map[string]string) *Package {
	t.Helper()
	p := &Package{Path: "example.com/p", Dir: t.TempDir(), Hash: "00"}
	for name, text := range files {
		full := filepath.Join(p.Dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(name) == ".go" {
			p.Compiled, p.Tests = append(p.Compiled, name), append(p.Tests, name)
		}
	}
	slices.Sort(p.Tests)
	var err error
	if p.Functions, err = declared(p.Dir, p.Tests); err != nil {
		t.Fatal(err)
	}
	return p
}

const head = "package p\n\nimport \"testing\"\n\n"

// What a benchmark uses of its test files is its source; how and where it is written is not.
func TestEditedFollowsWhatABenchmarkUses(t *testing.T) {
	const bench = head + "func BenchmarkA(b *testing.B) {\n\tfor b.Loop() {\n\t\thelp(1)\n\t}\n}\n"
	const help = "package p\n\nfunc help(n int) int { return deep[n] }\n\nvar deep = []int{1, 2, 3}\n"
	old := pkg(t, map[string]string{"a_test.go": bench, "h_test.go": help, "testdata/x": "1"})
	check := func(what string, edited bool, files map[string]string) {
		t.Helper()
		have, err := Edited(old, pkg(t, files))
		if err != nil || (len(have) > 0) != edited {
			t.Errorf("%s: edited %v, %v; want %v", what, have, err, edited)
		}
	}
	check("the same", false, map[string]string{"a_test.go": bench, "h_test.go": help})
	check("the function", true, map[string]string{"a_test.go": bench[:len(bench)-2] + "\tb.Log()\n}\n", "h_test.go": help})
	check("a helper of a helper", true, map[string]string{"a_test.go": bench, "h_test.go": "package p\n\nfunc help(n int) int { return deep[n] }\n\nvar deep = []int{1, 2, 4}\n"})
	check("moved", false, map[string]string{"a_test.go": bench + "\nvar deep = []int{1, 2, 3}\n\n// help helps.\nfunc help(n int) int {\n\treturn deep[n] // deeply\n}\n"})
	check("another layout", false, map[string]string{"a_test.go": bench, "h_test.go": "package p\n\nfunc help(n int) int {\n\n\treturn deep[n]\n}\n\nvar deep = []int{\n\t1,\n\t2, 3,\n}\n"})
	check("something beside", false, map[string]string{"a_test.go": bench + "\nfunc TestB(t *testing.T) { other() }\n\nfunc other() {}\n\nfunc init() { other() }\n", "h_test.go": help})
	check("an init that sets what it uses", true, map[string]string{"a_test.go": bench + "\nfunc init() { deep = nil }\n", "h_test.go": help})
	check("another benchmark alone", false, map[string]string{"b_test.go": head + "func BenchmarkB(b *testing.B) {}\n"})
}

// A file that a benchmark names, or embeds, is a part of it.
func TestEditedReadsWhatABenchmarkNames(t *testing.T) {
	text := "package p\n\nimport (\n\t_ \"embed\"\n\t\"os\"\n\t\"testing\"\n)\n\n//go:embed testdata/in\nvar in string\n\n" +
		"func BenchmarkA(b *testing.B) { _ = in }\n\nfunc BenchmarkB(b *testing.B) { _, _ = os.ReadFile(\"testdata/read\") }\n\nfunc BenchmarkC(b *testing.B) {}\n"
	made := func(in, read, other string) *Package {
		return pkg(t, map[string]string{"a_test.go": text, "testdata/in": in, "testdata/read": read, "testdata/other": other})
	}
	check := func(want []string, changed *Package) {
		t.Helper()
		have, err := Edited(made("1", "1", "1"), changed)
		if err != nil || !slices.Equal(have, want) {
			t.Errorf("edited %v, %v; want %v", have, err, want)
		}
	}
	check(nil, made("1", "1", "2"))
	check([]string{"BenchmarkA"}, made("2", "1", "1"))
	check([]string{"BenchmarkB"}, made("1", "2", "1"))
}

func FuzzEditedOfTheSameIsNone(f *testing.F) {
	f.Add(head + "func BenchmarkA(b *testing.B) {}\n")
	f.Add(head + "const (\n\tx = iota\n\ty\n)\n\ntype T[P any] struct{ P }\n\nfunc (t *T[P]) m() {}\n\nfunc BenchmarkA(b *testing.B) { _ = y; new(T[int]).m() }\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a_test.go"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p := &Package{Dir: dir, Tests: []string{"a_test.go"}, Compiled: []string{"a_test.go"}}
		var err error
		if p.Functions, err = declared(dir, p.Tests); err != nil {
			return
		}
		if have, err := Edited(p, p); err != nil || len(have) > 0 {
			t.Errorf("edited %v, %v", have, err)
		}
		l := &literals{}
		l.read(p)
		l.mention("README.md")
	})
}

// Files about the code change nothing that is measured; what could be read does.
func TestSameGoesByWhatCanBeRead(t *testing.T) {
	check := func(file, source string, want bool) {
		t.Helper()
		p := pkg(t, map[string]string{"a_test.go": head + source})
		twin := pkg(t, map[string]string{"a_test.go": head + source})
		top, other := &Suite{Root: p.Dir}, &Suite{Root: twin.Dir}
		if have := Same(top, other, p, twin, []string{file}); have != want {
			t.Errorf("%s beside %q: same %v, want %v", file, source, have, want)
		}
	}
	for _, file := range []string{
		"README.md", "LICENSE", "docs/a/b.txt", ".github/workflows/ci.yml", ".gitignore", "regress.toml", "sub/x.go", "go.sum", "CHANGELOG",
		"sub/README.rst", "doc/image.png", "a_test.go",
	} {
		check(file, "", true)
	}
	for _, file := range []string{"testdata/x", "sub/testdata/README.md", "data.json", "notes.txt", "sub/table.csv", "Makefile"} {
		check(file, "", false)
	}
	check("README.md", `var x = "README.md"`, false)
	check("README.md", `var x = "../p/README.md"`, false)
	check("README.md", `var x = "*.md"`, false)
	check("docs/a.txt", `var x = "docs"`, false)
	check("README.md", `var x = os.DirFS(".")`, false)
	check("README.md", `var x = strings.Split("a.b", ".")`, true)
	check("parse/x.go", `var x = "parse"`, true)
	check("parse/x.go", `var x = "./parse"`, false)
	check("parse/x.go", `var x = "parse/x.go"`, false)
}

// What the configuration says of a file counts, wherever it lies and whatever the source names; of
// what is in the binary, the binary says it.
func TestSameGoesByWhatIsSaid(t *testing.T) {
	check := func(file, pattern string, want bool) {
		t.Helper()
		files := map[string]string{"a_test.go": head + `var x = "README.md"`}
		p, twin := pkg(t, files), pkg(t, files)
		for _, side := range []*Package{p, twin} {
			to := filepath.Join(t.TempDir(), "PKG")
			if err := os.Rename(side.Dir, to); err != nil {
				t.Fatal(err)
			}
			side.Dir = to
		}
		input, err := ParseInput(pattern)
		if err != nil {
			t.Fatal(err)
		}
		top, other := &Suite{Root: filepath.Dir(p.Dir), Inputs: Inputs{input}}, &Suite{Root: filepath.Dir(twin.Dir)}
		if have := Same(top, other, p, twin, []string{file}); have != want {
			t.Errorf("%s with inputs %q: same %v, want %v", file, pattern, have, want)
		}
	}
	check("PKG/data.json", "!**/*.json", true)
	check("PKG/README.md", "!**/*.md", true)
	check("PKG/CHANGELOG", "**/CHANGELOG", false)
	check("fixtures/x", "fixtures", false)
	check("fixtures/x", "other", true)
	check("PKG/a_test.go", "**", true)
}
