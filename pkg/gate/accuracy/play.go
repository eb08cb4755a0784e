package main

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// verdict is what a rule said of a pull request.
type verdict struct {
	red          []int // indices of streams called slower
	runs         float64
	inconclusive float64 // share of benchmarks
	improved     int
}

var unitsOf = map[string]baseline.Unit{
	"sec/op":    {Name: "sec/op", Direction: baseline.Lower},
	"B/op":      {Name: "B/op", Direction: baseline.Lower, Exact: true},
	"allocs/op": {Name: "allocs/op", Direction: baseline.Lower, Exact: true},
}

// twoStage measures as gate.Next asks and lets gate.Decide judge the log, the way
// regress does, with the values of the pull request in place of processes.
// history divides what the past says.
func twoStage(p pull, policy gate.Policy, history float64, wholeLog bool) verdict {
	noise := make(map[baseline.Key]baseline.Noise, len(p.noise))
	for key, n := range p.noise {
		n.SD /= history
		noise[key] = n
	}
	measured := map[baseline.Key]int{} // by benchmark
	for _, s := range p.streams {
		measured[s.key.Benchmark()] = 2
	}
	in := gate.Input{Policy: policy}
	in.Log = baseline.Log{Procedure: "two-stage", Units: unitsOf, Noise: noise}
	// What passed asks for nothing again and counts for nothing in what the others
	// are asked, so that the questions leave it out; the verdict is on the whole
	// log, and a test compares with asking about the whole log each time.
	open := p.streams
	for {
		in.Log.Runs = logOf(open, measured)
		next := gate.Next(in)
		if len(next) == 0 {
			break
		}
		asked := make(map[baseline.Key]bool, len(next))
		for _, w := range next {
			key := baseline.Key{Package: w.Package, Name: w.Name}
			measured[key] += w.Rounds
			asked[key] = true
		}
		if !wholeLog {
			open = slices.DeleteFunc(slices.Clone(open), func(s stream) bool { return !asked[s.key.Benchmark()] && !survived(measured[s.key.Benchmark()]) })
		}
	}
	in.Log.Runs = logOf(p.streams, measured)
	d := gate.Decide(in)
	out := verdict{runs: d.Rounds}
	byKey := map[baseline.Key]gate.Verdict{}
	inconclusive := map[baseline.Key]bool{}
	for _, r := range d.Rows {
		byKey[r.Key()] = r.Verdict
		if r.Verdict == gate.Inconclusive {
			inconclusive[r.Key().Benchmark()] = true
		}
	}
	for i, s := range p.streams {
		switch byKey[s.key] {
		case gate.Regressed:
			out.red = append(out.red, i)
		case gate.Improved:
			out.improved++
		}
	}
	out.inconclusive = float64(len(inconclusive)) / float64(len(measured))
	return out
}

// survived says whether a benchmark was measured to the end of the screen, and
// may count among the survivors.
func survived(n int) bool { return n >= 6 }

// logOf is what the first rounds of every benchmark would have printed.
func logOf(streams []stream, measured map[baseline.Key]int) []baseline.Run {
	base := baseline.Run{Side: baseline.Base, Samples: make([]baseline.Sample, 0, len(streams))}
	head := baseline.Run{Side: baseline.Head, Samples: make([]baseline.Sample, 0, len(streams))}
	for _, s := range streams {
		n := min(measured[s.key.Benchmark()], rounds)
		base.Samples = append(base.Samples, baseline.Sample{Key: s.key, Values: s.base[:n], Rounds: upTo(n)})
		head.Samples = append(head.Samples, baseline.Sample{Key: s.key, Values: s.head[:n], Rounds: upTo(n)})
	}
	return []baseline.Run{base, head}
}
