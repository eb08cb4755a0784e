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
	Unit      string         // tidied
	Limit     float64
	Below     bool // the value must stay below Limit; otherwise above
}

// Waiver accepts a regression that somebody has looked at. Name and Place are for the
// reader and decide nothing.
type Waiver struct {
	Series  *regexp.Regexp // of "package.Name unit", anchored
	Ceiling float64        // the largest accepted relative change: .2 accepts up to +20 %
	Reason  string
	Expires time.Time // the first instant at which it no longer counts; zero: never set, which is refused on reading
	Name    string    // Series as it was written
	Place   string    // where: "regress.toml:31"
}

// DefaultPolicy is α = 1 % a pull request and Δ = 5 %.
func DefaultPolicy() Policy { return Policy{Alpha: .01, MinEffect: .05} }

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
	minEffect float64 // the smallest relative change to act on
	effect    float64 // the same as a logarithm
	tolerance float64 // of an exact unit: the accepted relative growth
	ignore    bool    // shown, never judged
}

// limits returns the policy for one series: that of the first rule that matches it.
func (p Policy) limits(key baseline.Key) limits {
	p = p.orDefault()
	var l limits
	for _, r := range p.Rules {
		if r.Benchmark != nil && !r.Benchmark.MatchString(key.Path()) || r.Unit != nil && !r.Unit.MatchString(key.Unit) {
			continue
		}
		if r.MinEffect > 0 && !math.IsInf(r.MinEffect, 0) {
			p.MinEffect = r.MinEffect
		}
		if r.Tolerance > 0 && !math.IsInf(r.Tolerance, 0) {
			l.tolerance = r.Tolerance
		}
		l.ignore = r.Ignore
		break
	}
	l.minEffect, l.effect = p.MinEffect, math.Log1p(p.MinEffect)
	return l
}
