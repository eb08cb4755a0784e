package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
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
func (c *contest) codecs(ctx context.Context, round int, deadline time.Time) (matched int) {
	due := payloads()
	c.order.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, p := range due {
		playing := slices.DeleteFunc(formats(), func(f format) bool {
			return c.only == nil && !p.bars && round%rare != 1 || c.only != nil && !c.only.MatchString("codec/"+f.name+"/"+p.name)
		})
		matched += len(playing)
		if time.Now().After(deadline) {
			c.left += len(playing)
			continue
		}
		c.alternate(ctx, playing, p, round)
	}
	return matched
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

// codecBar is a bar about a format: theirs by ours, the larger the better. A limit of 0 sets
// none: the format's bytes are as they are.
type codecBar struct {
	text, payload, ours, theirs string
	figure                      func(encoded) float64
	unit                        string
	limit                       float64
}

// codecBars returns the limits for the codecs.
func codecBars() []codecBar {
	var all []codecBar
	for _, ours := range []string{"ours-bincode1", "ours-bincode2"} {
		all = append(all,
			codecBar{"encode", "mixed", ours, "encoding-json", encodeTime, "ns", 8},
			codecBar{"decode", "mixed", ours, "encoding-json", decodeTime, "ns", 8},
			codecBar{"encode and decode", "mixed", ours, fastest, bothTimes, "ns", 2},
			codecBar{"encode (the specification's 800 B)", "order", ours, "encoding-json", encodeTime, "ns", 4},
			codecBar{"decode (the specification's 800 B)", "order", ours, "encoding-json", decodeTime, "ns", 4},
			codecBar{"bytes (the specification's 800 and 400)", "order", ours, "encoding-json", size, "B", 0})
	}
	return all
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

// judge compares over the rounds that have both sides; names are of those who were theirs.
func (x exchanges) judge(b codecBar) (ratios, ours, theirs []float64, names []string) {
	for round, e := range x[exchange{b.ours, b.payload}] {
		other, name, ok := x.theirs(b, round)
		if !ok {
			continue
		}
		ratios = append(ratios, b.figure(other)/b.figure(e))
		ours, theirs = append(ours, b.figure(e)), append(theirs, b.figure(other))
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(ratios)
	slices.Sort(ours)
	slices.Sort(theirs)
	slices.Sort(names)
	return ratios, ours, theirs, names
}

// bars prints the rows of bar 6 below those of the others.
func (x exchanges) bars(out io.Writer, partial bool) {
	for _, b := range codecBars() {
		least, word := "", ""
		if b.limit > 0 {
			least = "≥ " + digits(b.limit) + " ×"
		}
		ratios, ours, theirs, names := x.judge(b)
		if len(ratios) == 0 {
			if !partial {
				fmt.Fprintf(out, "| 6 | %s, %s | %s | %s | %s | | not measured |\n", b.text, b.payload, b.ours, b.theirs, least)
			}
			continue
		}
		if b.limit > 0 {
			word = verdict(ratios, b.limit, false)
		}
		name := b.theirs
		if name == fastest {
			name += " (" + strings.Join(names, ", ") + ")"
		}
		fmt.Fprintf(out, "| 6 | %s, %s | %s %s %s | %s %s %s | %s | %s | %s |\n", b.text, b.payload,
			b.ours, digits(median(ours)), b.unit, name, digits(median(theirs)), b.unit, least, spread(ratios), word)
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
