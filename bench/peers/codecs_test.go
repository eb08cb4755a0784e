package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
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

func TestCodecBars(t *testing.T) {
	const ours = "ours-bincode1"
	b := codecBar{"encode and decode", "mixed", ours, fastest, bothTimes, "ns", 2}
	x := exchanges{}
	check := func(names string, want ...float64) {
		t.Helper()
		ratios, _, _, who := x.judge(b)
		if !reflect.DeepEqual(ratios, want) || strings.Join(who, " ") != names {
			t.Errorf("have %v of %v; want %v of %s", ratios, who, want, names)
		}
	}
	check("")
	x.add(exchange{ours, "mixed"}, 1, encoded{10, 40, 5})
	var all []string
	for _, f := range formats() {
		if f.json {
			all = append(all, f.name)
		}
	}
	for i, name := range all {
		check("") // the fastest of some is not the fastest
		x.add(exchange{name, "mixed"}, 1, encoded{100, float64(100 * (i + 1)), 5})
	}
	check(all[0], 4) // (100+100) / (10+40)
	x.add(exchange{ours, "mixed"}, 2, encoded{50, 50, 5})
	for i, name := range all {
		x.add(exchange{name, "mixed"}, 2, encoded{float64(1000 - 100*i), 50, 5})
	}
	last := all[len(all)-1]
	// In round 2 the last has the least: 1000-100·5+50 = 550, by 100.
	if len(all) != 6 {
		t.Fatalf("%d JSON libraries; the figures here are for 6", len(all))
	}
	check(strings.Join([]string{all[0], last}, " "), 4, 5.5)
	b.theirs, b.figure = all[1], encodeTime
	check(all[1], 10, 18) // 100/10; 900/50
	var out strings.Builder
	x.bars(&out, true)
	if text := out.String(); !strings.Contains(text, "| ≥ 2 × | 4.75 [4, 5.5] | met (2 of 2 rounds) |") || strings.Contains(text, "order") {
		t.Errorf("printed as\n%s", text)
	}
}

// Every bar names what is measured in every round.
func TestCodecBarsNameWhatExists(t *testing.T) {
	names := map[string]bool{fastest: true}
	for _, f := range formats() {
		names[f.name] = true
	}
	every := map[string]bool{}
	for _, p := range payloads() {
		every[p.name] = p.bars
	}
	for _, b := range codecBars() {
		if !names[b.ours] || !names[b.theirs] || !every[b.payload] {
			t.Errorf("bar %q of %s and %s on %s", b.text, b.ours, b.theirs, b.payload)
		}
	}
}
