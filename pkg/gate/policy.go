package gate

import (
	"math"
	"regexp"
	"time"

	"github.com/descartes/regress/pkg/baseline"
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

// For is the policy for one series: the smallest relative change to act on, the
// accepted relative growth of an exact unit, and whether it is shown and never judged.
func (p Policy) For(key baseline.Key) (minEffect, tolerance float64, ignore bool) {
	p = p.orDefault()
	for _, r := range p.Rules {
		if r.Benchmark != nil && !r.Benchmark.MatchString(key.Path()) || r.Unit != nil && !r.Unit.MatchString(key.Unit) {
			continue
		}
		if r.MinEffect > 0 && !math.IsInf(r.MinEffect, 0) {
			p.MinEffect = r.MinEffect
		}
		if r.Tolerance > 0 && !math.IsInf(r.Tolerance, 0) {
			tolerance = r.Tolerance
		}
		return p.MinEffect, tolerance, r.Ignore
	}
	return p.MinEffect, 0, false
}

// orDefault replaces what is not set, or cannot be meant, by the default.
func (p Policy) orDefault() Policy {
	usual := DefaultPolicy()
	if !(p.Alpha > 0 && p.Alpha < .5) {
		p.Alpha = usual.Alpha
	}
	if !(p.MinEffect > 0) || math.IsInf(p.MinEffect, 0) {
		p.MinEffect = usual.MinEffect
	}
	return p
}

// limits are the policy for one series as the procedures use it.
type limits struct {
	minEffect, tolerance float64
	effect               float64 // minEffect as a logarithm
	ignore               bool
}

func (p Policy) limits(key baseline.Key) limits {
	minEffect, tolerance, ignore := p.For(key)
	return limits{minEffect: minEffect, tolerance: tolerance, effect: math.Log1p(minEffect), ignore: ignore}
}
