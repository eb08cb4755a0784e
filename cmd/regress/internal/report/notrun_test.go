package report

import (
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestNotRunOnce: what the budget kept from running is one problem, and not one for each benchmark;
// what ended otherwise is another.
func TestNotRunOnce(t *testing.T) {
	problem := func(line int, name, ended string) baseline.Problem {
		return baseline.Problem{File: "l", Line: line, Side: baseline.Base, Package: "p", Name: name, Kind: baseline.NotRun, Detail: ended}
	}
	have := problemTexts([]baseline.Problem{
		problem(1, "A-2", "budget of 1m0s"), problem(2, "B-2", "budget of 1m0s"), problem(3, "C-2", "interrupt"), problem(4, "D-2", "budget of 1m0s"),
	})
	if len(have) != 2 || !strings.HasSuffix(have[0], "its first round (and 2 benchmarks more)") || strings.Contains(have[1], "more") {
		t.Errorf("have %q", have)
	}
}
