package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// The size of Bench's store: some years of a busy branch.
const (
	benchRuns   = 10_000
	benchSeries = 200
)

// session returns run i of Bench: 200 series of three rounds and their text.
func session(i int) baseline.Run {
	r := Example(i)
	r.Commit = fmt.Sprintf("%040x", i)
	r.Time = Start.Add(time.Duration(i) * time.Hour)
	r.Samples = nil
	var raw bytes.Buffer
	for j := range benchSeries {
		s := baseline.Sample{Key: baseline.Key{Package: "github.com/x/y/bench", Name: fmt.Sprintf("Series/transport=shm/number=%03d-2", j), Unit: "sec/op"}}
		for round := range 3 {
			ns := 200 + j + (i*7+j*5+round*3)%11
			s.Values = append(s.Values, float64(ns)*1e-9)
			s.Rounds = append(s.Rounds, round+1)
			fmt.Fprintf(&raw, "Benchmark%s\t  5000000\t%8d ns/op\n", s.Name, ns)
		}
		r.Samples = append(r.Samples, s)
	}
	r.Raw = raw.Bytes()
	return r
}

// Bench measures a store of 10,000 runs of 200 series: one series over all runs,
// the list of all, the runs that noise is learnt from, and the list after a run was
// added. s is empty; filling it takes a minute and 700 MB of a disk. filled is
// called after that.
func Bench(b *testing.B, s baseline.Store, filled func()) {
	fill(b, s)
	filled()
	key := session(0).Samples[123].Key
	query := baseline.Query{Project: session(0).Project}
	count := func(want int, each func(yield func(error) bool)) {
		n := 0
		for err := range each {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != want {
			b.Fatalf("%d, want %d", n, want)
		}
	}
	series := func() {
		count(benchRuns, func(yield func(error) bool) {
			for _, err := range s.History(b.Context(), query, key) {
				if !yield(err) {
					return
				}
			}
		})
	}
	began := time.Now()
	series()
	b.Logf("the first history, of a store that was just filled: %v", time.Since(began).Round(time.Millisecond))
	series() // what was written just now is looked at twice
	b.Run("one-series", func(b *testing.B) {
		for b.Loop() {
			series()
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if infos, err := s.List(b.Context(), query); err != nil || len(infos) != benchRuns {
				b.Fatal(len(infos), err)
			}
		}
	})
	b.Run("noise", func(b *testing.B) {
		last := query
		last.Limit, last.Fingerprint = 50, session(0).Environment.Fingerprint()
		for b.Loop() {
			count(50, func(yield func(error) bool) {
				for _, err := range s.Runs(b.Context(), last) {
					if !yield(err) {
						return
					}
				}
			})
		}
	})
	b.Run("one-run-more", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			r := session(benchRuns + i)
			r.Branch = fmt.Sprint("other", b.N)
			if _, err := s.Put(b.Context(), r); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if infos, err := s.List(b.Context(), baseline.Query{Branch: r.Branch}); err != nil || len(infos) == 0 {
				b.Fatal(len(infos), err)
			}
		}
	})
}

// fill puts benchRuns runs into an empty store.
func fill(b *testing.B, s baseline.Store) {
	b.Helper()
	for first := 0; first < benchRuns; first += 100 {
		var some []baseline.Run
		for i := range 100 {
			some = append(some, session(first+i))
		}
		if _, err := s.Put(b.Context(), some...); err != nil {
			b.Fatal(err)
		}
	}
}
