// Package culprit finds the change that made a benchmark dearer: it has both sides run once more
// under what tells where their cost is, and lays the growth at the difference of their sources.
//
// Where instructions are counted, they are counted by the calls that they are under (package
// count), which is exact and does not depend on what else the machine does. Time that grew without
// the work that explains it, by caches, locks or waiting, is sampled; so is all time where nothing
// counts. Allocations are recorded one and all.
package culprit

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/count"
	"github.com/descartes/regress/cmd/regress/internal/measure"
	"github.com/descartes/regress/cmd/regress/internal/placement"
	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// Finder looks for causes among what a session has built.
type Finder struct {
	Session *measure.Session
	Counter *count.Counter // nil: time is sampled
}

// Want is one benchmark that became dearer.
type Want struct {
	baseline.Key
	Change float64 // by how much, as a part of the base's cost; 0: not known
}

// Found is what is known of the cause of one Want.
type Found struct {
	placement.Cause
	Kind   placement.Kind // in what it was seen
	Shared bool           // it was seen in another benchmark of the same function
	Err    error          // why nothing is known
	// Uncounted is why time was sampled although something counts here; nil: it was counted, or its
	// work does not explain the change.
	Uncounted error
}

const (
	shortSample = 500 * time.Millisecond
	longSample  = 3 * time.Second
	explains    = .5 // of the change in time must be in the work for the work to explain it
)

// Find looks for the cause of each want, head against another side, in their order. Sub-benchmarks
// of one function have mostly one cause: the first of them is looked into for all. The error is
// about all wants.
func (f Finder) Find(ctx context.Context, against baseline.Side, wants []Want) ([]Found, error) {
	place, err := f.open(ctx, against)
	if err != nil {
		return nil, err
	}
	seen := map[group]evidence{}
	var all []Found
	for _, w := range wants {
		sample, kind := kinds(w.Unit)
		at := group{w.Function(), sample}
		e, shared := seen[at]
		if !shared {
			e = f.look(ctx, against, w)
			seen[at] = e
		}
		if e.err != nil {
			if !shared {
				all = append(all, Found{Kind: kind, Err: e.err})
			} else {
				all = append(all, Found{Kind: kind, Shared: true})
			}
			continue
		}
		if e.pair.Kind != placement.Work {
			e.pair.Kind = kind
		}
		cause, err := place.Find(e.pair)
		if err != nil {
			err = fmt.Errorf("%s: %w", w.Name, err)
		}
		found := Found{Cause: cause, Kind: e.pair.Kind, Shared: e.name != w.Name, Err: err}
		if !shared {
			found.Uncounted = e.uncounted
		}
		all = append(all, found)
	}
	return all, nil
}

// open reads the difference between another side and the judged one.
func (f Finder) open(ctx context.Context, against baseline.Side) (*placement.Finder, error) {
	top, base := f.Session.Top(), f.Session.Commit(against)
	if dir, head := f.Session.Tree(); head != "" {
		return placement.Between(ctx, top, base, head, dir)
	}
	return placement.Open(ctx, top, base)
}

// group is what one look is for.
type group struct {
	baseline.Function
	sample measure.ProfileKind
}

// evidence is what one look has seen.
type evidence struct {
	name string // of the benchmark that was run
	pair placement.Pair
	err  error // why there is no pair

	uncounted error
}

// look has both sides run. The work of both is preferred where it can be counted and explains the
// change.
func (f Finder) look(ctx context.Context, against baseline.Side, w Want) evidence {
	sample, kind := kinds(w.Unit)
	var uncounted error
	if kind == placement.CPU && f.Counter != nil {
		var pair placement.Pair
		if pair, uncounted = f.Work(ctx, against, w.Key); uncounted == nil {
			grown := total(pair.HeadWork)/total(pair.BaseWork) - 1
			if w.Unit == baseline.Instructions || grown > 0 && grown >= explains*math.Abs(w.Change) {
				return evidence{name: w.Name, pair: pair}
			}
		}
	}
	profiles, err := f.Session.Profile(ctx, against, []measure.ProfileWant{{Package: w.Package, Name: w.Name, Kind: sample, Time: sampleTime(w.Change)}})
	if err == nil {
		err = profiles[0].Err
	}
	if err != nil {
		return evidence{name: w.Name, err: err, uncounted: uncounted}
	}
	p := profiles[0]
	pair := placement.Pair{Base: p.Base, Head: p.Head, Kind: kind, Iterations: p.Iterations}
	return evidence{name: w.Name, pair: pair, uncounted: uncounted}
}

// Work counts the work of one benchmark on both sides.
func (f Finder) Work(ctx context.Context, against baseline.Side, key baseline.Key) (placement.Pair, error) {
	probes := map[baseline.Side]*count.StackProbe{}
	want := measure.ProfileWant{Package: key.Package, Name: key.Name, Kind: measure.ProfileWork, Probe: func(side baseline.Side, binary string) (suite.Probe, error) {
		p, err := f.Counter.StackProbe(binary)
		probes[side] = p
		return p, err
	}}
	profiles, err := f.Session.Profile(ctx, against, []measure.ProfileWant{want})
	if err != nil {
		return placement.Pair{}, err
	}
	if err := profiles[0].Err; err != nil {
		return placement.Pair{}, err
	}
	pair := placement.Pair{Kind: placement.Work, Iterations: profiles[0].Iterations}
	for side, p := range probes {
		stacks, err := p.Profile()
		if err != nil {
			return placement.Pair{}, err
		}
		if side.Judged() {
			pair.HeadWork = stacks
		} else {
			pair.BaseWork = stacks
		}
	}
	return pair, nil
}

// total returns all instructions of some stacks.
func total(p count.Profile) float64 {
	sum := 0.
	for _, s := range p.Stacks {
		sum += float64(s.Instructions)
	}
	return sum
}

// kinds returns what to sample for a unit, and what one of it is called.
func kinds(unit string) (measure.ProfileKind, placement.Kind) {
	switch unit {
	case "B/op":
		return measure.ProfileAllocs, placement.Space
	case "allocs/op":
		return measure.ProfileAllocs, placement.Objects
	}
	return measure.ProfileCPU, placement.CPU
}

// sampleTime grows as the change shrinks: at a hundred samples a second, 15 of
// them must be the growth to stand out.
func sampleTime(change float64) time.Duration {
	if change == 0 {
		return time.Second
	}
	share := max(change, -change)
	return min(max(time.Duration(.15/share*float64(time.Second)), shortSample), longSample)
}
