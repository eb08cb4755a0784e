package gate

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// The constants of the crash rule; doc.go says what each is for, and TestFlakyCrashes
// what they reach.
var (
	crashLooks   = []int{8, 16, 32}      // processes a side
	crashWeights = []float64{.5, .3, .2} // of a benchmark's part of the budget; they sum to 1
)

const (
	crashShare = .5  // of α goes to crashes, in a log that has any
	crashDoubt = .25 // a p above it ends the retries
	crashFew   = 6   // processes a side below which it does not
)

// Deaths counts the processes of one benchmark that ran, and of these the ones that
// died: crashed, timed out or failed.
type Deaths struct {
	Base, BaseOf int
	Head, HeadOf int
	Given        bool // a text that regress did not measure: what ran are lines, of which a process may print many
}

// p is the chance that so many of the deaths are head's, when a process of head dies
// as often as one of base (Fisher's exact test, one-sided).
func (d Deaths) p() float64 { return stat.Fisher(d.Base, d.BaseOf, d.Head, d.HeadOf) }

// least is the number of processes of the side that has fewest.
func (d Deaths) least() int { return min(d.BaseOf, d.HeadOf) }

// atLook returns the deaths among the first look processes of each side, in the case that is the
// best for head: what came after them died at head, and ran at base. Rounds that something else
// asked for, an anchor or a larger budget, so neither add a look nor hide one.
func (d Deaths) atLook(look int) Deaths {
	return Deaths{
		Base: min(d.Base, look), BaseOf: look,
		Head: max(0, d.Head-(d.HeadOf-look)), HeadOf: look,
	}
}

// crashVerdict says what the deaths of a benchmark mean.
type crashVerdict int

const (
	noDeath    crashVerdict = iota
	chance                  // no more frequent at head than chance allows: a warning
	unsure                  // more processes would tell
	headsDoing              // more frequent at head, at the level of the promise
)

// judge holds deaths against a level that is this benchmark's part of the budget.
// staged: regress can run more of it, up to the next look, of which need is what is missing.
func (d Deaths) judge(level float64, staged bool) (v crashVerdict, need int) {
	n := d.least()
	p := d.p()
	switch {
	case d.Base+d.Head == 0:
		return noDeath, 0
	case !staged && d.Head > 0 && p <= level:
		return headsDoing, 0
	case staged && slices.ContainsFunc(crashLooks, func(look int) bool {
		return look <= n && d.atLook(look).p() <= level*crashWeights[slices.Index(crashLooks, look)]
	}):
		return headsDoing, 0
	}
	never := d.Base == d.BaseOf || d.Head == d.HeadOf
	for _, look := range crashLooks {
		if n < look && (n < crashFew || look == crashLooks[0] && never || p <= crashDoubt && d.Base < d.BaseOf) {
			return unsure, look - n
		}
	}
	switch {
	case never || p <= level: // a side without a single value, or a test that no look was due for
		return unsure, 0
	case d.Given && d.Head > 0: // ten lines of a given text may be one process, and then none of ten died
		return unsure, 0
	}
	return chance, 0
}

// deaths counts what the log has of a benchmark.
func (f facts) deaths(key baseline.Key) (d Deaths) {
	for _, p := range f.problemsOf(key) {
		switch {
		case !p.Kind.Died():
		case p.Side == baseline.Base:
			d.Base++
		default:
			d.Head++
		}
	}
	if d.Base+d.Head == 0 {
		return d
	}
	d.BaseOf, d.HeadOf = d.Base, d.Head
	d.Given = !f.in.Log.Procedure.Chosen() && f.in.Log.Seed == 0
	for _, run := range f.in.Log.Runs {
		most := 0
		for _, s := range run.Samples {
			if s.Benchmark() == key.Benchmark() {
				numbers, _, _ := s.ByRound()
				most = max(most, len(numbers))
			}
		}
		if run.Side == baseline.Base {
			d.BaseOf += most
		} else {
			d.HeadOf += most
		}
	}
	return d
}

// flaky warns of the benchmarks that die now and then, and are judged all the same.
func flaky(all []*series, in Input) (out []Warning) {
	if len(in.Log.Problems) == 0 {
		return nil
	}
	f := newFacts(in)
	last := baseline.Key{}
	for _, s := range all {
		key := s.key.Benchmark()
		if s.deaths.Base+s.deaths.Head == 0 || s.reason.Code == CrashesMore || s.reason.Code == CrashesUnsure || key == last {
			continue
		}
		last = key
		problems := f.problemsOf(key)
		out = append(out, Warning{Code: FailsAtTimes, Benchmark: s.key.Name, Deaths: s.deaths, Problem: &problems[len(problems)-1]})
	}
	return out
}

// countDeaths fills in how many benchmarks have a death on either side. Which they
// are depends on no side's label, so that their number may divide the budget.
func (f *facts) countDeaths() {
	subjects := map[baseline.Key]bool{}
	for _, p := range f.in.Log.Problems {
		if p.Name != "" && p.Kind.Died() {
			subjects[benchmarkOf(p)] = true
		}
	}
	if len(subjects) == 0 {
		return
	}
	keys := map[baseline.Key]bool{}
	for _, run := range f.in.Log.Runs {
		for _, s := range run.Samples {
			if key := s.Benchmark(); !keys[key] && slices.ContainsFunc(f.problemsOf(key), func(p baseline.Problem) bool { return p.Kind.Died() }) {
				keys[key] = true
			}
		}
	}
	f.dying = map[int]int{}
	for _, those := range []map[baseline.Key]bool{keys, subjects} {
		n := map[int]int{}
		for key := range those {
			part := f.part(key)
			n[part]++
			f.dying[part] = max(f.dying[part], n[part])
		}
	}
}

// crashLevel is the part of the budget that a benchmark with deaths has.
func (f facts) crashLevel(key baseline.Key) float64 {
	return f.alpha() * crashShare / float64(max(f.dying[f.part(key)], 1))
}
