// Package decide says whether a ratio that is measured pair by pair meets a bar.
//
// The interval of the median ratio is that of order statistics (pkg/gate/stat): it assumes nothing
// of how ratios scatter, but that pairs do not depend on each other. It is looked at after some
// numbers of pairs. At the first look at which it lies on one side of the bar, the bar is met or
// missed, and no further pair counts; one that is left open by the last look, or when the time is
// up, is undecided. Each look has its share of an error of one in twenty, so that of all the bars
// that are decided one in twenty is wrong at most, whenever a run was ended.
package decide

import (
	"slices"

	"github.com/descartes/regress/pkg/gate/stat"
)

// Bar is a limit of a ratio of ours by theirs. What is equal to the limit meets it.
type Bar struct {
	Most  bool // Limit is the most, else the least
	Limit float64
}

// meets reports whether a ratio does.
func (b Bar) meets(ratio float64) bool {
	return b.Most && ratio <= b.Limit || !b.Most && ratio >= b.Limit
}

// The verdicts. NotMeasured is that of a bar without a pair.
const (
	Met         = "met"
	Missed      = "missed"
	Undecided   = "undecided"
	NotMeasured = "not measured"
)

// looks are the numbers of pairs after which a bar may be decided.
var looks = []int{8, 12, 18, 27, 40}

// Level is the level of the interval: that of each look, and of one more when the time is up.
var Level = 1 - .05/float64(len(looks)+1)

// Verdict is what was found of a bar.
type Verdict struct {
	Word        string
	Lo, Mid, Hi float64 // the median of the ratios and its interval
	Pairs       int
}

// Tally is a bar with the pairs that were measured for it.
type Tally struct {
	Bar
	ours, theirs, ratios []float64
	done                 bool
}

// Add notes the figures of one more pair, and decides if a look is due. A bar that was decided
// takes no more.
func (t *Tally) Add(ours, theirs float64) {
	if t.done {
		return
	}
	t.ours, t.theirs, t.ratios = append(t.ours, ours), append(t.theirs, theirs), append(t.ratios, ours/theirs)
	n := len(t.ratios)
	t.done = n == looks[len(looks)-1] || slices.Contains(looks, n) && t.Verdict().Word != Undecided
}

// Open reports whether the bar needs more pairs.
func (t *Tally) Open() bool { return !t.done }

// Sides returns the median figures of ours and of theirs; 0 without a pair.
func (t *Tally) Sides() (ours, theirs float64) {
	if len(t.ratios) == 0 {
		return 0, 0
	}
	return stat.Median(t.ours), stat.Median(t.theirs)
}

// Verdict returns what the pairs so far say. Fewer than the first look needs leave it undecided.
func (t *Tally) Verdict() Verdict {
	v := Verdict{Word: NotMeasured, Pairs: len(t.ratios)}
	if v.Pairs == 0 {
		return v
	}
	v.Mid = stat.Median(t.ratios)
	v.Lo, v.Hi, _ = stat.MedianInterval(t.ratios, Level)
	switch {
	case v.Pairs < looks[0] || t.meets(v.Lo) != t.meets(v.Hi):
		v.Word = Undecided
	case t.meets(v.Mid):
		v.Word = Met
	default:
		v.Word = Missed
	}
	return v
}
