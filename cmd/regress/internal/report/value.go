package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/gate"
)

// step of a scale: values of at least size are written in it.
type prefix struct {
	size float64
	name string
}

var (
	timeScale  = []prefix{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}
	byteScale  = []prefix{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}}
	countScale = []prefix{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}
	shareScale = []prefix{{.01, "%"}}
)

// scaleOf a tidied unit, and what has to be said of the unit beside the scale:
// nothing for sec/op, "/s" for B/s, " msg/s" for msg/s.
func scaleOf(unit string) ([]prefix, string) {
	above, below, ratio := strings.Cut(unit, "/")
	per := ""
	if ratio && below != "op" {
		per = "/" + below
	}
	words := strings.FieldsFunc(above, func(r rune) bool { return r == '-' || r == '*' })
	last := above
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	switch last {
	case "sec", "seconds":
		return timeScale, per
	case "B", "bytes":
		return byteScale, per
	case "share", "ratio", "fraction":
		return shareScale, per
	}
	return countScale, " " + above + per
}

// number writes v to three digits in the scale of its unit: "240 ns",
// "12.3 KiB", "1.23 M", ".4 %". The unit itself stands elsewhere.
func number(v float64, unit string) string {
	scale, _ := scaleOf(unit)
	at := scale[len(scale)-1]
	for _, step := range scale {
		if math.Abs(v) >= step.size*.9995 { // what would round up to 1000 of the smaller one
			at = step
			break
		}
	}
	return strings.TrimSuffix(three(v/at.size)+" "+at.name, " ")
}

// value is number with what the scale does not say: "1.23 M msg/s", "2 allocs".
func value(v float64, unit string) string {
	_, rest := scaleOf(unit)
	return number(v, unit) + rest
}

// exact writes a count whole: 4096 B against 4100 B must not read as 4 KiB twice.
func exact(v float64, unit string) string {
	scale, _ := scaleOf(unit)
	if v != math.Trunc(v) || math.Abs(v) >= 1e9 {
		return number(v, unit)
	}
	whole := strconv.FormatFloat(v, 'f', -1, 64)
	switch scale[0].name {
	case "TiB":
		return whole + " B"
	case "T":
		return whole
	}
	return number(v, unit)
}

// limit writes what somebody chose, as they are likely to have written it: in the fewest digits. 5e6 bytes is 5 MB
// and not 4.77 MiB.
func limit(v float64, unit string) string {
	scale, rest := scaleOf(unit)
	if scale[0].name == "T" && v == math.Trunc(v) && v < 1e6 {
		return grouped(v) + rest
	}
	if scale[0].name == "TiB" {
		scale = []prefix{{1e9, "GB"}, {1 << 30, "GiB"}, {1e6, "MB"}, {1 << 20, "MiB"}, {1e3, "kB"}, {1 << 10, "KiB"}, {1, "B"}}
	}
	best, short := value(v, unit), 6
	for _, step := range scale {
		digits := strconv.FormatFloat(v/step.size, 'g', 12, 64)
		if v >= step.size && !strings.Contains(digits, "e") && len(digits) < short {
			best, short = strings.TrimSuffix(digits+" "+step.name, " ")+rest, len(digits)
		}
	}
	return best
}

// grouped writes 10000 as 10,000.
func grouped(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// three writes three significant digits without an exponent where that is short.
func three(x float64) string {
	switch a := math.Abs(x); {
	case a == 0:
		return "0"
	case a < .001 || a >= 1e6:
		return strconv.FormatFloat(x, 'g', 3, 64)
	case a < .9995:
		return strconv.FormatFloat(x, 'g', 3, 64)
	case a < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

// percent writes a share without a sign: "4.1 %", "12 %", "0.03 %".
func percent(x float64) string {
	x = math.Abs(x) * 100
	switch {
	case x >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64) + " %"
	case x >= .095:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " %"
	case x == 0:
		return "0 %"
	}
	return strconv.FormatFloat(x, 'g', 1, 64) + " %"
}

// percentUp is percent rounded up, for a bound that must hold as written.
func percentUp(x float64) string {
	step := .001
	if x >= .0995 {
		step = .01
	}
	return percent(math.Ceil(x/step-1e-9) * step)
}

// signed writes a relative change: "+12.1 %", "-3.0 %", "12.3×".
func signed(x float64) string {
	if x >= 10 {
		return three(x+1) + "×"
	}
	return signedNumber(x) + " %"
}

func signedNumber(x float64) string {
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

// figures of a row, as they stand in every table.
type figures struct{ base, head, change, between, sees string }

func figuresOf(r gate.Row) figures {
	write := number
	if r.Exact {
		write = exact
	}
	var f figures
	if creep(r) {
		r.Base, r.Change, r.Interval, r.Detectable = r.Drift.Anchor, r.Drift.Change, r.Drift.Interval, r.Drift.Detectable
	}
	if r.Base != nil {
		f.base = write(r.Base.Median, r.Unit)
	}
	if r.Head != nil {
		f.head = write(r.Head.Median, r.Unit)
	}
	switch {
	case r.Change != nil:
		f.change = signed(*r.Change)
	case r.Base != nil && r.Head != nil && r.Base.Median == 0 && r.Head.Median != 0:
		f.change = "from zero"
	}
	if r.Interval != nil && !(r.Exact && r.Interval.Lo == r.Interval.Hi) {
		f.between = fmt.Sprintf("%s to %s", strings.TrimSuffix(signed(r.Interval.Lo), " %"), signed(r.Interval.Hi))
	}
	if r.Detectable != nil {
		f.sees = percent(*r.Detectable)
	}
	return f
}

// interval is the title of the column of intervals: with their level where
// all have the same, as far as it is shown.
func interval(rows []gate.Row) string {
	level := ""
	for _, r := range rows {
		if r.Interval == nil {
			continue
		}
		own := percent(r.Interval.Level) + " "
		if level != "" && own != level {
			return "interval"
		}
		level = own
	}
	return level + "interval"
}

// margin writes how much better than required: "1.3×", "1000×".
func margin(m *float64) string {
	if m == nil {
		return ""
	}
	switch x := *m; {
	case x >= 1e6:
		return "> 1,000,000×"
	case x >= 1000:
		return grouped(math.Floor(x)) + "×"
	case x >= 10:
		return strconv.FormatFloat(math.Floor(x), 'f', 0, 64) + "×"
	default: // down, so that 0.999 never reads as met
		return strconv.FormatFloat(math.Floor(x*100)/100, 'f', 2, 64) + "×"
	}
}

// against writes a target's limit: "< 10 ms".
func against(t gate.TargetRow) string {
	sign := ">"
	if t.Below {
		sign = "<"
	}
	return sign + " " + limit(t.Limit, t.Unit)
}
