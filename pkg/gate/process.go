package gate

import "github.com/descartes/regress/pkg/baseline"

// PerProcess returns the value of each round of a sample of pairs, as Decide takes it (doc.go,
// Pairs), and the numbers of those rounds, both to be read only. They are in the sample's unit.
func PerProcess(s baseline.Sample, unit baseline.Unit) (numbers []int, values []float64) {
	out, _, _ := repetitions(s, unit)
	return out.numbers, out.values
}
