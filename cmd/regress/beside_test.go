package main

import (
	"math"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// TestAnchorIsHeldInPairs: what is kept of an anchor makes the ratio of head to it that of
// processes that ran right after each other, and not that of two medians.
func TestAnchorIsHeldInPairs(t *testing.T) {
	l := &changeLab{T: t, root: t.TempDir()}
	s, _ := l.session()
	of := func(side baseline.Side, commit string, values ...float64) baseline.Run {
		r := baseline.Run{Project: "p", Side: side, Commit: commit, Branch: "main", Raw: []byte("regress-log: 1\nstarted: 2026-01-01T00:00:00Z\nside: both\n")}
		sample := baseline.Sample{Key: baseline.Key{Package: "p", Name: "A", Unit: "sec/op"}, Values: values}
		for i := range values {
			sample.Rounds = append(sample.Rounds, i+1)
		}
		r.Samples = append(r.Samples, sample)
		return r
	}
	// Each pair says +10 %, and the median of head was met by another process.
	kept := s.joined(t.Context(), []baseline.Run{of(baseline.Anchor, "a", 10, 20, 30), of(baseline.Head, "h", 11, 99, 33)})
	if len(kept) != 2 || kept[0].Side != baseline.Anchor || kept[0].Session == "" || kept[0].Session != kept[1].Session {
		t.Fatalf("kept are %+v", kept)
	}
	below, _, _ := kept[0].Samples[0].Summary()
	head, _, _ := kept[1].Samples[0].Summary()
	if math.Abs(head/below-1.1) > .02 {
		t.Errorf("the ratio is %g, want about 1.1; that of the medians is %g", head/below, 33./20)
	}
}

// TestRepeating: system calls that differ within a run are left out, of all of its sides.
func TestRepeating(t *testing.T) {
	run := func(side baseline.Side, a, b float64) baseline.Run {
		of := func(name string, values ...float64) baseline.Sample {
			return baseline.Sample{Key: baseline.Key{Package: "p", Name: name, Unit: baseline.Syscalls}, Values: values, Rounds: []int{1, 2}}
		}
		work := of("A", 1000, 4000)
		work.Unit = baseline.Instructions
		return baseline.Run{Side: side, Samples: []baseline.Sample{work, of("A", 1, a), of("B", 1, b)}}
	}
	given := []baseline.Run{run(baseline.Anchor, 1, 1), run(baseline.Head, 1.2, 1.001)}
	l := &changeLab{T: t, root: t.TempDir()}
	s, _ := l.session()
	kept := s.joined(t.Context(), slices.Clone(given))
	if len(kept) != 2 {
		t.Fatalf("kept are %+v", kept)
	}
	for _, kept := range kept {
		if len(kept.Samples) != 2 || kept.Samples[0].Unit != baseline.Instructions || kept.Samples[1].Name != "B" {
			t.Errorf("%s keeps %+v", kept.Side, kept.Samples)
		}
	}
	if len(given[0].Samples) != 3 || given[0].Samples[2].Name != "B" {
		t.Errorf("what was given is changed: %+v", given[0].Samples)
	}
}
