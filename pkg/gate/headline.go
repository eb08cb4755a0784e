package gate

import (
	"fmt"
	"slices"
	"strings"
)

// headline sums a decision up in one sentence.
func headline(d *Decision, all []*series, in Input) string {
	if in.OnlyHead {
		return targetHeadline(d.Targets)
	}
	benchmarks := len(pick(all, func(s *series) bool { return s.verdict != NotJudged && s.verdict != Removed }))
	tail := ""
	if n := len(pick(all, func(s *series) bool { return s.verdict == Improved })); n > 0 {
		tail += fmt.Sprintf("; %d improved", n)
	}
	missed := 0
	for _, r := range d.Targets {
		if r.Verdict == Missed {
			missed++
		}
	}
	red, crept := worstFirst(all, Regressed), worstFirst(all, Crept)
	switch {
	case len(red) > 0:
		if n := benchmarksOf(crept); n > 0 {
			tail = fmt.Sprintf("; %d crept since %s", n, d.Anchor) + tail
		}
		return worstHeadline(red, benchmarks, "regressed", red[0].looks()) + tail
	case len(crept) > 0:
		return worstHeadline(crept, benchmarks, "crept", strings.TrimPrefix(crept[0].why, "crept ")) + tail
	case missed > 0:
		return fmt.Sprintf("%s missed%s", count(missed, "target"), tail)
	case d.Outcome == Fail:
		return d.Reasons[0] + tail
	case d.Outcome == Undecided:
		return "undecided: " + d.Reasons[0] + tail
	}
	return passHeadline(all, benchmarks) + nothingCrept(all, d.Anchor) + tail
}

// nothingCrept says so, where something was held against the anchor.
func nothingCrept(all []*series, since string) string {
	held := slices.ContainsFunc(all, func(s *series) bool {
		return s.anchor != nil && (s.anchor.verdict == Unchanged || s.anchor.verdict == Improved || s.anchor.verdict == SameCode)
	})
	if !held {
		return ""
	}
	return "; none crept since " + since
}

// benchmarksOf counts benchmarks, whatever their units.
func benchmarksOf(red []*series) int {
	byKey := slices.Clone(red)
	slices.SortStableFunc(byKey, func(a, b *series) int { return a.key.Compare(b.key) })
	return len(pick(byKey, func(*series) bool { return true }))
}

// worstHeadline names the worst of the red.
func worstHeadline(red []*series, benchmarks int, what, how string) string {
	n, worst := benchmarksOf(red), ": "
	if n > 1 {
		worst = "; the worst, "
	}
	return fmt.Sprintf("%d of %s %s%s%s %s: %s", n, count(benchmarks, "benchmark"), what, worst, red[0].key.Name, red[0].key.Unit, how)
}

func passHeadline(all []*series, benchmarks int) string {
	same := len(pick(all, func(s *series) bool { return s.verdict == SameCode }))
	if same == benchmarks {
		return fmt.Sprintf("nothing that %s runs has changed", count(same, "benchmark"))
	}
	s := "no regression in " + count(benchmarks, "benchmark")
	if n := len(pick(all, func(s *series) bool { return s.verdict == Inconclusive })); n > 0 {
		s = fmt.Sprintf("no regression in %d of %s; %d too noisy to judge", benchmarks-n, count(benchmarks, "benchmark"), n)
	}
	return s
}

func targetHeadline(rows []TargetRow) string {
	n := map[TargetVerdict]int{}
	for _, r := range rows {
		n[r.Verdict]++
	}
	if len(rows) == 0 {
		return "undecided: there is no target to hold anything against"
	}
	s := fmt.Sprintf("%d of %s met", n[Met], count(len(rows), "target"))
	for _, v := range []TargetVerdict{Missed, Unclear, NotMeasured, LeftOut} {
		if n[v] > 0 {
			s += fmt.Sprintf(", %d %s", n[v], v)
		}
	}
	return s
}
