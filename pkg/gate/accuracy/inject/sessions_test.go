package main

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// wavering returns a course of n runs with noise of sd.
func wavering(name string, n int, sd float64, anchor bool) recorded {
	random := rand.New(rand.NewPCG(4, 2))
	r := recorded{Name: name, Unit: "sec/op", Noise: sd}
	for range n {
		r.Points = append(r.Points, struct {
			Value float64 `json:"value"`
		}{1e-6 * math.Exp(sd*random.NormFloat64())})
	}
	if anchor {
		r.Anchor = &struct {
			Commit string `json:"commit"`
		}{"a"}
	}
	return r
}

// TestInject: a step is found where noise is small and not where it is large, at every place that
// has runs enough around it.
func TestInject(t *testing.T) {
	if got := inject(wavering("A", 30, .002, true).values()); got.tried != 14 || got.found < 12 || got.marked != 0 {
		t.Errorf("in noise of .2 %%: %+v", got)
	}
	if got := inject(wavering("A", 30, .1, true).values()); got.tried != 14 || got.found > 2 {
		t.Errorf("in noise of 10 %%: %+v", got)
	}
	if got := inject(wavering("A", 16, .002, true).values()); got.tried != 0 {
		t.Errorf("of 16 runs: %+v", got)
	}
}

func TestWriteSessions(t *testing.T) {
	var b strings.Builder
	held, absolute := []recorded{wavering("A", 30, .05, true), wavering("B", 30, .002, true)}, []recorded{wavering("A", 30, .2, false), wavering("B", 30, .1, false)}
	work := wavering("A", 30, .0005, true)
	work.Unit = "insn/op"
	held = append(held, work)
	if err := writeSessions(&b, held, absolute); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| A | 20.00 % | 5.00 % | 0.25 | 0.05 % | 0 of 14 | 0 of 14 | 14 of 14 | 14 of 14 |", "| B | 10.00 % | 0.20 % | 0.02 | not counted | ",
		"2 of 2 are at most a third", "The median part is 0.14", "1 of 2 benchmarks have no count", "without more work",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	held[0].Anchor = nil
	if err := writeSessions(&b, held, absolute); err == nil || !strings.Contains(err.Error(), "A is not held") {
		t.Errorf("without an anchor: %v", err)
	}
}
