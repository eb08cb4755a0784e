package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/bench/peers/internal/decide"
)

// match is ours and what does the same job.
type match struct {
	ours   string
	theirs []string
}

// pairs are whose ratios are shown of two processes.
var pairs = []match{
	{"ours-shm", []string{"c-shm", "shmipc-go"}},
	{"ours-shm-peek", []string{"c-shm-peek", "ours-shm"}},
	{"ours-shm-park", []string{"c-shm-park", "shmipc-go"}},
	{"ours-unix", []string{"c-unix", "go-unix", "grpc-stream", "grpc-unary", "mangos", "go-zeromq", "golang-ipc"}},
	{"ours-pipe", []string{"c-pipe", "go-pipe"}},
}

// crowdPairs are whose ratios are shown of many processes. Bars are against what a program does
// without this module; its own pipes, which wait better than plain ones, stand beside.
var crowdPairs = []match{
	{"ours-shm", []string{"c-shm-yield", "go-pipe", "go-pipe-channel", "c-pipe", "ours-pipe"}},
	{"ours-pipe", []string{"go-pipe", "go-pipe-channel", "c-pipe"}},
}

// report is everything that a run found.
type report struct {
	machine   []string
	rivals    []rival
	works     []work
	measured  measured
	exchanges exchanges
	bars      []*tally
	codecBars []*codecTally
	crossings []time.Duration // by round
	loads     []float64
	problems  []string
}

// tally adds a round's ratios to the bars that are open.
func (r *report) tally(round int) {
	for _, t := range r.bars {
		r.measured.tally(t, round)
	}
	for _, t := range r.codecBars {
		r.exchanges.tally(t, round)
	}
}

// open returns how many bars are not decided.
func (r *report) open() (n int) {
	for _, t := range r.bars {
		if t.Open() {
			n++
		}
	}
	for _, t := range r.codecBars {
		if t.Open() {
			n++
		}
	}
	return n
}

// write prints the report as Markdown.
func (r *report) write(out io.Writer) {
	for _, line := range r.machine {
		fmt.Fprintf(out, "%s  \n", line)
	}
	r.state(out)
	r.decided(out)
	r.table(out, trip, "Round trip, µs: p50 (p95, p99), medians of the rounds; in brackets p50 of the best and the worst round")
	r.table(out, flow, "One way, million msg/s (GB/s at 1 MiB), medians of the rounds; in brackets the worst and the best round")
	r.table(out, gather, "A message to each of some and the answer of each, µs: p50 (p95, p99)")
	r.table(out, fanIn, "Messages from some, million msg/s")
	r.exchanges.table(out)
	r.ratios(out, trip, pairs, "Ours by theirs, p50 of the round trip (below 1: ours is faster)")
	r.ratios(out, flow, pairs, "Ours by theirs, rate one way (above 1: ours is faster)")
	r.ratios(out, gather, crowdPairs, "Ours by theirs, p50 of the gather round (below 1: ours is faster)")
	r.ratios(out, fanIn, crowdPairs, "Ours by theirs, rate of the fan-in (above 1: ours is faster)")
	if len(r.problems) > 0 {
		fmt.Fprintln(out, "\n## Not measured")
		for _, p := range r.problems {
			fmt.Fprintf(out, "- %s\n", p)
		}
	}
}

// columns returns the works of a kind that were measured at all.
func (r *report) columns(kind string) []work {
	var all []work
	for _, w := range r.works {
		for c := range r.measured {
			if w.kind == kind && c.work == w {
				all = append(all, w)
				break
			}
		}
	}
	return all
}

// head prints a heading and a table's head, and returns its columns: none when there is nothing
// to print.
func (r *report) head(out io.Writer, kind, title string) []work {
	columns := r.columns(kind)
	if len(columns) == 0 {
		return nil
	}
	fmt.Fprintf(out, "\n## %s\n\n| |", title)
	for _, w := range columns {
		fmt.Fprintf(out, " %s |", w.String()[len(kind)+1:])
	}
	fmt.Fprintf(out, "\n|---|%s\n", strings.Repeat("---|", len(columns)))
	return columns
}

// row prints a row unless all its cells are empty.
func row(out io.Writer, name string, cells []string) {
	if strings.Join(cells, "") == "" {
		return
	}
	fmt.Fprintf(out, "| %s |", name)
	for _, c := range cells {
		fmt.Fprintf(out, " %s |", c)
	}
	fmt.Fprintln(out)
}

// table prints the results of a kind of work.
func (r *report) table(out io.Writer, kind, title string) {
	columns := r.head(out, kind, title)
	if columns == nil {
		return
	}
	for _, rival := range r.rivals {
		var cells []string
		for _, w := range columns {
			cells = append(cells, r.cell(rival.name, w))
		}
		row(out, rival.name, cells)
	}
}

// cell returns what the table shows of a result.
func (r *report) cell(name string, w work) string {
	v := r.measured.values(name, w, headline(w.kind))
	if len(v) == 0 {
		return ""
	}
	unit := 1e6 // messages
	switch {
	case timed(w.kind):
		unit = 1e3 // nanoseconds
	case w.size >= 1<<20:
		unit = 1e9 / float64(w.size) // bytes
	}
	s := digits(median(v) / unit)
	if timed(w.kind) {
		p95 := r.measured.values(name, w, func(r result) float64 { return float64(r.p95) })
		p99 := r.measured.values(name, w, p99)
		s += fmt.Sprintf(" (%s, %s)", digits(median(p95)/unit), digits(median(p99)/unit))
	}
	return s + fmt.Sprintf(" [%s, %s]", digits(v[0]/unit), digits(v[len(v)-1]/unit))
}

// ratios prints the ratios of pairs.
func (r *report) ratios(out io.Writer, kind string, pairs []match, title string) {
	columns := r.head(out, kind, title+": median [least, most] of the ratios within a round")
	for _, p := range pairs {
		for _, theirs := range p.theirs {
			var cells []string
			for _, w := range columns {
				cells = append(cells, spread(r.measured.ratios(w, w, p.ours, theirs, headline(kind), headline(kind))))
			}
			row(out, p.ours+" / "+theirs, cells)
		}
	}
}

// state prints what the machine was like, over the rounds.
func (r *report) state(out io.Writer) {
	var costs []float64
	for _, c := range r.crossings {
		costs = append(costs, float64(c))
	}
	slices.Sort(costs)
	loads := slices.Sorted(slices.Values(r.loads))
	fmt.Fprintf(out, "%d rounds; a cache line crossed between two cores in %s ns; load %s (median [least, most] of the rounds)\n",
		len(costs), spread(costs), spread(loads))
}

// decided prints the bars with their verdicts.
func (r *report) decided(out io.Writer) {
	if len(r.bars)+len(r.codecBars) == 0 {
		return
	}
	fmt.Fprintf(out, "\n## Bars\n\n| | ours | theirs | bar | ratio: median [interval at %.3g %%] | pairs | |\n|---|---|---|---|---|---|---|\n", 100*decide.Level)
	line := func(text, ours, theirs string, t *decide.Tally) {
		relation := "≥"
		if t.Most {
			relation = "≤"
		}
		v, ratio := t.Verdict(), ""
		if v.Pairs > 0 {
			ratio = fmt.Sprintf("%s [%s, %s]", digits(v.Mid), digits(v.Lo), digits(v.Hi))
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s %s | %s | %d | %s |\n", text, ours, theirs, relation, digits(t.Limit), ratio, v.Pairs, v.Word)
	}
	for _, t := range r.bars {
		ours, theirs := t.Sides()
		left, right := t.bar.ours+t.bar.side(ours), t.bar.theirs+t.bar.side(theirs)
		if t.bar.ours == t.bar.theirs {
			right = strings.TrimSpace(t.bar.side(theirs))
		}
		line(t.text, left, right, &t.Tally)
	}
	for _, t := range r.codecBars {
		theirs, ours := t.Sides() // the larger the better: theirs by ours
		name := t.codecBar.theirs
		if name == fastest && len(t.names) > 0 {
			name += " (" + strings.Join(slices.Sorted(slices.Values(t.names)), ", ") + ")"
		}
		line(t.text+", "+t.payload, fmt.Sprintf("%s %s %s", t.codecBar.ours, digits(ours), t.unit), fmt.Sprintf("%s %s %s", name, digits(theirs), t.unit), &t.Tally)
	}
}

// side shows the figure of one side of a bar, after a space; nothing of what is counted, since the
// ratio says it.
func (b bar) side(v float64) string {
	switch {
	case v == 0 || b.Limit == 0:
		return ""
	case timed(b.work.kind):
		return " " + digits(v/1e3) + " µs"
	case b.work.size >= 1<<20:
		return " " + digits(v*float64(b.work.size)/1e9) + " GB/s"
	}
	return " " + digits(v/1e6) + " M/s"
}

// spread shows the median and the ends of sorted values; nothing of none.
func spread(sorted []float64) string {
	if len(sorted) == 0 {
		return ""
	}
	return fmt.Sprintf("%s [%s, %s]", digits(median(sorted)), digits(sorted[0]), digits(sorted[len(sorted)-1]))
}

// digits rounds to three significant digits and writes no exponent.
func digits(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	places := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	s := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
