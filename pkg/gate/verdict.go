package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// conclude gives a decision its outcome, headline, reasons and limits.
func conclude(d *Decision, all []*series, in Input) {
	failed := slices.Concat(redReasons(all, in.Policy), crashReasons(all, in), targetReasons(d.Targets, Missed))
	open := slices.Concat(openReasons(all, in), unheld(all, in, d.Anchor), targetReasons(d.Targets, Unclear, NotMeasured))
	if in.OnlyHead && !slices.ContainsFunc(d.Targets, func(t TargetRow) bool { return t.Verdict != LeftOut }) {
		open = append(open, "there is no target to hold anything against")
	}
	if !in.OnlyHead && !decided(all) && len(failed)+len(open) == 0 {
		open = append(open, nothingDecided(all, in))
	}
	switch {
	case len(failed) > 0:
		d.Outcome = Fail
	case len(open) > 0:
		d.Outcome = Undecided
	default:
		d.Outcome = Pass
	}
	d.Reasons = append(append([]string{}, failed...), open...)
	d.Cannot = append(cannotSee(all, in), leftOut(d.Targets)...)
	if d.Anchor != "" {
		d.Cannot = append(d.Cannot, unseen(all, d.Anchor)...)
	}
	d.Headline = headline(d, all, in)
}

// decided says whether anything was: a decision on nothing is not green. Equal
// counts of allocations say nothing about time, so they do not carry a run of
// which no timed series could be judged.
func decided(all []*series) bool {
	exact, open := false, false
	for _, s := range all {
		switch s.verdict {
		case Unchanged, Improved, Regressed, Crept, Waived, SameCode:
			if !s.unit.Exact { // also where it wavered and was judged as a measurement
				return true
			}
			exact = true
		case Inconclusive:
			open = true
		}
	}
	return exact && !open
}

// nothingDecided says why there was nothing to judge.
func nothingDecided(all []*series, in Input) string {
	base, head := false, false
	for _, run := range in.Log.Runs {
		if len(run.Samples) > 0 {
			base = base || run.Side == baseline.Base
			head = head || run.Side != baseline.Base
		}
	}
	switch {
	case len(all) == 0 || !head && !base:
		return "no benchmark printed a result"
	case !head:
		return "head printed no result"
	case !base && len(in.Stored) == 0:
		return "there is nothing to compare with: measure both sides with regress compare --base, or store a baseline first"
	}
	if slices.ContainsFunc(all, func(s *series) bool { return s.stage == "exact" }) {
		return "not one benchmark could be judged but by its exact counts, which say nothing about time"
	}
	return "not one benchmark could be judged"
}

// pick lists the benchmarks, once each and in order, of the series that match.
func pick(all []*series, match func(*series) bool) (names []string) {
	for _, s := range all {
		if !match(s) {
			continue
		}
		name := s.key.Name
		if name == "" {
			name = s.key.Package
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

// list writes the first few names and how many more there are.
func list(names []string) string {
	const most = 3
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func redReasons(all []*series, p Policy) (out []string) {
	for _, s := range worstFirst(all, Regressed) {
		out = append(out, fmt.Sprintf("%s %s regressed: %s", s.key.Name, s.key.Unit, s.why))
	}
	for _, s := range worstFirst(all, Crept) {
		out = append(out, fmt.Sprintf("%s %s: %s", s.key.Name, s.key.Unit, s.why))
	}
	if p.Strict {
		if names := pick(all, func(s *series) bool { return s.verdict == Inconclusive }); len(names) > 0 {
			out = append(out, fmt.Sprintf("strict: %s could not be judged: %s", count(len(names), "benchmark"), list(names)))
		}
	}
	return out
}

// worstFirst are the series of a red verdict, the largest change first.
func worstFirst(all []*series, v Verdict) []*series {
	var red []*series
	for _, s := range all {
		if s.verdict == v {
			red = append(red, s)
		}
	}
	slices.SortStableFunc(red, func(a, b *series) int { return a.row(false).compare(b.row(false)) })
	return red
}

// crashReasons are the benchmarks that ran at base and crashed at head: whatever
// they would have measured, head broke them.
func crashReasons(all []*series, in Input) (out []string) {
	if in.OnlyHead || !slices.ContainsFunc(in.Log.Problems, func(p baseline.Problem) bool { return p.Kind.Died() }) {
		return nil
	}
	f := newFacts(in)
	names := pick(all, func(s *series) bool {
		if s.verdict == NotJudged {
			return false
		}
		var atHead, atBase bool
		for _, p := range f.problemsOf(s.key) {
			atHead = atHead || p.Kind.Died() && p.Side == baseline.Head
			atBase = atBase || p.Side != baseline.Head
		}
		return atHead && !atBase && f.ran(baseline.Base, s.key.Function())
	})
	for _, name := range names {
		out = append(out, name+" ran at base and crashed at head")
	}
	return out
}

func targetReasons(rows []TargetRow, verdicts ...TargetVerdict) (out []string) {
	for _, r := range rows {
		if slices.Contains(verdicts, r.Verdict) {
			out = append(out, strings.TrimSpace(fmt.Sprintf("target %s %s: %s: %s", r.Target, r.Name, r.Verdict, r.Why)))
		}
	}
	return out
}

// openReasons are the sentences for what is not decided and should have been.
func openReasons(all []*series, in Input) (out []string) {
	say := func(what string, match func(*series) bool) {
		if names := pick(all, match); len(names) > 0 {
			out = append(out, fmt.Sprintf("%s %s: %s", count(len(names), "benchmark"), what, list(names)))
		}
	}
	say("missing from head", func(s *series) bool { return s.verdict == Missing })
	broken := func(s *series) bool { return s.verdict == Inconclusive && s.stage == "" && s.blocks }
	say("not reached", func(s *series) bool { return broken(s) && strings.HasPrefix(s.why, notReached) })
	say("crashed or printed a broken line", func(s *series) bool { return broken(s) && !strings.HasPrefix(s.why, notReached) })
	what := "undecided for want of rounds"
	if in.Log.Stopped != "" {
		what = fmt.Sprintf("left undecided by the %s", in.Log.Stopped)
	}
	say(what, func(s *series) bool {
		return s.verdict == Inconclusive && s.stage != "" && s.stage != "stored" && s.blocks
	})
	say("not settled by the stored baseline alone", func(s *series) bool { return s.verdict == Inconclusive && s.stage == "stored" })
	for _, p := range in.Log.Problems {
		switch {
		case p.Name == "":
			out = append(out, problemText(p))
		case in.OnlyHead && p.Side != baseline.Base: // no row speaks of it
			out = append(out, p.Name+": "+p.Message)
		}
	}
	return out
}

// notReached begins the message about a benchmark that was left out for want of time.
const notReached = "not run: "

func problemText(p baseline.Problem) string {
	where := p.Package
	if p.File != "" {
		where = p.File
		if p.Line > 0 {
			where = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
	}
	if where == "" {
		return p.Message
	}
	return where + ": " + p.Message
}

// cannotSee says, whatever the outcome, what this decision is blind to.
func cannotSee(all []*series, in Input) []string {
	out := []string{}
	judged := pick(all, func(s *series) bool { return s.verdict == Unchanged && s.stage != "exact" })
	if len(judged) > 0 {
		out = append(out, fmt.Sprintf("a slowdown of less than %s in any one benchmark is not looked for", percent(in.Policy.MinEffect)))
	}
	say := func(names []string, format string, args ...any) {
		if len(names) > 0 {
			out = append(out, fmt.Sprintf(format, args...)+": "+list(names))
		}
	}
	least := math.Inf(1)
	dull := pick(all, func(s *series) bool {
		weak := s.verdict == Unchanged && s.detectable > s.policy.effect*1.0001 && !s.zeros()
		if weak {
			least = min(least, math.Abs(s.relative(s.detectable)))
		}
		return weak
	})
	say(dull, "could not have seen a slowdown below %s with any certainty", percent(least))
	say(pick(all, func(s *series) bool { return s.verdict == Inconclusive && !s.blocks }), "too noisy to judge, whatever happened there")
	say(pick(all, func(s *series) bool { return s.verdict == Inconclusive && s.blocks }), "not settled")
	say(pick(all, func(s *series) bool { return s.verdict == New }), "nothing to compare with")
	say(pick(all, func(s *series) bool { return s.verdict == NotJudged && s.policy.ignore }), "ignored by a rule")
	switch procedure(in) {
	case "fixed":
		if len(judged) > 0 {
			out = append(out, "the order of these rounds was not drawn at random: a machine that changed between the sides would look like a change of the code")
		}
	case "stored":
		if len(judged) > 0 {
			out = append(out, "base was measured on other days: a change of the whole machine since then would hide or feign one of the code")
		}
	}
	return append(out, neverRan(all, in)...)
}

// leftOut names the targets that nothing was held against, with the reason.
func leftOut(rows []TargetRow) (out []string) {
	for _, r := range rows {
		if r.Verdict == LeftOut {
			out = append(out, fmt.Sprintf("whether the target %q is met: %s", r.Target, r.Why))
		}
	}
	return out
}

// neverRan names declared benchmark functions of head of which nothing at all is known.
func neverRan(all []*series, in Input) []string {
	seen := map[baseline.Function]bool{}
	for _, s := range all {
		seen[s.key.Function()] = true
		seen[baseline.Function{Package: s.key.Package, Name: s.key.Name}] = true
	}
	var names []string
	for _, fn := range in.Log.Functions[baseline.Head] {
		if !seen[fn] {
			names = append(names, fn.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil
	}
	return []string{"declared and not run on either side: " + list(names)}
}
