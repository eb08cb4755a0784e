package gate

import (
	"math"

	"github.com/descartes/regress/pkg/gate/stat"
)

// A low quantile of the repetitions in a process hides what falls into few of them: collections,
// and work that has two speeds. The median of the repetitions sees it, where it is quiet enough.

// Middle is how the medians of the repetitions changed, of a row whose value is a low quantile.
type Middle struct {
	Change   float64 // relative, as Row.Change
	Interval *Interval
}

// seekMiddle looks at the medians of a time that passed the screen. Where they are clearly slower
// it asks for the rest of the screen and returns a series of them to be confirmed; nil: there is
// none.
func (s *series) seekMiddle() *series {
	if len(s.mids.base) != len(s.worse.base) || len(s.mids.base) == 0 {
		return nil
	}
	have, end := len(s.mids.base), s.by.screenEnd()
	sm := s.sample(s.mids.first(min(have, end)))
	se := stat.StandardError(sm.sd(nil), len(sm.base), len(sm.base))
	if sm.shift-screenZ(len(sm.base))*se < relevant*s.policy.effect {
		return nil
	}
	m := *s
	m.byMedian, m.worse, m.finding = true, s.mids, found(Inconclusive, Screen, "")
	m.seemed = sm.shift
	if have < end {
		m.ask(end-have, Reason{Code: MoreRounds, Rounds: have})
	}
	return &m
}

// adopt takes over what the medians of a time have shown: that it is slower, or that this is not
// known yet.
func (s *series) adopt(m *series) {
	if m.verdict == Regressed || m.verdict == Inconclusive && m.state == open {
		s.finding = m.finding
		if m.verdict == Regressed {
			s.reason.Code = ToldByMedian
		}
	}
}

// parted returns how the medians changed where that is another change than the one shown; nil: it
// is not.
func (s *series) parted() *Middle {
	if len(s.mids.base) == 0 || len(s.mids.base) != len(s.worse.base) || math.IsNaN(s.shift) || s.zeros() {
		return nil
	}
	sm := s.sample(s.mids)
	lo, hi, level := sm.interval(reportLevel)
	if s.shift >= lo && s.shift <= hi || math.Abs(sm.shift-s.shift) < relevant*s.policy.effect {
		return nil
	}
	change, least, most := stat.Known(s.relative(sm.shift)), stat.Known(s.relative(lo)), stat.Known(s.relative(hi))
	if change == nil || least == nil || most == nil {
		return nil
	}
	return &Middle{Change: *change, Interval: &Interval{Lo: *least, Hi: *most, Level: stat.Tidy(level)}}
}
