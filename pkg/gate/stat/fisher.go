package stat

import "math"

// Fisher is the one-sided p of Fisher's exact test: the probability, when both sides
// have the same chance of an event and so many happened in all, that head has as many
// of them as it does or more. base of baseOf and head of headOf had one.
func Fisher(base, baseOf, head, headOf int) float64 {
	events, all := base+head, baseOf+headOf
	p := 0.
	for k := head; k <= min(events, headOf); k++ {
		if events-k <= baseOf {
			p += math.Exp(logChoose(headOf, k) + logChoose(baseOf, events-k) - logChoose(all, events))
		}
	}
	return min(p, 1)
}

// logChoose is the logarithm of the binomial coefficient.
func logChoose(n, k int) float64 {
	lgamma := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return lgamma(n) - lgamma(k) - lgamma(n-k)
}
