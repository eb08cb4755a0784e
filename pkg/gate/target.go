package gate

import (
	"cmp"
	"math"
	"slices"

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
	if len(in.Targets) == 0 {
		return nil
	}
	var out []TargetRow
	all := groups(in.Log)
	for _, t := range in.Targets {
		matched := false
		for _, g := range all {
			for _, key := range t.matches(g.head) {
				matched = true
				out = append(out, t.hold(key, g.head[key].values, g.broken[key]))
			}
		}
		if !matched {
			row := t.row(baseline.Key{Unit: t.Unit})
			row.Verdict, row.Reason = t.unmatched(in.Log)
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b TargetRow) int {
		order := map[TargetVerdict]int{Missed: 0, NotMeasured: 1, Undecided: 2, Met: 3, LeftOut: 4}
		return cmp.Or(cmp.Compare(order[a.Verdict], order[b.Verdict]), cmp.Compare(a.Target, b.Target),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// unmatched is the verdict on a target that no series of head matches. Where
// its benchmarks run the same code on both sides, or were not asked for, that is
// nobody's mistake; everywhere else a target that holds nothing is never green.
func (t Target) unmatched(log baseline.Log) (TargetVerdict, Reason) {
	for key := range log.Same {
		if t.Benchmark == nil || t.Benchmark.MatchString(key.Path()) {
			return LeftOut, Reason{Code: SameOnBoth}
		}
	}
	if log.Bench != "" {
		return LeftOut, Reason{Code: NotAskedFor, Text: log.Bench}
	}
	return NotMeasured, Reason{Code: NoneMatches}
}

// matches returns, in order, the series that the target is about and that have values.
func (t Target) matches(m map[baseline.Key]rounds) (out []baseline.Key) {
	for key, r := range m {
		if key.Unit == t.Unit && len(r.values) > 0 && (t.Benchmark == nil || t.Benchmark.MatchString(key.Path())) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, baseline.Key.Compare)
	return out
}

func (t Target) row(key baseline.Key) TargetRow {
	return TargetRow{
		Target: t.Name, Package: key.Package, Name: key.Name, Unit: key.Unit,
		Limit: stat.Tidy(t.Limit), Below: t.Below, Verdict: NotMeasured,
	}
}

// hold judges one target on the rounds of one series of head: the whole
// interval of the median must lie on the right side of the limit.
func (t Target) hold(key baseline.Key, values []float64, broken bool) TargetRow {
	row := t.row(key)
	sorted := stat.Sorted(values)
	lo, hi, level := stat.MedianInterval(sorted, targetLevel)
	row.Value = stat.Known(stat.Quantile(sorted, .5))
	row.Interval = &Interval{Lo: stat.Tidy(lo), Hi: stat.Tidy(hi), Level: stat.Tidy(level)}
	wrong, right := hi, lo // the end that has to satisfy, and the other
	if !t.Below {
		wrong, right = lo, hi
	}
	end := stat.Tidy(wrong)
	row.Margin = stat.Known(t.margin(wrong))
	if len(sorted) < fewRounds { // a spread of one or two values says nothing
		wrong, right = t.away(wrong, 1./fewFactor), t.away(right, fewFactor)
	}
	switch {
	case broken:
		row.Verdict, row.Reason = Undecided, Reason{Code: NotFinite}
	case math.IsNaN(t.Limit) || math.IsInf(t.Limit, 0):
		row.Verdict, row.Reason = Undecided, Reason{Code: LimitNotFinite}
	case t.holds(wrong):
		row.Verdict, row.Reason = Met, Reason{Code: BetterThanAsked, Times: pointed(row.Margin), Rounds: len(sorted), End: end, Level: (1 + level) / 2}
		if len(sorted) >= fewRounds {
			row.Reason.Rounds = 0
		}
	case !t.holds(right):
		row.Verdict, row.Reason = Missed, Reason{Code: WorseThanAsked, Times: t.worse(row.Value)}
	case len(sorted) < fewRounds:
		row.Verdict, row.Reason = Undecided, Reason{Code: NearLimit, Rounds: len(sorted), Needed: fewRounds}
	default:
		row.Verdict, row.Reason = Undecided, Reason{Code: Straddles, Rounds: len(sorted)}
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

// worse is how many times worse than required a value is; 0 where a ratio says nothing.
func (t Target) worse(value *float64) float64 {
	if value == nil {
		return 0
	}
	margin := t.margin(*value)
	if !(margin > 0) || math.IsInf(1/margin, 0) {
		return 0
	}
	return 1 / margin
}

// pointed is what p points to, 0 for nil.
func pointed(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}
