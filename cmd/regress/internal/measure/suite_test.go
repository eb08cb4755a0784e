package measure

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// refused runs and returns the error, which must be of the kind and have the parts.
func refused(t *testing.T, o Options, kind error, parts ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := Run(ctx, o)
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
}

func TestNothingToMeasure(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x.go": "package t\n", "y_test.go": "package t\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\nfunc BenchmarkNot(b testing.TB) {}\nfunc Benchmarklower(b *testing.B) {}\n"})
	refused(t, r.options(), ErrNothing, "no test file of ./...", "func", "write one")
	r.write(map[string]string{"y_test.go": module("A", loop)})
	o := r.options()
	o.Base, o.Bench = "", "Zebra"
	refused(t, o, ErrNothing, `no benchmark matches "Zebra"`, "go test -list")
	o.Bench, o.Packages = "", []string{"./gone"}
	refused(t, o, ErrNothing, "gone")
	o.Bench = "("
	if _, err := Run(t.Context(), o); err == nil {
		t.Error("a pattern that is none was accepted")
	}
	o.Bench, o.Benchtime = "", "soon"
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "100ms") {
		t.Errorf("benchtime: %v", err)
	}
}

func TestDoesNotBuild(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("A", "undefined()")})
	refused(t, r.options(), ErrBuild, "of the head", "x_test.go", "undefined: undefined")
	r.write(map[string]string{"x_test.go": module("A", loop)})
	refused(t, r.options(), ErrBuild, "of the base", "undefined: undefined")
	r.write(map[string]string{"x_test.go": "package t\n\nfunc {"})
	refused(t, r.options(), ErrBuild, "of the head", "x_test.go:3")
}

// A module below the top of the repository that the base does not have: all is
// new, and nothing fails.
func TestNestedModule(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x_test.go": module("Outer", loop)})
	r.git("checkout", "--quiet", "-b", "feature")
	r.write(map[string]string{"tools/go.mod": "module example.com/tools\n\ngo 1.24\n", "tools/x_test.go": module("Inner", loop)})
	r.commit("tools")
	o := r.options()
	o.Dir = filepath.Join(r.dir, "tools")
	_, text := run(t, o)
	if got := order(text); !slices.Equal(got, []string{"head Inner" + suffix()}) {
		t.Errorf("measured %q", got)
	}
	has(t, text, "project: example.com/tools", "# functions: head example.com/tools BenchmarkInner")
	lacks(t, text, "# failed", "Outer")
}

func TestCommand(t *testing.T) {
	t.Parallel()
	script := `#!/bin/sh
echo "Unit p95-latency-ns better=lower"
echo "transport: $1"
echo "pkg: suite"
for n in One-4 Two/size=64-4; do
	if echo "$n" | grep -qE "$2"; then echo "Benchmark$n 10 $(cat value) ns/op 7 p95-latency-ns"; fi
done
echo "log: done" >&2
`
	r := newRepo(t, map[string]string{"suite.sh": script, "value": "100"})
	r.write(map[string]string{"value": "200"})
	o := r.options()
	o.Rounds = 2
	o.Command = []string{"sh", "suite.sh", "{side}", "{bench}"}
	_, text := run(t, o)
	got := order(text)
	slices.Sort(got)
	want := []string{"base One-4", "base One-4", "base Two/size=64-4", "base Two/size=64-4", "head One-4", "head One-4", "head Two/size=64-4", "head Two/size=64-4"}
	if !slices.Equal(got, want) {
		t.Errorf("measured %q", got)
	}
	has(t, text, "Unit p95-latency-ns better=lower", "pkg: suite", "BenchmarkOne-4 10 100 ns/op 7 p95-latency-ns", "BenchmarkOne-4 10 200 ns/op 7 p95-latency-ns")
	lacks(t, text, "transport:", "log: done")
	if strings.Count(text, "Unit ") != 1 {
		t.Error("the unit is told more than once")
	}

	o.Command = []string{"sh", "suite.sh", "{side}", "."}
	_, text = run(t, o)
	if n := marked(text, "round"); n != 4 || len(order(text)) != 8 {
		t.Errorf("without {bench}: %d processes, %d lines; want 4 of the whole suite, 8\n%s", n, len(order(text)), text)
	}
	o.Command = []string{"sh", "-c", "echo no such machine >&2; exit 4"}
	_, text = run(t, o)
	has(t, text, "# failed: base - - no such machine (exit status 4)", "# failed: head - - no such machine (exit status 4)")
	o.Command = []string{"true"}
	_, text = run(t, o)
	has(t, text, "# failed: head - - true printed no benchmark line")
}
