package gate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

const (
	targetLevel = .95 // of the interval that must lie on the right side of a limit
	fewRounds   = 3   // fewer cannot show a spread:
	fewFactor   = 2   // a target must then be met, or missed, by this factor
)

// targets holds every target against every series of head that it matches.
func targets(in Input) []TargetRow {
	var out []TargetRow
	all := groups(in.Log)
	for _, t := range in.Targets {
		matched := false
		for _, g := range all {
			for _, key := range sortedKeys(g.head) {
				if len(g.head[key].values) == 0 || key.Unit != t.Tidied || t.Benchmark != nil && !t.Benchmark.MatchString(key.Path()) {
					continue
				}
				matched = true
				out = append(out, t.hold(key, g.head[key].values, g.broken[key]))
			}
		}
		if !matched {
			row := t.row(baseline.Key{Unit: t.Tidied})
			row.Verdict, row.Why = t.unmatched(in.Log)
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b TargetRow) int {
		order := map[TargetVerdict]int{Missed: 0, NotMeasured: 1, Unclear: 2, Met: 3, LeftOut: 4}
		return cmp.Or(cmp.Compare(order[a.Verdict], order[b.Verdict]), cmp.Compare(a.Target, b.Target),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// unmatched is the verdict on a target that no series of head matches. Where
// its benchmarks run the same code on both sides, or were not asked for, that is
// nobody's mistake; everywhere else a target that holds nothing is never green.
func (t Target) unmatched(log baseline.Log) (TargetVerdict, string) {
	for key := range log.Same {
		if t.Benchmark == nil || t.Benchmark.MatchString(key.Path()) {
			return LeftOut, "its code is the same on both sides, so it was not measured"
		}
	}
	if log.Bench != "" {
		return LeftOut, "only " + log.Bench + " was asked for"
	}
	return NotMeasured, "no measured benchmark matches: mend the pattern, the unit, or the run"
}

func sortedKeys(m map[baseline.Key]rounds) []baseline.Key {
	out := make([]baseline.Key, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.SortFunc(out, baseline.Key.Compare)
	return out
}

func (t Target) row(key baseline.Key) TargetRow {
	return TargetRow{
		Target: t.Name, Package: key.Package, Name: key.Name, Unit: key.Unit,
		Limit: tidy(t.Limit), Below: t.Below, Verdict: NotMeasured,
	}
}

// hold judges one target on the rounds of one series of head: the whole
// interval of the median must lie on the right side of the limit.
func (t Target) hold(key baseline.Key, values []float64, broken bool) TargetRow {
	row := t.row(key)
	sorted := stat.Sorted(values)
	lo, hi, level := stat.MedianInterval(sorted, targetLevel)
	row.Value = known(stat.Quantile(sorted, .5))
	row.Interval = &Interval{Lo: tidy(lo), Hi: tidy(hi), Level: tidy(level)}
	wrong, right := hi, lo // the end that has to satisfy, and the other
	if !t.Below {
		wrong, right = lo, hi
	}
	row.Margin = known(t.margin(wrong))
	if len(sorted) < fewRounds { // a spread of one or two values says nothing
		wrong, right = t.away(wrong, 1./fewFactor), t.away(right, fewFactor)
	}
	ends := fmt.Sprintf("%s at %s confidence", number(tidy(hi)), percent((1+level)/2))
	if !t.Below {
		ends = fmt.Sprintf("%s at %s confidence", number(tidy(lo)), percent((1+level)/2))
	}
	if len(sorted) < fewRounds {
		ends = "the worst of " + count(len(sorted), "round")
	}
	switch {
	case broken:
		row.Verdict, row.Why = Unclear, "printed a value that is not a finite number"
	case math.IsNaN(t.Limit) || math.IsInf(t.Limit, 0):
		row.Verdict, row.Why = Unclear, "its limit is not a finite number"
	case t.holds(wrong):
		row.Verdict, row.Why = Met, strings.TrimSpace(t.better(row.Margin)+" "+"from "+ends)
	case !t.holds(right):
		row.Verdict, row.Why = Missed, t.worse(row.Value)
	case len(sorted) < fewRounds:
		row.Verdict, row.Why = Unclear, fmt.Sprintf("%s, within a factor of %d of the limit: measure at least %d", count(len(sorted), "round"), fewFactor, fewRounds)
	default:
		row.Verdict, row.Why = Unclear, fmt.Sprintf("the interval straddles the limit: measure more than %s", count(len(sorted), "round"))
	}
	return row
}

func (t Target) holds(v float64) bool {
	if t.Below {
		return v < t.Limit
	}
	return v > t.Limit
}

// away moves a value by a factor; below 1 moves it towards the wrong side.
func (t Target) away(v, factor float64) float64 {
	if t.Below {
		return v / factor
	}
	return v * factor
}

// margin is how many times better than required v is. Not finite where a
// ratio says nothing.
func (t Target) margin(v float64) float64 {
	if v < 0 || t.Limit < 0 {
		return math.NaN()
	}
	if t.Below {
		return t.Limit / v
	}
	return v / t.Limit
}

func (t Target) better(margin *float64) string {
	if margin == nil {
		return "met,"
	}
	return factor(*margin) + " better than required,"
}

func (t Target) worse(value *float64) string {
	margin := math.NaN()
	if value != nil {
		margin = t.margin(*value)
	}
	if !(margin > 0) {
		return "missed"
	}
	return factor(1/margin) + " worse than required"
}

// factor writes "1.3×", "12×", "1000×".
func factor(x float64) string {
	if x < 9.95 {
		return fmt.Sprintf("%.2g×", x)
	}
	return fmt.Sprintf("%.0f×", x)
}
