package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// BenchmarkDecide judges a file of n benchmarks × 30 rounds a side × 2 units, as a
// plain go test -count=30 prints it; it must grow linearly.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprintf("benchmarks=%d", n), func(b *testing.B) {
			in := large(n)
			b.ResetTimer()
			for range b.N {
				Decide(in)
			}
		})
	}
}

func large(n int) Input {
	rng := rand.New(rand.NewPCG(1, 1))
	in := Input{Log: baseline.Log{Units: units}, Policy: DefaultPolicy()}
	rounds := make([]int, 30)
	for i := range rounds {
		rounds[i] = i + 1
	}
	for _, side := range []baseline.Side{baseline.Base, baseline.Head} {
		run := baseline.Run{Side: side, Environment: here}
		for i := range n {
			for _, unit := range []string{"B/op", "sec/op"} {
				values := around(rng, 30, 1000, .01)
				for j, v := range values { // as printed: with ties
					values[j] = math.Round(v)
				}
				run.Samples = append(run.Samples, baseline.Sample{
					Key: baseline.Key{Package: "p", Name: fmt.Sprintf("A%06d", i), Unit: unit}, Values: values, Rounds: rounds,
				})
			}
		}
		in.Log.Runs = append(in.Log.Runs, run)
	}
	return in
}
