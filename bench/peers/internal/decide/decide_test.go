package decide

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBarIsDecidedByItsInterval: a bar is met or missed when the whole interval is on one side of
// it, at a look, and undecided otherwise.
func TestBarIsDecidedByItsInterval(t *testing.T) {
	check := func(b Bar, ratios []float64, word string, open bool) {
		t.Helper()
		tally := Tally{Bar: b}
		for _, r := range ratios {
			tally.Add(r, 1)
		}
		if have := tally.Verdict().Word; have != word {
			t.Errorf("%v: %s, want %s", ratios, have, word)
		}
		if have := tally.Open(); have != open {
			t.Errorf("%v: open %v, want %v", ratios, have, open)
		}
	}
	same := func(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	most, least := Bar{Most: true, Limit: .5}, Bar{Limit: 2}
	check(most, nil, NotMeasured, true)
	check(most, same(8, .4), Met, false)
	check(most, same(8, .6), Missed, false)
	check(least, same(8, 2.5), Met, false)
	check(least, same(8, 1.5), Missed, false)
	check(least, same(8, 2), Met, false)                                                    // the bar itself meets
	check(Bar{Most: true}, same(8, 0), Met, false)                                          // no allocations
	check(most, same(7, .4), Undecided, true)                                               // no look yet: 7 give 98.4 %
	check(most, append(same(7, .4), .6), Undecided, true)                                   // of 8 the interval is the range
	check(most, append(same(8, .4), same(20, .6)...), Met, false)                           // decided: what follows does not count
	check(most, append([]float64{.6}, same(8, .4)...), Undecided, true)                     // no look at 9, but if the time were up:
	check(most, append([]float64{.6, .6}, same(10, .4)...), Undecided, true)                // of 12 it leaves one out on each side
	check(most, append([]float64{.6}, same(11, .4)...), Met, false)                         //
	check(most, slices.Concat(same(1, .6), same(20, .4), same(40, .6)), Met, false)         // at 12
	check(most, slices.Concat(same(6, .4), same(6, .6), same(28, .55)[:28]), Missed, false) // at the last look
	check(most, slices.Repeat([]float64{.4, .6}, 20), Undecided, false)                     // the last look
}

// TestVerdictsErrRarely: of bars that lie at the median itself, which are neither met nor missed,
// at most one in twenty is decided.
func TestVerdictsErrRarely(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	wrong, bars := 0, 4000
	for range bars {
		tally := Tally{Bar: Bar{Limit: 0}}
		for tally.Open() {
			tally.Add(rnd.NormFloat64(), 1)
		}
		if tally.Verdict().Word != Undecided {
			wrong++
		}
	}
	if wrong > bars/20 {
		t.Errorf("%d of %d bars are decided", wrong, bars)
	}
}

// TestTallyKeepsWhatItDecided: the figures are those of the pairs that count.
func TestTallyKeepsWhatItDecided(t *testing.T) {
	tally := Tally{Bar: Bar{Limit: 2}}
	for range 8 {
		tally.Add(6, 2)
	}
	tally.Add(1, 1)
	ours, theirs := tally.Sides()
	if v := tally.Verdict(); v != (Verdict{Word: Met, Lo: 3, Mid: 3, Hi: 3, Pairs: 8}) || ours != 6 || theirs != 2 {
		t.Errorf("%+v of %g by %g", v, ours, theirs)
	}
}
