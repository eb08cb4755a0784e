package source

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// write puts files under a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const header = "package p\n\nimport \"testing\"\n\n"

func TestFind(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":    "// a comment\nmodule example.com/m // another\n\ngo 1.26\n",
		"a_test.go": header + "// Doc.\nfunc BenchmarkA(b *testing.B) {\n}\n\nfunc Benchmark(b *testing.B) {}\n",
		"not_test.go": header + `func Benchmarked(b *testing.B) {}
func BenchmarkTwo(b *testing.B, n int) {}
func BenchmarkValue(b testing.B) {}
func BenchmarkTest(t *testing.T) {}
func BenchmarkResult(b *testing.B) int { return 0 }
func BenchmarkGeneric[T any](b *testing.B) {}
func (x X) BenchmarkMethod(b *testing.B) {}
func BenchmarkPair(a, b *testing.B) {}
var BenchmarkVar = 1
type X struct{}
`,
		"code.go":                    header + "func BenchmarkNotInATest(b *testing.B) {}\n",
		"alias_test.go":              "package p\nimport q \"testing\"\nfunc BenchmarkAlias(b *q.B) {}\n",
		"dot_test.go":                "package p_test\nimport . \"testing\"\nfunc BenchmarkDot(*B) {}\n",
		"other_test.go":              "package p\nimport \"example.com/testing\"\nfunc BenchmarkOther(b *testing.B) {}\n",
		"deep/er/b_test.go":          header + "func BenchmarkÄ(b *testing.B) {}\n",
		"sub/go.mod":                 "module \"example.com/nested\"\n",
		"sub/x/c_test.go":            header + "func BenchmarkC(b *testing.B) {}\n",
		"plat_plan9_test.go":         header + "func BenchmarkPlat(b *testing.B) {}\nfunc BenchmarkPlan9(b *testing.B) {}\n",
		"qplat_test.go":              "//go:build !plan9\n\n" + header + "func BenchmarkPlat(b *testing.B) {}\n",
		"vendor/v/v_test.go":         header + "func BenchmarkV(b *testing.B) {}\n",
		"testdata/t_test.go":         header + "func BenchmarkT(b *testing.B) {}\n",
		".hidden/h_test.go":          header + "func BenchmarkH(b *testing.B) {}\n",
		"_skip/s_test.go":            header + "func BenchmarkS(b *testing.B) {}\n",
		"_ignored_test.go":           header + "func BenchmarkI(b *testing.B) {}\n",
		"comment_test.go":            header + "/*\nfunc BenchmarkComment(b *testing.B) {}\n*/\n",
		"closure_test.go":            header + "func TestX(t *testing.T) { BenchmarkInner := func(b *testing.B) {}; _ = BenchmarkInner }\n",
		"deep/er/vendored/z_test.go": header + "func BenchmarkZ(b *testing.B) {}\n",
	})
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	have, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[baseline.Function]Position{
		{Package: "example.com/m", Name: "BenchmarkA"}:                  {"a_test.go", 6, 7},
		{Package: "example.com/m", Name: "Benchmark"}:                   {"a_test.go", 9, 9},
		{Package: "example.com/m", Name: "BenchmarkAlias"}:              {"alias_test.go", 3, 3},
		{Package: "example.com/m", Name: "BenchmarkDot"}:                {"dot_test.go", 3, 3},
		{Package: "example.com/m/deep/er", Name: "BenchmarkÄ"}:          {"deep/er/b_test.go", 5, 5},
		{Package: "example.com/nested/x", Name: "BenchmarkC"}:           {"sub/x/c_test.go", 5, 5},
		{Package: "example.com/m", Name: "BenchmarkPlat"}:               {"qplat_test.go", 7, 7}, // the one for this platform
		{Package: "example.com/m", Name: "BenchmarkPlan9"}:              {"plat_plan9_test.go", 6, 6},
		{Package: "example.com/m/deep/er/vendored", Name: "BenchmarkZ"}: {"deep/er/vendored/z_test.go", 5, 5},
	}
	if !maps.Equal(have, want) {
		for f, p := range want {
			if have[f] != p {
				t.Errorf("%v: have %v, want %v", f, have[f], p)
			}
		}
		for f, p := range have {
			if _, ok := want[f]; !ok {
				t.Errorf("%v at %v is not a benchmark", f, p)
			}
		}
	}
}

func TestFindBelowAModule(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":          "module example.com/m\n",
		"bench/b_test.go": header + "func BenchmarkB(b *testing.B) {}\n",
	})
	have, err := Find(filepath.Join(dir, "bench"))
	want := map[baseline.Function]Position{{Package: "example.com/m/bench", Name: "BenchmarkB"}: {"b_test.go", 5, 5}}
	if err != nil || !maps.Equal(have, want) {
		t.Errorf("have %v, %v; want %v", have, err, want)
	}
}

// What cannot be read is said, and the rest is still found.
func TestFindBroken(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":         "module example.com/m\n",
		"good_test.go":   header + "func BenchmarkGood(b *testing.B) {}\n",
		"broken_test.go": header + "func BenchmarkBefore(b *testing.B) {}\n\nfunc BenchmarkBroken(b *testing.B {\n",
	})
	have, err := Find(dir)
	if err == nil || !strings.Contains(err.Error(), "broken_test.go:7") {
		t.Errorf("have error %v, want one that names broken_test.go:7", err)
	}
	names := []string{}
	for f := range have {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	if !slices.Contains(names, "BenchmarkGood") || !slices.Contains(names, "BenchmarkBefore") {
		t.Errorf("have %v, want the benchmarks that parse", names)
	}
	if _, err := Find(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there gives no error")
	}
}

// Whatever the file holds, its benchmarks lie inside it and nothing panics.
func FuzzFind(f *testing.F) {
	f.Add(header + "func BenchmarkA(b *testing.B) {}\n")
	f.Add("package p\nfunc Benchmark(")
	f.Add("//line other.go:99\npackage p\n\nimport \"testing\"\nfunc BenchmarkL(b *testing.B) {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := write(t, map[string]string{"x_test.go": text})
		have, _ := Find(dir)
		for function, at := range have {
			if at.File != "x_test.go" || at.Line < 1 || at.Line > at.End || at.End > strings.Count(text, "\n")+1 {
				t.Errorf("%v is at %+v in a file of %d lines", function, at, strings.Count(text, "\n")+1)
			}
		}
	})
}

// TestProject: a tree is named by the module at its top, or by the first below.
func TestProject(t *testing.T) {
	check := func(want string, files map[string]string) {
		t.Helper()
		if have := Project(write(t, files)); have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
	check("example.com/top", map[string]string{"go.mod": "module example.com/top\n", "a/go.mod": "module example.com/a\n"})
	check("example.com/b", map[string]string{"go.work": "use ./b\n", "a/go.mod": "module example.com/a\n", "b/go.mod": "module example.com/b\n"})
	check("example.com/b", map[string]string{"b/x/go.mod": "module example.com/b\n", "c/go.mod": "module example.com/c\n", "testdata/go.mod": "module example.com/t\n", ".a/go.mod": "module example.com/h\n"})
	check("", map[string]string{"a.txt": ""})
}
