package site

import "math"

// digits are the characters of packed numbers, in order of what they stand for.
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// packed is a column of numbers, none of them negative: each is a whole number of steps, written
// with Width digits to the base of 64. Two million values are 6 MB so, and 20 MB as JSON.
type packed struct {
	Width int     `json:"w"`
	Step  float64 `json:"s"`
	Text  string  `json:"t"`
}

// pack returns values, which are finite and at least 0, to within half of a ten thousandth of the
// smallest that is not 0. Whole numbers below 2^47 are exact.
func pack(values []float64) packed {
	whole, least, most := true, math.Inf(1), 0.
	for _, v := range values {
		whole = whole && v == math.Trunc(v)
		most = max(most, v)
		if v > 0 {
			least = min(least, v)
		}
	}
	switch {
	case most == 0:
		return packInto(values, 1, 1)
	case whole && most < 1<<47:
		return packInto(values, 1, width(most))
	}
	step := math.Pow(10, math.Floor(math.Log10(least))-4)
	if step == 0 || most/step >= 1<<47 { // the small ones are nothing beside the large
		step = max(most/(1<<47), math.SmallestNonzeroFloat64)
	}
	return packInto(values, step, width(most/step))
}

// packRough returns values to within a part in 8,000 of the largest, in two digits each.
func packRough(values []float64) packed {
	const width, most = 2, 64*64 - 1
	top := 0.
	for _, v := range values {
		top = max(top, v)
	}
	if top == 0 {
		return packInto(values, 1, 1)
	}
	return packInto(values, max(top/most, math.SmallestNonzeroFloat64), width)
}

// width returns how many digits a number of steps takes.
func width(steps float64) int {
	w := 1
	for top := 64.; math.Round(steps) >= top; top *= 64 {
		w++
	}
	return w
}

func packInto(values []float64, step float64, width int) packed {
	text := make([]byte, 0, width*len(values))
	for _, v := range values {
		n := uint64(math.Round(v / step))
		for i := width - 1; i >= 0; i-- {
			text = append(text, digits[n>>(6*i)&63])
		}
	}
	return packed{width, step, string(text)}
}
