package storetest

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// collect reads a stream to its end.
func collect[T any](stream iter.Seq2[T, error]) (all []T, err error) {
	for v, err := range stream {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

// points returns a history, which must have no error.
func (k *kit) points(q baseline.Query, series ...baseline.Key) []baseline.Point {
	k.Helper()
	all, err := collect(k.store.History(k.ctx, q, series...))
	if err != nil {
		k.Fatalf("history %+v %v: %v", q, series, err)
	}
	return all
}

// pointsOf returns what a history must say of a run.
func pointsOf(r baseline.Run) []baseline.Point {
	var all []baseline.Point
	for _, s := range r.Samples {
		if center, spread, n := s.Summary(); n > 0 {
			all = append(all, baseline.Point{
				Key: s.Key, RunID: r.ID(), Commit: r.Commit, Branch: r.Branch, Fingerprint: r.Environment.Fingerprint(),
				Side: r.Side, Session: r.Session, Time: r.Time, Center: center, Spread: spread, Rounds: n,
			})
		}
	}
	return all
}

// samePoints fails unless have is want, point by point.
func (k *kit) samePoints(have, want []baseline.Point) {
	k.Helper()
	if len(have) != len(want) {
		k.Fatalf("%d points, want %d: %+v", len(have), len(want), have[:min(3, len(have))])
	}
	for i := range have {
		if !have[i].Time.Equal(want[i].Time) || have[i].Time.Location() != time.UTC {
			k.Errorf("point %d: at %v, want %v", i, have[i].Time, want[i].Time)
		}
		have[i].Time = want[i].Time
		if have[i] != want[i] {
			k.Errorf("point %d: have %+v, want %+v", i, have[i], want[i])
		}
	}
}

// track returns a run of two series of its own and one that only even ones have.
func track(i int) baseline.Run {
	r := Example(i)
	r.Samples = []baseline.Sample{
		// Rounds 2, 3 (the median of 9, 3 and 1), 7: their median is 3, the deviations 1, 0 and 4.
		{Key: baseline.Key{Package: "p", Name: "A-2", Unit: "sec/op"}, Values: []float64{2, 9, 3, 1, 7}, Rounds: []int{1, 2, 2, 2, 3}},
		{Key: baseline.Key{Package: "p", Name: "B-2", Unit: "sec/op"}, Values: []float64{float64(i)}, Rounds: []int{1}},
	}
	if i%2 == 0 {
		r.Samples = append(r.Samples, baseline.Sample{Key: baseline.Key{Package: "p", Name: "C-2", Unit: "B/op"}, Values: []float64{1, 2}, Rounds: []int{1, 2}})
	}
	return r
}

func (k *kit) history() {
	var runs []baseline.Run
	for i := range 5 {
		r := track(i)
		r.Branch = []string{"main", "dev"}[i%2]
		runs = append(runs, r)
	}
	runs[4].Environment.CPU = "other"
	undated := track(6)
	undated.Time = time.Time{}
	k.put(6, append(slices.Clone(runs), undated)...)
	a, b, c := runs[0].Samples[0].Key, runs[0].Samples[1].Key, runs[0].Samples[2].Key

	first := k.points(baseline.Query{Commit: runs[0].Commit}, a)
	if len(first) != 1 || first[0].Center != 3 || math.Abs(first[0].Spread-1.4826) > 1e-12 || first[0].Rounds != 3 {
		k.Errorf("have %+v, want 3 ± 1.4826 of 3 rounds", first)
	}
	check := func(q baseline.Query, series []baseline.Key, runs ...baseline.Run) {
		k.Helper()
		var want []baseline.Point
		for _, r := range runs {
			for _, p := range pointsOf(r) {
				if len(series) == 0 || slices.Contains(series, p.Key) {
					want = append(want, p)
				}
			}
		}
		k.samePoints(k.points(q, series...), want)
	}
	all := []baseline.Run{undated, runs[0], runs[1], runs[2], runs[3], runs[4]}
	check(baseline.Query{}, nil, all...)
	for _, series := range [][]baseline.Key{{a}, {b}, {c}, {c, a}, {a, a}} {
		check(baseline.Query{}, series, all...)
		check(baseline.Query{Project: runs[0].Project}, series, all...)
		check(baseline.Query{Limit: 2}, series, runs[3], runs[4])
		check(baseline.Query{Project: runs[0].Project, Branch: "dev"}, series, runs[1], runs[3])
		check(baseline.Query{Branch: "main", Limit: 2}, series, runs[2], runs[4])
		check(baseline.Query{Fingerprint: runs[4].Environment.Fingerprint()}, series, runs[4])
		check(baseline.Query{Commit: runs[3].Commit}, series, runs[3])
		check(baseline.Query{Project: "other"}, series)
		check(baseline.Query{Branch: "none"}, series)
	}
	// Unknown in one part of the name each.
	check(baseline.Query{}, []baseline.Key{{Package: "q", Name: a.Name, Unit: a.Unit}, {Package: a.Package, Name: "A", Unit: a.Unit}, {Package: a.Package, Name: a.Name, Unit: "s"}, {}})

	for range k.store.History(k.ctx, baseline.Query{}) { // one that has had enough
		break
	}
	check(baseline.Query{}, nil, all...)

	_, err := collect(k.store.History(k.ctx, baseline.Query{Commit: "abc"}, a))
	k.says(err, `commit "abc"`, "7 digits")
	gone, cancel := context.WithCancel(k.ctx)
	cancel()
	_, err = collect(k.store.History(gone, baseline.Query{}, a))
	k.is(err, context.Canceled)
}

func (k *kit) historyEdges() {
	if all := k.points(baseline.Query{}); len(all) != 0 {
		k.Errorf("an empty store has %v", all)
	}
	none, edge := Example(1), Example(2)
	none.Samples = []baseline.Sample{{Key: baseline.Key{Name: "none"}}}
	weird := baseline.Key{Package: "\n# regress-sum", Name: "'; drop table run; --π\u2028", Unit: "\x01"}
	edge.Samples = []baseline.Sample{
		{Key: weird, Values: []float64{math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, Rounds: []int{1, 2, 3, math.MaxInt32}},
		{Key: baseline.Key{Package: "z"}, Values: []float64{math.SmallestNonzeroFloat64}, Rounds: []int{1}},
	}
	bare := baseline.Run{}
	k.put(3, none, edge, bare)
	k.samePoints(k.points(baseline.Query{}), pointsOf(edge))
	k.samePoints(k.points(baseline.Query{}, weird), pointsOf(edge)[:1])
	k.samePoints(k.points(baseline.Query{}, none.Samples[0].Key), nil)
}

func (k *kit) historyAfterRemove() {
	k.put(3, track(1), track(2), track(3))
	key := track(1).Samples[0].Key
	if n := len(k.points(baseline.Query{}, key)); n != 3 {
		k.Errorf("%d points, want 3", n)
	}
	if err := k.store.Remove(k.ctx, track(2).ID()); err != nil {
		k.Fatal(err)
	}
	k.samePoints(k.points(baseline.Query{}, key), slices.Concat(pointsOf(track(1))[:1], pointsOf(track(3))[:1]))
	k.put(1, track(2))
	k.samePoints(k.points(baseline.Query{}), slices.Concat(pointsOf(track(1)), pointsOf(track(2)), pointsOf(track(3))))
	other := track(2) // the same commit, text and series in another project
	other.Project = "other"
	k.put(1, other)
	k.samePoints(k.points(baseline.Query{Project: "other"}, key), pointsOf(other)[:1])
	if n := len(k.points(baseline.Query{}, key)); n != 4 {
		k.Errorf("%d points over all projects, want 4", n)
	}
}

func (k *kit) historyOfWriters() {
	// Three writers put runs of the same and of own series while two readers ask:
	// every run that a history has is whole.
	const writers, each = 3, 8
	key := track(0).Samples[0].Key
	done := make(chan struct{})
	var reading, writing sync.WaitGroup
	for range 2 {
		store := k.handle()
		reading.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false
				default:
				}
				points, err := collect(store.History(k.ctx, baseline.Query{}))
				if err != nil {
					k.Error(err)
				}
				runs := map[string]int{}
				for _, p := range points {
					runs[p.RunID]++
				}
				for id, n := range runs {
					if n != 4 {
						k.Errorf("run %s has %d points, want 4", id, n)
					}
				}
			}
		})
	}
	var all []baseline.Run
	for w := range writers {
		store := k.handle()
		var own []baseline.Run
		for i := range each {
			r := track(100*w + 2*i)
			r.Samples = append(r.Samples, baseline.Sample{Key: baseline.Key{Package: "q", Name: fmt.Sprintf("W%d", (w+i)%writers)}, Values: []float64{1}, Rounds: []int{1}})
			own = append(own, r)
		}
		all = append(all, own...)
		writing.Go(func() {
			for _, r := range own {
				if _, err := store.Put(k.ctx, r); err != nil {
					k.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	k.samePoints(k.points(baseline.Query{}), slices.Concat(func() (each [][]baseline.Point) {
		for _, r := range all {
			each = append(each, pointsOf(r))
		}
		return each
	}()...))
	if n := len(k.points(baseline.Query{}, key)); n != len(all) {
		k.Errorf("%d points, want %d", n, len(all))
	}
}

func (k *kit) runs() {
	var all []baseline.Run
	for i := range 4 {
		all = append(all, Example(i))
	}
	all[3].Branch = "dev"
	k.put(4, all...)
	check := func(q baseline.Query, want ...baseline.Run) {
		k.Helper()
		have, err := collect(k.store.Runs(k.ctx, q))
		if err != nil || len(have) != len(want) {
			k.Fatalf("%+v: %d runs, %v; want %d", q, len(have), err, len(want))
		}
		for i, r := range want {
			r.Raw = nil
			if diff := Diff(have[i], r); diff != "" {
				k.Error(diff)
			}
		}
	}
	check(baseline.Query{}, all...)
	check(baseline.Query{Limit: 2}, all[2], all[3])
	check(baseline.Query{Branch: "main", Limit: 2}, all[1], all[2])
	check(baseline.Query{Branch: "none"})
	for range k.store.Runs(k.ctx, baseline.Query{}) {
		break
	}
	check(baseline.Query{}, all...)
	_, err := collect(k.store.Runs(k.ctx, baseline.Query{Limit: -1}))
	k.says(err, "limit -1")
	gone, cancel := context.WithCancel(k.ctx)
	cancel()
	_, err = collect(k.store.Runs(gone, baseline.Query{}))
	k.is(err, context.Canceled)
}
