package trend

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawn returns n points of noise of 1 % with a step of +5 % in the middle.
func drawn(rng *rand.Rand, n int) []Point {
	out := make([]Point, n)
	for i := range out {
		l := .01 * rng.NormFloat64()
		if i >= n/2 {
			l += .05
		}
		out[i] = Point{Order: i, Value: math.Exp(l), Environment: "same"}
	}
	return out
}

// BenchmarkCold fits what a large team has: 10,000 series of 1,000 points, of a hundred kinds.
func BenchmarkCold(b *testing.B) {
	const series = 10_000
	rng := rand.New(rand.NewPCG(1, 1))
	kinds := make([][]Point, 100)
	for i := range kinds {
		kinds[i] = drawn(rng, 1000)
	}
	for b.Loop() {
		for i := range series {
			if got, err := Of(Policy{}, kinds[i%len(kinds)]); err != nil || len(got.Changes) != 1 {
				b.Fatal(got.Changes, err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
}

// BenchmarkOneMore adds a point to series of 1,000 and asks for their course.
func BenchmarkOneMore(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 2))
	series := make([]*Series, 500)
	for i := range series {
		series[i] = New(Policy{})
		if err := series[i].Add(drawn(rng, 1000)...); err != nil {
			b.Fatal(err)
		}
		series[i].Trend()
	}
	for n := 0; b.Loop(); n++ {
		s := series[n%len(series)]
		if err := s.Add(Point{Order: s.Len(), Value: math.Exp(.05 + .01*rng.NormFloat64()), Environment: "same"}); err != nil {
			b.Fatal(err)
		}
		if got := s.Trend(); len(got.Changes) != 1 {
			b.Fatal(got.Changes)
		}
	}
}

// BenchmarkResume takes up series of 1,000 points of which one is new, as a later process does, and
// asks for their changes.
func BenchmarkResume(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 2))
	points, states := make([][]Point, 100), make([][]byte, 100)
	for i := range points {
		points[i] = drawn(rng, 1000)
		s := New(Policy{})
		if err := s.Add(points[i][:999]...); err != nil {
			b.Fatal(err)
		}
		s.Changes()
		states[i] = s.State()
	}
	for n := 0; b.Loop(); n++ {
		s := New(Policy{})
		if err := s.Add(points[n%100]...); err != nil || !s.Resume(states[n%100]) {
			b.Fatal("not resumed", err)
		}
		if got := s.Changes(); len(got) != 1 {
			b.Fatal(got)
		}
	}
}

// BenchmarkCauses groups 10,000 change points.
func BenchmarkCauses(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	steps := make([]Step, 10_000)
	for i := range steps {
		steps[i] = step(string(rune(i)), 1+rng.IntN(1000), rng.IntN(5), 1.1)
	}
	for b.Loop() {
		if len(Causes(steps)) == 0 {
			b.Fatal("none")
		}
	}
}
