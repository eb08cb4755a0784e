package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

func isError(err, want error) bool { return errors.Is(err, want) }

func (k *kit) refused() {
	check := func(change func(*baseline.Run), words ...string) {
		k.Helper()
		r := Example(1)
		change(&r)
		_, err := k.store.Put(k.ctx, r)
		k.says(err, words...)
	}
	check(func(r *baseline.Run) { r.Samples[1].Values[2] = math.NaN() }, "value 3 is NaN", "sec/op")
	check(func(r *baseline.Run) { r.Samples[0].Values[0] = math.Inf(-1) }, "value 1 is -Inf")
	check(func(r *baseline.Run) { r.Samples[0].Rounds[0] = 0 }, "round 0")
	check(func(r *baseline.Run) { r.Samples[0].Rounds[0] = 1 << 31 }, "round 2147483648")
	check(func(r *baseline.Run) { r.Samples[0].Values = r.Samples[0].Values[:1] }, "1 values and 2 rounds")
	check(func(r *baseline.Run) { r.Samples[1].Key = r.Samples[0].Key }, "two samples")
	check(func(r *baseline.Run) { r.Samples[0].Name = "a\x00b" }, "NUL")
	check(func(r *baseline.Run) { r.Branch = "\xff" }, "branch", "not UTF-8")
	check(func(r *baseline.Run) { r.Environment.CPU = "\x00" }, "cpu", "NUL")
	check(func(r *baseline.Run) { r.Environment.Quota = math.NaN() }, "quota")
	check(func(r *baseline.Run) { r.Project = strings.Repeat("p", baseline.MaxName+1) }, "project of 1025 bytes")
	check(func(r *baseline.Run) { r.Side = "left" }, `side "left"`)
	check(func(r *baseline.Run) { r.Facts.Author = "\xff" }, "author", "not UTF-8")
	check(func(r *baseline.Run) { r.Facts.Subject = strings.Repeat("s", baseline.MaxName+1) }, "subject of 1025 bytes")
	check(func(r *baseline.Run) { r.Facts.Place = -1 }, "place -1")
	check(func(r *baseline.Run) { r.Facts.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "commit's year 10000")
	check(func(r *baseline.Run) { r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "year 10000")
	if n := len(k.list(baseline.Query{})); n != 0 {
		k.Errorf("%d refused runs were kept", n)
	}
	_, err := k.store.List(k.ctx, baseline.Query{Commit: "abc"})
	k.says(err, `commit "abc"`, "7 digits")
	_, err = k.store.List(k.ctx, baseline.Query{Limit: -1})
	k.says(err, "limit -1")
	_, err = k.store.List(k.ctx, baseline.Query{Branch: "a\x00"})
	k.says(err, "NUL")
}

func (k *kit) prefixes() {
	for i := range 40 {
		k.put(1, Example(i))
	}
	want := Example(7)
	for n := 12; n <= 24; n++ { // 40 of 2^48 do not collide at 12
		for _, id := range []string{want.ID()[:n], strings.ToUpper(want.ID()[:n])} {
			have, err := k.store.Get(k.ctx, id)
			if err != nil {
				k.Fatalf("get %s: %v", id, err)
			}
			if diff := Diff(have, want); diff != "" {
				k.Fatal(diff)
			}
		}
	}
	flip := map[byte]string{'0': "1"}[want.ID()[23]]
	if flip == "" {
		flip = "0"
	}
	_, err := k.store.Get(k.ctx, want.ID()[:23]+flip)
	k.is(err, baseline.ErrNotFound)
	for _, id := range []string{"", "abcde", "abcdeg", "%%%%%%", "______", "../../etc/passwd", want.ID() + "0"} {
		_, err := k.store.Get(k.ctx, id)
		k.says(err, "6 to 24 hexadecimal digits")
		k.says(k.store.Remove(k.ctx, id), "6 to 24 hexadecimal digits")
	}

	// Two IDs that share 6 digits are found by a birthday search: about
	// sqrt(π/2·16⁶) ≈ 5,100 tries.
	seen := map[string]baseline.Run{}
	for i := 0; ; i++ {
		r := baseline.Run{Raw: fmt.Appendf(nil, "collision %d", i)}
		other, found := seen[r.ID()[:6]]
		if !found {
			seen[r.ID()[:6]] = r
			continue
		}
		k.put(2, r, other)
		_, err := k.store.Get(k.ctx, r.ID()[:6])
		k.says(err, "2 runs", "more digits")
		k.says(k.store.Remove(k.ctx, r.ID()[:6]), "2 runs", "more digits")
		k.same(r)
		k.same(other)
		return
	}
}

func (k *kit) queries() {
	// Six runs: branches main and dev in turn, the last two on another machine.
	var runs []baseline.Run
	for i := range 6 {
		r := Example(i)
		r.Branch = []string{"main", "dev"}[i%2]
		if i >= 4 {
			r.Environment.CPU = "other"
		}
		runs = append(runs, r)
	}
	undated := Example(9)
	undated.Time = time.Time{}
	k.put(7, append(slices.Clone(runs), undated)...)
	check := func(q baseline.Query, want ...baseline.Run) {
		k.Helper()
		have := k.list(q)
		if len(have) != len(want) {
			k.Fatalf("%+v: %d runs, want %d", q, len(have), len(want))
		}
		for i, r := range want {
			info := baseline.RunInfo{
				ID: r.ID(), Project: r.Project, Commit: r.Commit, Branch: r.Branch, Fingerprint: r.Environment.Fingerprint(),
				Environment: r.Environment, Time: r.Time, Series: len(r.Samples), Side: r.Side, Session: r.Session, Facts: r.Facts,
			}
			if have[i] != info {
				k.Errorf("%+v, row %d: have %+v, want %+v", q, i, have[i], info)
			}
		}
	}
	check(baseline.Query{}, runs[5], runs[4], runs[3], runs[2], runs[1], runs[0], undated)
	check(baseline.Query{Limit: 2}, runs[5], runs[4])
	check(baseline.Query{Branch: "dev"}, runs[5], runs[3], runs[1])
	check(baseline.Query{Branch: "dev", Limit: 1}, runs[5])
	check(baseline.Query{Fingerprint: runs[4].Environment.Fingerprint()}, runs[5], runs[4])
	check(baseline.Query{Branch: "main", Fingerprint: runs[0].Environment.Fingerprint(), Limit: 1}, runs[2])
	check(baseline.Query{Commit: runs[3].Commit}, runs[3])
	check(baseline.Query{Commit: runs[3].Commit[:39]}, runs[5], runs[4], runs[3], runs[2], runs[1], runs[0], undated)
	check(baseline.Query{Commit: "_______"})
	check(baseline.Query{Commit: "%%%%%%%"})
	check(baseline.Query{Project: "github.com/x/y", Branch: "none"})
	check(baseline.Query{Branch: "mai"})

	tie := baseline.Run{Project: "tie", Time: Start, Raw: []byte("a")}
	tied := baseline.Run{Project: "tie", Time: Start, Raw: []byte("b")}
	k.put(2, tie, tied)
	if tie.ID() > tied.ID() {
		tie, tied = tied, tie
	}
	check(baseline.Query{Project: "tie"}, tie, tied)
}

func (k *kit) remove() {
	k.put(3, Example(1), Example(2), Example(3))
	if err := k.store.Remove(k.ctx, Example(2).ID()[:12]); err != nil {
		k.Fatal(err)
	}
	k.is(k.store.Remove(k.ctx, Example(2).ID()), baseline.ErrNotFound)
	_, err := k.store.Get(k.ctx, Example(2).ID())
	k.is(err, baseline.ErrNotFound)
	k.same(Example(1))
	k.same(Example(3))
	k.put(1, Example(2))
	k.same(Example(2))
}

func (k *kit) projects() {
	// The same commit and the same text in three projects are three runs.
	var runs []baseline.Run
	for _, project := range []string{"", "a", "A"} {
		r := Example(1)
		r.Project = project
		runs = append(runs, r)
	}
	k.put(3, runs...)
	for _, r := range runs[1:] {
		if infos := k.list(baseline.Query{Project: r.Project}); len(infos) != 1 || infos[0].ID != r.ID() {
			k.Errorf("project %q: %v", r.Project, infos)
		}
	}
	if err := k.store.Remove(k.ctx, runs[1].ID()); err != nil {
		k.Fatal(err)
	}
	k.same(runs[0])
	k.same(runs[2])
}

func (k *kit) weirdNames() {
	names := []string{
		"π/größe=√2", `quote"and\back'slash`, "..", "../../x", "a/b/c", "line\nfeed", "cr\r\n", "tab\t", " blank ", "# regress-sum: x",
		"key: value", "%d%s", "'; drop table run; --", "{\"json\":1}", "$1", "NULL", `\N`, "\u2028\u00a0\ufeff", "😀", `"quoted"`, "<&>", "\x01\x7f",
		strings.Repeat("n", baseline.MaxName),
	}
	var runs []baseline.Run
	for i, name := range names {
		r := Example(i)
		r.Project, r.Commit, r.Branch = name, name, name
		r.Session, r.Facts.Author, r.Facts.Subject = name, name, name
		e := &r.Environment
		e.OS, e.Arch, e.CPU, e.Kernel, e.Virtual, e.Governor, e.GoVersion, e.SuiteFlags, e.Counter = name, name, name, name, name, name, name, name, name
		for j := range r.Samples {
			r.Samples[j].Package, r.Samples[j].Name = name, name
		}
		r.Samples = append(r.Samples, baseline.Sample{Key: baseline.Key{Package: name, Name: name, Unit: name}, Values: []float64{1}, Rounds: []int{1}})
		slices.SortFunc(r.Samples, func(a, b baseline.Sample) int { return a.Key.Compare(b.Key) })
		runs = append(runs, r)
	}
	k.put(len(runs), runs...)
	for _, r := range runs {
		k.same(r)
		if infos := k.list(baseline.Query{Project: r.Project, Branch: r.Branch}); len(infos) != 1 || infos[0].ID != r.ID() {
			k.Errorf("query by %q: %v", r.Project, infos)
		}
	}
}

func (k *kit) rawBytes() {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, raw := range []string{
		"", "\n", "\n\n", "no line feed at the end", "crlf\r\n", "\xff\xfe\x00 invalid", string(all), "# regress-sample: {}\n", "# regress-sum: 0\n",
		"# regress-store: 9\n", strings.Repeat("x", 3<<20), strings.Repeat("\x00", 1<<20),
	} {
		r := Example(1)
		r.Raw = []byte(raw)
		k.put(1, r)
		k.same(r)
	}
}

func (k *kit) numbers() {
	r := Example(1)
	r.Samples = []baseline.Sample{
		{Key: baseline.Key{Name: "edges"}, Values: []float64{
			0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 1.0 / 3, 1 << 53, math.Nextafter(1, 2),
		}, Rounds: []int{1, 2, 3, 4, 5, 6, 7, 8, math.MaxInt32}},
		{Key: baseline.Key{Name: "none"}},
	}
	k.put(1, r)
	k.same(r)
	have, err := k.store.Get(k.ctx, r.ID())
	if err != nil || !math.Signbit(have.Samples[0].Values[1]) {
		k.Errorf("%v: negative zero lost its sign", err)
	}
}

func (k *kit) huge() {
	// One series of 200,000 values, and 10,000 series of 30: the size at which a
	// suite of a large project arrives.
	values, series := 200_000, 10_000
	if testing.Short() {
		values, series = 20_000, 1_000
	}
	long := Example(1)
	s := &long.Samples[0]
	s.Values, s.Rounds = nil, nil
	for i := range values {
		s.Values = append(s.Values, 1/float64(i+1))
		s.Rounds = append(s.Rounds, i/10+1)
	}
	wide := Example(2)
	wide.Samples = nil
	for i := range series {
		w := baseline.Sample{Key: baseline.Key{Package: "github.com/x/y/bench", Name: fmt.Sprintf("Series%05d-2", i), Unit: "sec/op"}}
		for j := range 30 {
			w.Values = append(w.Values, float64(i*30+j)*1.1e-9)
			w.Rounds = append(w.Rounds, j+1)
		}
		wide.Samples = append(wide.Samples, w)
	}
	began := time.Now()
	k.put(2, long, wide)
	k.Logf("put %d values in one series and %d series of 30: %v", values, series, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	k.same(long)
	k.same(wide)
	k.Logf("got both: %v", time.Since(began).Round(time.Millisecond))
	k.put(0, wide, long)
}

func (k *kit) writers() {
	// Four writers, each with its own handle, put the same 30 runs in different
	// orders and 5 of their own, two at a time.
	const writers, shared, own = 4, 30, 5
	added := make([]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		store := k.handle()
		wg.Go(func() {
			var runs []baseline.Run
			for i := range shared {
				runs = append(runs, Example((i*7+w*11)%shared)) // 7 and 30 share no divisor: a permutation
			}
			for i := range own {
				runs = append(runs, Example(1000+w*own+i))
			}
			for pair := range slices.Chunk(runs, 2) {
				n, err := store.Put(k.ctx, pair...)
				if err != nil {
					k.Errorf("writer %d: %v", w, err)
				}
				added[w] += n
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range added {
		sum += n
	}
	if want := shared + writers*own; sum != want || len(k.list(baseline.Query{})) != want {
		k.Errorf("added %v = %d, %d runs are there; want %d of both", added, sum, len(k.list(baseline.Query{})), want)
	}
	for i := range shared {
		k.same(Example(i))
	}
}

func (k *kit) melee() {
	// A run that is put and removed again and again is, to any reader, there
	// whole or not there; the run beside it never goes.
	k.put(1, Example(1))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		reader := k.handle()
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				infos, err := reader.List(k.ctx, baseline.Query{})
				if err != nil || len(infos) < 1 || len(infos) > 2 {
					k.Errorf("list: %d runs, %v", len(infos), err)
				}
				have, err := reader.Get(k.ctx, Example(2).ID())
				if isError(err, baseline.ErrNotFound) {
					continue
				}
				if err != nil || Diff(have, Example(2)) != "" {
					k.Errorf("get: %v, %s", err, Diff(have, Example(2)))
				}
			}
		})
	}
	for range 25 {
		k.put(1, Example(2))
		if err := k.store.Remove(k.ctx, Example(2).ID()); err != nil {
			k.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	k.same(Example(1))
}

func (k *kit) cancelled() {
	k.put(1, Example(1))
	gone, cancel := context.WithCancel(k.ctx)
	cancel()
	_, err := k.store.Put(gone, Example(2))
	k.is(err, context.Canceled)
	_, err = k.store.List(gone, baseline.Query{})
	k.is(err, context.Canceled)
	_, err = k.store.Get(gone, Example(1).ID())
	k.is(err, context.Canceled)
	k.is(k.store.Remove(gone, Example(1).ID()), context.Canceled)
	if n := len(k.list(baseline.Query{})); n != 1 {
		k.Errorf("%d runs, want the 1 of before", n)
	}
	k.same(Example(1)) // and the store still works
}
