package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/course"
	"github.com/descartes/regress/pkg/baseline"
)

// TestCollected: points come to their series in their order, be it that of the run before or not.
func TestCollected(t *testing.T) {
	var c collected
	want := map[course.Name][]float64{}
	for run, series := range []string{"abc", "abc", "ac", "bca", "dabc", "", "cc", "abcd"} {
		for i, s := range series {
			name := course.Name{Key: baseline.Key{Name: string(s)}, Fingerprint: fmt.Sprint(run % 2)}
			value := float64(10*run + i)
			want[name] = append(want[name], value)
			c.add(name, course.Point{Value: value})
		}
	}
	have := c.byName()
	if len(have) != len(want) || len(want) < 6 {
		t.Errorf("%d series, want %d", len(have), len(want))
	}
	for name, points := range have {
		var values []float64
		for _, p := range points {
			values = append(values, p.Value)
		}
		if !slices.Equal(values, want[name]) {
			t.Errorf("%v: %v, want %v", name, values, want[name])
		}
	}
}
