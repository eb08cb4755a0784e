package report

import (
	"fmt"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/gate"
	"github.com/descartes/regress/pkg/gate/choice"
)

// TargetWhy returns the clause that says why a target has its verdict.
func TargetWhy(t gate.TargetRow) string {
	r := t.Reason
	switch r.Code {
	case gate.BetterThanAsked:
		say := "met,"
		if r.Times > 0 {
			say = factor(r.Times) + " better than required,"
		}
		if r.Rounds > 0 {
			return fmt.Sprintf("%s from the worst of %s", say, figure.Counted(r.Rounds, "round"))
		}
		return fmt.Sprintf("%s from %s at %s confidence", say, number(r.End), figure.Percent(r.Level))
	case gate.WorseThanAsked:
		if r.Times == 0 {
			return "missed"
		}
		return factor(r.Times) + " worse than required"
	case gate.NotFinite:
		return "printed a value that is not a finite number"
	case gate.LimitNotFinite:
		return "its limit is not a finite number"
	case gate.NearLimit:
		return fmt.Sprintf("%s, within a factor of 2 of the limit: measure at least %d", figure.Counted(r.Rounds, "round"), r.Needed)
	case gate.Straddles:
		return "the interval straddles the limit: measure more than " + figure.Counted(r.Rounds, "round")
	case gate.SameOnBoth:
		return "its code is the same on both sides, so it was not measured"
	case gate.NotAskedFor:
		return "only " + r.Text + " was asked for"
	case gate.NoneMatches:
		return "no measured benchmark matches: mend the pattern, the unit, or the run"
	}
	return string(r.Code)
}

// factor writes "1.3×", "12×", "1000×".
func factor(x float64) string {
	if x < 9.95 {
		return fmt.Sprintf("%.2g×", x)
	}
	return fmt.Sprintf("%.0f×", x)
}

// GainWhy returns why a gain has its verdict, or no figure; empty where the figures say it.
func GainWhy(g choice.GainRow) string {
	if g.Reason.Code == choice.NoneShared {
		return fmt.Sprintf("no benchmark was measured with both %s=%s and %s=%s: mend the block, or the run", g.Key, g.Of, g.Key, g.Over)
	}
	return choiceText(g.Reason, g.Unit)
}

// GainWarning returns the sentence for what weakens a gain.
func GainWarning(r choice.Reason) string {
	if r.Code == choice.Dropped {
		return fmt.Sprintf("%s left out: not measured with both %s", figure.Counted(r.Count, "benchmark"), strings.Join(r.Values, " and "))
	}
	return choiceText(r, "")
}

// ChoiceWhy returns why a recommendation has its verdict.
func ChoiceWhy(c choice.Recommendation) string {
	in := fmt.Sprintf("in %s of %s", figure.Counted(c.Benchmarks, "benchmark"), figure.Counted(c.Rounds, "round"))
	switch c.Reason.Code {
	case choice.OneValue:
		return fmt.Sprintf("%s has one value here, %s: there is nothing to choose from", c.Choose, strings.Join(c.Reason.Values, ""))
	case choice.NoneShared:
		return fmt.Sprintf("no benchmark was measured with each of %s: mend the pattern, or the run", strings.Join(c.Reason.Values, ", "))
	case choice.TooFewToLead:
		return fmt.Sprintf("too few rounds to be sure that %s leads: measure at least %d", c.Options[0].Value, c.Reason.Needed)
	case choice.CannotTell:
		var tied []string
		for _, o := range c.Options[1:] {
			if o.Tied {
				tied = append(tied, o.Value)
			}
		}
		return fmt.Sprintf("%s cannot be told from %s %s", c.Options[0].Value, strings.Join(tied, ", "), in)
	case choice.Leads:
		say := fmt.Sprintf("better than %s %s", c.Options[1].Value, in)
		if behind := c.Options[1].Behind; behind != nil {
			return fmt.Sprintf("%.3g× %s", *behind, say)
		}
		return say
	}
	return choiceText(c.Reason, c.Unit)
}

// ChoiceWarning returns the sentence for what weakens a recommendation.
func ChoiceWarning(r choice.Reason) string {
	if r.Code == choice.Dropped {
		return fmt.Sprintf("%s left out: not measured with each of %s", figure.Counted(r.Count, "benchmark"), strings.Join(r.Values, ", "))
	}
	return choiceText(r, "")
}

// choiceText returns the sentence for what gains and recommendations have in common.
func choiceText(r choice.Reason, unit string) string {
	switch r.Code {
	case choice.NoneMatches:
		return "no measured benchmark matches: mend the pattern, the unit, or the run"
	case choice.NotAskedFor:
		return "no measured benchmark matches: only " + r.Text + " was asked for"
	case choice.NoDirection:
		return fmt.Sprintf("nothing says which way %[1]s improves: print \"Unit %[1]s better=lower\" or better=higher", unit)
	case choice.NotFinite:
		return "a benchmark printed a value that is not a finite number: mend it"
	case choice.NotPositive:
		return "a value is not above zero, and so has no ratio"
	case choice.FarApart:
		return "the figures are too far apart for a ratio"
	case choice.TooFewRounds:
		return fmt.Sprintf("too few rounds to be sure: measure at least %d", r.Needed)
	case choice.BelowClaim:
		return "the whole interval is below the claim"
	case choice.StraddlesClaim:
		return "the interval straddles the claim: measure more rounds"
	case choice.NoResult:
		return r.Text + " gave no result: " + ProblemText(*r.Problem)
	}
	return string(r.Code)
}
