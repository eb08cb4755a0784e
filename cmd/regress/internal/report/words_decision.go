package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// Headline returns a decision in one sentence: "2 of 38 benchmarks regressed; the
// worst, PingPong/…, 12 % slower". Empty for a decision that was never made.
func Headline(d gate.Decision) string {
	if d.Outcome == gate.Undecided {
		return "undecided: " + summed(d)
	}
	return summed(d)
}

// summed returns the headline without the outcome.
func summed(d gate.Decision) string {
	if d.Outcome == "" {
		return ""
	}
	if d.OnlyTargets {
		return targetHeadline(d.Targets)
	}
	tail := improved(d.Rows)
	missed := 0
	for _, t := range d.Targets {
		if t.Verdict == gate.Missed {
			missed++
		}
	}
	red, crept := verdicts(d.Rows, gate.Regressed), verdicts(d.Rows, gate.Crept)
	switch {
	case red > 0:
		if crept > 0 {
			tail = fmt.Sprintf("; %d crept since %s", crept, d.Anchor) + tail
		}
		return regressedHeadline(d, red) + tail
	case crept > 0:
		worst := first(d.Rows, gate.Crept)
		_, benchmarks := d.Judged()
		return worstOf(crept, benchmarks, "crept", worst, creptBy(d.Anchor, worst)+clauses(worst.Drift.Waivers)) + tail
	case missed > 0:
		return figure.Counted(missed, "target") + " missed" + tail
	case len(d.Reasons) > 0:
		return groundText(d, d.Reasons[0]) + tail
	}
	return passed(d) + nothingCrept(d) + tail
}

// regressedHeadline returns what regressed. Where only the work of benchmarks has grown it says so
// instead of calling them regressed, which is read as slower.
func regressedHeadline(d gate.Decision, red int) string {
	_, benchmarks := d.Judged()
	work := WorkOf(d)
	rows := slices.DeleteFunc(slices.Clone(d.Rows), func(r gate.Row) bool { return r.Verdict != gate.Regressed || work.Told(r) })
	slower := benchmarksIn(rows, func(r *gate.Row) bool { return r.Unit != baseline.Instructions })
	worst := rows[0]
	how := reasonOf(d, worst).looks()
	switch alone := red - len(slower); {
	case alone == 0:
		return worstOf(red, benchmarks, "regressed", worst, how)
	case alone < red:
		return worstOf(red, benchmarks, fmt.Sprintf("regressed, %d of them in work alone", alone), worst, how)
	case red == 1:
		return worstOf(red, benchmarks, "does more work", worst, how)
	}
	return worstOf(red, benchmarks, "do more work", worst, how)
}

// verdicts counts the benchmarks that have a row of a verdict.
func verdicts(rows []gate.Row, v gate.Verdict) int {
	return len(benchmarksIn(rows, func(r *gate.Row) bool { return r.Verdict == v }))
}

// first returns the first row of a verdict, which is the worst.
func first(rows []gate.Row, v gate.Verdict) gate.Row {
	return rows[slices.IndexFunc(rows, func(r gate.Row) bool { return r.Verdict == v })]
}

// benchmarksIn lists the benchmarks of the rows that match, once each.
func benchmarksIn(rows []gate.Row, match func(*gate.Row) bool) (names []string) {
	var keys []baseline.Key
	for i := range rows { // a row is large
		if r := &rows[i]; match(r) {
			keys = append(keys, r.Key())
		}
	}
	slices.SortFunc(keys, baseline.Key.Compare)
	for i, key := range keys {
		if i == 0 || key.Benchmark() != keys[i-1].Benchmark() {
			names = append(names, cmp.Or(key.Name, key.Package))
		}
	}
	return names
}

// worstOf names the worst of n red benchmarks.
func worstOf(n, of int, what string, worst gate.Row, how string) string {
	sep := ": "
	if n > 1 {
		sep = "; the worst, "
	}
	return fmt.Sprintf("%d of %s %s%s%s %s: %s", n, figure.Counted(of, "benchmark"), what, sep, worst.Name, worst.Unit, how)
}

// passed returns the headline of a pass. Where fewer than half of the benchmarks were
// judged, it begins with those that were.
func passed(d gate.Decision) string {
	judged, benchmarks := d.Judged()
	of := figure.Counted(benchmarks, "benchmark")
	switch same := verdicts(d.Rows, gate.SameCode); {
	case same == benchmarks && same > 1:
		return fmt.Sprintf("nothing that %d benchmarks run has changed", same)
	case same == benchmarks:
		return fmt.Sprintf("nothing that %s runs has changed", of)
	}
	noisy, edited, added := tooNoisy(d.Rows), editedNames(d.Rows), verdicts(d.Rows, gate.Added)
	if judged == 0 {
		var open []string
		if added > 0 {
			open = append(open, fmt.Sprintf("%d new", added))
		}
		if len(edited) > 0 {
			open = append(open, fmt.Sprintf("%d edited by the change itself: %s", len(edited), few(edited)))
		}
		return "nothing to compare with at base: " + strings.Join(open, ", ")
	}
	waived := benchmarksIn(d.Rows, func(r *gate.Row) bool { return r.Verdict == gate.Waived })
	free := judged // of a regression, waived ones too
	for _, name := range waived {
		if !slices.Contains(noisy, name) && !slices.Contains(edited, name) {
			free--
		}
	}
	say := "no regression in " + of
	switch {
	case FewJudged(d):
		say = fmt.Sprintf("%d of %s judged: no regression there", judged, of)
		if free < judged {
			say += " that is not waived"
		}
	case free <= 0:
		say = "no regression that is not waived"
	case free < benchmarks-added:
		say = fmt.Sprintf("no regression in %d of %s", free, of)
	}
	for _, rest := range []struct {
		n    int
		what string
	}{
		{verdicts(d.Rows, gate.SameWork), "judged by their work alone"},
		{len(waived), "regressed and waived"},
		{len(noisy), "too noisy to judge"},
		{len(edited), "edited by the change itself"},
		{benchmarks - judged - len(noisy) - len(edited) - added, "with counts alone, which say nothing about time"},
	} {
		if rest.n > 0 {
			say += fmt.Sprintf("; %d %s", rest.n, rest.what)
		}
	}
	return say
}

// FewJudged reports whether fewer than half of the benchmarks of a decision were judged, so that
// a pass says little.
func FewJudged(d gate.Decision) bool {
	judged, of := d.Judged()
	return 2*judged < of
}

// tooNoisy lists the benchmarks of which nothing that takes time could be judged.
func tooNoisy(rows []gate.Row) (names []string) {
	judged := make(map[baseline.Key]bool, len(rows))
	for i := range rows {
		if r := &rows[i]; r.Judged() {
			judged[r.Key().Benchmark()] = true
		}
	}
	return benchmarksIn(rows, func(r *gate.Row) bool { return r.Verdict == gate.Inconclusive && !judged[r.Key().Benchmark()] })
}

// editedNames lists the benchmarks whose own source the change edits.
func editedNames(rows []gate.Row) []string {
	return benchmarksIn(rows, func(r *gate.Row) bool { return r.Verdict == gate.Edited })
}

// improved ends a headline with what got better: a benchmark that is too noisy to judge in
// time has improved in a count alone, and the unit says so.
func improved(rows []gate.Row) string {
	if verdicts(rows, gate.Improved) == 0 {
		return ""
	}
	noisy := tooNoisy(rows)
	counts := map[string]bool{}
	whole := benchmarksIn(rows, func(r *gate.Row) bool { return r.Verdict == gate.Improved && !slices.Contains(noisy, r.Name) })
	part := benchmarksIn(rows, func(r *gate.Row) bool {
		in := r.Verdict == gate.Improved && slices.Contains(noisy, r.Name)
		if in {
			counts[r.Unit] = true
		}
		return in
	})
	say := ""
	if len(whole) > 0 {
		say += fmt.Sprintf("; %d improved", len(whole))
	}
	if len(part) > 0 {
		say += fmt.Sprintf("; %d improved in %s", len(part), strings.Join(slices.Sorted(maps.Keys(counts)), " and "))
	}
	return say
}

// nothingCrept says so, where something was held against the anchor.
func nothingCrept(d gate.Decision) string {
	if !slices.ContainsFunc(d.Rows, func(r gate.Row) bool { return r.Drift != nil && holds(r.Drift.Verdict) }) {
		return ""
	}
	return "; none crept since " + d.Anchor
}

// holds says whether a verdict against the anchor means that nothing crept in.
func holds(v gate.Verdict) bool {
	return v == gate.Unchanged || v == gate.Improved || v == gate.SameWork || v == gate.SameCode
}

func targetHeadline(rows []gate.TargetRow) string {
	n := map[gate.TargetVerdict]int{}
	for _, r := range rows {
		n[r.Verdict]++
	}
	if len(rows) == 0 {
		return "there is no target to hold anything against"
	}
	s := fmt.Sprintf("%d of %s met", n[gate.Met], figure.Counted(len(rows), "target"))
	for _, v := range []gate.TargetVerdict{gate.Missed, gate.Undecided, gate.NotMeasured, gate.LeftOut} {
		if n[v] > 0 {
			s += fmt.Sprintf(", %d %s", n[v], v)
		}
	}
	return s
}

// few writes the first few names and how many more there are.
func few(names []string) string {
	const most = 3
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// groundText returns the sentence for a ground of a decision.
func groundText(d gate.Decision, g gate.Ground) string {
	listed := func(what string) string {
		return fmt.Sprintf("%s %s: %s", figure.Counted(len(g.Benchmarks), "benchmark"), what, few(g.Benchmarks))
	}
	switch g.Code {
	case gate.RowRegressed:
		if g.Row.Unit == baseline.Instructions {
			return fmt.Sprintf("%s %s", g.Row.Name, Why(d, *g.Row))
		}
		return fmt.Sprintf("%s %s regressed: %s", g.Row.Name, g.Row.Unit, Why(d, *g.Row))
	case gate.RowCrept:
		return fmt.Sprintf("%s %s: %s", g.Row.Name, g.Row.Unit, Why(d, *g.Row))
	case gate.TargetOpen:
		return strings.TrimSpace(fmt.Sprintf("target %s %s: %s: %s", g.Target.Target, g.Target.Name, g.Target.Verdict, TargetWhy(*g.Target)))
	case gate.ProblemSeen:
		return problemAt(*g.Problem)
	case gate.StrictUnjudged:
		return "strict: " + listed("could not be judged")
	case gate.CrashedAtHead:
		return strings.Join(g.Benchmarks, ", ") + " " + deaths(g.Reason.Deaths)
	case gate.NotBuilt:
		return g.Problem.Package + " ran at base and is not built at head: " + g.Problem.Detail
	case gate.ShardsMissing:
		return missingShards(g)
	case gate.MissingAtHead:
		return listed("missing from head")
	case gate.Blocked:
		return blockedText(d, g, listed)
	case gate.RoundsWanted:
		if g.By != "" {
			return listed("left undecided by the " + g.By)
		}
		return listed("undecided for want of rounds")
	case gate.StoredAlone:
		return listed("not settled by the stored baseline alone")
	case gate.AnchorOpen:
		if g.By != "" {
			return listed(fmt.Sprintf("left undecided by the %s against %s", g.By, d.Anchor))
		}
		return listed("left undecided against " + d.Anchor)
	}
	return nothingText(g.Code)
}

// missingShards returns the sentence for shards of which there is no log.
func missingShards(g gate.Ground) string {
	numbers := make([]string, len(g.Shards))
	for i, n := range g.Shards {
		numbers[i] = strconv.Itoa(n)
	}
	verb := "are"
	if len(numbers) == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s missing: %s", len(numbers), figure.Counted(g.Of, "shard"), verb, few(numbers))
}

// machinesDiffer returns the sentence for sides of two classes of machine.
func machinesDiffer(d gate.Decision, g gate.Ground) string {
	of := map[baseline.Side]baseline.Environment{}
	for _, s := range d.Sides {
		if _, known := of[s.Side]; !known && !s.Stored {
			of[s.Side] = s.Environment
		}
	}
	base, head := of[baseline.Base], of[baseline.Head]
	for name, pair := range map[string][2]string{"base": {base.CPU, head.CPU}, "head": {head.CPU, base.CPU}} {
		if pair[0] == "" && pair[1] != "" {
			return fmt.Sprintf("the sides are of two classes of machine: %s prints no cpu: line (Go before 1.16, or another machine), and the other is %s: %s", name, pair[1], few(g.Benchmarks))
		}
	}
	return fmt.Sprintf("the sides are of two classes of machine, %s and %s: %s", Machine(base), Machine(head), few(g.Benchmarks))
}

// blockedText returns the sentence for what could not be judged, by its reason.
func blockedText(d gate.Decision, g gate.Ground, listed func(string) string) string {
	switch r := g.Reason; r.Code {
	case gate.OtherMachine:
		return machinesDiffer(d, g)
	case gate.OtherStored:
		return listed("known to the store from other machines alone")
	case gate.OtherProcs:
		return fmt.Sprintf("head ran with GOMAXPROCS=%d and base with %d: %s", r.Procs[1], r.Procs[0], few(g.Benchmarks))
	case gate.CrashesUnsure:
		if len(g.Benchmarks) == 1 {
			return g.Benchmarks[0] + " " + unsure(r)
		}
		return listed("died in some processes, and it is open whether that is head's doing")
	case gate.NotFinite:
		return listed("with a value that is not a finite number")
	case gate.BaseSilent:
		return listed("declared at base and not printed there")
	case gate.OneSided:
		return listed("printed in rounds of one side alone")
	case gate.BrokenResult:
		return listed(brokenText(r.Problem.Kind))
	}
	return listed("could not be judged")
}

// brokenText says what became of benchmarks with a problem of a kind.
func brokenText(kind baseline.ProblemKind) string {
	switch kind {
	case baseline.NotRun:
		return "not reached"
	case baseline.Interrupted, baseline.Ambiguous, baseline.NoNumbers, baseline.Cut:
		return "begun without printing numbers"
	case baseline.BadValue, baseline.BadCount:
		return "with a value that is no measurement"
	}
	return "with a broken line"
}

// nothingText returns the sentence for a decision that had nothing to go by.
func nothingText(code gate.GroundCode) string {
	switch code {
	case gate.NoTarget:
		return "there is no target to hold anything against"
	case gate.NoResult:
		return "no benchmark printed a result"
	case gate.NoResultOfHead:
		return "head printed no result"
	case gate.AllRemoved:
		return "every benchmark of base is removed at head, and there is nothing to judge"
	case gate.NothingToHold:
		return "there is nothing to compare with: measure both sides with regress compare, or store a baseline first"
	case gate.CountsAlone:
		return "not one benchmark could be judged but by its exact counts, which say nothing about time"
	case gate.NothingJudged:
		return "not one benchmark could be judged"
	}
	return string(code)
}

// problemAt returns the sentence for a problem with the place where it was seen.
func problemAt(p baseline.Problem) string {
	where := p.Package
	if p.Name != "" {
		where = p.Name
	} else if p.File != "" {
		where = p.File
		if p.Line > 0 {
			where = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
	}
	if where == "" {
		return ProblemText(p)
	}
	return where + ": " + ProblemText(p)
}

// limitText returns the sentence for what a decision could not have seen.
func limitText(d gate.Decision, l gate.Limit) string {
	names := ": " + few(l.Benchmarks)
	switch l.Code {
	case gate.EffectBelow:
		return effectText(d.Cannot, l)
	case gate.WeakBelow:
		return fmt.Sprintf("could not have seen a slowdown below %s with any certainty", figure.Percent(l.Effect)) + names
	case gate.WorkAlone:
		return unseen(l.Effect) + ", in what was judged by its work alone" + names
	case gate.Noisy:
		return "too noisy to judge, whatever happened there" + names
	case gate.NotSettled:
		return "not settled" + names
	case gate.EditedThere:
		return "what the change does to benchmarks that it edits" + names
	case gate.Incomparable:
		return "nothing to compare with" + names
	case gate.LeftToRule:
		return "ignored by a rule" + names
	case gate.NoAllocations:
		return "allocations, which head did not print; go test does with -benchmem" + names
	case gate.OrderGiven:
		return "the order of these rounds was not drawn at random: a machine that changed between the sides would look like a change of the code"
	case gate.OtherDays:
		return "base was measured on other days: a change of the whole machine since then would hide or feign one of the code"
	case gate.NeverRan:
		return "declared and not run on either side" + names
	case gate.TargetSkipped:
		return fmt.Sprintf("whether the target %q is met: %s", l.Target.Target, TargetWhy(*l.Target))
	case gate.NoisyToAnchor:
		return "too noisy to tell what has crept in since " + d.Anchor + names
	case gate.NotHeld:
		return "not held against " + d.Anchor + names
	}
	return string(l.Code) + names
}

// effectText returns the sentence for what is too small to be looked for, after those for less.
func effectText(all []gate.Limit, l gate.Limit) string {
	what := "a slowdown of less than " + figure.Percent(l.Effect)
	if l.Unit != "" {
		what += " in " + l.Unit
	}
	switch {
	case len(l.Benchmarks) > 0:
		return what + " is not looked for in: " + few(l.Benchmarks)
	case slices.ContainsFunc(all, func(o gate.Limit) bool { return o.Code == gate.EffectBelow && o.Effect < l.Effect }):
		return what + " is not looked for elsewhere"
	}
	return what + " in any one benchmark is not looked for"
}

// percents writes the shares from lo to hi, which may be one: "5 to 50 %".
func percents(lo, hi float64) string {
	least, most := figure.Percent(lo), figure.Percent(hi)
	if least == most {
		return most
	}
	return strings.TrimSuffix(least, " %") + " to " + most
}

// warningText returns the sentence for a warning of a decision.
func warningText(w gate.Warning) string {
	switch w.Code {
	case gate.SidesDiffer:
		return fmt.Sprintf("the sides differ in %s: base %s, head %s", w.Fact, w.Base, w.Head)
	case gate.FailsAtTimes:
		if w.Deaths.Given {
			return fmt.Sprintf("%s %s; the last: %s", w.Benchmark, deaths(w.Deaths), ProblemText(*w.Problem))
		}
		return fmt.Sprintf("%s fails now and then: %d of %s at head, %d of %d at base; the last: %s",
			w.Benchmark, w.Deaths.Head, processes(w.Deaths.HeadOf), w.Deaths.Base, w.Deaths.BaseOf, ProblemText(*w.Problem))
	case gate.WaiverUnused:
		place := w.Place
		if place != "" {
			place = " at " + place
		}
		return fmt.Sprintf("waiver '%s'%s matches no series that was measured: mend its pattern, or remove it if the benchmark is gone", w.Waiver, place)
	}
	return WarningText(w.Seen)
}

// texts returns what say makes of each item; never nil.
func texts[T, S any](items []T, say func(T) S) []S {
	out := make([]S, 0, len(items))
	for _, item := range items {
		out = append(out, say(item))
	}
	return out
}

// reasonTexts returns the sentences for the grounds of a decision.
func reasonTexts(d gate.Decision) []string {
	return texts(d.Reasons, func(g gate.Ground) string { return groundText(d, g) })
}

// limitTexts returns the sentences for what a decision could not have seen.
func limitTexts(d gate.Decision) []string {
	return texts(d.Cannot, func(l gate.Limit) string { return limitText(d, l) })
}
