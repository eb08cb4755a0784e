package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// The suffixes of each kind of unit, in base units. Decimal and binary are told
// apart as everywhere: kB is 1000, KiB is 1024.
var (
	times  = map[string]float64{"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1}
	bytes  = map[string]float64{"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
	shares = map[string]float64{"%": .01}
	counts = map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9}
)

// suffixes returns the suffixes that fit a tidied unit, and an example.
func suffixes(tidied string) (map[string]float64, string) {
	switch figure.KindOf(tidied) {
	case figure.Time:
		return times, "10ms"
	case figure.Bytes:
		return bytes, "5MB"
	case figure.Share:
		return shares, "1%"
	}
	return counts, "10000"
}

// quantity converts the limit of a target to the tidied form of unit. A bare
// number is in the unit as written; a suffix must fit the unit, so that a limit
// of "10ms" on bytes is refused rather than read as ten.
func quantity(v any, unit string) (float64, error) {
	tidied, factor := ingest.Tidy(unit)
	fitting, example := suffixes(tidied)
	var limit float64
	switch v := v.(type) {
	case int64:
		limit = scaled(float64(v), factor)
	case float64:
		limit = scaled(v, factor)
	case string:
		number, suffix := cutNumber(v)
		if _, per, ok := strings.Cut(tidied, "/"); ok { // "500MB/s" on a unit B/s
			suffix = strings.TrimSuffix(suffix, "/"+per)
		}
		scale, ok := fitting[suffix]
		if suffix == "" {
			scale, ok = factor, true
		}
		parsed, err := strconv.ParseFloat(number, 64)
		if err != nil || !ok {
			return 0, fmt.Errorf("%q is no limit in %s: write %q, or a bare number in %s", v, unit, example, unit)
		}
		limit = scaled(parsed, scale)
	default:
		return 0, fmt.Errorf("the limit is %s: write %q, or a bare number in %s", describe(v), example, unit)
	}
	if !(limit > 0) || math.IsInf(limit, 0) {
		return 0, fmt.Errorf("a limit of %v %s can never be judged: write one above 0, such as %q", v, unit, example)
	}
	return limit, nil
}

// scaled multiplies so that "100µs" is 1e-4 to the last bit: 1e-6 is not exact
// in binary and a million is.
func scaled(v, factor float64) float64 {
	if factor < 1 {
		return v / math.Round(1/factor)
	}
	return v * factor
}

// cutNumber splits "10 ms" into "10" and "ms"; underscores group digits as in TOML.
func cutNumber(text string) (number, suffix string) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789._+-", r) })
	if end < 0 {
		end = len(text)
	}
	return strings.ReplaceAll(text[:end], "_", ""), strings.TrimSpace(text[end:])
}
