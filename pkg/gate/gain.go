package gate

import (
	"fmt"
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
	Name   string
	Key    string         // name key: "mode"
	Of     string         // its value that is to be better: "batched"
	Over   string         // its value that it is compared with: "plain"
	By     string         // unit as written in regress.toml
	Tidied string         // tidied unit
	Where  *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
	Claim  float64        // what somebody promised, 1.2 for a fifth more; 0: nothing
}

// GainRow answers a Gain on one class of machine. No number in it is NaN or
// infinite; what is unknown is absent.
type GainRow struct {
	Name        string        `json:"name"`
	Key         string        `json:"key"`
	Of          string        `json:"of"`
	Over        string        `json:"over"`
	Unit        string        `json:"unit"` // tidied
	Claim       float64       `json:"claim,omitempty"`
	Verdict     TargetVerdict `json:"verdict,omitempty"` // on the claim; NotMeasured also without one; else empty
	Why         string        `json:"why,omitempty"`     // one clause; empty where the figures say it
	Times       *float64      `json:"times,omitempty"`   // geometric mean over the benchmarks; above 1 is better, in every unit
	Interval    *Interval     `json:"interval,omitempty"`
	Each        []GainCell    `json:"each,omitempty"` // in order of package and name
	Rounds      int           `json:"rounds"`         // of each benchmark
	Warnings    []string      `json:"warnings,omitempty"`
	Fingerprint string        `json:"fingerprint,omitempty"` // class of machine; only where a log has more than one
}

// GainCell is the gain in one pair of benchmarks.
type GainCell struct {
	Package  string          `json:"package,omitempty"`
	Function string          `json:"function"`
	Parts    []baseline.Part `json:"parts"` // of the name, without the key
	Times    *float64        `json:"times,omitempty"`
	Interval *Interval       `json:"interval,omitempty"`
}

// Gains answers every block, in order, once a class of machine that head was
// measured on. It compares as Recommendations does: within benchmarks that differ
// in the key alone, by the logarithms of rounds averaged over benchmarks, with the
// interval that inverts the rank test, at 95 % for each row and cell by itself.
// A claim is met where the whole interval is.
func Gains(log baseline.Log, blocks []Gain) []GainRow {
	out := []GainRow{}
	for _, block := range blocks {
		answered := everywhere(log, func(g *group, print string) bool {
			r, matched := block.answer(g, log)
			if r.Fingerprint = print; matched {
				out = append(out, r)
			}
			return matched
		})
		if !answered {
			r := block.blank()
			r.Why = unmatched(log)
			out = append(out, r)
		}
	}
	return out
}

func (q Gain) blank() GainRow {
	return GainRow{Name: q.Name, Key: q.Key, Of: q.Of, Over: q.Over, Unit: q.Tidied, Claim: q.Claim, Verdict: NotMeasured}
}

func (q Gain) answer(g *group, log baseline.Log) (r GainRow, matched bool) {
	r = q.blank()
	ask := Recommend{Choose: q.Key, Tidied: q.Tidied, Where: q.Where}
	c := ask.gather(g, log.Procs)
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
	unit := log.Units[q.Tidied]
	if dropped > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s left out: not measured with both %s and %s", count(dropped, "benchmark"), q.Of, q.Over))
	}
	if len(cells) == 0 {
		r.Why = fmt.Sprintf("no benchmark was measured with both %s=%s and %s=%s: mend the block, or the run", q.Key, q.Of, q.Key, q.Over)
		return r, true
	}
	r.Rounds = fewest(cells)
	if r.Why = c.unfit(cells, unit, q.By); r.Why != "" {
		r.Verdict = Unclear
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
		r.Verdict, r.Why = Unclear, "the figures are too far apart for a ratio"
	case !sure:
		r.Verdict, r.Why = Unclear, fmt.Sprintf("too few rounds to be sure: measure at least %d", roundsFor(choiceLevel))
	case r.Interval.Lo >= r.Claim:
		r.Verdict = Met
	case r.Interval.Hi < r.Claim:
		r.Verdict, r.Why = Missed, "the whole interval is below the claim"
	default:
		r.Verdict, r.Why = Unclear, "the interval straddles the claim: measure more rounds"
	}
}

// times says how many times better one value is than the other, and whether the
// rounds were enough for the level.
func times(cells []map[string][]float64, of, over string, n int, unit baseline.Unit) (ratio *float64, interval *Interval, sure bool) {
	shifts := stat.NewShifts(figures(cells, of, n), figures(cells, over, n)) // how far "over" is above "of"
	mid := shifts.HodgesLehmann()
	lo, hi, level := shifts.Interval(choiceLevel)
	if unit.Direction == baseline.Higher {
		mid, lo, hi = -mid, -hi, -lo
	}
	if l, h := known(math.Exp(lo)), known(math.Exp(hi)); l != nil && h != nil {
		interval = &Interval{Lo: *l, Hi: *h, Level: tidy(level)}
	}
	return known(math.Exp(mid)), interval, unit.Exact || level >= choiceLevel-1e-9
}
