package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/descartes/regress/bench/peers/internal/decide"
)

// Each half of a format gets share of a measurement's seconds, since nothing needs to start
// here, in some turns: the processor's speed changes by the millisecond on a shared machine, and
// so meets all.
const (
	share = 1. / 15
	turns = 4
)

// exchange is one format on one payload.
type exchange struct{ format, payload string }

// exchanges holds the results, by round.
type exchanges map[exchange]map[int]encoded

// codecs measures the formats on the payloads that are due in the round, both in random order.
// It returns how many.
func (c *contest) codecs(ctx context.Context, round int) (matched int) {
	due := payloads()
	c.order.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, p := range due {
		playing := slices.DeleteFunc(formats(), func(f format) bool { return !c.codecDue(f, p.name, round) })
		matched += len(playing)
		c.alternate(ctx, playing, p, round)
	}
	return matched
}

// codecDue reports whether a format is measured on a payload in a round: a bar that is open needs
// it, or it is a round of the field.
func (c *contest) codecDue(f format, payload string, round int) bool {
	for _, t := range c.report.codecBars {
		if t.Open() && t.needs(f, payload) {
			return true
		}
	}
	return round <= c.field && c.matches("codec/"+f.name+"/"+payload)
}

// alternate measures formats on one payload in turns.
func (c *contest) alternate(ctx context.Context, playing []format, p payload, round int) {
	sums, bad := map[string]encoded{}, map[string]bool{}
	for range turns {
		c.order.Shuffle(len(playing), func(i, j int) { playing[i], playing[j] = playing[j], playing[i] })
		for _, f := range playing {
			if bad[f.name] {
				continue
			}
			if ctx.Err() != nil {
				return
			}
			e, err := f.measure(p, time.Duration(c.seconds*share/turns*float64(time.Second)))
			if err != nil {
				bad[f.name] = true
				c.failed++
				c.problem(fmt.Sprintf("round %d: %v", round, err))
				continue
			}
			sum := sums[f.name]
			sums[f.name] = encoded{sum.encode + e.encode/turns, sum.decode + e.decode/turns, e.bytes}
		}
	}
	for _, f := range playing {
		if !bad[f.name] {
			c.report.exchanges.add(exchange{f.name, p.name}, round, sums[f.name])
			c.lines.encoded(f.name, p.name, sums[f.name])
		}
	}
}

// add notes what an exchange took in a round.
func (x exchanges) add(at exchange, round int, e encoded) {
	if x[at] == nil {
		x[at] = map[int]encoded{}
	}
	x[at][round] = e
}

// figures returns the figures of an exchange.
func encodeTime(e encoded) float64 { return e.encode }
func decodeTime(e encoded) float64 { return e.decode }
func bothTimes(e encoded) float64  { return e.encode + e.decode }
func size(e encoded) float64       { return float64(e.bytes) }

// fastest stands for the whole JSON library that took the least to encode and decode in the round.
const fastest = "fastest JSON"

// codecBar is a bar about a format: theirs by ours, the larger the better.
type codecBar struct {
	text, payload, ours, theirs string
	figure                      func(encoded) float64
	unit                        string
	decide.Bar
}

// name names the bar for -only.
func (b codecBar) name() string { return "codec/" + b.ours + "/" + b.payload + " " + b.text }

// needs reports whether the bar is about a format on a payload.
func (b codecBar) needs(f format, payload string) bool {
	return b.payload == payload && (b.ours == f.name || b.theirs == f.name || b.theirs == fastest && f.json)
}

// codecBars returns the limits for the codecs.
func codecBars() []codecBar {
	var all []codecBar
	for _, ours := range []string{"ours-bincode1", "ours-bincode2"} {
		all = append(all,
			codecBar{"encode", "mixed", ours, "encoding-json", encodeTime, "ns", atLeast(8)},
			codecBar{"decode", "mixed", ours, "encoding-json", decodeTime, "ns", atLeast(8)},
			codecBar{"encode and decode", "mixed", ours, fastest, bothTimes, "ns", atLeast(2)},
			codecBar{"encode (the specification's 800 B)", "order", ours, "encoding-json", encodeTime, "ns", atLeast(4)},
			codecBar{"decode (the specification's 800 B)", "order", ours, "encoding-json", decodeTime, "ns", atLeast(4)})
	}
	return append(all, codecBar{"bytes (the specification's 800 and 400)", "order", "ours-bincode2", "encoding-json", size, "B", atLeast(2)})
}

// theirs returns the other side of a bar in a round, and its name; false when it was not measured.
func (x exchanges) theirs(b codecBar, round int) (encoded, string, bool) {
	if b.theirs != fastest {
		e, ok := x[exchange{b.theirs, b.payload}][round]
		return e, b.theirs, ok
	}
	var least encoded
	var name string
	for _, f := range formats() {
		if !f.json {
			continue
		}
		e, ok := x[exchange{f.name, b.payload}][round]
		if !ok {
			return e, "", false // the fastest of some is not the fastest
		}
		if name == "" || bothTimes(e) < bothTimes(least) {
			least, name = e, f.name
		}
	}
	return least, name, true
}

// tally adds a round's pair to a bar, if it has both sides.
func (x exchanges) tally(t *codecTally, round int) {
	ours, ok := x[exchange{t.ours, t.payload}][round]
	if !ok {
		return
	}
	theirs, name, ok := x.theirs(t.codecBar, round)
	if !ok {
		return
	}
	t.Add(t.figure(theirs), t.figure(ours))
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
}

// table prints every format beside every payload.
func (x exchanges) table(out io.Writer) {
	if len(x) == 0 {
		return
	}
	fmt.Fprint(out, "\n## A value to bytes and back, in one process, ns: encode + decode; bytes; medians of the rounds, in brackets the sum of the best and the worst round\n\n| |")
	for _, p := range payloads() {
		fmt.Fprintf(out, " %s |", p.name)
	}
	fmt.Fprintf(out, "\n|---|%s\n", strings.Repeat("---|", len(payloads())))
	for _, f := range formats() {
		var cells []string
		for _, p := range payloads() {
			cells = append(cells, x.cell(exchange{f.name, p.name}))
		}
		row(out, f.name, cells)
	}
}

// cell returns what the table shows of an exchange.
func (x exchanges) cell(at exchange) string {
	sums := x.values(at, bothTimes)
	if len(sums) == 0 {
		return ""
	}
	return fmt.Sprintf("%s + %s; %.0f B [%s, %s]", digits(median(x.values(at, encodeTime))), digits(median(x.values(at, decodeTime))),
		median(x.values(at, size)), digits(sums[0]), digits(sums[len(sums)-1]))
}

// values lists a figure over the rounds, sorted.
func (x exchanges) values(at exchange, figure func(encoded) float64) []float64 {
	var all []float64
	for _, e := range x[at] {
		all = append(all, figure(e))
	}
	slices.Sort(all)
	return all
}

// encoded writes a format's result on a payload.
func (l lines) encoded(format, payload string, e encoded) {
	for _, half := range []struct {
		title string
		ns    float64
	}{{"Encode", e.encode}, {"Decode", e.decode}} {
		fmt.Fprintf(l.out, "Benchmark%s/format=%s/payload=%s-%d\t1\t%s ns/op\t%d encoded-bytes\n",
			half.title, format, payload, runtime.GOMAXPROCS(0), digits(half.ns), e.bytes)
	}
}
