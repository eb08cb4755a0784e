package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestWhatIsShownDivides: the change of a row is that between the two centers beside it, its
// interval holds it, and the bound of an unchanged row is not below it; whatever the
// noise, in both directions, against base and against the anchor.
func TestWhatIsShownDivides(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	rate := func(name string) baseline.Key { return baseline.Key{Package: "p", Name: name, Unit: "B/s"} }
	value := func(shift float64) float64 {
		v := math.Exp(shift + .02*rng.NormFloat64())
		if rng.IntN(3) == 0 { // a second mode
			v *= 1.4
		}
		return v
	}
	rows := 0
	check := func(what string, base, head *Summary, change, bound *float64, interval *Interval, worse float64) {
		t.Helper()
		if base == nil || head == nil || change == nil {
			return
		}
		rows++
		if have := head.Median/base.Median - 1; math.Abs(have-*change) > 1e-4 {
			t.Errorf("%s: from %v to %v is %+.4f, and it says %+.4f", what, base.Median, head.Median, have, *change)
		}
		if interval != nil && (*change < interval.Lo-1e-5 || *change > interval.Hi+1e-5) {
			t.Errorf("%s: %+v does not hold %v", what, *interval, *change)
		}
		if bound != nil && worse**change > *bound+1e-5 {
			t.Errorf("%s: worse by less than %v, and it says %v", what, *bound, *change)
		}
	}
	for range 60 {
		b := newBench([]baseline.Procedure{"", baseline.TwoStage}[rng.IntN(2)])
		for i := range 6 {
			n, shift, old := 2+rng.IntN(40), .3*rng.NormFloat64(), .1*rng.NormFloat64()
			for _, key := range []baseline.Key{sec(fmt.Sprint("A", i)), rate(fmt.Sprint("B", i))} {
				for range n {
					b.add(baseline.Base, key, value(0)).add(baseline.Head, key, value(shift)).add(baseline.Anchor, key, value(old))
				}
			}
		}
		for _, r := range Decide(b.inputWith("v1")).Rows {
			worse := 1.
			if r.Direction == baseline.Higher {
				worse = -1
			}
			check(r.Name+" "+r.Unit, r.Base, r.Head, r.Change, r.AtMost, r.Interval, worse)
			if o := r.Drift; o != nil {
				check(r.Name+" since", o.Anchor, o.Head, o.Change, o.AtMost, o.Interval, worse)
			}
		}
	}
	if rows < 500 {
		t.Errorf("only %d rows were looked at", rows)
	}
}
