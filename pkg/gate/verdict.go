package gate

import (
	"cmp"
	"math"
	"slices"

	"github.com/descartes/regress/pkg/baseline"
)

// conclude gives a decision its outcome, grounds and limits.
func conclude(d *Decision, all []*series, in Input) {
	failed := slices.Concat(redGrounds(d), strictGrounds(all, in.Policy), crashGrounds(all), buildGrounds(in), targetGrounds(d.Targets, Missed))
	undecided := slices.Concat(shardGrounds(in), openGrounds(all, in), anchorGrounds(all, in, d.Anchor), targetGrounds(d.Targets, Undecided, NotMeasured))
	if in.OnlyHead && !slices.ContainsFunc(d.Targets, func(t TargetRow) bool { return t.Verdict != LeftOut }) {
		undecided = append(undecided, Ground{Code: NoTarget})
	}
	if !in.OnlyHead && len(failed)+len(undecided) == 0 {
		judged, _, fresh := d.judged() // what base does not have, or has in another form, is no failure to decide
		if judged == 0 && !(fresh && baseKnown(in)) {
			undecided = append(undecided, Ground{Code: nothingDecided(all, in)})
		}
	}
	switch {
	case len(failed) > 0:
		d.Outcome = Fail
	case len(undecided) > 0:
		d.Outcome = Undecided
	default:
		d.Outcome = Pass
	}
	d.Reasons = append(failed, undecided...)
	d.Cannot = slices.Concat(cannotSee(all, in), targetLimits(d.Targets))
	if d.Anchor != "" {
		d.Cannot = append(d.Cannot, anchorLimits(all)...)
	}
}

// still says whether a series says nothing of time: a count, or a metric that never moved on
// either side. A time that repeats to the last digit that is printed is one all the same.
func (s *series) still() bool {
	if s.unit.Exact { // also where it wavered and was judged as a measurement
		return true
	}
	base, same := constant(s.base.values)
	head, too := constant(s.head.values)
	return same && too && base == head && (s.key.Unit != "sec/op" || base == 0) && len(s.base.values)+len(s.head.values) > 2
}

// nothingDecided says why there was nothing to judge.
func nothingDecided(all []*series, in Input) GroundCode {
	base, head := false, false
	for _, run := range in.Log.Runs {
		if len(run.Samples) > 0 {
			base = base || run.Side == baseline.Base
			head = head || run.Side != baseline.Base
		}
	}
	switch {
	case len(all) == 0 || !head && !base:
		return NoResult
	case !slices.ContainsFunc(all, func(s *series) bool { return s.verdict != Removed }):
		return AllRemoved
	case !head:
		return NoResultOfHead
	case !base && len(in.Stored) == 0:
		return NothingToHold
	case slices.ContainsFunc(all, func(s *series) bool { return s.stage == Exact }):
		return CountsAlone
	}
	return NothingJudged
}

// pick lists the benchmarks, once each and in order, of the series that match. Those of
// several packages that have one name are told with their packages.
func pick(all []*series, match func(*series) bool) (names []string) {
	var picked []baseline.Key
	times := map[string]int{}
	for _, s := range all {
		if key := s.key.Benchmark(); match(s) && (len(picked) == 0 || picked[len(picked)-1] != key) {
			picked = append(picked, key)
			times[key.Name]++
		}
	}
	for _, key := range picked {
		name := cmp.Or(key.Name, key.Package)
		if key.Name != "" && times[key.Name] > 1 {
			name = key.Path()
		}
		names = append(names, name)
	}
	return names
}

// redGrounds are the rows that fail, in their order.
func redGrounds(d *Decision) (out []Ground) {
	for _, red := range []struct {
		verdict Verdict
		code    GroundCode
	}{{Regressed, RowRegressed}, {Crept, RowCrept}} {
		for i := range d.Rows {
			if d.Rows[i].Verdict == red.verdict {
				out = append(out, Ground{Code: red.code, Row: &d.Rows[i]})
			}
		}
	}
	return out
}

// ground appends one that speaks of benchmarks, unless there are none.
func ground(out []Ground, code GroundCode, names []string) []Ground {
	if len(names) == 0 {
		return out
	}
	return append(out, Ground{Code: code, Benchmarks: names})
}

func strictGrounds(all []*series, p Policy) []Ground {
	if !p.Strict {
		return nil
	}
	return ground(nil, StrictUnjudged, pick(all, func(s *series) bool { return s.verdict == Inconclusive }))
}

// crashGrounds are the benchmarks that die more often at head than chance allows:
// whatever they would have measured, head broke them.
func crashGrounds(all []*series) (out []Ground) {
	var last baseline.Key
	for _, s := range all {
		if key := s.key.Benchmark(); s.reason.Code == CrashesMore && (len(out) == 0 || key != last) {
			out, last = append(out, Ground{Code: CrashedAtHead, Benchmarks: []string{key.Name}, Reason: s.reason}), key
		}
	}
	return out
}

// buildGrounds are the packages that head does not build though base ran: a compiler
// throws no dice.
func buildGrounds(in Input) (out []Ground) {
	for i, p := range in.Log.Problems {
		ran := func(r baseline.Run) bool {
			return r.Side == baseline.Base && slices.ContainsFunc(r.Samples, func(s baseline.Sample) bool { return s.Package == p.Package })
		}
		if p.Kind == baseline.BuildFailed && p.Side == baseline.Head && slices.ContainsFunc(in.Log.Runs, ran) {
			out = append(out, Ground{Code: NotBuilt, Problem: &in.Log.Problems[i]})
		}
	}
	return out
}

func targetGrounds(rows []TargetRow, verdicts ...TargetVerdict) (out []Ground) {
	for i := range rows {
		if slices.Contains(verdicts, rows[i].Verdict) {
			out = append(out, Ground{Code: TargetOpen, Target: &rows[i]})
		}
	}
	return out
}

// shardGrounds are the shards of which nothing is known.
func shardGrounds(in Input) []Ground {
	missing := in.Log.Shards.Missing()
	if len(missing) == 0 {
		return nil
	}
	return []Ground{{Code: ShardsMissing, Shards: missing, Of: in.Log.Shards.Of}}
}

// openGrounds are what is not decided and should have been.
func openGrounds(all []*series, in Input) (out []Ground) {
	out = ground(out, MissingAtHead, pick(all, func(s *series) bool { return s.verdict == Missing }))
	out = append(out, blockedGrounds(all)...)
	if names := pick(all, func(s *series) bool {
		return s.verdict == Inconclusive && s.stage != "" && s.stage != Stored && s.state == open
	}); len(names) > 0 {
		out = append(out, Ground{Code: RoundsWanted, Benchmarks: names, By: in.Log.Stopped})
	}
	out = ground(out, StoredAlone, pick(all, func(s *series) bool { return s.verdict == Inconclusive && s.stage == Stored }))
	for i, p := range in.Log.Problems {
		// What names a benchmark has a row, except where targets alone are judged.
		if p.Name == "" || in.OnlyHead && p.Side != baseline.Base {
			out = append(out, Ground{Code: ProblemSeen, Problem: &in.Log.Problems[i]})
		}
	}
	return out
}

// blockedGrounds are the series that could not be judged for another reason than
// want of rounds: one ground for each kind of reason, in order of name.
func blockedGrounds(all []*series) (out []Ground) {
	type kind struct {
		code    Code
		problem baseline.ProblemKind
	}
	kindOf := func(s *series) (k kind) {
		if s.verdict != Inconclusive || s.stage != "" || s.state != open {
			return k
		}
		if k.code = s.reason.Code; k.code == BrokenResult {
			k.problem = s.reason.Problem.Kind
		}
		return k
	}
	seen := map[kind]bool{{}: true, {code: CrashesMore}: true} // which crashGrounds have
	for _, s := range all {
		k := kindOf(s)
		if seen[k] {
			continue
		}
		seen[k] = true
		names := pick(all, func(other *series) bool { return kindOf(other) == k })
		out = append(out, Ground{Code: Blocked, Benchmarks: names, Reason: s.reason})
	}
	return out
}

// anchorGrounds are what is not decided against the anchor.
func anchorGrounds(all []*series, in Input, anchor string) []Ground {
	names := anchorOpen(all)
	if anchor == "" || len(names) == 0 {
		return nil
	}
	return []Ground{{Code: AnchorOpen, Benchmarks: names, By: in.Log.Stopped}}
}

// limit appends one that speaks of benchmarks, unless there are none.
func limit(out []Limit, code LimitCode, names []string) []Limit {
	if len(names) == 0 {
		return out
	}
	return append(out, Limit{Code: code, Benchmarks: names})
}

// cannotSee says, whatever the outcome, what this decision is blind to.
func cannotSee(all []*series, in Input) (out []Limit) {
	out = effectLimits(all, in.Policy.MinEffect)
	measured := len(out) > 0
	least := math.MaxFloat64
	weak := pick(all, func(s *series) bool {
		weak := s.verdict == Unchanged && s.detectable > s.policy.effect*1.0001 && !s.zeros()
		if weak {
			least = min(least, s.size(s.detectable))
		}
		return weak
	})
	if len(weak) > 0 {
		out = append(out, Limit{Code: WeakBelow, Benchmarks: weak, Effect: least})
	}
	widest := 0.
	alone := pick(all, func(s *series) bool {
		if s.verdict == SameWork {
			widest = max(widest, s.size(s.detectable))
		}
		return s.verdict == SameWork
	})
	if len(alone) > 0 {
		out = append(out, Limit{Code: WorkAlone, Benchmarks: alone, Effect: widest})
	}
	out = limit(out, Noisy, pick(all, func(s *series) bool { return s.verdict == Inconclusive && s.state == over }))
	out = limit(out, NotSettled, pick(all, func(s *series) bool { return s.verdict == Inconclusive && s.state == open }))
	out = limit(out, EditedThere, pick(all, func(s *series) bool { return s.verdict == Edited }))
	out = limit(out, Incomparable, pick(all, func(s *series) bool { return s.verdict == Added }))
	out = limit(out, LeftToRule, pick(all, func(s *series) bool { return s.verdict == NotJudged && s.policy.ignore }))
	out = limit(out, NoAllocations, pick(all, func(s *series) bool { return s.reason.Code == NoBenchmem }))
	switch p := procedure(in); {
	case measured && p == FixedRounds:
		out = append(out, Limit{Code: OrderGiven})
	case measured && p == StoredBaseline:
		out = append(out, Limit{Code: OtherDays})
	}
	return limit(out, NeverRan, neverRan(all, in))
}

// effectLimits says, the smallest first, which slowdowns are too small to be looked for in what was
// measured and did not change: by the usual effect, whatever it holds for, and by each other that
// a rule sets, with the benchmarks; and of each unit where those of a benchmark have several.
func effectLimits(all []*series, usual float64) (out []Limit) {
	mixed := map[baseline.Key]bool{}
	var last *series // the units of a benchmark are neighbours
	for _, s := range all {
		if s.stage == Exact || s.verdict == NotJudged || s.twin != nil {
			continue
		}
		if last != nil && last.policy.minEffect != s.policy.minEffect && last.key.Benchmark() == s.key.Benchmark() {
			mixed[s.key.Benchmark()] = true
		}
		last = s
	}
	limitOf := func(s *series) (l Limit) {
		if s.verdict != Unchanged || s.stage == Exact || s.twin != nil {
			return l
		}
		l = Limit{Code: EffectBelow, Effect: s.policy.minEffect}
		if l.Effect != usual && mixed[s.key.Benchmark()] {
			l.Unit = s.key.Unit
		}
		return l
	}
	same := func(a, b Limit) bool { return a.Code == b.Code && a.Effect == b.Effect && a.Unit == b.Unit }
	for _, s := range all {
		l := limitOf(s)
		if l.Code == "" || slices.ContainsFunc(out, func(o Limit) bool { return same(o, l) }) {
			continue
		}
		if l.Effect != usual {
			l.Benchmarks = pick(all, func(s *series) bool { return same(limitOf(s), l) })
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Limit) int { return cmp.Or(cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Unit, b.Unit)) })
	return out
}

// targetLimits are the targets that nothing was held against.
func targetLimits(rows []TargetRow) (out []Limit) {
	for i := range rows {
		if rows[i].Verdict == LeftOut {
			out = append(out, Limit{Code: TargetSkipped, Target: &rows[i]})
		}
	}
	return out
}

// neverRan names declared benchmark functions of head of which nothing at all is known.
func neverRan(all []*series, in Input) []string {
	declared := in.Log.Functions[baseline.Head]
	if len(declared) == 0 {
		return nil
	}
	seen := map[baseline.Function]bool{}
	for _, s := range all {
		seen[s.key.Function()] = true
		seen[baseline.Function{Package: s.key.Package, Name: s.key.Name}] = true
	}
	var names []string
	for _, fn := range declared {
		if !seen[fn] {
			names = append(names, fn.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
