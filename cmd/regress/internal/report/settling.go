package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/descartes/regress/cmd/regress/internal/config"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// remedy is the one thing that helps against a reason for which a row is not decided.
type remedy int

const (
	none    remedy = iota
	mending        // the benchmark, or what stopped it: the reason names the command that shows it
	beside         // both sides on one machine
	rounds         // more of them
	quiet          // a machine that disturbs less, or less to look for
)

// remedyFor returns what helps against a reason.
func remedyFor(r gate.Reason) remedy {
	switch r.Code {
	case gate.BrokenResult:
		if r.Problem != nil && r.Problem.Kind == baseline.NotRun {
			return rounds
		}
		return mending
	case gate.CrashesUnsure:
		if r.Needed > 0 {
			return rounds
		}
		return mending
	case gate.CrashesMore, gate.NotFinite, gate.OneSided, gate.BaseSilent, gate.Negative:
		return mending
	case gate.OtherMachine, gate.OtherProcs, gate.OtherStored, gate.NothingStored, gate.FewSessions, gate.FewOfHead, gate.StoredDiffers:
		return beside
	case gate.NextLook, gate.MoreRounds, gate.Unconfirmed, gate.TooFew, gate.TooFewAmong, gate.StillOpen, gate.CountAgain, gate.MayWaver, gate.OneCount:
		return rounds
	case gate.TooNoisy, gate.Unsettled:
		return quiet
	}
	return none
}

// settling returns how what is not decided can be, each remedy once. Rows that were given up as too
// noisy keep nobody from a decision, so what helps against noise is said where nothing else is.
func (v view) settling(o Options) []step {
	if v.Outcome != gate.Undecided && !slices.ContainsFunc(v.Reasons, func(g gate.Ground) bool { return g.Code == gate.StrictUnjudged }) {
		return nil
	}
	needed, helps := 0, map[remedy]bool{}
	note := func(r gate.Reason, unit string) {
		if remedyFor(r) == quiet && unit == baseline.Instructions {
			return // counts do not depend on the load
		}
		helps[remedyFor(r)] = true
		if remedyFor(r) == rounds {
			more := r.Needed
			if r.Code == gate.CrashesUnsure {
				more += min(r.Deaths.BaseOf, r.Deaths.HeadOf)
			}
			needed = max(needed, more)
		}
	}
	for _, r := range v.Rows {
		if r.Verdict == gate.Inconclusive {
			note(r.Reason, r.Unit)
		}
		if r.Drift != nil && r.Drift.Verdict == gate.Inconclusive {
			note(r.Drift.Reason, r.Unit)
		}
	}
	var out []step
	if helps[mending] {
		out = append(out, step{verb: "mend", say: "what gave no result; below it stands how to see all of it"})
	}
	if helps[beside] {
		out = append(out, step{verb: "compare", say: "both sides, measured on one machine:", command: cmp.Or(o.Command, "regress compare")})
	}
	switch {
	case helps[rounds] && o.Longer != "":
		out = append(out, step{verb: "measure", say: "for longer:", command: o.Longer})
	case helps[rounds] && needed > 0:
		out = append(out, step{verb: "measure", say: fmt.Sprintf("more rounds: about %d a side would tell", needed)})
	case helps[rounds]:
		out = append(out, step{verb: "measure", say: "more rounds of both sides"})
	case helps[quiet] && len(out) == 0:
		counting := ""
		if v.Policy.Procedure == baseline.Paired && v.Policy.Counter == "" {
			counting = " or one that counts instructions,"
		}
		out = append(out, step{verb: "measure", say: "on a quieter machine," + counting + " or look for less with a larger min-effect in " + config.Name + "; how fit this one is, tells:", command: "regress doctor"})
	}
	return out
}
