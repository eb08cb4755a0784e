package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/gate/stat"
)

// bar is a limit of the ratio of two networks' figures of one work.
type bar struct {
	text         string
	work         string
	ours, theirs string
	most         bool // limit is the most, else the least
	limit        float64
}

// near is how close to gRPC in one process gRPC over shared memory shall come.
const near = 1.2

// bars returns the limits that are held.
func bars() []bar {
	return []bar{
		{"gRPC, a call of 64 B, p50", "unary", shmNet, unixNet, true, .5},
		{"gRPC, a call of 64 B, p50, beside what gRPC costs by itself", "unary", shmNet, bufNet, true, near},
		{"gRPC, a stream of 64 B, messages a second", "stream", shmNet, unixNet, false, 2},
		{"gRPC, a stream of 64 B, beside what gRPC costs by itself", "stream", shmNet, bufNet, false, 1 / near},
		{"net/http, a GET over a kept connection, p50", "get", shmNet, unixNet, true, .5},
		{"io.Copy of 1 GiB, bytes a second", "copy", shmNet, unixNet, false, 2},
	}
}

// name names the bar for -only.
func (b bar) name() string { return b.work + " " + b.ours + "/" + b.theirs }

// The verdicts.
const (
	met       = "met"
	missed    = "missed"
	undecided = "undecided"
)

// looks are after how many pairs a bar may be decided. Each look takes its share of the error of
// one in twenty.
var looks = []int{8, 12, 18, 27, 40}

// level is the level of the interval at each look.
func level() float64 { return 1 - .05/float64(len(looks)) }

// judge returns the median of the ratios, its interval and what that says of the bar. Before the
// first look it is undecided.
func (b bar) judge(ratios []float64) (lo, mid, hi float64, verdict string) {
	lo, hi, _ = stat.MedianInterval(ratios, level())
	mid = stat.Median(ratios)
	meets := func(r float64) bool { return b.most && r <= b.limit || !b.most && r >= b.limit }
	switch {
	case len(ratios) < looks[0] || meets(lo) != meets(hi):
		return lo, mid, hi, undecided
	case meets(mid):
		return lo, mid, hi, met
	}
	return lo, mid, hi, missed
}

// decided reports whether the bar needs no more pairs: it is decided at a look, or there was the
// last one.
func (b bar) decided(ratios []float64) bool {
	n := len(ratios)
	if n >= looks[len(looks)-1] {
		return true
	}
	if !slices.Contains(looks, n) {
		return false
	}
	_, _, _, verdict := b.judge(ratios)
	return verdict != undecided
}

// found is what was measured of a bar.
type found struct {
	bar
	ours, theirs []float64 // figures, pair by pair
}

// ratios returns the ratio of each pair.
func (f found) ratios() []float64 {
	all := make([]float64, len(f.ours))
	for i := range all {
		all[i] = f.ours[i] / f.theirs[i]
	}
	return all
}

// write prints the bars as a table of Markdown.
func write(out io.Writer, all []*found) {
	fmt.Fprintf(out, "| | ours | theirs | bar | ratio: median [interval at %g %%] | pairs | |\n|---|---|---|---|---|---|---|\n", 100*level())
	for _, f := range all {
		relation := "≥"
		if f.most {
			relation = "≤"
		}
		ratio, verdict := "", "not measured"
		if r := f.ratios(); len(r) > 0 {
			var lo, mid, hi float64
			lo, mid, hi, verdict = f.judge(r)
			ratio = fmt.Sprintf("%.3g [%.3g, %.3g]", mid, lo, hi)
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s %.3g | %s | %d | %s |\n", f.text, f.side(f.bar.ours, f.ours), f.side(f.bar.theirs, f.theirs),
			relation, f.limit, ratio, len(f.ours), verdict)
	}
}

// side names a network with the median of its figures.
func (f found) side(network string, figures []float64) string {
	w, err := find(f.work)
	if err != nil || len(figures) == 0 {
		return network
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.3g %s", network, stat.Median(figures), w.unit))
}
