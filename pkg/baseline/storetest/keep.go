package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// anchors: runs of anchors are there for who asks for them, and in nobody's way else.
func (k *kit) anchors() {
	head, anchor, link, other := track(2), track(2), track(2), track(4)
	anchor.Side, anchor.Commit = baseline.Anchor, "0a"+anchor.Commit[2:]
	link.Side, link.Commit = baseline.Anchor, "0b"+link.Commit[2:]
	anchor.Samples[0].Center = 2.5 // that its head is divided by, which is not its median
	k.put(4, head, anchor, link, other)
	k.same(anchor)

	if n := len(k.list(baseline.Query{})); n != 2 {
		k.Errorf("%d runs without anchors, want 2", n)
	}
	if n := len(k.list(baseline.Query{Commit: anchor.Commit})); n != 0 {
		k.Errorf("%d runs of the anchor without anchors, want none", n)
	}
	with := baseline.Query{Anchors: true, Branch: "main"}
	if n := len(k.list(with)); n != 4 {
		k.Errorf("%d runs with anchors, want 4", n)
	}
	if infos := k.list(baseline.Query{Anchors: true, Commit: anchor.Commit}); len(infos) != 1 || infos[0].Side != baseline.Anchor || infos[0].Session != head.Session {
		k.Errorf("the anchor in a list is %+v", infos)
	}
	k.samePoints(k.points(baseline.Query{}), slices.Concat(pointsOf(head), pointsOf(other)))
	runs, err := collect(k.store.Runs(k.ctx, baseline.Query{}))
	if err != nil || len(runs) != 2 {
		k.Errorf("%d runs stream without anchors, %v; want 2", len(runs), err)
	}
	k.beside(with, head, other, anchor.Commit, link.Commit)
}

// beside checks that heads come with their own anchors, and with no other's.
func (k *kit) beside(q baseline.Query, head, alone baseline.Run, anchors ...string) {
	k.Helper()
	all, err := collect(baseline.WithAnchors(k.store.History(k.ctx, q)))
	if want := len(pointsOf(head)) + len(pointsOf(alone)); err != nil || len(all) != want {
		k.Fatalf("%d points with anchors, %v; want %d", len(all), err, want)
	}
	for _, b := range all {
		var commits []string
		for _, p := range b.Anchors {
			if p.Key != b.Key {
				k.Errorf("beside %v stands %v", b.Key, p.Key)
			}
			commits = append(commits, p.Commit)
		}
		slices.Sort(commits)
		want := anchors
		if b.RunID == alone.ID() {
			want = nil
		}
		if !slices.Equal(commits, want) {
			k.Errorf("%s %v: beside it %v, want %v", b.Commit, b.Key, commits, want)
		}
	}
}

func (k *kit) since() {
	undated := track(9)
	undated.Time = time.Time{}
	k.put(4, track(1), track(2), track(3), undated)
	check := func(since time.Time, want int) {
		k.Helper()
		q := baseline.Query{Since: since}
		points := map[string]bool{}
		for _, p := range k.points(q) {
			points[p.RunID] = true
		}
		if n := len(k.list(q)); n != want || len(points) != want {
			k.Errorf("since %v: %d runs, points of %d; want %d", since, n, len(points), want)
		}
	}
	check(time.Time{}, 4)
	check(track(1).Time, 3)
	check(track(2).Time, 2)
	check(track(2).Time.Add(time.Microsecond).In(time.FixedZone("x", 3600)), 1)
	check(track(3).Time.Add(time.Second), 0)
}

// ExampleDecision returns a decision with every field set; later numbers are newer.
func ExampleDecision(i int) baseline.Decision {
	change, lo, hi := .22+float64(i)/1000, .2, .25
	return baseline.Decision{
		Project: "github.com/x/y", Commit: fmt.Sprintf("1f0cab%034x", i), Base: strings.Repeat("b", 40), Branch: "faster", Against: "main", Pull: 12,
		Time: Start.Add(time.Duration(i) * time.Minute), Outcome: "fail", Version: "v1.0.0",
		Verdicts: []baseline.Judged{
			{Key: baseline.Key{Package: "p", Name: "A-2", Unit: "sec/op"}, Fingerprint: "f", Verdict: "regressed", Change: &change, Lo: &lo, Hi: &hi, Waiver: "known"},
			{Key: baseline.Key{Package: "p", Name: "A-2", Unit: "sec/op"}, Fingerprint: "g", Verdict: "unchanged"},
			{Key: baseline.Key{Package: "p", Name: "B-2", Unit: "B/op"}, Verdict: "missing"},
		},
	}
}

// putDecisions fails unless want of decisions are added.
func (k *kit) putDecisions(want int, decisions ...baseline.Decision) {
	k.Helper()
	added, err := k.store.PutDecisions(k.ctx, decisions...)
	if err != nil || added != want {
		k.Fatalf("put %d decisions: added %d, %v; want %d", len(decisions), added, err, want)
	}
}

// decided fails unless q selects these decisions, whole and in this order.
func (k *kit) decided(q baseline.Query, want ...baseline.Decision) {
	k.Helper()
	have, err := collect(k.store.Decisions(k.ctx, q))
	if err != nil || len(have) != len(want) {
		k.Fatalf("%+v: %d decisions, %v; want %d", q, len(have), err, len(want))
	}
	for i := range have {
		if have[i].ID() != want[i].ID() || have[i].Time.Location() != time.UTC {
			k.Errorf("%+v, decision %d: have %+v, want %+v", q, i, have[i], want[i])
		}
	}
}

func (k *kit) decisions() {
	k.decided(baseline.Query{})
	k.putDecisions(0)
	one, two, three, four := ExampleDecision(1), ExampleDecision(2), ExampleDecision(3), ExampleDecision(4)
	three.Branch, four.Project = "other", "other"
	bare := baseline.Decision{Commit: "c", Time: Start, Outcome: "pass"}
	k.putDecisions(3, two, one, bare)
	k.putDecisions(2, three, one, four, three)
	k.decided(baseline.Query{}, bare, one, two, three, four)
	k.decided(baseline.Query{Project: one.Project}, one, two, three)
	k.decided(baseline.Query{Project: one.Project, Limit: 2}, two, three)
	k.decided(baseline.Query{Branch: "other"}, three)
	k.decided(baseline.Query{Commit: two.Commit}, two)
	k.decided(baseline.Query{Since: two.Time}, two, three, four)
	k.decided(baseline.Query{Branch: "none"})

	moved := ExampleDecision(5) // in another zone, finer than is kept, and out of order
	moved.Time = moved.Time.In(time.FixedZone("x", 3600)).Add(999)
	slices.Reverse(moved.Verdicts)
	k.putDecisions(1, moved)
	k.putDecisions(0, ExampleDecision(5))
	k.decided(baseline.Query{Commit: moved.Commit}, ExampleDecision(5))

	weird := ExampleDecision(6)
	weird.Branch, weird.Against, weird.Version = "'; drop table run; --", "\n\u2028<&>", `"\`
	weird.Verdicts[0].Name, weird.Verdicts[0].Waiver = "π\x01", "$1 \\N NULL"
	k.putDecisions(1, weird)
	k.decided(baseline.Query{Branch: weird.Branch}, weird)
	for range k.store.Decisions(k.ctx, baseline.Query{}) { // one that has had enough
		break
	}
	if n := len(k.list(baseline.Query{Anchors: true})); n != 0 {
		k.Errorf("decisions made %d runs", n)
	}
	again := k.handle()
	if n, err := again.PutDecisions(k.ctx, one, two, weird); n != 0 || err != nil {
		k.Errorf("another handle added %d, %v", n, err)
	}
}

func (k *kit) refusedDecisions() {
	check := func(change func(*baseline.Decision), words ...string) {
		k.Helper()
		d := ExampleDecision(1)
		change(&d)
		added, err := k.store.PutDecisions(k.ctx, ExampleDecision(2), d)
		if added != 0 {
			k.Errorf("%d were added", added)
		}
		k.says(err, words...)
	}
	nan := math.NaN()
	check(func(d *baseline.Decision) { d.Commit = "" }, "no commit")
	check(func(d *baseline.Decision) { d.Outcome = "" }, "no outcome")
	check(func(d *baseline.Decision) { d.Time = time.Time{} }, "no time")
	check(func(d *baseline.Decision) { d.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "year 10000")
	check(func(d *baseline.Decision) { d.Pull = -1 }, "pull request -1")
	check(func(d *baseline.Decision) { d.Branch = "a\x00" }, "branch", "NUL")
	check(func(d *baseline.Decision) { d.Verdicts[0].Fingerprint = "g" }, "two verdicts")
	check(func(d *baseline.Decision) { d.Verdicts[0].Change = &nan }, "change is NaN")
	check(func(d *baseline.Decision) { d.Verdicts[0].Lo = nil }, "one end")
	check(func(d *baseline.Decision) { d.Verdicts[0].Waiver = strings.Repeat("w", baseline.MaxName+1) }, "waiver of 1025 bytes")
	k.decided(baseline.Query{})
	_, err := collect(k.store.Decisions(k.ctx, baseline.Query{Limit: -1}))
	k.says(err, "limit -1")
	gone, cancel := context.WithCancel(k.ctx)
	cancel()
	_, err = k.store.PutDecisions(gone, ExampleDecision(1))
	k.is(err, context.Canceled)
}

// forgottenDecisions: those that are named go, and nothing else.
func (k *kit) forgottenDecisions() {
	remove := func(want int, decisions ...baseline.Decision) {
		k.Helper()
		removed, err := k.store.RemoveDecisions(k.ctx, decisions...)
		if err != nil || removed != want {
			k.Errorf("removed %d of %d decisions, %v; want %d", removed, len(decisions), err, want)
		}
	}
	remove(0)
	remove(0, ExampleDecision(1)) // from an empty store
	other := ExampleDecision(4)
	other.Project = "other"
	k.putDecisions(4, ExampleDecision(1), ExampleDecision(2), ExampleDecision(3), other)
	k.put(1, track(1))
	moved := ExampleDecision(2)
	moved.Time = moved.Time.In(time.FixedZone("x", 3600))
	remove(2, ExampleDecision(1), moved, ExampleDecision(9))
	k.decided(baseline.Query{}, ExampleDecision(3), other)
	remove(0, ExampleDecision(1))
	remove(1, other, other)
	k.decided(baseline.Query{}, ExampleDecision(3))
	if n := len(k.list(baseline.Query{})); n != 1 {
		k.Errorf("%d runs are left, want 1", n)
	}
	k.putDecisions(1, ExampleDecision(1)) // it can come back
}

// writersOfDecisions: what four put in different orders is kept once.
func (k *kit) writersOfDecisions() {
	const writers, shared = 4, 12
	added := make([]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		store := k.handle()
		wg.Go(func() {
			for i := range shared {
				n, err := store.PutDecisions(k.ctx, ExampleDecision((i*5+w*7)%shared), ExampleDecision((i*7+w*5)%shared))
				if err != nil {
					k.Errorf("writer %d: %v", w, err)
				}
				added[w] += n
			}
		})
	}
	wg.Wait()
	var want []baseline.Decision
	sum := 0
	for i := range shared {
		want = append(want, ExampleDecision(i))
	}
	for _, n := range added {
		sum += n
	}
	if sum != shared {
		k.Errorf("added %v = %d, want %d", added, sum, shared)
	}
	k.decided(baseline.Query{}, want...)
}
