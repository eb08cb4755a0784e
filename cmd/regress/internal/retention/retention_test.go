package retention

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/trend"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// runs are n runs of main, one a day.
func runs(n int) (out []baseline.RunInfo) {
	for i := range n {
		out = append(out, baseline.RunInfo{
			ID: fmt.Sprintf("%024x", i), Commit: fmt.Sprintf("%040x", i), Branch: "main", Fingerprint: "f", Side: baseline.Head,
			Session: fmt.Sprint("s", i), Time: start.AddDate(0, 0, i),
		})
	}
	return out
}

// at returns the point of a series in a run.
func at(r baseline.RunInfo, series string, value float64) baseline.Beside {
	return baseline.Beside{Point: baseline.Point{
		Key: baseline.Key{Name: series, Unit: "sec/op"}, RunID: r.ID, Commit: r.Commit, Branch: r.Branch, Fingerprint: r.Fingerprint,
		Side: r.Side, Session: r.Session, Time: r.Time, Center: value, Rounds: 1,
	}}
}

// names are the indices of runs.
func names(runs []baseline.RunInfo) (out []int) {
	for _, r := range runs {
		var i int
		fmt.Sscanf(r.ID, "%x", &i)
		out = append(out, i)
	}
	return out
}

func TestNewestAndYoung(t *testing.T) {
	check := func(policy Policy, change func([]baseline.RunInfo), want ...int) {
		t.Helper()
		all := runs(8)
		if change != nil {
			change(all)
		}
		if have := names(New(policy, all).Decide().Forget); !slices.Equal(have, want) {
			t.Errorf("%+v: forgets %v, want %v", policy, have, want)
		}
	}
	check(Policy{Keep: 5}, nil, 0, 1, 2)
	check(Policy{Keep: 9}, nil)
	check(Policy{Keep: 0}, nil, 0, 1, 2, 3, 4, 5, 6, 7)
	check(Policy{Keep: 5, Before: start.AddDate(0, 0, 2)}, nil, 0, 1) // 2 began then
	check(Policy{Keep: 1, Before: start.AddDate(0, 0, 4)}, nil, 0, 1, 2, 3)
	check(Policy{Keep: 2}, func(all []baseline.RunInfo) { // the newest of each
		for i := range 4 {
			all[i].Branch = "dev"
		}
		all[7].Fingerprint = "g"
	}, 0, 1, 4)
	check(Policy{Keep: 2}, func(all []baseline.RunInfo) { all[3].Time = time.Time{} }, 0, 1, 2, 4, 5)
}

func TestAnchors(t *testing.T) {
	all := runs(10)
	anchor := func(i int, session, commit string) {
		a := runs(i + 1)[i]
		a.Side, a.Session, a.Commit = baseline.Anchor, session, commit
		all = append(all, a)
	}
	for i := range 10 {
		release := all[1].Commit
		if i > 5 {
			release = all[4].Commit
		}
		anchor(100+i, fmt.Sprint("s", i), release)
	}
	anchor(200, "s5", all[4].Commit) // measures the old release and the new
	have := New(Policy{Keep: 2}, all).Decide()
	// Kept: the newest, 8 and 9, with theirs; 5 with both of its; 1 and 4, releases, with theirs.
	if want := []int{0, 2, 3, 6, 7, 100, 102, 103, 106, 107}; !slices.Equal(slices.Sorted(slices.Values(names(have.Forget))), want) {
		t.Errorf("forgets %v, want %v", names(have.Forget), want)
	}
	if have.Kept[Newest] != 2 || have.Kept[Linked] != 9 {
		t.Errorf("kept %v", have.Kept)
	}
}

// noisy returns the values of a series of n runs that steps by factor at the run at.
func noisy(random *rand.Rand, n, at int, factor, sd float64) (out []float64) {
	for i := range n {
		v := 1e-6 * math.Exp(sd*random.NormFloat64())
		if i >= at {
			v *= factor
		}
		out = append(out, v)
	}
	return out
}

// found are the places of the changes of values, of the runs whose numbers are given.
func found(values []float64, kept []int) (out []trend.Change) {
	var points []trend.Point
	for _, i := range kept {
		points = append(points, trend.Point{Order: i, Value: values[i]})
	}
	t, err := trend.Of(trend.Policy{}, points)
	if err != nil {
		panic(err)
	}
	return t.Changes
}

// What trend finds before is found after, be it large or hardly there, and most runs go.
func TestChangesStay(t *testing.T) {
	const n = 400
	all := runs(n)
	every := make([]int, n)
	for i := range every {
		every[i] = i
	}
	changes := 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		series := [][]float64{
			noisy(random, n, 150, 1.3, .01), noisy(random, n, 80+random.IntN(200), 1.03, .02), noisy(random, n, 300, 1.05, .05), noisy(random, n, n, 1, .03),
		}
		p := New(Policy{Keep: 20}, all)
		for s, values := range series {
			for i, v := range values {
				p.Add(at(all[i], fmt.Sprint(s), v))
			}
		}
		have := p.Decide()
		gone := names(have.Forget)
		kept := slices.DeleteFunc(slices.Clone(every), func(i int) bool { return slices.Contains(gone, i) })
		for s, values := range series {
			before, after := found(values, every), found(values, kept)
			for _, c := range before {
				changes++
				if !slices.ContainsFunc(after, func(a trend.Change) bool { return a.After < c.By && c.After < a.By }) {
					t.Errorf("seed %d, series %d: the change at %d (%d..%d) is lost: %d runs are left", seed, s, c.At, c.After, c.By, len(kept))
				}
			}
		}
		if have.Kept[Newest] != 20 || have.Kept[Change] < 2*leastNear || len(gone) == 0 {
			t.Errorf("seed %d: kept %v, forgets %d", seed, have.Kept, len(gone))
		}
	}
	if changes < 60 {
		t.Errorf("%d changes: the histories are too quiet to tell", changes)
	}
}

// A step that shows in the ratio to the anchor alone is kept too: the machine moves by more.
func TestChangesOfRatios(t *testing.T) {
	const n = 200
	random := rand.New(rand.NewPCG(7, 1))
	heads := runs(n)
	var all []baseline.RunInfo
	ratios := noisy(random, n, 60, 1.05, .004)
	for i, head := range heads {
		anchor := head
		anchor.Side, anchor.Commit, anchor.ID = baseline.Anchor, "release", fmt.Sprintf("%024x", 1000+i)
		all = append(all, head, anchor)
	}
	p := New(Policy{Keep: 10}, all)
	for i, head := range heads {
		machine := math.Exp(.3 * random.NormFloat64())
		b := at(head, "A", ratios[i]*machine)
		b.Anchors = []baseline.Point{at(all[2*i+1], "A", 1e-6*machine).Point}
		p.Add(b)
	}
	have := p.Decide()
	gone := names(have.Forget)
	for i := 50; i < 70; i++ {
		if slices.Contains(gone, i) || slices.Contains(gone, 1000+i) {
			t.Errorf("run %d, or its anchor, is forgotten", i)
		}
	}
	if len(gone) < n {
		t.Errorf("%d of %d are forgotten", len(gone), 2*n)
	}
}
