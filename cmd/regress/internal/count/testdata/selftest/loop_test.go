// Package selftest is a benchmark whose instructions are known.
package selftest

import "testing"

// spin counts down to 0, in two instructions a step.
func spin(steps int)

func BenchmarkSpin(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(100_000)
	}
}
