package figure

import (
	"math"
	"strconv"
	"strings"
)

// Percent writes a share without its sign: .041 is "4.1 %", .12 is "12 %", .0003 is "0.03 %".
func Percent(x float64) string {
	x = math.Abs(x) * 100
	switch {
	case x >= most:
		return "more than a million %"
	case x >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64) + " %"
	case x >= .095:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " %"
	case x < 1e-6: // what rounding leaves of nothing
		return "0 %"
	}
	digits := int(math.Ceil(-math.Log10(x)))
	return strings.TrimRight(strconv.FormatFloat(x, 'f', digits, 64), "0") + " %"
}

// PercentUp writes Percent rounded up, for a bound that must hold as written.
func PercentUp(x float64) string {
	step := .001
	if x >= .0995 {
		step = .01
	}
	return Percent(math.Ceil(x/step-1e-9) * step)
}

// Change writes a relative change, head/base − 1: "+12.1 %", "-3.0 %"; from tenfold on the ratio,
// "12.3×".
func Change(x float64) string {
	if x >= 10 {
		return three(x+1) + "×"
	}
	return points(x) + " %"
}

// Between writes an interval of relative changes: "+9.8 to +14.4 %".
func Between(lo, hi float64) string {
	return strings.TrimSuffix(Change(lo), " %") + " to " + Change(hi)
}

// points writes a relative change in hundredths, with its sign.
func points(x float64) string {
	digits := 1
	if math.Abs(x) >= .9995 {
		digits = 0
	}
	out := strconv.FormatFloat(x*100, 'f', digits, 64)
	switch {
	case strings.Trim(out, "-0.") == "":
		return "±0.0"
	case x > 0:
		return "+" + out
	}
	return out
}

// most is the largest ratio that is written out.
const most = 1e6

// Times writes a ratio with as many digits as help: "1.04×", "12×".
func Times(x float64) string {
	digits := 2
	switch {
	case x >= most:
		return "> 1,000,000×"
	case x >= 9.95:
		digits = 0
	case x >= 1.995:
		digits = 1
	}
	return strconv.FormatFloat(x, 'f', digits, 64) + "×"
}

// Margin writes how many times better than required something is, rounded down, so that 0.999 never
// reads as met: "1.31×", "1,000×"; nothing where it is unknown.
func Margin(m *float64) string {
	if m == nil {
		return ""
	}
	switch x := *m; {
	case x >= most:
		return Times(x)
	case x >= 10:
		return grouped(math.Floor(x)) + "×"
	default:
		return strconv.FormatFloat(math.Floor(x*100)/100, 'f', 2, 64) + "×"
	}
}
