// Package storetest is the contract of [baseline.Store] in executable form: one
// conformance suite that every store passes.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() baseline.Store {
//			path := t.TempDir()
//			return func() baseline.Store { … dir.Open(path) … }
//		})
//	}
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// Run tests a store. fresh is called once a case and makes an empty store; what
// it returns opens one more handle to that store, as another process would.
// Run closes the handles.
func Run(t *testing.T, fresh func(t *testing.T) (open func() baseline.Store)) {
	for _, c := range []struct {
		name string
		test func(*kit)
	}{
		{"get returns what put got", (*kit).roundTrip},
		{"an empty store", (*kit).empty},
		{"putting again changes nothing", (*kit).idempotent},
		{"all runs or none", (*kit).allOrNone},
		{"what is refused", (*kit).refused},
		{"prefixes of an ID", (*kit).prefixes},
		{"queries", (*kit).queries},
		{"history", (*kit).history},
		{"edges of a history", (*kit).historyEdges},
		{"history after removal", (*kit).historyAfterRemove},
		{"history beside writers", (*kit).historyOfWriters},
		{"runs without their texts", (*kit).runs},
		{"anchors beside heads", (*kit).anchors},
		{"runs since a time", (*kit).since},
		{"decisions", (*kit).decisions},
		{"decisions that are refused", (*kit).refusedDecisions},
		{"decisions that are forgotten", (*kit).forgottenDecisions},
		{"writers of decisions", (*kit).writersOfDecisions},
		{"remove", (*kit).remove},
		{"projects stay apart", (*kit).projects},
		{"weird names", (*kit).weirdNames},
		{"raw bytes", (*kit).rawBytes},
		{"numbers", (*kit).numbers},
		{"huge samples", (*kit).huge},
		{"concurrent writers", (*kit).writers},
		{"writers beside readers and removers", (*kit).melee},
		{"cancelled context", (*kit).cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			t.Cleanup(cancel)
			k := &kit{T: t, ctx: ctx, open: fresh(t)}
			k.store = k.handle()
			c.test(k)
		})
	}
}

type kit struct {
	*testing.T
	ctx   context.Context
	open  func() baseline.Store
	store baseline.Store
}

// handle opens one more handle.
func (k *kit) handle() baseline.Store {
	k.Helper()
	s := k.open()
	k.Cleanup(func() {
		if err := s.Close(); err != nil {
			k.Errorf("close: %v", err)
		}
	})
	return s
}

// Start is when the first of Example's runs began.
var Start = time.Date(2026, 11, 23, 5, 30, 0, 123456000, time.UTC)

// Example returns a run with every field set; i tells runs apart and makes later
// numbers newer.
func Example(i int) baseline.Run {
	name := fmt.Sprintf("PingPong/transport=shm/size=64B/case=%d-2", i)
	return baseline.Run{
		Project: "github.com/x/y",
		Side:    baseline.Head,
		Commit:  fmt.Sprintf("1f0cab%034x", i),
		Branch:  "main",
		Dirty:   true,
		Time:    Start.Add(time.Duration(i) * time.Minute),
		Session: fmt.Sprintf("%024x", i),
		Facts:   baseline.Facts{Time: Start.Add(-time.Hour), Place: i + 1, Author: "Jo Doe", Subject: "ring: one copy less", Pull: 12},
		Environment: baseline.Environment{
			OS: "linux", Arch: "amd64", CPU: "AMD EPYC 7763 64-Core Processor", Cores: 4, Quota: 1.5, Procs: 2, MemoryMiB: 24000,
			Kernel: "6.18.0-generic", Virtual: "kvm", Governor: "performance", GoVersion: "go1.26.8", SuiteFlags: "-benchtime=100ms -cpu 1,2",
			Counter: "qemu-user 7.2.22",
		},
		Samples: []baseline.Sample{
			{Key: baseline.Key{Package: "github.com/x/y/bench", Name: name, Unit: "p95-latency-sec"}, Values: []float64{3e-7, 3.1e-7}, Rounds: []int{1, 2}},
			{Key: baseline.Key{Package: "github.com/x/y/bench", Name: name, Unit: "sec/op"}, Values: []float64{2.4e-7, 2.5e-7, 0.1, 0}, Rounds: []int{1, 2, 2, 7}},
		},
		Raw: fmt.Appendf(nil, "goos: linux\npkg: github.com/x/y/bench\nBenchmark%s 1000 240 ns/op 300 p95-latency-ns\nPASS\n", name),
	}
}

// put fails unless want of runs are added.
func (k *kit) put(want int, runs ...baseline.Run) {
	k.Helper()
	added, err := k.store.Put(k.ctx, runs...)
	if err != nil || added != want {
		k.Fatalf("put %d runs: added %d, %v; want %d", len(runs), added, err, want)
	}
}

// list fails if the list has an error.
func (k *kit) list(q baseline.Query) []baseline.RunInfo {
	k.Helper()
	infos, err := k.store.List(k.ctx, q)
	if err != nil {
		k.Fatalf("list %+v: %v", q, err)
	}
	return infos
}

// same fails unless get returns the run as it was put.
func (k *kit) same(want baseline.Run) {
	k.Helper()
	have, err := k.store.Get(k.ctx, want.ID())
	if err != nil {
		k.Fatalf("get: %v", err)
	}
	if diff := Diff(have, want); diff != "" {
		k.Fatal(diff)
	}
}

// Diff says in which field two runs differ, or nothing. It walks the fields
// itself, so that a field added to Run cannot be forgotten by a store.
func Diff(have, want baseline.Run) string {
	h, w := reflect.ValueOf(have), reflect.ValueOf(want)
	for i := range h.NumField() {
		a, b := h.Field(i).Interface(), w.Field(i).Interface()
		equal := reflect.DeepEqual(a, b)
		switch b := b.(type) {
		case time.Time:
			equal = a.(time.Time).Equal(b) && a.(time.Time).Location() == time.UTC
		case baseline.Facts:
			have := a.(baseline.Facts)
			equal = have.Time.Equal(b.Time) && have.Time.Location() == time.UTC
			have.Time = b.Time
			equal = equal && have == b
		case []byte:
			equal = bytes.Equal(a.([]byte), b)
		case []baseline.Sample:
			equal = slices.EqualFunc(a.([]baseline.Sample), b, sameSample)
		}
		if !equal {
			return fmt.Sprintf("field %s: have %.300q, want %.300q", h.Type().Field(i).Name, fmt.Sprint(a), fmt.Sprint(b))
		}
	}
	return ""
}

// sameSample reports whether a and b are equal, field by field.
func sameSample(a, b baseline.Sample) bool {
	return a.Key == b.Key && slices.Equal(a.Values, b.Values) && slices.Equal(a.Rounds, b.Rounds)
}

func (k *kit) roundTrip() {
	want := Example(1)
	for _, v := range []reflect.Value{reflect.ValueOf(want), reflect.ValueOf(want.Environment), reflect.ValueOf(want.Facts)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				k.Fatalf("Example leaves %s zero, so this case could not see it lost", v.Type().Field(i).Name)
			}
		}
	}
	k.put(1, want)
	k.same(want)

	bare := baseline.Run{} // nothing known at all is still a run
	k.put(1, bare)
	k.same(bare)

	unsorted := Example(2)
	slices.Reverse(unsorted.Samples)
	k.put(1, unsorted)
	k.same(Example(2))

	elsewhere := Example(3)
	elsewhere.Time = elsewhere.Time.In(time.FixedZone("x", 3*3600)).Add(999) // kept to the microsecond, in UTC
	elsewhere.Facts.Time = elsewhere.Facts.Time.In(time.FixedZone("y", -3600)).Add(1)
	k.put(1, elsewhere)
	k.same(Example(3))
}

func (k *kit) empty() {
	if infos := k.list(baseline.Query{}); len(infos) != 0 {
		k.Errorf("list: %v, want nothing", infos)
	}
	_, err := k.store.Get(k.ctx, "abcdef123456")
	k.is(err, baseline.ErrNotFound)
	k.is(k.store.Remove(k.ctx, "abcdef123456"), baseline.ErrNotFound)
	k.put(0)
}

func (k *kit) idempotent() {
	k.put(2, Example(1), Example(2))
	k.put(1, Example(2), Example(3), Example(1))
	k.put(1, Example(4), Example(4))
	again := Example(1)
	again.Time = again.Time.Add(time.Hour) // not part of the content: the first stays
	k.put(0, again)
	if n := len(k.list(baseline.Query{})); n != 4 {
		k.Errorf("%d runs, want 4", n)
	}
	for i := 1; i <= 4; i++ {
		k.same(Example(i))
	}
}

func (k *kit) allOrNone() {
	bad := Example(3)
	bad.Samples[0].Rounds = nil
	added, err := k.store.Put(k.ctx, Example(1), Example(2), bad)
	if err == nil || added != 0 {
		k.Errorf("put a bad run: added %d, %v; want an error", added, err)
	}
	if infos := k.list(baseline.Query{}); len(infos) != 0 {
		k.Errorf("%d runs were kept, want none", len(infos))
	}
}

// is fails unless err wraps want.
func (k *kit) is(err, want error) {
	k.Helper()
	if !isError(err, want) {
		k.Errorf("have %v, want an error that wraps %q", err, want)
	}
}

// says fails unless err holds every word.
func (k *kit) says(err error, words ...string) {
	k.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			k.Errorf("have error %v, want one that says %q", err, w)
		}
	}
}
