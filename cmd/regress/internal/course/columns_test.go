package course

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// grown are the points of several series in n runs, as a store has them: some held against an
// anchor that moves on, some in part of the runs, one of them measured late.
func grown(n int) map[Name][]Point {
	random := rand.New(rand.NewPCG(8, 8))
	out := map[Name][]Point{}
	for i := range n {
		machine := math.Exp(.05 * random.NormFloat64())
		for s := range 12 {
			if s == 3 && i%3 > 0 {
				continue
			}
			level := 1e-6 * (1 + float64(s))
			if i >= 40+10*s {
				level *= 1.2
			}
			p := Point{Commit: id(i), Time: start.Add(time.Duration(i) * time.Hour), Value: level * machine * math.Exp(.004*random.NormFloat64()), Environment: fmt.Sprint("go1.", i/100)}
			if i == 20 && s == 5 { // of an older commit
				p.Commit = id(7)
			}
			if s%2 == 0 && i > 5 {
				p.Beside = append(p.Beside, Held{id(2), 1e-6 * machine})
				if i > n/2 {
					p.Beside = append(p.Beside, Held{id(50), .9e-6 * machine})
				}
			}
			name := named0(fmt.Sprint("S", s), "sec/op")
			out[name] = append(out[name], p)
		}
	}
	return out
}

// columnsOf returns the first n runs of points as columns, beginning with what have has.
func columnsOf(have *Columns, points map[Name][]Point, n int) *Columns {
	first := len(have.Runs)
	for i := range n {
		run := Run{ID: fmt.Sprint("run", i), Point: Point{Commit: id(i), Time: start.Add(time.Duration(i) * time.Hour), Environment: fmt.Sprint("go1.", i/100)}}
		if i < first {
			run.used = have.Runs[i].used
			have.Runs[i] = run
			continue
		}
		have.Runs = append(have.Runs, run)
	}
	for i := first; i < n; i++ {
		for s := range 12 {
			name := named0(fmt.Sprint("S", s), "sec/op")
			for _, p := range points[name] {
				if p.Time.Equal(have.Runs[i].Time) {
					have.Add(name, i, p.Value, p.Beside)
				}
			}
		}
	}
	return have
}

// TestChangesAreThose: what Changes says, of columns that grew over several processes or came at
// once, is what New says.
func TestChangesAreThose(t *testing.T) {
	const n = 260
	points := grown(n)
	delete(points, named0("S5", "sec/op")) // whose commit is not that of its run
	columns, changes, learned := &Columns{}, 0, new(Learned)
	for _, runs := range []int{30, 31, 47, 48, 49, 120, 121, 140, 200, n} {
		first := map[Name][]Point{}
		for name, list := range points {
			for _, p := range list {
				if p.Time.Before(start.Add(time.Duration(runs) * time.Hour)) {
					first[name] = append(first[name], p)
				}
			}
		}
		want, err := New(first, history(n))
		if err != nil {
			t.Fatal(err)
		}
		if page, err := learned.New(first, history(n)); err != nil || !reflect.DeepEqual(page, want) || len(learned.states) != len(points) {
			t.Fatalf("%d runs, of series that were seen before: %v, %+v\nwant %+v", runs, err, page, want)
		}
		columns = columnsOf(columns, points, runs)
		for _, c := range []*Columns{columns, columnsOf(&Columns{}, points, runs)} {
			have, err := Changes(c, history(n))
			if err != nil || !reflect.DeepEqual(have.Causes, want.Causes) || !reflect.DeepEqual(have.Commits, want.Commits) || len(have.Series) != len(want.Series) {
				t.Fatalf("%d runs: %v, causes\n%+v, want\n%+v", runs, err, have.Causes, want.Causes)
			}
			for i := range have.Series {
				if h, w := have.Series[i], want.Series[i]; h.Key != w.Key || !reflect.DeepEqual(h.Anchor, w.Anchor) || !reflect.DeepEqual(h.Trend.Changes, w.Trend.Changes) {
					t.Errorf("%d runs, %s: %+v, want %+v", runs, w.Key, h, w)
				}
			}
			changes += len(have.Causes)
			watched(t, c, want)
		}
		again, ok := Decode(columns.Encode())
		if !ok || again.Points() != columns.Points() {
			t.Fatalf("%d runs: not read again", runs)
		}
		for i := range columns.columns { // what one process learned the next one uses
			if len(again.columns[i].state) == 0 || !reflect.DeepEqual(again.columns[i], columns.columns[i]) {
				t.Fatalf("%d runs: %+v, want %+v", runs, again.columns[i], columns.columns[i])
			}
		}
		columns = again
	}
	if changes < 60 {
		t.Errorf("%d changes: too few to tell", changes)
	}
}

// watched checks that Watched has all of the series that changed, and brings the points of others.
func watched(t *testing.T, c *Columns, want Page) {
	t.Helper()
	have, err := Watched(c, want.Commits)
	if err != nil || !reflect.DeepEqual(have.Causes, want.Causes) || !reflect.DeepEqual(have.Measured, want.Measured) {
		t.Fatalf("%v, %+v\nwant %+v", err, have, want)
	}
	for i := range have.Series {
		h, w := &have.Series[i], want.Series[i]
		if len(w.Trend.Changes) > 0 && !reflect.DeepEqual(h.Trend, w.Trend) || len(w.Trend.Changes) == 0 && h.Points != nil {
			t.Errorf("%s: %+v, want %+v", w.Key, h, w)
		}
		if have.Fill(h); !reflect.DeepEqual(h.Points, w.Points) {
			t.Errorf("%s: points %+v, want %+v", w.Key, h.Points, w.Points)
		}
	}
}

// TestDecodeRefuses: what is not whole is nothing.
func TestDecodeRefuses(t *testing.T) {
	c := columnsOf(&Columns{}, grown(60), 60)
	if _, err := Changes(c, nil); err != nil {
		t.Fatal(err)
	}
	text := c.Encode()
	for i := 0; i < len(text); i += 97 {
		bad := append([]byte(nil), text...)
		bad[i] ^= 4
		if _, ok := Decode(bad); ok {
			t.Fatalf("byte %d is another, and it is read", i)
		}
		if _, ok := Decode(text[:i]); ok {
			t.Fatalf("it ends at %d, and is read", i)
		}
	}
}
