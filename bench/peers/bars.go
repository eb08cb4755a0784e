package main

import "fmt"

// The bars that pkg/ipc set itself.
//
// A bar compares a figure of ours with one of theirs, taken soon after each other
// in the same round; its ratio is the median over the rounds.
type bar struct {
	group        string
	text         string
	work         work
	than         work // of theirs
	ours, theirs string
	figure       func(result) float64 // of ours
	other        func(result) float64 // of theirs
	most         bool                 // limit is the most, else the least
	limit        float64
}

// figures returns the figures of a result.
func p50(r result) float64    { return float64(r.p50) }
func p99(r result) float64    { return float64(r.p99) }
func rate(r result) float64   { return float64(r.n) / float64(r.ns) * 1e9 }
func one(result) float64      { return 1 }
func allocs(r result) float64 { return float64(r.mallocs / r.n) } // a whole number, as testing's allocs/op

// timed reports whether each operation of the kind of work is.
func timed(kind string) bool { return kind == trip || kind == gather }

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
	return append(all, work{flow, 1 << 20, 1}, work{gather, 64, 4}, work{fanIn, 64, 1}, work{fanIn, 64, 16})
}

// bars returns the limits that are held, in the order in which they are printed.
func bars() []bar {
	small := work{trip, 64, 1}
	all := []bar{
		{"1", "round trip of 64 B, p50", small, small, "ours-shm", "c-shm", p50, p50, true, 1.3},
		{"1", "round trip of 64 B, p50", small, small, "ours-shm", "shmipc-go", p50, p50, true, 1. / 50},
		{"1", "round trip of 64 B, p99 against its own p50", small, small, "ours-shm", "ours-shm", p99, p50, true, 2},
		{"1", "round trip of 64 B when parking, p50", small, small, "ours-shm-park", "shmipc-go", p50, p50, true, 1. / 5},
	}
	rates := func(group, ours, theirs string, least float64, works ...work) {
		for _, w := range works {
			all = append(all, bar{group, "one way, " + w.String()[len(flow)+1:], w, w, ours, theirs, rate, rate, false, least})
		}
	}
	plain, batched, large := work{flow, 64, 1}, work{flow, 64, batch}, work{flow, 1 << 20, 1}
	rates("2", "ours-shm", "c-shm", 1, plain, batched)
	rates("2", "ours-shm", "shmipc-go", 5, plain)
	rates("2", "ours-shm", "shmipc-go", 3, batched)
	rates("2", "ours-shm", "c-shm", .85, large)
	rates("2", "ours-shm", "shmipc-go", 3, large) // which is read in place, where Recv copies once more
	rates("2", "ours-shm-peek", "shmipc-go", 3, large)
	for _, t := range []string{"unix", "pipe"} {
		rates("3", "ours-"+t, "c-"+t, .75, plain, work{flow, 512, 1}, large)
		rates("3", "ours-"+t, "c-"+t, .6, batched, work{flow, 512, batch})
	}
	for _, t := range []string{"shm", "unix", "pipe"} {
		for _, w := range []work{small, {trip, 1 << 20, 1}, plain, batched, large} {
			all = append(all, bar{"3", "allocations a message, " + w.String(), w, w, "ours-" + t, "ours-" + t, allocs, one, true, 0})
		}
	}
	round, many, single := work{gather, 64, 4}, work{fanIn, 64, 16}, work{fanIn, 64, 1}
	return append(all,
		bar{"4", "a gather round of 4 members, p50", round, round, "ours-shm", "go-pipe", p50, p50, true, 1. / 10},
		bar{"4", "fan-in of 16 against one of 1", many, single, "ours-shm", "ours-shm", rate, rate, false, .8})
}

// barred reports whether a bar needs the measurement: those are made in every round.
func barred(bars []bar, name string, w work) bool {
	for _, b := range bars {
		if b.work == w && b.ours == name || b.than == w && b.theirs == name {
			return true
		}
	}
	return false
}

// judge compares over the rounds that have both sides.
func (b bar) judge(m measured) (word string, ratios []float64) {
	ratios = m.ratios(b.work, b.than, b.ours, b.theirs, b.figure, b.other)
	if len(ratios) == 0 {
		return "not measured", nil
	}
	return verdict(ratios, b.limit, b.most), ratios
}

// verdict reports whether the median of sorted ratios meets a limit, and in how many rounds it
// was met.
func verdict(ratios []float64, limit float64, most bool) string {
	meets := func(r float64) bool { return most && r <= limit || !most && r >= limit }
	met := 0
	for _, r := range ratios {
		if meets(r) {
			met++
		}
	}
	word := "missed"
	if meets(median(ratios)) {
		word = "met"
	}
	return fmt.Sprintf("%s (%d of %d rounds)", word, met, len(ratios))
}
