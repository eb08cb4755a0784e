package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/bench/peers/internal/decide"
)

// Every format takes every payload there and back, and what it read keeps nothing of the bytes.
func TestFormatsRoundTrip(t *testing.T) {
	for _, f := range formats() {
		t.Run(f.name, func(t *testing.T) {
			for _, p := range payloads() {
				text, err := f.encode(nil, p.value)
				if err != nil {
					t.Fatal(err)
				}
				again, err := f.encode(make([]byte, 0, 2*len(text)), p.value)
				if err != nil || len(again) != len(text) {
					t.Errorf("%s: %d bytes, then %d, %v", p.name, len(text), len(again), err)
				}
				back := p.fresh()
				if err := f.decode(text, back); err != nil {
					t.Fatal(err)
				}
				clear(text)
				if !reflect.DeepEqual(back, p.value) {
					t.Errorf("%s comes back as %+v", p.name, back)
				}
				if e, err := f.measure(p, time.Millisecond); err != nil || e.encode <= 0 || e.decode <= 0 || e.bytes != len(bytes.TrimSuffix(again, []byte("\n"))) {
					t.Errorf("%s: measured as %+v, %v", p.name, e, err)
				}
			}
		})
	}
}

// A format that loses something is not measured.
func TestLossIsFound(t *testing.T) {
	f := formats()[0]
	decode := f.decode
	f.decode = func(src []byte, v any) error {
		err := decode(src, v)
		v.(*small).Kind++
		return err
	}
	if _, err := f.measure(payloads()[0], time.Millisecond); err == nil || !strings.Contains(err.Error(), "comes back as") {
		t.Errorf("have %v; want an error", err)
	}
}

// Why ours is v2 and not the fastest: the others read text that says two things, or that is no
// text.
func TestOnlyV2IsStrict(t *testing.T) {
	check := func(text string) {
		t.Helper()
		for _, f := range formats() {
			if strings.HasPrefix(f.name, "ours-bincode") {
				continue
			}
			refuses := f.decode([]byte(text), new(small)) != nil
			if want := f.name == "json-v2" || f.name == "ours-json"; refuses != want {
				t.Errorf("%s refuses %q: %v; want %v", f.name, text, refuses, want)
			}
		}
	}
	check(`{"seq":1,"seq":2}`)
	check("{\"name\":\"\xff\"}")
}

// A round gives a codec's bar a pair when it has both sides; the fastest of some JSON libraries is
// not the fastest of all.
func TestCodecBarsArePaired(t *testing.T) {
	const ours = "ours-bincode1"
	b := codecBar{"encode and decode", "mixed", ours, fastest, bothTimes, "ns", atLeast(2)}
	var all []string
	for _, f := range formats() {
		if f.json {
			all = append(all, f.name)
		}
	}
	if len(all) != 6 {
		t.Fatalf("%d JSON libraries; the figures here are for 6", len(all))
	}
	x, last := exchanges{}, all[len(all)-1]
	check := func(b codecBar, names string, want decide.Verdict) {
		t.Helper()
		tally := codecTally{codecBar: b, Tally: decide.Tally{Bar: b.Bar}}
		for round := 1; round <= 10; round++ {
			x.tally(&tally, round)
		}
		if have := tally.Verdict(); have != want || strings.Join(tally.names, " ") != names {
			t.Errorf("have %+v of %v; want %+v of %s", have, tally.names, want, names)
		}
	}
	check(b, "", decide.Verdict{Word: decide.NotMeasured})
	for round := 1; round <= 10; round++ {
		x.add(exchange{ours, "mixed"}, round, encoded{10, 40, 5})
	}
	for i, name := range all {
		check(b, "", decide.Verdict{Word: decide.NotMeasured})
		for round := 1; round <= 9; round++ {
			x.add(exchange{name, "mixed"}, round, encoded{float64(1000 - 100*i), 50, 5})
		}
	}
	// The last has the least: 1000-100·5+50 = 550, by 10+40. Of the 9 rounds 8 decide.
	check(b, last, decide.Verdict{Word: decide.Met, Lo: 11, Mid: 11, Hi: 11, Pairs: 8})
	b.theirs, b.figure, b.Bar = all[1], encodeTime, atLeast(91)
	check(b, all[1], decide.Verdict{Word: decide.Missed, Lo: 90, Mid: 90, Hi: 90, Pairs: 8}) // 900 by 10
}

// Every bar names what is measured.
func TestCodecBarsNameWhatExists(t *testing.T) {
	names, known := map[string]bool{fastest: true}, map[string]bool{}
	for _, f := range formats() {
		names[f.name] = true
	}
	for _, p := range payloads() {
		known[p.name] = true
	}
	for _, b := range codecBars() {
		if !names[b.ours] || !names[b.theirs] || !known[b.payload] {
			t.Errorf("bar %q of %s and %s on %s", b.text, b.ours, b.theirs, b.payload)
		}
	}
}
