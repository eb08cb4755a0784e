package gate

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate/stat"
)

// Decide judges a whole log. It is a pure function of its input: the same
// input gives the same decision, to the byte, on every machine.
func Decide(in Input) Decision {
	in.Policy = in.Policy.orDefault()
	problems := in.Log.Problems
	in, anchored := in.splitAnchor()
	d := Decision{
		Counts: map[Verdict]int{}, Procs: in.Log.Procs,
		Sides: sides(in),
		Policy: PolicyInfo{
			Alpha: in.Policy.Alpha, MinEffect: in.Policy.MinEffect,
			Procedure: procedure(in), Strict: in.Policy.Strict, Seed: in.Log.Seed, Counter: in.Log.Counter,
		},
		Problems: problems,
		Warnings: slices.Concat(logWarnings(in), environmentWarnings(in)),
		Targets:  targets(in), OnlyTargets: in.OnlyHead,
	}
	var all []*series
	if !in.OnlyHead {
		all = judge(in, anchored)
	}
	if anchored != nil {
		d.Anchor = anchored.anchorName()
		d.Sides = append(d.Sides, anchorSides(*anchored)...)
	}
	if !in.OnlyHead {
		d.Warnings = slices.Concat(d.Warnings, flaky(all, in), waive(all, in))
		applyCreep(all)
	}
	several := environments(all) > 1
	d.Rows = make([]Row, len(all))
	parallel(len(all), func(i int) { d.Rows[i] = all[i].row(several) })
	for i := range d.Rows {
		d.Counts[d.Rows[i].Verdict]++
	}
	d.Rows = worstFirst(d.Rows)
	d.Rounds = meanRounds(all)
	conclude(&d, all, in)
	return d
}

// Next says what to measure before Decide can do better: the next increment of
// the two-stage procedure, in order of Key. Empty when everything is decided.
// It uses in.Log alone to know where the procedure stands, so that a log that
// was interrupted is continued and a finished one is replayed.
func Next(in Input) []baseline.Want {
	if in.OnlyHead || !in.Log.Procedure.Chosen() {
		return nil
	}
	in.Policy = in.Policy.orDefault()
	in, anchored := in.splitAnchor()
	var out, counts []baseline.Want
	for _, s := range judge(in, anchored) { // in order of key: the units of a benchmark are neighbours
		switch {
		case anchored == nil:
			out, counts = s.add(out, counts, "")
		case s.anchor != nil && s.verdict == SameCode:
			// What this change cannot be guilty of is not worth another round.
		default:
			out, counts = s.add(out, counts, baseline.Base)
			if s.anchor != nil {
				out, counts = s.anchor.add(out, counts, baseline.Anchor)
			}
		}
	}
	return append(out, counts...)
}

// add adds what a series asks for, rounds and counts, to what others do.
func (s *series) add(wants, counts []baseline.Want, against baseline.Side) (w, c []baseline.Want) {
	want := baseline.Want{Package: s.key.Package, Name: s.key.Name, Against: against, Rounds: s.want}
	count := want
	count.Rounds, count.Count = s.counts, true
	want.Shuffled = s.by != nil && s.by.paired && len(s.worse.base) >= s.by.screenEnd()
	return join(wants, want), join(counts, count)
}

// join adds a want to a list, to that of the same benchmark where it is the last: fewer rounds
// serve both, and all sides where they are held against different ones.
func join(list []baseline.Want, w baseline.Want) []baseline.Want {
	if w.Rounds <= 0 {
		return list
	}
	last := len(list) - 1
	if last < 0 || list[last].Package != w.Package || list[last].Name != w.Name {
		return append(list, w)
	}
	list[last].Rounds = min(list[last].Rounds, w.Rounds)
	list[last].Shuffled = list[last].Shuffled || w.Shuffled
	if list[last].Against != w.Against {
		list[last].Against = ""
	}
	return list
}

// anchorSides describes where the anchor's numbers came from.
func anchorSides(anchored Input) (out []SideInfo) {
	for _, s := range sides(anchored) {
		if s.Side == baseline.Base {
			s.Side = baseline.Anchor
			out = append(out, s)
		}
	}
	return out
}

// procedure names the mode of the decision.
func procedure(in Input) baseline.Procedure {
	base, head := false, false
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base {
			base = true
		} else {
			head = true
		}
	}
	switch {
	case head && !base && (!in.Log.Procedure.Chosen() || len(in.Stored) > 0):
		return StoredBaseline
	case in.Log.Procedure.Chosen():
		return in.Log.Procedure
	}
	return FixedRounds
}

// sides describes where the numbers came from.
func sides(in Input) []SideInfo {
	out := []SideInfo{}
	add := func(run baseline.Run, side baseline.Side, stored bool) {
		info := SideInfo{Side: side, Commit: run.Commit, Branch: run.Branch, Dirty: run.Dirty, Stored: stored, Environment: run.Environment}
		if !slices.ContainsFunc(out, info.alike) {
			out = append(out, info)
		}
	}
	based := map[string]bool{}
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base {
			based[run.Environment.Fingerprint()] = true
			add(run, baseline.Base, false)
		}
	}
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base {
			continue
		}
		print := run.Environment.Fingerprint()
		if i := lastStored(in.Stored, print); !based[print] && i >= 0 {
			add(in.Stored[i], baseline.Base, true)
		}
		add(run, baseline.Head, false)
	}
	slices.SortStableFunc(out, func(a, b SideInfo) int { return strings.Compare(string(a.Side), string(b.Side)) })
	return out
}

// alike says whether two sides read the same: what else their environments may differ in
// is no part of a class of machine.
func (s SideInfo) alike(other SideInfo) bool {
	print, version := s.Environment.Fingerprint(), s.Environment.GoVersion
	same := print == other.Environment.Fingerprint() && version == other.Environment.GoVersion
	s.Environment, other.Environment = baseline.Environment{}, baseline.Environment{}
	return same && s == other
}

// logWarnings are those that the log itself has.
func logWarnings(in Input) (out []Warning) {
	for _, w := range in.Log.Warnings {
		out = append(out, Warning{Code: LogWarning, Seen: w})
	}
	return out
}

// environmentWarnings names what differs between the sides of one class of
// machine and may be the change under test, or the reason for a difference.
func environmentWarnings(in Input) (out []Warning) {
	for _, head := range in.Log.Runs {
		if head.Side == baseline.Base {
			continue
		}
		print := head.Environment.Fingerprint()
		i := slices.IndexFunc(in.Log.Runs, func(r baseline.Run) bool {
			return r.Side == baseline.Base && r.Environment.Fingerprint() == print
		})
		var base baseline.Environment
		if j := lastStored(in.Stored, print); i >= 0 {
			base = in.Log.Runs[i].Environment
		} else if j >= 0 {
			base = in.Stored[j].Environment
		} else {
			continue
		}
		differ := func(in Fact, b, h string) {
			w := Warning{Code: SidesDiffer, Fact: in, Base: b, Head: h}
			if b != h && b != "" && h != "" && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
		differ(Toolchain, base.GoVersion, head.Environment.GoVersion)
		differ(SuiteFlags, base.SuiteFlags, head.Environment.SuiteFlags)
		differ(Kernel, base.Kernel, head.Environment.Kernel)
		differ(Governor, base.Governor, head.Environment.Governor)
	}
	return out
}

// lastStored is the index of the newest stored run of an environment; -1: none.
func lastStored(stored []baseline.Run, print string) int {
	for i := len(stored) - 1; i >= 0; i-- {
		if stored[i].Environment.Fingerprint() == print {
			return i
		}
	}
	return -1
}

func environments(all []*series) int {
	seen := map[string]bool{}
	for _, s := range all {
		if s.env != "" {
			seen[s.env] = true
		}
	}
	return len(seen)
}

// meanRounds is the mean number of rounds a side over the measured benchmarks.
func meanRounds(all []*series) float64 {
	total, n := 0., 0
	var last *series
	for _, s := range all {
		if last != nil && s.key.Benchmark() == last.key.Benchmark() && s.env == last.env || s.env == "" {
			continue
		}
		last = s
		rounds := max(len(s.base.values), len(s.head.values))
		if s.anchor != nil { // head's rounds go on while either comparison does
			rounds = max(rounds, len(s.anchor.head.values))
		}
		total += float64(rounds)
		n++
	}
	return stat.Tidy(total / float64(max(n, 1)))
}

// parallel calls do for 0 to n−1 on all processors. The calls share nothing, so
// the result does not depend on their order.
func parallel(n int, do func(i int)) {
	const worthIt = 256
	workers := min(runtime.GOMAXPROCS(0), n/worthIt)
	if workers < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				do(i)
			}
		})
	}
	wait.Wait()
}
