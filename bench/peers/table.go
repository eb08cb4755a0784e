package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
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
	{"ours-shm", []string{"go-pipe", "go-pipe-channel", "c-pipe", "ours-pipe"}},
	{"ours-pipe", []string{"go-pipe", "go-pipe-channel", "c-pipe"}},
}

// report is everything that a run found.
type report struct {
	machine   []string
	rivals    []rival
	works     []work
	measured  measured
	exchanges exchanges
	crossings []time.Duration // by round
	loads     []string
	problems  []string
	partial   bool // measured is what was asked for: what lacks is no news
}

// write prints the report as Markdown.
func (r report) write(out io.Writer) {
	for _, line := range r.machine {
		fmt.Fprintf(out, "%s  \n", line)
	}
	fmt.Fprintf(out, "A cache line crossed between two cores, by round, in: %s (load: %s)\n", strings.Trim(fmt.Sprint(r.crossings), "[]"), strings.Join(r.loads, ", "))
	r.table(out, trip, "Round trip, µs: p50 (p95, p99), medians of the rounds; in brackets p50 of the best and the worst round")
	r.table(out, flow, "One way, million msg/s (GB/s at 1 MiB), medians of the rounds; in brackets the worst and the best round")
	r.table(out, gather, "A message to each of some and the answer of each, µs: p50 (p95, p99)")
	r.table(out, fanIn, "Messages from some, million msg/s")
	r.exchanges.table(out)
	r.ratios(out, trip, pairs, "Ours by theirs, p50 of the round trip (below 1: ours is faster)")
	r.ratios(out, flow, pairs, "Ours by theirs, rate one way (above 1: ours is faster)")
	r.ratios(out, gather, crowdPairs, "Ours by theirs, p50 of the gather round (below 1: ours is faster)")
	r.ratios(out, fanIn, crowdPairs, "Ours by theirs, rate of the fan-in (above 1: ours is faster)")
	r.bars(out)
	if len(r.problems) > 0 {
		fmt.Fprintln(out, "\n## Not measured")
		for _, p := range r.problems {
			fmt.Fprintf(out, "- %s\n", p)
		}
	}
}

// columns returns the works of a kind that were measured at all.
func (r report) columns(kind string) []work {
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
func (r report) head(out io.Writer, kind, title string) []work {
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
func (r report) table(out io.Writer, kind, title string) {
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
func (r report) cell(name string, w work) string {
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
func (r report) ratios(out io.Writer, kind string, pairs []match, title string) {
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

// bars prints how the limits are met.
func (r report) bars(out io.Writer) {
	fmt.Fprint(out, "\n## Bars: median [least, most] of the ratios within a round\n\n| | | ours | theirs | bar | ratio | |\n|---|---|---|---|---|---|---|\n")
	for _, b := range bars() {
		verdict, ratios := b.judge(r.measured)
		if r.partial && len(ratios) == 0 {
			continue
		}
		relation := "≥"
		if b.most {
			relation = "≤"
		}
		theirs := b.theirs + r.side(b, b.theirs, b.than, b.other)
		if b.theirs == b.ours {
			theirs = strings.TrimSpace(r.side(b, b.theirs, b.than, b.other))
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s %s | %s | %s |\n", b.group, b.text,
			b.ours+r.side(b, b.ours, b.work, b.figure), theirs, relation, digits(b.limit), spread(ratios), verdict)
	}
	r.exchanges.bars(out, r.partial)
}

// side shows the median figure of one side of a bar, after a space.
func (r report) side(b bar, name string, w work, figure func(result) float64) string {
	v := r.measured.values(name, w, figure)
	switch {
	case len(v) == 0 || b.limit == 0: // a bar of zero counts, and its ratio says all
		return ""
	case timed(b.work.kind):
		return " " + digits(median(v)/1e3) + " µs"
	case b.work.size >= 1<<20:
		return " " + digits(median(v)*float64(b.work.size)/1e9) + " GB/s"
	}
	return " " + digits(median(v)/1e6) + " M/s"
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
