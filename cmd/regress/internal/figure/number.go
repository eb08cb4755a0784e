package figure

import (
	"math"
	"strconv"
	"strings"
)

// Number writes v, in a tidied unit, to three digits with the prefix that fits: "240 ns",
// "12.3 KiB", "1.23 M", "0.42 %". The unit itself stands elsewhere.
func Number(v float64, unit string) string { return prefixOf(v, unit).write(v) }

// Alike writes values that stand beside each other with one prefix, that of the largest, so that a
// reader can divide them: "0.976 µs", "1.20 µs". exact says that they are counts: then they are
// written whole, as Exact does, if all of them can be.
func Alike(unit string, exact bool, values ...float64) []string {
	largest, whole := 0., exact && (KindOf(unit) == Bytes || KindOf(unit) == Count)
	for _, v := range values {
		largest = max(largest, math.Abs(v))
		whole = whole && isWhole(v)
	}
	prefix := prefixOf(largest, unit)
	out := make([]string, len(values))
	for i, v := range values {
		if out[i] = prefix.write(v); whole {
			out[i] = Exact(v, unit)
		}
	}
	return out
}

// prefixOf returns the prefix that v is written with.
func prefixOf(v float64, unit string) prefix {
	scale := scales[KindOf(unit)]
	for _, step := range scale {
		if math.Abs(v) >= step.size*.9995 { // what would round up to 1000 of the smaller one
			return step
		}
	}
	return scale[len(scale)-1]
}

// write writes v to three digits with a prefix.
func (p prefix) write(v float64) string { return strings.TrimSuffix(three(v/p.size)+" "+p.name, " ") }

// isWhole reports whether a count can be written whole in nine digits.
func isWhole(v float64) bool { return v == math.Trunc(v) && math.Abs(v) < 1e9 }

// Value writes Number and what the prefix does not say: "1.23 M msg/s", "2 allocs". The unit is as
// it was printed, and so the result may hold anything.
func Value(v float64, unit string) string { return Number(v, unit) + beside(unit) }

// Exact writes a count whole, since 4096 B against 4100 B must not read as 4 KiB twice. What is not
// whole, or longer than nine digits, reads as Number.
func Exact(v float64, unit string) string {
	if !isWhole(v) {
		return Number(v, unit)
	}
	whole := strconv.FormatFloat(v, 'f', -1, 64)
	switch KindOf(unit) {
	case Bytes:
		return whole + " B"
	case Count:
		return whole
	}
	return Number(v, unit)
}

// Limit writes a value that somebody chose in the fewest digits, as they are likely to have written
// it: 5e6 bytes is 5 MB and not 4.77 MiB.
func Limit(v float64, unit string) string {
	kind, rest := KindOf(unit), beside(unit)
	scale := scales[kind]
	switch {
	case kind == Count && v == math.Trunc(v) && v < 1e6:
		return grouped(v) + rest
	case kind == Bytes:
		scale = []prefix{{1e9, "GB"}, {1 << 30, "GiB"}, {1e6, "MB"}, {1 << 20, "MiB"}, {1e3, "kB"}, {1 << 10, "KiB"}, {1, "B"}}
	}
	best, short := Value(v, unit), 6
	for _, step := range scale {
		digits := strconv.FormatFloat(v/step.size, 'g', 12, 64)
		if v >= step.size && !strings.Contains(digits, "e") && len(digits) < short {
			best, short = strings.TrimSuffix(digits+" "+step.name, " ")+rest, len(digits)
		}
	}
	return best
}

// Against writes the limit of a target with its side: "< 10 ms".
func Against(below bool, limit float64, unit string) string {
	if below {
		return "< " + Limit(limit, unit)
	}
	return "> " + Limit(limit, unit)
}

// Counted writes a number of things: "1 round", "2 rounds".
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// grouped writes 10000 as 10,000.
func grouped(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// three writes three significant digits, without an exponent from a millionth to a million.
func three(x float64) string {
	switch a := math.Abs(x); {
	case a == 0:
		return "0"
	case a >= .9995 && a < 9.995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case a >= 9.995 && a < 99.95:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= 99.95 && a < 1e6:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	short := strconv.FormatFloat(x, 'g', 3, 64)
	if math.Abs(x) >= 1 || math.Abs(x) < 1e-6 || !strings.Contains(short, "e") {
		return short
	}
	rounded, _ := strconv.ParseFloat(short, 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// Commit writes a commit as people do: its first ten digits. Anything else stays as it is.
func Commit(commit string) string {
	const digits = 10
	if len(commit) > digits && strings.Trim(commit, "0123456789abcdef") == "" {
		return commit[:digits]
	}
	return commit
}
