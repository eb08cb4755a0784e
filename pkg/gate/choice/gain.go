package choice

import (
	"maps"
	"math"
	"regexp"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Gain asks how many times better one value of a name key is than another:
// what batching brings over sending one by one.
type Gain struct {
	Name  string
	Key   string         // name key: "mode"
	Of    string         // its value that is to be better: "batched"
	Over  string         // its value that it is compared with: "plain"
	Unit  string         // tidied: what is compared
	Where *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
	Claim float64        // what somebody promised, 1.2 for a fifth more; 0: nothing
}

// GainRow answers a Gain on one class of machine. No number in it is NaN or
// infinite; what is unknown is absent.
type GainRow struct {
	Name        string         `json:"name"`
	Key         string         `json:"key"`
	Of          string         `json:"of"`
	Over        string         `json:"over"`
	Unit        string         `json:"unit"` // tidied
	Claim       float64        `json:"claim,omitempty"`
	Verdict     Verdict        `json:"verdict,omitempty"` // on the claim; NotMeasured also without one; else empty
	Reason      Reason         `json:"-"`                 // no code where the figures say it
	Times       *float64       `json:"times,omitempty"`   // geometric mean over the benchmarks; above 1 is better, in every unit
	Interval    *stat.Interval `json:"interval,omitempty"`
	Each        []GainCell     `json:"each,omitempty"` // in order of package and name
	Rounds      int            `json:"rounds"`         // of each benchmark
	Warnings    []Reason       `json:"-"`
	Fingerprint string         `json:"fingerprint,omitempty"` // class of machine; only where a log has more than one
}

// GainCell is the gain in one pair of benchmarks.
type GainCell struct {
	Package  string          `json:"package,omitempty"`
	Function string          `json:"function"`
	Parts    []baseline.Part `json:"parts"` // of the name, without the key
	Times    *float64        `json:"times,omitempty"`
	Interval *stat.Interval  `json:"interval,omitempty"`
}

// Gains answers every block, in order, once a class of machine that head was
// measured on. It compares as Recommendations does: within benchmarks that differ
// in the key alone, by the logarithms of rounds averaged over benchmarks, with the
// interval that inverts the rank test, at 95 % for each row and cell by itself.
// A claim is met where the whole interval is.
func Gains(log baseline.Log, blocks []Gain) []GainRow {
	out := []GainRow{}
	for _, block := range blocks {
		answered := everywhere(log, func(m machine, print string) bool {
			r, matched := block.answer(m, log)
			if r.Fingerprint = print; matched {
				out = append(out, r)
			}
			return matched
		})
		if !answered {
			r := block.blank()
			r.Reason = unmatched(log)
			out = append(out, r)
		}
	}
	return out
}

func (q Gain) blank() GainRow {
	return GainRow{Name: q.Name, Key: q.Key, Of: q.Of, Over: q.Over, Unit: q.Unit, Claim: q.Claim, Verdict: NotMeasured}
}

func (q Gain) answer(m machine, log baseline.Log) (r GainRow, matched bool) {
	r = q.blank()
	ask := Recommend{Choose: q.Key, Unit: q.Unit, Where: q.Where}
	c := ask.gather(m, log.Procs)
	if len(c.functions) == 0 {
		return r, false
	}
	r.Warnings = ask.silent(log, c.functions)
	// Of the other values of the key nothing is asked.
	c.values = []string{q.Of, q.Over}
	for at, cell := range c.cells {
		maps.DeleteFunc(cell, func(value string, _ []float64) bool { return !slices.Contains(c.values, value) })
		if len(cell) == 0 {
			delete(c.cells, at)
		}
	}
	cells, dropped := c.shared()
	unit := log.Units[q.Unit]
	if dropped > 0 {
		r.Warnings = append(r.Warnings, Reason{Code: Dropped, Count: dropped, Values: c.values})
	}
	if len(cells) == 0 {
		r.Reason = Reason{Code: NoneShared, Values: c.values}
		return r, true
	}
	r.Rounds = fewest(cells)
	if r.Reason.Code = c.unfit(cells, unit); r.Reason.Code != "" {
		r.Verdict = Undecided
		return r, true
	}
	r.measure(c, cells, unit)
	return r, true
}

// measure fills in every figure and holds the whole against the claim.
func (r *GainRow) measure(c contest, cells []map[string][]float64, unit baseline.Unit) {
	var sure bool
	r.Times, r.Interval, sure = times(cells, r.Of, r.Over, r.Rounds, unit)
	for _, at := range slices.SortedFunc(maps.Keys(c.cells), baseline.Key.Compare) {
		if len(c.cells[at]) < len(c.values) {
			continue
		}
		own := []map[string][]float64{c.cells[at]}
		name := c.names[at]
		cell := GainCell{Package: at.Package, Function: name.Function}
		for _, part := range name.Parts {
			if part.Key != r.Key {
				cell.Parts = append(cell.Parts, part)
			}
		}
		cell.Times, cell.Interval, _ = times(own, r.Of, r.Over, fewest(own), unit)
		r.Each = append(r.Each, cell)
	}
	r.Verdict = ""
	switch {
	case r.Claim == 0:
	case r.Interval == nil:
		r.Verdict, r.Reason = Undecided, Reason{Code: FarApart}
	case !sure:
		r.Verdict, r.Reason = Undecided, Reason{Code: TooFewRounds, Needed: roundsFor(level)}
	case r.Interval.Lo >= r.Claim:
		r.Verdict = Met
	case r.Interval.Hi < r.Claim:
		r.Verdict, r.Reason = Missed, Reason{Code: BelowClaim}
	default:
		r.Verdict, r.Reason = Undecided, Reason{Code: StraddlesClaim}
	}
}

// times says how many times better one value is than the other, and whether the
// rounds were enough for the level.
func times(cells []map[string][]float64, of, over string, n int, unit baseline.Unit) (ratio *float64, interval *stat.Interval, sure bool) {
	shifts := stat.NewShifts(figures(cells, of, n), figures(cells, over, n)) // how far "over" is above "of"
	mid := shifts.HodgesLehmann()
	lo, hi, attained := shifts.Interval(level)
	if unit.Direction == baseline.Higher {
		mid, lo, hi = -mid, -hi, -lo
	}
	if l, h := stat.Known(math.Exp(lo)), stat.Known(math.Exp(hi)); l != nil && h != nil {
		interval = &stat.Interval{Lo: *l, Hi: *h, Level: stat.Tidy(attained)}
	}
	return stat.Known(math.Exp(mid)), interval, unit.Exact || attained >= level-1e-9
}
