package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestMixedPackagesAreAProblem: two packages that were printed at the same time are told, since
// the results of one would count as those of the other.
func TestMixedPackagesAreAProblem(t *testing.T) {
	first := strings.SplitAfter(strings.TrimPrefix(noisy("base", 4), "side: base\n"), "\n")
	second := strings.SplitAfter(strings.ReplaceAll(strings.Join(first, ""), "example.com/a", "example.com/z"), "\n")
	mix := func(step int) string {
		var b strings.Builder
		for i := 0; i < len(first); i += step {
			b.WriteString(strings.Join(first[i:min(i+step, len(first))], "") + strings.Join(second[i:min(i+step, len(first))], ""))
		}
		return b.String()
	}
	for _, step := range []int{1, 2, 3, 5, 8} {
		for _, front := range []string{"", "bench | "} {
			text := front + strings.TrimSuffix(strings.ReplaceAll(mix(step), "\n", "\n"+front), front)
			log := read(t, text)
			if !slices.ContainsFunc(log.Problems, func(p baseline.Problem) bool { return p.Kind == baseline.Mixed && p.Package != p.Of && p.Of != "" }) {
				t.Errorf("%d lines of each behind %q: %v", step, front, log.Problems)
			}
		}
	}
}

// TestLongPackageOfAFailure: a package that failed is named whole, however long its path is.
func TestLongPackageOfAFailure(t *testing.T) {
	pkg := "example.com/" + strings.Repeat("deep/", 40) + "p"
	log := read(t, "BenchmarkA-8 1 1 ns/op\nFAIL\t"+pkg+"\t0.1s\n")
	if have := log.Runs[0].Samples[0].Package; have != pkg || len(log.Problems) != 1 || log.Problems[0].Package != pkg {
		t.Errorf("have %q, problems %v", have, log.Problems)
	}
}

// TestPackagesInTurnAreNoProblem: neither is a package that comes again, nor one that was cut, nor
// what a benchmark prints.
func TestPackagesInTurnAreNoProblem(t *testing.T) {
	a, ok := "pkg: p/a\nBenchmarkA-8 1 1 ns/op\n", "PASS\nok  \tp/a\t1s\n"
	z, okZ := "pkg: p/z\nBenchmarkA-8 1 1 ns/op\n", "PASS\nok  \tp/z\t1s\n"
	for _, text := range []string{
		a + ok + z + okZ,
		a + z,
		a + z + okZ,
		a + z + okZ + a + ok,
		a + z + okZ + "ok  \tp/y\t0.1s [no tests to run]\n",
		"side: base\n" + a + z + "side: head\n" + a + ok + z + okZ,
		a + "ok  \tp/other\t1s\nBenchmarkA-8 1 1 ns/op\n" + ok + z + okZ,
	} {
		if log := read(t, text); len(log.Problems) > 0 {
			t.Errorf("%s: %v", text, log.Problems)
		}
	}
}
