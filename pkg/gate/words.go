package gate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/baseline"
)

// percent writes a relative change with up to two digits: "5 %", "1.2 %", "34 %", "230 %".
func percent(x float64) string {
	x = math.Abs(x) * 100
	switch {
	case x >= 1e6 || math.IsNaN(x):
		return "more than a million %"
	case x >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64) + " %"
	case x >= .095:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " %"
	default:
		return strconv.FormatFloat(x, 'g', 1, 64) + " %"
	}
}

// signed writes a relative change with its sign: "+6.1 %".
func signed(x float64) string {
	if x < 0 {
		return "-" + percent(x)
	}
	return "+" + percent(x)
}

// number writes a value with up to six digits and no exponent where that is short.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// count writes "1 round", "2 rounds".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// words of a unit for the worse and for the better.
func (s *series) words() (worse, better string) {
	switch {
	case s.unit.Direction == baseline.Higher:
		return "lower", "higher"
	case strings.Contains(s.key.Unit, "sec"):
		return "slower", "faster"
	}
	return "more", "less"
}

// relative turns a shift, larger is worse, into the relative change of the value.
func (s *series) relative(shift float64) float64 {
	if s.unit.Direction == baseline.Higher {
		shift = -shift
	}
	return math.Expm1(shift)
}

// changed says how a shift reads: "12 % slower".
func (s *series) changed(shift float64) string {
	worse, better := s.words()
	if shift < 0 {
		worse = better
	}
	return percent(s.relative(shift)) + " " + worse
}

// looks says how the measured shift reads.
func (s *series) looks() string {
	if s.zeros() {
		return s.fromTo(median(s.base.values), median(s.head.values))
	}
	return s.changed(s.shift)
}

// claim says what a series that passed cannot be.
func (s *series) claim() string {
	worse, better := s.words()
	if s.zeros() {
		return "no " + worse + " than before"
	}
	if s.shift < -relevant*s.policy.effect {
		return fmt.Sprintf("no %s; %s %s, if anything", worse, percent(s.relative(s.shift)), better)
	}
	if s.atMost <= 0 {
		return "no " + worse
	}
	return fmt.Sprintf("less than %s %s", percent(s.relative(s.atMost)), worse)
}

// fromTo tells of a change that has no percentage, or needs none.
func (s *series) fromTo(base, head float64) string {
	return fmt.Sprintf("from %s to %s", number(base), number(head))
}

// zeros says whether a value of the series is zero, so that its logarithms are
// ranks and not relative changes.
func (s *series) zeros() bool {
	for _, side := range [2][]float64{s.base.values, s.head.values} {
		for _, v := range side {
			if v == 0 {
				return true
			}
		}
	}
	return false
}

// tooNoisy says what cannot be told from noise, sees being the least shift that can.
func (s *series) tooNoisy(sees float64) string {
	return fmt.Sprintf("too noisy: a change below %s cannot be told from noise here", percent(s.relative(sees)))
}
