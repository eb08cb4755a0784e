package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

func merge(t *testing.T, texts ...string) (baseline.Log, error) {
	t.Helper()
	var logs []baseline.Log
	for i, text := range texts {
		log, err := ingest.Read(fmt.Sprintf("shard%d", i+1), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, log)
	}
	return ingest.Merge(logs...)
}

// shape is what a merged log must keep when its text is read again.
func shape(log baseline.Log) string {
	var b strings.Builder
	for _, r := range log.Runs {
		fmt.Fprintln(&b, r.Project, r.Side, r.Commit, r.Branch, r.Dirty, r.Time, r.Environment, r.Samples)
	}
	fmt.Fprintln(&b, log.Procedure, log.Units, log.Functions, log.Problems, log.Noise, log.Same, log.Seed)
	return b.String()
}

const shard = `regress-log: 1
procedure: two-stage
project: p
commit: c1
base-commit: c0
goos: linux
cpu: A
seed: 7
`

func TestMergeShards(t *testing.T) {
	one := shard + `# functions: base p BenchmarkX
# functions: head p BenchmarkX
side: base
# round: 1
pkg: p
BenchmarkX-2 1 1 ns/op
# round: 2
BenchmarkX-2 1 2 ns/op
side: head
# round: 1
BenchmarkX-2 1 3 ns/op
`
	two := shard + `kernel: 6
# functions: base p BenchmarkY
# functions: head p BenchmarkY
side: base
# round: 1
pkg: p
BenchmarkX-2 1 4 ns/op
BenchmarkY-2 1 5 ns/op
side: head
# round: 1
pkg: p
BenchmarkX-2 1 6 ns/op
# failed: head p Y-2 exit status 2
# stopped: budget of 3m0s`
	log, err := merge(t, one, two)
	if err != nil {
		t.Fatal(err)
	}
	have := []string{}
	for _, r := range log.Runs {
		for _, s := range r.Samples {
			have = append(have, fmt.Sprintf("%s %s %.0f %v", r.Side, s.Name, s.Values[0]*1e9, s.Rounds))
		}
	}
	// X has rounds 1 and 2 in the first shard, so the second one's round 1 is round 3, on head too:
	// rounds of one number ran next to each other. Y is in one shard alone.
	equal(t, "runs", have, []string{"base X-2 1 [1 2 3]", "base Y-2 5 [1]", "head X-2 3 [1 3]"})
	equal(t, "stopped", log.Stopped, "budget of 3m0s")
	equal(t, "functions", log.Functions[baseline.Base], []baseline.Function{{Package: "p", Name: "BenchmarkX"}, {Package: "p", Name: "BenchmarkY"}})
	equal(t, "warnings", len(log.Warnings), 1) // the kernels differ
	equal(t, "files", log.Files, []string{"shard1", "shard2"})
	if &log.Runs[0].Raw[0] != &log.Runs[1].Raw[0] {
		t.Error("two runs of the same files do not share their text")
	}

	again := read(t, string(log.Runs[0].Raw))
	equal(t, "the text of a merged log", shape(again), shape(log))
	thrice, err := merge(t, one, two, strings.ReplaceAll(two, "kernel: 6\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "its text", shape(read(t, string(thrice.Runs[0].Raw))), shape(thrice))
	// A raw log behind another one in the same file is a shard as well.
	joined := read(t, one+two)
	equal(t, "samples of one file", fmt.Sprint(joined.Runs[0].Samples, joined.Runs[1].Samples), fmt.Sprint(log.Runs[0].Samples, log.Runs[1].Samples))
	if log.Runs[0].ID() == log.Runs[1].ID() {
		t.Error("base and head have one ID")
	}
}

// TestMergeDivided: which shards there are survives being merged and read again, and a shard
// without a benchmark is one all the same.
func TestMergeDivided(t *testing.T) {
	part := func(text, name string) string {
		return shard + "suite-shard: " + text + "\nside: base\n# round: 1\npkg: p\n" + name + " 1 1 ns/op\nside: head\n# round: 1\npkg: p\n" + name + " 1 1 ns/op\n"
	}
	log, err := merge(t, part("1/3", "BenchmarkX-2"), part("3/3", "BenchmarkY-2"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "shards", log.Shards.String(), "1+3/3")
	equal(t, "read again", read(t, string(log.Runs[0].Raw)).Shards.String(), "1+3/3")
	empty, err := ingest.Read("empty", strings.NewReader(shard+"suite-shard: 2/3\nside: base\nside: head\n"))
	if err != nil && !errors.Is(err, ingest.ErrNoBenchmarks) {
		t.Fatal(err)
	}
	if log, err = ingest.Merge(log, empty); err != nil {
		t.Fatal(err)
	}
	equal(t, "with the empty one", log.Shards.String(), "1+2+3/3")
	if _, err := merge(t, part("1/3", "BenchmarkX-2"), strings.Replace(part("2/3", "BenchmarkY-2"), "commit: c1", "commit: c9", 1)+"cpu: B\n"); err == nil || !strings.Contains(err.Error(), "commits differ") {
		t.Errorf("two commits: %v", err)
	}
	if _, err := ingest.Read("x", strings.NewReader("regress-log: 1\nsuite-shard: 4/3\n")); err == nil || !strings.Contains(err.Error(), "line 2: suite-shard") {
		t.Errorf("a shard that cannot be: %v", err)
	}
}

func TestMergePlain(t *testing.T) {
	log, err := merge(t, "pkg: a\nBenchmarkX 1 1 ns/op 1 hits/op\n", "pkg: b\nBenchmarkX 1 2 ns/op 1 hits/op\nUnit hits/op better=higher\n")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "runs", []any{len(log.Runs), len(log.Runs[0].Samples), log.Units["hits/op"].Direction, len(log.Warnings)}, []any{1, 4, baseline.Higher, 0})
	equal(t, "the text", shape(read(t, string(log.Runs[0].Raw))), shape(log))

	log, err = merge(t, "commit: c\nBenchmarkX 1 1 ns/op", "commit: c\nBenchmarkX 1 2 ns/op\nBenchmarkX 1 3 ns/op")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "rounds", log.Runs[0].Samples[0].Rounds, []int{1, 2, 3})

	log, err = merge(t, "cpu: A\nBenchmarkX 1 1 ns/op", "cpu: B\nBenchmarkX 1 2 ns/op")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "machines", []any{len(log.Runs), string(log.Runs[1].Raw)}, []any{2, "cpu: B\nBenchmarkX 1 2 ns/op"})

	// "--- FAIL" of one shard and the result of another are of one benchmark.
	log, err = merge(t, "pkg: p\nBenchmarkY 1 1 ns/op\n--- FAIL: BenchmarkX/a\n", "pkg: p\nBenchmarkX/a-2 1 1 ns/op\nBenchmarkX/a-4 1 1 ns/op")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "names", []string{log.Problems[0].Name, log.Problems[1].Name}, []string{"X/a-2", "X/a-4"})

	// A shard that does not declare its functions leaves them unknown: none is gone for that.
	log, err = merge(t, "# functions: - p BenchmarkX\nBenchmarkX 1 1 ns/op\n", "BenchmarkY 1 1 ns/op\n")
	if _, known := log.Functions[baseline.None]; err != nil || known {
		t.Errorf("functions %v, error %v", log.Functions, err)
	}
}

func TestMergeRefuses(t *testing.T) {
	check := func(word string, texts ...string) {
		t.Helper()
		_, err := merge(t, texts...)
		if err == nil || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), "shard1") {
			t.Errorf("%q: error %v does not say %q", texts, err, word)
		}
	}
	x := "BenchmarkX 1 1 ns/op\n"
	check("side: base", x, x) // regress compare old.txt new.txt
	check("side: base", "commit: c\n"+x, x)
	check("side: base", "side: base\n"+x, x)
	check("commits", "commit: a\n"+x, "commit: b\nBenchmarkY 1 1 ns/op")
	check("commits", "side: head\ncommit: a\n"+x, "side: head\ncommit: b\n"+x)
	check("projects", "project: a\n"+x, "project: b\n"+x)
	check("toolchains", "commit: c\ngo-version: go1.25\n"+x, "commit: c\ngo-version: go1.26\n"+x)
	check("flags", "commit: c\nsuite-flags: -benchtime=1s\n"+x, "commit: c\nsuite-flags: -benchtime=1x\n"+x)
	check("rounds", shard+"side: head\n"+x, "commit: c1\nside: head\nBenchmarkY 1 1 ns/op")

	log, err := merge(t, "Unit u better=lower\nBenchmarkX 1 1 u\n", "Unit u better=higher\nBenchmarkY 1 1 u\n")
	if err != nil || len(log.Problems) != 1 {
		t.Errorf("units that contradict each other: error %v, problems %v", err, log.Problems)
	}
	if _, err := ingest.Merge(); !errors.Is(err, ingest.ErrNoBenchmarks) {
		t.Errorf("nothing to merge: %v", err)
	}
}
