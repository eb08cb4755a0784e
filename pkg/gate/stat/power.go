package stat

import "math"

// NormalQuantile is z with Φ(z) = p, for 0 < p < 1.
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// normalTail is 1 − Φ(z).
func normalTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// rankEfficiency is 3/π, the efficiency of the rank test against the t-test on
// normal values, as a factor of the standard error: √(π/3) = 1.023, here 1.05
// because few values are worse off than many.
const rankEfficiency = 1.05

// Power is Φ⁻¹(.8): what is called detectable is seen four times in five.
const Power = .8416

// StandardError of a Hodges-Lehmann shift between n and m values of standard deviation s.
func StandardError(s float64, n, m int) float64 {
	return s * math.Sqrt(1/float64(n)+1/float64(m)) * rankEfficiency
}

// Detectable is the shift that a one-sided test at level alpha between n and m
// values sees with power .8.
func Detectable(s float64, n, m int, alpha float64) float64 {
	return StandardError(s, n, m) * (NormalQuantile(1-alpha) + Power)
}

// Rounds is how many values a side a one-sided rank test at level alpha needs
// to see a shift with power .8: n = 2σ²(z_α+z_β)²/(.955·shift²), and never
// fewer than the exact test needs to reject at all.
func Rounds(s, shift, alpha float64) int {
	n := Enough(alpha)
	if shift <= 0 {
		return n
	}
	z := rankEfficiency * (NormalQuantile(1-alpha) + Power) * s / shift
	const most = 1 << 20 // beyond any use
	return max(n, int(math.Ceil(min(2*z*z, most))))
}

// Enough is the least number of values a side with which the exact test can
// reject at level alpha.
func Enough(alpha float64) int {
	n := 1
	for Least(n, n) > alpha && n < 500 {
		n++
	}
	return n
}
