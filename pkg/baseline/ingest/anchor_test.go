package ingest

import (
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestAnchor: a third side has a commit and a name of its own, and marks of its own.
func TestAnchor(t *testing.T) {
	const text = `regress-log: 1
procedure: two-stage
commit: hhhhhhh
dirty: true
base-commit: bbbbbbb
base-branch: main
anchor-commit: aaaaaaa
anchor-ref: v1.2.0
# functions: anchor p BenchmarkA
# functions: anchor p BenchmarkB
# same-anchor: p B-2 equal bytes
# failed: anchor p C-2 boom
side: anchor
# round: 1
pkg: p
BenchmarkA-2 1 3 ns/op
side: base
# round: 1
pkg: p
BenchmarkA-2 1 2 ns/op
side: head
# round: 1
pkg: p
BenchmarkA-2 1 1 ns/op
`
	log, err := Read("x", strings.NewReader(text))
	if err != nil || len(log.Runs) != 3 {
		t.Fatalf("%d runs, %v", len(log.Runs), err)
	}
	want := map[baseline.Side][2]string{baseline.Anchor: {"aaaaaaa", "v1.2.0"}, baseline.Base: {"bbbbbbb", "main"}, baseline.Head: {"hhhhhhh", ""}}
	for _, run := range log.Runs {
		if have := [2]string{run.Commit, run.Branch}; have != want[run.Side] || run.Dirty != (run.Side == baseline.Head) {
			t.Errorf("%s: %v, dirty %v", run.Side, have, run.Dirty)
		}
	}
	if log.AnchorRef != "v1.2.0" || len(log.Functions[baseline.Anchor]) != 2 || log.SameAnchor[baseline.Key{Package: "p", Name: "B-2"}] != "equal bytes" || len(log.Same) > 0 {
		t.Errorf("anchor %q, functions %v, same %v", log.AnchorRef, log.Functions, log.SameAnchor)
	}
	if len(log.Problems) != 1 || log.Problems[0].Side != baseline.Anchor {
		t.Errorf("problems %v", log.Problems)
	}
	twice, err := Merge(log, log)
	if err != nil || len(twice.Runs) != 3 || len(twice.SameAnchor) != 1 || twice.AnchorRef != "v1.2.0" || len(twice.Runs[0].Samples[0].Values) != 1 || len(twice.Problems) != 1 {
		t.Errorf("a log merged with itself: %d runs, %v, %v", len(twice.Runs), twice.Problems, err)
	}
}

// TestDisturbedAlone: a log of head alone names no side, and its warning does.
func TestDisturbedAlone(t *testing.T) {
	log, err := Read("x", strings.NewReader("regress-log: 1\n# round: 2\npkg: p\nBenchmarkA-2 1 3 ns/op\n# disturbed: steal 12 %\n"))
	if err != nil || len(log.Warnings) != 1 || log.Warnings[0] != (baseline.Warning{Kind: baseline.Disturbed, Round: 2, Side: baseline.Head, Detail: "steal 12 %", Count: 1}) {
		t.Errorf("%v, %v", log.Warnings, err)
	}
}

// TestNotCountedIsNotLost: what one side alone was counted of is no result that is broken.
func TestNotCountedIsNotLost(t *testing.T) {
	text := `regress-log: 1
counter: qemu-user 8.2.2
side: anchor
# round: 1
pkg: example.com/t
BenchmarkA-2 100 10 ns/op
PASS
side: head
# round: 1
pkg: example.com/t
BenchmarkA-2 100 10 ns/op
PASS
Unit insn/op better=lower
side: anchor
# round: 1
pkg: example.com/t
BenchmarkA-2 100 1000 insn/op 1 syscalls/op
PASS
`
	log, err := Read("log", strings.NewReader(text))
	if err != nil || len(log.Problems) > 0 || log.Counter != "qemu-user 8.2.2" || len(log.Runs) != 2 {
		t.Fatalf("%v, %+v, %+v", err, log.Problems, log.Runs)
	}
	for _, run := range log.Runs {
		if run.Environment.Counter != log.Counter {
			t.Errorf("%s was counted by %q", run.Side, run.Environment.Counter)
		}
	}
}
