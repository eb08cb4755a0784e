package main

import (
	"slices"

	"github.com/descartes/regress/bench/peers/internal/decide"
)

// cell is one rival at one work.
type cell struct {
	rival string
	work  work
}

// measured holds the results, by round.
type measured map[cell]map[int]result

// add notes a result of a round.
func (m measured) add(name string, w work, round int, r result) {
	c := cell{name, w}
	if m[c] == nil {
		m[c] = map[int]result{}
	}
	m[c][round] = r
}

// values lists a figure of a cell over its rounds, sorted.
func (m measured) values(name string, w work, figure func(result) float64) []float64 {
	var all []float64
	for _, r := range m[cell{name, w}] {
		all = append(all, figure(r))
	}
	slices.Sort(all)
	return all
}

// ratios lists figure of ours at w by other of theirs at than, for each round that has both,
// sorted.
func (m measured) ratios(w, than work, ours, theirs string, figure, other func(result) float64) []float64 {
	var all []float64
	for round, r := range m[cell{ours, w}] {
		if t, ok := m[cell{theirs, than}][round]; ok && other(t) > 0 {
			all = append(all, figure(r)/other(t))
		}
	}
	slices.Sort(all)
	return all
}

// median returns the median of sorted values; 0 of none.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// tally is a bar of work between processes and its pairs.
type tally struct {
	bar
	decide.Tally
}

// codecTally is a bar of a codec, its pairs, and who was its other side.
type codecTally struct {
	codecBar
	decide.Tally
	names []string
}

// tally adds a round's pair to a bar, if it has both sides.
func (m measured) tally(t *tally, round int) {
	ours, ok := m[cell{t.ours, t.work}][round]
	if !ok {
		return
	}
	if theirs, ok := m[cell{t.theirs, t.than}][round]; ok && t.other(theirs) > 0 {
		t.Add(t.figure(ours), t.other(theirs))
	}
}
