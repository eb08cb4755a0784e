package report

import (
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
)

// step is one thing that the reader can do.
type step struct {
	verb    string
	say     string
	command string // to type, may be empty
	blocks  []string
	more    int // blocks that were left out
}

// mostBlocks is how many waivers are written out: whoever needs more wants
// another look, not more to paste.
const mostBlocks = 3

// longestSeries is how many bytes a series may have that is offered to paste.
const longestSeries = 800

// steps returns what to do, the likeliest first. Nothing when all is well.
func (v view) steps(o Options) []step {
	var out []step
	red, crept, nothing := v.by[gate.Regressed], v.by[gate.Crept], len(v.Rows) == 0 && len(v.Targets) == 0
	broken, _ := v.promises(false)
	missed, unmeasured := 0, 0
	for _, t := range broken {
		switch t.Verdict {
		case gate.Missed:
			missed++
		case gate.NotMeasured:
			unmeasured++
		}
	}
	switch {
	case nothing:
		out = append(out, step{verb: "check", say: "that the suite prints results at all; what went wrong stands below", command: "go test -run '^$' -bench . -benchtime 1x ./..."})
	case len(red) > 0 && v.twins() != "":
		out = append(out, step{verb: "doubt", say: "the code is the same, so this is a false alarm: measure again, and ask how fit this machine is", command: "regress doctor"})
	case len(red) > 0:
		out = append(out, step{verb: "fix", say: "and measure again:", command: o.Command})
		if o.Command == "" {
			out[0].say = "what slowed it, and measure again"
		}
	}
	if slices.ContainsFunc(v.Reasons, func(g gate.Ground) bool { return g.Code == gate.ShardsMissing }) {
		out = append(out, step{verb: "give", say: "the logs of all shards, once each has been measured:", command: "regress compare SHARD1.txt SHARD2.txt …"})
	}
	if len(crept) > 0 {
		out = append(out, step{verb: "regain", say: "what crept in since " + v.Anchor + ", here or in a change of its own; many small steps made it"})
	}
	if len(v.by[gate.Missing]) > 0 {
		out = append(out, step{verb: "restore", say: "a missing benchmark, or remove its function too where it is gone on purpose"})
	}
	if missed > 0 {
		out = append(out, step{verb: "meet", say: "a missed target: make it so, or change the limit in " + config.Name})
	}
	if unmeasured > 0 {
		out = append(out, step{verb: "measure", say: "a target that nothing matched: run its benchmark, or mend its pattern in " + config.Name})
	}
	if slices.ContainsFunc(v.Reasons, func(g gate.Ground) bool { return g.Code == gate.AllRemoved }) {
		out = append(out, step{verb: "keep", say: "a benchmark at head, or merge this knowingly: nothing is left that a change could be held against"})
	}
	if slices.ContainsFunc(v.Reasons, func(g gate.Ground) bool { return g.Code == gate.CountsAlone }) {
		out = append(out, v.beside())
	}
	out = append(out, v.settling(o)...)
	if slices.ContainsFunc(v.Reasons, func(g gate.Ground) bool { return g.Code == gate.CrashedAtHead || g.Code == gate.NotBuilt }) {
		out = append(out, step{verb: "mend", say: "what head broke: its last words stand below"})
	}
	if o.LogName != "" && v.Outcome != gate.Pass {
		out = append(out, step{verb: "look", say: "at the raw log, which gives this decision again:", command: o.again()})
	}
	if v.twins() == "" {
		out = append(out, v.accept(o)...) // last, because it is long
	}
	return out
}

// again returns what decides again, from the raw log.
func (o Options) again() string {
	command := "regress compare " + figure.Word(o.LogName)
	for _, l := range o.Links {
		if l.Command != "" {
			return l.Command + " && " + command
		}
	}
	return command
}

// beside returns what to do where nothing but exact counts was judged.
func (v view) beside() step {
	if len(v.by[gate.Inconclusive]) == 0 {
		return step{verb: "keep", say: "the time of each benchmark (ns/op) in the text: here are counts alone"}
	}
	return step{verb: "ignore", say: "the time, where counts are all that matters: a [[rule]] in " + config.Name + " with unit = \"ns/op\" and ignore = true"}
}

// accept returns waivers for the regressions that none names yet.
func (v view) accept(o Options) []step {
	var out []step
	if slices.ContainsFunc(v.red(), waiverNamed) {
		out = append(out, step{verb: "renew", say: "a waiver that no longer covers it: look again, then move its end or its ceiling in " + config.Name})
	}
	waivers, more := v.waivers(o.Expires)
	if len(waivers) > mostBlocks {
		more += len(waivers) - mostBlocks
		waivers = waivers[:mostBlocks]
	}
	var blocks []string
	for _, w := range waivers {
		blocks = append(blocks, config.Block(w))
	}
	if len(blocks) > 0 {
		out = append(out, step{verb: "accept", say: "it with a reason, in " + config.Name + ":", blocks: blocks, more: more})
	}
	return out
}

// waiverNamed reports whether the gate found a waiver for a red row that does not
// cover it: another block for the same series would be refused.
func waiverNamed(r gate.Row) bool { return len(uncovered(r)) > 0 }

// uncovered returns the waivers that match a red row and do not cover it.
func uncovered(r gate.Row) []gate.Accepted {
	switch {
	case r.Verdict == gate.Regressed:
		return r.Waivers
	case r.Verdict == gate.Crept && r.Drift != nil:
		return r.Drift.Waivers
	}
	return nil
}

// moreBlocks returns what was not written out.
func (s step) moreBlocks() string {
	if s.more == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more: regress waive --reason … --until … SERIES", s.more)
}
