package main

import (
	"github.com/descartes/regress/bench/peers/internal/conns"
	"github.com/descartes/regress/bench/peers/internal/decide"
)

// The bars that pkg/ipc set itself.
//
// A bar compares a figure of ours with one of theirs, taken soon after each other in the same
// round, which is a pair.
type bar struct {
	text         string
	work         work
	than         work // of theirs
	ours, theirs string
	figure       func(result) float64 // of ours
	other        func(result) float64 // of theirs
	decide.Bar
}

// name names the bar for -only.
func (b bar) name() string {
	s := b.ours + "/" + b.theirs + " " + b.work.String()
	if b.ours == b.theirs { // what it is beside is in its text
		s += " " + b.text
	}
	return s
}

// needs reports whether the bar is about what a contestant does at a work.
func (b bar) needs(name string, w work) bool {
	return b.work == w && b.ours == name || b.than == w && b.theirs == name
}

// figures returns the figures of a result.
func p50(r result) float64    { return float64(r.p50) }
func p99(r result) float64    { return float64(r.p99) }
func rate(r result) float64   { return float64(r.n) / float64(r.ns) * 1e9 }
func one(result) float64      { return 1 }
func allocs(r result) float64 { return float64(r.mallocs / r.n) } // a whole number, as testing's allocs/op

// timed reports whether each operation of the kind of work is.
func timed(kind string) bool {
	return kind == trip || kind == gather || kind == conns.Unary || kind == conns.Get
}

// headline returns the figure that a table shows of a kind of work.
func headline(kind string) func(result) float64 {
	if timed(kind) {
		return p50
	}
	return rate
}

// batch is how many messages a batch has.
const batch = 64

// works returns what is measured, in the order of the tables.
func works() []work {
	var all []work
	for _, size := range []int{64, 256, 1 << 10, 4 << 10, 1 << 20} {
		all = append(all, work{trip, size, 1})
	}
	for _, size := range []int{64, 512} {
		all = append(all, work{flow, size, 1}, work{flow, size, batch})
	}
	all = append(all, work{flow, 1 << 20, 1}, work{gather, 64, 4}, work{fanIn, 64, 1}, work{fanIn, 64, 16})
	return append(all, connWorks()...)
}

// atMost and atLeast return the bar that a ratio must not exceed, or must reach.
func atMost(limit float64) decide.Bar  { return decide.Bar{Most: true, Limit: limit} }
func atLeast(limit float64) decide.Bar { return decide.Bar{Limit: limit} }

// bars returns the limits that are held, in the order in which they are printed.
func bars() []bar {
	small, large := work{trip, 64, 1}, work{trip, 1 << 20, 1}
	all := []bar{
		{"round trip of 64 B, p50", small, small, "ours-shm", "c-shm", p50, p50, atMost(1.3)},
		{"round trip of 64 B, p50", small, small, "ours-shm", "shmipc-go", p50, p50, atMost(1. / 50)},
		{"round trip of 64 B, p99 by its own p50", small, small, "ours-shm", "ours-shm", p99, p50, atMost(2)},
		{"round trip of 64 B when parking, p50", small, small, "ours-shm-park", "shmipc-go", p50, p50, atMost(1. / 5)},
		{"round trip of 1 MiB, p50", large, large, "ours-shm", "c-shm", p50, p50, atMost(1.3)},
		{"round trip of 1 MiB, p50", large, large, "ours-shm", "shmipc-go", p50, p50, atMost(1)},
	}
	all = append(append(all, rateBars()...), crowdBars()...)
	return append(append(all, connBars()...), mallocBars()...)
}

// rateBars returns the limits of messages one way.
func rateBars() []bar {
	var all []bar
	rates := func(ours, theirs string, least float64, works ...work) {
		for _, w := range works {
			all = append(all, bar{"one way, " + w.String()[len(flow)+1:], w, w, ours, theirs, rate, rate, atLeast(least)})
		}
	}
	plain, batched, large := work{flow, 64, 1}, work{flow, 64, batch}, work{flow, 1 << 20, 1}
	rates("ours-shm", "c-shm", 1, plain, batched)
	rates("ours-shm", "shmipc-go", 5, plain)
	rates("ours-shm", "shmipc-go", 3, batched)
	rates("ours-shm", "c-shm", .85, large)
	rates("ours-shm", "shmipc-go", 3, large) // which is read in place, where Recv copies once more
	rates("ours-shm-peek", "shmipc-go", 3, large)
	for _, t := range []string{"unix", "pipe"} {
		rates("ours-"+t, "c-"+t, .75, plain, work{flow, 512, 1}, large)
		rates("ours-"+t, "c-"+t, .6, batched, work{flow, 512, batch})
	}
	return all
}

// crowdBars returns the limits of many processes.
func crowdBars() []bar {
	round, many, single := work{gather, 64, 4}, work{fanIn, 64, 16}, work{fanIn, 64, 1}
	return []bar{
		{"a gather round of 4 members, p50", round, round, "ours-shm", "go-pipe", p50, p50, atMost(1. / 10)},
		{"a gather round of 4 members, p50", round, round, "ours-shm", "c-shm-yield", p50, p50, atMost(1.3)},
		{"fan-in of 16 by one of 1", many, single, "ours-shm", "ours-shm", rate, rate, atLeast(.8)},
	}
}

// nearBufconn is how close gRPC over shared memory shall come to what gRPC costs by itself.
const nearBufconn = 1.2

// connBars returns the limits of programs that speak over a net.Conn.
func connBars() []bar {
	call, stream, get, copying := connWorks()[0], connWorks()[1], connWorks()[2], connWorks()[3]
	const shm, unix, buf = "netconn-shm", "net-unix", "grpc-bufconn"
	return []bar{
		{"gRPC, a call of 64 B, p50", call, call, shm, unix, p50, p50, atMost(.5)},
		{"gRPC, a call of 64 B, p50, beside what gRPC costs by itself", call, call, shm, buf, p50, p50, atMost(nearBufconn)},
		{"gRPC, a stream of 64 B", stream, stream, shm, unix, rate, rate, atLeast(2)},
		{"gRPC, a stream of 64 B, beside what gRPC costs by itself", stream, stream, shm, buf, rate, rate, atLeast(1 / nearBufconn)},
		{"net/http, a GET over a kept connection, p50", get, get, shm, unix, p50, p50, atMost(.5)},
		{"io.Copy of 1 GiB", copying, copying, shm, unix, rate, rate, atLeast(2)},
	}
}

// mallocBars returns the limits of allocations: none.
func mallocBars() []bar {
	var all []bar
	for _, t := range []string{"shm", "unix", "pipe"} {
		for _, w := range []work{{trip, 64, 1}, {trip, 1 << 20, 1}, {flow, 64, 1}, {flow, 64, batch}, {flow, 1 << 20, 1}} {
			all = append(all, bar{"allocations a message, " + w.String(), w, w, "ours-" + t, "ours-" + t, allocs, one, atMost(0)})
		}
	}
	return all
}
