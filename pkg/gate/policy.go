package gate

import (
	"regexp"
	"time"
)

// Policy is what the team has agreed on; DefaultPolicy is what it starts from.
type Policy struct {
	Alpha     float64 // chance of any false regression in one pull request, over the whole suite; .01
	MinEffect float64 // Δ, the smallest relative change to act on; .05 is 5 %
	Rules     []Rule  // the first rule that matches a series overrides the above for it
	Strict    bool    // inconclusive counts as failed
}

// Rule overrides the policy for the series that it matches.
type Rule struct {
	Benchmark *regexp.Regexp // of "package.Name", unanchored; nil: every benchmark
	Unit      *regexp.Regexp // of the tidied unit, anchored; nil: every unit
	MinEffect float64        // 0: as the policy
	Tolerance float64        // exact units alone: the relative growth that is accepted; 0: none
	Ignore    bool           // shown, never judged
}

// Target is an absolute limit of the specification on every series that it matches.
type Target struct {
	Name      string         // "event log latency"
	Benchmark *regexp.Regexp // of "package.Name", unanchored
	Unit      string         // as written in regress.toml; Limit is already in the tidied unit
	Tidied    string         // tidied unit
	Limit     float64
	Below     bool // the value must stay below Limit; otherwise above
}

// Waiver accepts a regression that somebody has looked at.
type Waiver struct {
	Series  *regexp.Regexp // of "package.Name unit", anchored
	Pattern string         // Series as written
	Ceiling float64        // the largest accepted relative change: .2 accepts up to +20 %
	Reason  string
	Expires time.Time // the first instant at which it no longer counts; zero: never set, which is refused on reading
	File    string
	Line    int
}

// DefaultPolicy is α = 1 % a pull request and Δ = 5 %.
func DefaultPolicy() Policy { return Policy{Alpha: .01, MinEffect: .05} }
