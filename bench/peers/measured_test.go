package main

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/descartes/regress/bench/peers/internal/decide"
)

// A round gives a bar a pair when it has both sides, and what a bar has been decided by is
// measured no more.
func TestRoundsBecomePairs(t *testing.T) {
	w := work{trip, 64, 1}
	b := bar{work: w, than: w, ours: "ours", theirs: "theirs", figure: p50, other: p50, Bar: atMost(1.3)}
	r := report{measured: measured{}, bars: []*tally{{bar: b, Tally: decide.Tally{Bar: b.Bar}}}}
	c := contest{report: &r}
	r.measured.add("ours", w, 1, result{p50: 300})
	r.measured.add("theirs", w, 2, result{p50: 100}) // each without the other
	for round := 3; round <= 10; round++ {
		if !c.due("ours", w, round) || !c.due("theirs", w, round) || c.due("theirs", work{trip, 65, 1}, round) {
			t.Errorf("round %d is not for both sides of the open bar alone", round)
		}
		r.measured.add("ours", w, round, result{p50: 100})
		r.measured.add("theirs", w, round, result{p50: 200})
	}
	for round := 1; round <= 10; round++ {
		r.tally(round)
	}
	if v := r.bars[0].Verdict(); v.Word != decide.Met || v.Pairs != 8 || v.Mid != .5 {
		t.Errorf("%+v, want met by 8 pairs of 0.5", v)
	}
	if c.due("ours", w, 11) || r.open() != 0 {
		t.Error("a bar that is decided is measured again")
	}
}

func TestDigitsAreThreeSignificant(t *testing.T) {
	check := func(v float64, want string) {
		t.Helper()
		if got := digits(v); got != want {
			t.Errorf("%g is written %q, want %q", v, got, want)
		}
	}
	check(.24, "0.24")
	check(.001854, "0.00185")
	check(2412.6, "2413")
	check(13.449, "13.4")
	check(100, "100") // no zero before the point is cut
	check(0, "0")
}

// Every bar and every pair names rivals and works that exist, or it would never be measured.
func TestBarsNameWhatExists(t *testing.T) {
	rivals := map[string]rival{}
	for _, r := range field("self", "floor") {
		rivals[r.name] = r
	}
	known := map[work]bool{}
	for _, w := range works() {
		known[w] = true
	}
	for _, b := range bars() {
		for _, side := range []cell{{b.ours, b.work}, {b.theirs, b.than}} {
			name, w := side.rival, side.work
			if r, ok := rivals[name]; !ok || !known[w] || !r.plays(w) {
				t.Errorf("bar %q: %s does not do %v", b.text, name, w)
			}
		}
	}
	for _, p := range append(pairs, crowdPairs...) {
		for _, name := range append([]string{p.ours}, p.theirs...) {
			if _, ok := rivals[name]; !ok {
				t.Errorf("a pair names %s", name)
			}
		}
	}
}

// loop is a link whose messages come back in order, changed by spoil.
type loop struct {
	queue [][]byte
	spoil func(number int, p []byte) []byte
	sent  int
}

func (l *loop) Send(_ context.Context, p []byte) error {
	l.sent++
	if q := l.spoil(l.sent, append([]byte(nil), p...)); q != nil {
		l.queue = append(l.queue, q)
	}
	return nil
}

func (l *loop) Recv(context.Context, []byte) ([]byte, error) {
	if len(l.queue) == 0 {
		return nil, context.Canceled
	}
	p := l.queue[0]
	l.queue = l.queue[1:]
	return p, nil
}

func (l *loop) Flush(context.Context) error { return nil }

// What arrives otherwise than it was sent is an error, on both sides.
func TestSpoiltMessagesAreFound(t *testing.T) {
	check := func(want string, spoil func(number int, p []byte) []byte) {
		t.Helper()
		_, err := trips(t.Context(), &loop{spoil: spoil}, job{work: work{trip, 100, 1}, budget: "20x"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("near: %v, want %q", err, want)
		}
		l := &loop{spoil: spoil}
		p := make([]byte, 100)
		for n := range uint64(20) {
			stamp(p, n+1, true)
			_ = l.Send(t.Context(), p)
		}
		if want == "" {
			want = context.Canceled.Error() // the end of what was sent
		}
		if err := serve(t.Context(), l, job{work: work{flow, 100, 1}, budget: "20x"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("far: %v, want %q", err, want)
		}
	}
	at := func(k int, change func(p []byte) []byte) func(int, []byte) []byte {
		return func(number int, p []byte) []byte {
			if number == k {
				return change(p)
			}
			return p
		}
	}
	check("", func(_ int, p []byte) []byte { return p })
	check("another byte at 50", at(7, func(p []byte) []byte { p[50]++; return p }))
	check("arrived as", at(7, func(p []byte) []byte { p[99]++; return p }))
	check("arrived with 99", at(7, func(p []byte) []byte { return p[:99] }))
	check("arrived as", at(7, func(p []byte) []byte { binary.LittleEndian.PutUint64(p, 6); return p }))
}

func FuzzResult(f *testing.F) {
	f.Add("n=12 ns=345 p50=6 p95=7 p99=8")
	f.Add("a library's chatter\nn=1 ns=1 mallocs=0\n")
	f.Add("n=0 ns=1")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parseResult(line)
		if err != nil {
			return
		}
		if again, err := parseResult(r.String()); err != nil || again != r {
			t.Errorf("%q reads as %+v, written again as %+v, %v", line, r, again, err)
		}
	})
}

func FuzzJob(f *testing.F) {
	f.Add("trip", "64", "1", "0.3")
	f.Add("flow", "1048576", "64", "1000x")
	f.Fuzz(func(t *testing.T, kind, size, batch, budget string) {
		j, err := parseJob([]string{"name", kind, size, batch, budget})
		if err != nil {
			return
		}
		if again, err := parseJob(j.args()); err != nil || again != j {
			t.Errorf("%+v becomes %+v, %v", j, again, err)
		}
		if d, n, err := j.limits(); err != nil || (d > 0) == (n > 0) {
			t.Errorf("%q: limits %v and %d, %v: want one", budget, d, n, err)
		}
	})
}
