package choice

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Recommend asks which value of a name key is best by a unit.
type Recommend struct {
	Name   string         // of the configuration that the value is for: "latency-critical"; several blocks may share one
	Choose string         // name key: "transport"
	Unit   string         // tidied: by what
	Where  *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
}

// Recommendation answers a Recommend on one class of machine. No number in it is
// NaN or infinite; what is unknown is absent.
type Recommendation struct {
	Name        string   `json:"name"`
	Choose      string   `json:"choose"`
	Unit        string   `json:"unit"` // tidied
	Verdict     Verdict  `json:"verdict"`
	Reason      Reason   `json:"-"`
	Options     []Option `json:"options,omitempty"` // best first
	Benchmarks  int      `json:"benchmarks"`        // that every value was compared in
	Rounds      int      `json:"rounds"`            // of each of them
	Warnings    []Reason `json:"-"`
	Fingerprint string   `json:"fingerprint,omitempty"` // class of machine; only where a log has more than one
}

// Option is one value that was to choose from.
type Option struct {
	Value    string         `json:"value"`
	Typical  *float64       `json:"typical,omitempty"`  // median over rounds of the geometric mean over benchmarks, in the unit
	Behind   *float64       `json:"behind,omitempty"`   // how many times worse than the first option; 1 for itself
	Interval *stat.Interval `json:"interval,omitempty"` // of Behind; absent for the first option
	Tied     bool           `json:"tied,omitempty"`     // cannot be told from the first option
}

const twice = 2 // how many times worse a value is sure to be, whatever the rounds, where the interval says so

const level = .95 // that no value is called worse than the best by chance, over all values of one choice

// Recommendations answers every block, in order, once a class of machine that
// head was measured on. Nothing in an answer is known beforehand: it follows from
// the log.
//
// Values are compared within benchmarks that differ in Choose alone, and in
// those of them that every value has. The logarithms of the i-th rounds of all
// these benchmarks are averaged, which makes one figure a round and value: the
// geometric mean over benchmarks. The Hodges-Lehmann shift between the figures of
// the best value and those of another, and the interval that inverts the rank
// test, say how far behind the other is; with k values each of the k−1 intervals
// is at 1 − .05/(k−1) (Bonferroni).
func Recommendations(log baseline.Log, blocks []Recommend) []Recommendation {
	out := []Recommendation{}
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

// everywhere asks on each class of machine that head was measured on, with its name
// where there is more than one, and says whether any had an answer.
func everywhere(log baseline.Log, ask func(m machine, print string) bool) (answered bool) {
	machines := machinesOf(log)
	for _, print := range slices.Sorted(maps.Keys(machines)) {
		name := ""
		if len(machines) > 1 {
			name = print
		}
		answered = ask(machines[print], name) || answered
	}
	return answered
}

// unmatched is why a question has no answer on any machine.
func unmatched(log baseline.Log) Reason {
	if log.Bench != "" {
		return Reason{Code: NotAskedFor, Text: log.Bench}
	}
	return Reason{Code: NoneMatches}
}

func (q Recommend) blank() Recommendation {
	return Recommendation{Name: q.Name, Choose: q.Choose, Unit: q.Unit, Verdict: NotMeasured}
}

// contest is what a question finds: by benchmark without the chosen key, and by
// value, the rounds.
type contest struct {
	cells     map[baseline.Key]map[string][]float64
	names     map[baseline.Key]baseline.Name // of one benchmark of the cell
	values    []string                       // sorted
	functions map[baseline.Function]bool
	broken    bool
}

func (q Recommend) gather(m machine, procs baseline.Procs) contest {
	c := contest{cells: map[baseline.Key]map[string][]float64{}, names: map[baseline.Key]baseline.Name{}, functions: map[baseline.Function]bool{}}
	values := map[string]bool{}
	for key, rounds := range m {
		if key.Unit != q.Unit || q.Where != nil && !q.Where.MatchString(key.Path()) {
			continue
		}
		name := procs.Parse(key.Name)
		value, has := name.Value(q.Choose)
		if !has {
			continue
		}
		c.functions[key.Function()] = true
		c.broken = c.broken || !rounds.clean
		if len(rounds.values) == 0 {
			continue
		}
		at := baseline.Key{Package: key.Package, Name: name.Without(q.Choose), Unit: key.Unit}
		if c.cells[at] == nil {
			c.cells[at], c.names[at] = map[string][]float64{}, name
		}
		c.cells[at][value] = rounds.values
		values[value] = true
	}
	c.values = slices.Sorted(maps.Keys(values))
	return c
}

// shared are the cells that have every value, in order; the others are dropped.
func (c contest) shared() (cells []map[string][]float64, dropped int) {
	for _, at := range slices.SortedFunc(maps.Keys(c.cells), baseline.Key.Compare) {
		if len(c.cells[at]) < len(c.values) {
			dropped++
			continue
		}
		cells = append(cells, c.cells[at])
	}
	return cells, dropped
}

func (q Recommend) answer(m machine, log baseline.Log) (r Recommendation, matched bool) {
	r = q.blank()
	c := q.gather(m, log.Procs)
	if len(c.functions) == 0 {
		return r, false
	}
	r.Warnings = q.silent(log, c.functions)
	cells, dropped := c.shared()
	r.Benchmarks = len(cells)
	unit := log.Units[q.Unit]
	switch {
	case len(c.values) < 2:
		r.Reason = Reason{Code: OneValue, Values: c.values}
		return r, true
	case len(cells) == 0:
		r.Reason = Reason{Code: NoneShared, Values: c.values}
		return r, true
	}
	if dropped > 0 {
		r.Warnings = append(r.Warnings, Reason{Code: Dropped, Count: dropped, Values: c.values})
	}
	r.Rounds = fewest(cells)
	r.Verdict = Undecided
	if r.Reason.Code = c.unfit(cells, unit); r.Reason.Code == "" {
		r.rank(c.values, cells, unit)
	}
	return r, true
}

// unfit says why values have no ratio that tells which is better; empty where they have.
func (c contest) unfit(cells []map[string][]float64, unit baseline.Unit) Code {
	switch {
	case unit.Direction == baseline.Neutral:
		return NoDirection
	case c.broken:
		return NotFinite
	case !positive(cells):
		return NotPositive
	}
	return ""
}

func fewest(cells []map[string][]float64) int {
	n := math.MaxInt
	for _, cell := range cells {
		for _, rounds := range cell {
			n = min(n, len(rounds))
		}
	}
	return n
}

func positive(cells []map[string][]float64) bool {
	for _, cell := range cells {
		for _, rounds := range cell {
			if slices.ContainsFunc(rounds, func(v float64) bool { return !(v > 0) }) {
				return false
			}
		}
	}
	return true
}

// figures are the geometric means over cells of n rounds of one value, as
// logarithms, sorted.
func figures(cells []map[string][]float64, value string, n int) []float64 {
	out := make([]float64, n)
	for _, cell := range cells {
		for i := range out {
			out[i] += math.Log(cell[value][i]) / float64(len(cells))
		}
	}
	slices.Sort(out)
	return out
}

// rank orders the values and says how far each is behind the best.
func (r *Recommendation) rank(values []string, cells []map[string][]float64, unit baseline.Unit) {
	type entry struct {
		value   string
		scores  []float64 // sorted, larger is worse
		typical float64
	}
	entries := make([]entry, len(values))
	for i, value := range values {
		scores := figures(cells, value, r.Rounds)
		typical := stat.Quantile(scores, .5)
		if unit.Direction == baseline.Higher {
			slices.Reverse(scores)
			for j := range scores {
				scores[j] = -scores[j]
			}
		}
		entries[i] = entry{value, scores, typical}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Compare(stat.Quantile(a.scores, .5), stat.Quantile(b.scores, .5))
	})
	want := 1 - (1-level)/float64(len(values)-1)
	unsure := false
	for i, e := range entries {
		o := Option{Value: e.value, Typical: stat.Known(math.Exp(e.typical)), Behind: stat.Known(1)}
		if i > 0 {
			shifts := stat.NewShifts(entries[0].scores, e.scores)
			lo, hi, attained := shifts.Interval(want)
			o.Behind = stat.Known(math.Exp(shifts.HodgesLehmann()))
			if l, h := stat.Known(math.Exp(lo)), stat.Known(math.Exp(hi)); l != nil && h != nil {
				o.Interval = &stat.Interval{Lo: *l, Hi: *h, Level: stat.Tidy(attained)}
			}
			sure := unit.Exact || attained >= want-1e-9 || lo > math.Log(twice)
			o.Tied = lo <= 0
			unsure = unsure || !o.Tied && !sure
		}
		r.Options = append(r.Options, o)
	}
	r.conclude(unsure, want)
}

func (r *Recommendation) conclude(unsure bool, want float64) {
	tied := slices.ContainsFunc(r.Options[1:], func(o Option) bool { return o.Tied })
	switch {
	case unsure:
		r.Verdict, r.Reason = Undecided, Reason{Code: TooFewToLead, Needed: roundsFor(want)}
	case tied:
		r.Verdict, r.Reason = Tie, Reason{Code: CannotTell}
	default:
		r.Verdict, r.Reason = Best, Reason{Code: Leads}
	}
}

// roundsFor is how many rounds a side an interval of that level takes.
func roundsFor(level float64) int {
	n := 1
	for 2*stat.Least(n, n) > 1-level+1e-9 {
		n++
	}
	return n
}

// silent are the benchmarks that the question is about and that gave no result:
// what is absent cannot be recommended, and must not be forgotten.
func (q Recommend) silent(log baseline.Log, functions map[baseline.Function]bool) (out []Reason) {
	for i, p := range log.Problems {
		name := strings.TrimPrefix(p.Name, "Benchmark")
		if !p.Side.Judged() || name == "" {
			continue
		}
		key := baseline.Key{Package: p.Package, Name: name}
		about := functions[key.Function()] || q.Where != nil && q.Where.MatchString(key.Path())
		said := func(r Reason) bool {
			return r.Text == name && r.Problem.Kind == p.Kind && r.Problem.Detail == p.Detail && r.Problem.Package == p.Package
		}
		if about && !slices.ContainsFunc(out, said) {
			out = append(out, Reason{Code: NoResult, Text: name, Problem: &log.Problems[i]})
		}
	}
	return out
}
