package stat

import (
	"math"
	"strconv"
)

// Interval is a confidence interval; Level is its coverage, .95.
type Interval struct {
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
	Level float64 `json:"level"`
}

// digits that a result carries: enough for any reader, and few enough that a
// last bit that differs between processors does not show.
const digits = 6

// Tidy rounds to the digits of a result; 0 for what is not finite.
func Tidy(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	out, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil || math.IsInf(out, 0) { // rounded up beyond the largest number
		return x
	}
	return out + 0 // −0 becomes 0
}

// Known returns a pointer to the tidied number, nil when x is not finite.
func Known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = Tidy(x)
	return &x
}
