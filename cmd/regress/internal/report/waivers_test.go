package report

import (
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/gate"
)

// TestOneSlowdownIsOneBlock: what one change of a function did to its units and sub-benchmarks is
// accepted by one waiver, what grew from zero by one of its own, and another function by another.
func TestOneSlowdownIsOneBlock(t *testing.T) {
	red := func(name, unit string, change float64) gate.Row {
		return judged(gate.Regressed, name, unit, 100, change, change-.01, change+.01, "slower")
	}
	zero := red("Join/size=1-2", "allocs/op", 1)
	zero.Change, zero.Interval = nil, nil
	d := decision(gate.Fail, red("Join-2", "sec/op", .4), red("Join-2", "B/op", .2), red("Join/size=1-2", "sec/op", .5), red("Join/size=1-2", "B/op", .1), zero, red("Split-2", "sec/op", .3))
	waivers, more := Waivers(d, options().Expires)
	if len(waivers) != 3 || more != 0 {
		t.Fatalf("%d waivers and %d more, want 3: %+v", len(waivers), more, waivers)
	}
	if first := waivers[0]; !strings.Contains(first.Name, `Join(-\d+)? (`) || strings.Contains(first.Name, "Split") || first.Ceiling < .5 || first.Ceiling > .52 {
		t.Errorf("have %+v", first)
	}
	if have := strings.Count(plainText(t, d, options()), "[[waiver]]"); have != 3 {
		t.Errorf("%d blocks in the report, want 3", have)
	}
}
