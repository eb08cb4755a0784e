package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMain plays the roles that the program itself plays.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "near" || os.Args[1] == "far") {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestEveryWorkIsDone: each work runs over each network, in processes of its own, which count what
// arrives.
func TestEveryWorkIsDone(t *testing.T) {
	for _, w := range works() {
		for _, network := range w.networks {
			t.Run(w.name+"/"+network, func(t *testing.T) {
				budget := "300x"
				if w.name == "copy" {
					budget = "10000000x"
				}
				if figure, err := measure(t.Context(), t.TempDir(), w.name, network, budget); err != nil {
					t.Errorf("%g, %v", figure, err)
				}
			})
		}
	}
	if _, err := measure(t.Context(), t.TempDir(), "nothing", shmNet, "1x"); err == nil || !strings.Contains(err.Error(), `no work "nothing"`) {
		t.Errorf("%v, want what the near process said", err)
	}
}

// TestBarsNameWhatIsMeasured: every bar's two networks are among those of its work.
func TestBarsNameWhatIsMeasured(t *testing.T) {
	for _, b := range bars() {
		w, err := find(b.work)
		if err != nil || !slices.Contains(w.networks, b.ours) || !slices.Contains(w.networks, b.theirs) {
			t.Errorf("bar %q: %v", b.name(), err)
		}
	}
}

// TestBarIsDecidedByItsInterval: a bar is met or missed when the whole interval is on one side of
// it, at a look, and undecided otherwise.
func TestBarIsDecidedByItsInterval(t *testing.T) {
	check := func(b bar, ratios []float64, verdict string, decided bool) {
		t.Helper()
		if _, _, _, have := b.judge(ratios); have != verdict {
			t.Errorf("%v: %s, want %s", ratios, have, verdict)
		}
		if have := b.decided(ratios); have != decided {
			t.Errorf("%v: decided %v, want %v", ratios, have, decided)
		}
	}
	same := func(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	most, least := bar{most: true, limit: .5}, bar{limit: 2}
	check(most, same(8, .4), met, true)
	check(most, same(8, .6), missed, true)
	check(least, same(8, 2.5), met, true)
	check(least, same(8, 1.5), missed, true)
	check(least, same(8, 2), met, true)                                 // the bar itself meets
	check(most, same(7, .4), undecided, false)                          // no look yet: 7 give 98.4 %
	check(most, append(same(7, .4), .6), undecided, false)              // of 8 the interval is the range
	check(most, append(same(8, .4), .4), met, false)                    // met, but no look is due
	check(most, append(same(11, .4), .6), met, true)                    // of 12 it leaves an end out on each side
	check(most, append(same(20, .4), same(20, .6)...), undecided, true) // the last look
}

// TestCommandPrintsTable: the command measures a bar in pairs and prints its verdict, and refuses
// what it does not understand.
func TestCommandPrintsTable(t *testing.T) {
	check := func(wantCode int, want []string, args ...string) {
		t.Helper()
		var out, errs strings.Builder
		if code := command(t.Context(), args, &out, &errs); code != wantCode {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, wantCode, errs.String())
		}
		for _, w := range want {
			if !strings.Contains(out.String()+errs.String(), w) {
				t.Errorf("%q does not print %q but\n%s%s", args, w, out.String(), errs.String())
			}
		}
	}
	check(0, []string{"round 1: 1 bars are open", "| io.Copy of 1 GiB, bytes a second | shm ", " GB/s | unix ", " GB/s | ≥ 2 | ", "| 1 | undecided |"},
		"-only", "^copy", "-seconds", "100000x", "-limit", "1ns")
	check(2, []string{"matches none"}, "-only", "nobody")
	check(2, []string{"want .001 to 60"}, "-seconds", "NaN")
	check(2, []string{"want flags only"}, "table")
}

// Example_write shows the table.
func Example_write() {
	f := &found{bar: bars()[5], ours: slices.Repeat([]float64{15}, 8), theirs: slices.Repeat([]float64{5}, 8)}
	write(os.Stdout, []*found{f, {bar: bars()[0]}})
	fmt.Println()
	// Output:
	// | | ours | theirs | bar | ratio: median [interval at 99 %] | pairs | |
	// |---|---|---|---|---|---|---|
	// | io.Copy of 1 GiB, bytes a second | shm 15 GB/s | unix 5 GB/s | ≥ 2 | 3 [3, 3] | 8 | met |
	// | gRPC, a call of 64 B, p50 | shm | unix | ≤ 0.5 |  | 0 | not measured |
}
