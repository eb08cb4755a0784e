package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

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

// TestAnotherCounter: where another counter counts, what changes is the machine and not the code.
func TestAnotherCounter(t *testing.T) {
	l := &changeLab{T: t, root: t.TempDir()}
	s, _ := l.session()
	defer s.close()
	store, err := s.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const n, at = 40, 20
	for i := range n {
		r := baseline.Run{Project: "p", Commit: fmt.Sprintf("%040x", i+1), Branch: "main", Time: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC), Raw: fmt.Appendf(nil, "run %d\n", i)}
		count := 1000.
		r.Environment.Counter = "qemu-user 8.2.2"
		if i >= at {
			r.Environment.Counter, count = "qemu-user 10.0.1", 1040
		}
		r.Samples = []baseline.Sample{{Key: baseline.Key{Package: "p", Name: "A", Unit: baseline.Instructions}, Values: []float64{count}, Rounds: []int{1}}}
		if _, err := store.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	query, any := baseline.Query{Project: "p"}, func(baseline.Key) bool { return true }
	whole, _, err := s.page(t.Context(), query, []string{"main"}, any, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	columns, _, err := s.changesPage(t.Context(), query, []string{"main"}, any, true, course.Changes)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []course.Page{whole, columns} {
		if len(page.Causes) != 1 || !page.Causes[0].Moved || page.Causes[0].By != at {
			t.Errorf("have %+v", page.Causes)
		}
	}
}
