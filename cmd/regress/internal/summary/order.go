package summary

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// multiples of a suffix that a name may write a size, a time or a count in.
var multiples = map[string]float64{
	"": 1, "B": 1, "k": 1e3, "K": 1e3, "kB": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "x": 1, "%": .01,
	"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
}

// size returns the number that a value of a name key stands for.
func size(value string) (float64, bool) {
	digits := strings.TrimLeft(value, "0123456789.")
	number, err := strconv.ParseFloat(value[:len(value)-len(digits)], 64)
	multiple, known := multiples[digits]
	return number * multiple, err == nil && known
}

// compareValues compares values as a reader expects: by size, then words by letter.
func compareValues(a, b string) int {
	x, sized := size(a)
	y, alsoSized := size(b)
	switch {
	case sized && alsoSized:
		return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
	case sized:
		return -1
	case alsoSized:
		return 1
	}
	return strings.Compare(a, b)
}

// ordered returns a comparison that puts the first values in the order given, and others behind
// them.
func ordered(first []string) func(a, b string) int {
	place := func(value string) int {
		if i := slices.Index(first, value); i >= 0 {
			return i
		}
		return len(first)
	}
	return func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), compareValues(a, b)) }
}
