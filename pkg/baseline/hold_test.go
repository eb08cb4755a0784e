package baseline_test

import (
	"math"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestHold: the ratio of head to its anchor is that of pairs, though most processes of the one and
// the other met something that slowed both of a pair, and not the same ones decide the medians.
func TestHold(t *testing.T) {
	of := func(name, unit string, values ...float64) baseline.Sample {
		s := baseline.Sample{Key: baseline.Key{Name: name, Unit: unit}, Values: values}
		for i := range values {
			s.Rounds = append(s.Rounds, i+1)
		}
		return s
	}
	head := baseline.Run{Side: baseline.Head, Samples: []baseline.Sample{
		of("A", "sec/op", 11, 22, 33, 16.5, 11.1, 44), of("B", "allocs/op", 7, 7, 7), of("C", "sec/op", 0, 1), of("D", "sec/op", 3),
		of("E", "MB/s", 90, 30, 60),
	}}
	anchor := baseline.Run{Side: baseline.Anchor, Samples: []baseline.Sample{
		of("A", "sec/op", 10, 20, 30, 15, 10.1, 10), of("B", "allocs/op", 7, 7, 7), of("C", "sec/op", 1, 1), of("F", "sec/op", 3),
		of("E", "MB/s", 100, 100./3, 200./3),
	}}
	held := baseline.Hold(anchor, head)
	for i, want := range []float64{1.1, 1, 0, 0, .9} {
		center, _, _ := head.Samples[i].Summary()
		below, _, _ := held.Samples[i].Summary()
		if ratio := center / below; want > 0 && math.Abs(ratio/want-1) > .01 {
			t.Errorf("%s: the ratio is %g, want %g", head.Samples[i].Name, ratio, want)
		}
		if c := held.Samples[i].Center; (want == 0 || i == 1) && c != 0 {
			t.Errorf("%s: the center is %g, want the median", head.Samples[i].Name, c)
		}
	}
	if anchor.Samples[0].Center != 0 {
		t.Error("the run that was given is changed")
	}
	if err := held.Validate(); err != nil {
		t.Error(err)
	}
	if held.Side = baseline.Head; held.Validate() == nil {
		t.Error("a head with a center of its own is valid")
	}
}
