package gate

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/descartes/regress/pkg/baseline"
)

// Decide judges a whole log. It is a pure function of its input: the same
// input gives the same decision, to the byte, on every machine.
func Decide(in Input) Decision {
	in.Policy = in.Policy.orDefault()
	problems := in.Log.Problems
	in, past := in.apart()
	d := Decision{
		Counts: map[Verdict]int{}, Procs: in.Log.Procs,
		Sides: sides(in),
		Policy: PolicyInfo{
			Alpha: in.Policy.Alpha, MinEffect: in.Policy.MinEffect,
			Procedure: procedure(in), Strict: in.Policy.Strict, Seed: in.Log.Seed,
		},
		Problems: problems,
		Warnings: slices.Concat(in.Log.Warnings, noted(environmentWarnings(in))),
		Targets:  targets(in),
	}
	var all []*series
	if !in.OnlyHead {
		all = judge(in, past)
	}
	if past != nil {
		d.Anchor = past.since()
		d.Sides = append(d.Sides, anchorSides(*past)...)
		for _, s := range all {
			if s.anchor != nil && s.anchor.verdict == Regressed {
				s.crept(d.Anchor)
			}
		}
	}
	if !in.OnlyHead {
		d.Warnings = append(d.Warnings, noted(waive(all, in))...)
		creep(all, d.Anchor)
	}
	several := environments(all) > 1
	d.Rows = make([]Row, len(all))
	parallel(len(all), func(i int) { d.Rows[i] = all[i].row(several) })
	for _, row := range d.Rows {
		d.Counts[row.Verdict]++
	}
	slices.SortStableFunc(d.Rows, Row.compare)
	d.Rounds = meanRounds(all)
	conclude(&d, all, in)
	return d
}

// Next says what to measure before Decide can do better: the next increment of
// the two-stage procedure, in order of Key. Empty when everything is decided.
// It uses in.Log alone to know where the procedure stands, so that a log that
// was interrupted is continued and a finished one is replayed.
func Next(in Input) []Want {
	if in.OnlyHead || in.Log.Procedure != twoStage {
		return nil
	}
	in.Policy = in.Policy.orDefault()
	in, past := in.apart()
	var out []Want
	add := func(s *series, against baseline.Side) {
		if s == nil || s.want <= 0 {
			return
		}
		last := len(out) - 1
		if last < 0 || out[last].Package != s.key.Package || out[last].Name != s.key.Name {
			out = append(out, Want{Package: s.key.Package, Name: s.key.Name, Rounds: s.want, Against: against})
			return
		}
		out[last].Rounds = min(out[last].Rounds, s.want)
		if out[last].Against != against {
			out[last].Against = ""
		}
	}
	for _, s := range judge(in, past) { // in order of key: the units of a benchmark are neighbours
		switch {
		case past == nil:
			add(s, "")
		case s.anchor != nil && s.verdict == SameCode:
			// What this change cannot be guilty of is not worth another round.
		default:
			add(s, baseline.Base)
			add(s.anchor, baseline.Anchor)
		}
	}
	return out
}

// anchorSides describes where the anchor's numbers came from.
func anchorSides(past Input) (out []SideInfo) {
	for _, s := range sides(past) {
		if s.Side == baseline.Base {
			s.Side = baseline.Anchor
			out = append(out, s)
		}
	}
	return out
}

// procedure names the mode of the decision.
func procedure(in Input) string {
	base, head := false, false
	for _, run := range in.Log.Runs {
		if run.Side == baseline.Base {
			base = true
		} else {
			head = true
		}
	}
	switch {
	case head && !base:
		return "stored"
	case in.Log.Procedure == twoStage:
		return twoStage
	}
	return "fixed"
}

// sides describes where the numbers came from.
func sides(in Input) []SideInfo {
	out := []SideInfo{}
	add := func(run baseline.Run, side baseline.Side, stored bool) {
		info := SideInfo{
			Side: side, Commit: run.Commit, Branch: run.Branch, Dirty: run.Dirty, Stored: stored,
			Fingerprint: run.Environment.Fingerprint(), Machine: machine(run.Environment), GoVersion: run.Environment.GoVersion,
		}
		if !slices.Contains(out, info) {
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

// environmentWarnings names what differs between the sides of one class of
// machine and may be the change under test, or the reason for a difference.
func environmentWarnings(in Input) (out []string) {
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
		say := func(what, b, h string) {
			if b != h && b != "" && h != "" {
				if s := fmt.Sprintf("the sides differ in %s: base %s, head %s", what, b, h); !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		}
		say("toolchain", base.GoVersion, head.Environment.GoVersion)
		say("suite flags", base.SuiteFlags, head.Environment.SuiteFlags)
		say("kernel", base.Kernel, head.Environment.Kernel)
		say("frequency governor", base.Governor, head.Environment.Governor)
	}
	return out
}

// noted makes warnings of sentences.
func noted(texts []string) (out []baseline.Warning) {
	for _, text := range texts {
		out = append(out, baseline.Warning{Kind: baseline.Noted, Detail: text})
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
	return tidy(total / float64(max(n, 1)))
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
