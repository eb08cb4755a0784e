package figure

import "strings"

// Kind says what a unit counts, and so which prefixes its values are written with.
type Kind int

// The kinds of units.
const (
	Count Kind = iota // allocs/op, msg/s: k, M, G, T
	Time              // sec/op, p95-latency-sec: ns to s
	Bytes             // B/op, B/s, peak-RSS-bytes: KiB to TiB
	Share             // cpu-share: percent
)

// KindOf returns the kind of a tidied unit: the last word above the fraction bar decides.
func KindOf(unit string) Kind {
	above, _, _ := strings.Cut(unit, "/")
	words := strings.FieldsFunc(above, func(r rune) bool { return strings.ContainsRune("-* \t", r) })
	last := above
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	switch last {
	case "sec", "seconds":
		return Time
	case "B", "bytes":
		return Bytes
	case "share", "ratio", "fraction":
		return Share
	}
	return Count
}

// prefix is one step of a scale: values of at least size are written in it.
type prefix struct {
	size float64
	name string
}

// scales holds the prefixes of each kind, the largest first.
var scales = map[Kind][]prefix{
	Time:  {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}},
	Bytes: {{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}},
	Count: {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}},
	Share: {{.01, "%"}},
}

// beside returns what has to be said of a unit beside the prefix: nothing for sec/op, "/s" for B/s,
// " msg/s" for msg/s.
func beside(unit string) string {
	above, below, ratio := strings.Cut(unit, "/")
	per := ""
	if ratio && below != "op" {
		per = "/" + below
	}
	if KindOf(unit) == Count {
		return " " + above + per
	}
	return per
}
