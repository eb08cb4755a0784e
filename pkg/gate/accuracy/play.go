package main

import (
	"slices"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/gate"
)

// verdict is what a rule said of a pull request that changed nothing.
type verdict struct {
	red          []int // indices of streams called slower
	runs         float64
	inconclusive float64 // share of benchmarks
	improved     int

	// catches says whether the rule had called a stream slower had it been this one,
	// everything else of the pull request being as it was.
	catches func(victim int, slow stream) bool
}

var unitsOf = map[string]baseline.Unit{
	"sec/op":    {Name: "sec/op", Direction: baseline.Lower},
	"B/op":      {Name: "B/op", Direction: baseline.Lower, Exact: true},
	"allocs/op": {Name: "allocs/op", Direction: baseline.Lower, Exact: true},
}

// start is the input of the gate before anything but the first two rounds is
// measured, and the rounds of each benchmark. history divides what the past says.
func start(p pull, policy gate.Policy, by baseline.Procedure, history float64) (in gate.Input, measured map[baseline.Key]int) {
	noise := make(map[baseline.Key]baseline.Noise, len(p.noise))
	for key, n := range p.noise {
		n.SD /= history
		noise[key] = n
	}
	measured = map[baseline.Key]int{}
	for _, s := range p.streams {
		measured[s.key.Benchmark()] = 2
	}
	return gate.Input{Policy: policy, Log: baseline.Log{Procedure: by, Units: unitsOf, Noise: noise}}, measured
}

// staged lets the gate judge a pull request and is ready to judge it again with
// one stream slower.
func staged(p pull, policy gate.Policy, by baseline.Procedure, history float64) verdict {
	in, measured := start(p, policy, by, history)
	open := settle(&in, p.streams, measured)
	out := verdict{}
	for _, n := range measured {
		out.runs += float64(n) / float64(len(measured))
	}
	found := decide(in, open, measured)
	inconclusive := map[baseline.Key]bool{}
	for i, s := range p.streams {
		switch found.verdicts[s.key] {
		case gate.Regressed:
			out.red = append(out.red, i)
		case gate.Improved:
			out.improved++
		case gate.Inconclusive:
			inconclusive[s.key.Benchmark()] = true
		}
	}
	out.inconclusive = float64(len(inconclusive)) / float64(len(measured))
	out.catches = func(victim int, slow stream) bool {
		suite, again := p.beside(victim, slow, found.survivors)
		open := settle(&in, suite, again)
		return decide(in, open, again).verdicts[slow.key] == gate.Regressed
	}
	return out
}

// beside is the pull request with one stream slower, of which everything is left out that can
// have no influence on it: its own benchmark, and stand-ins for what else
// survived the screen.
func (p pull) beside(victim int, slow stream, survivors []stream) (suite []stream, measured map[baseline.Key]int) {
	own := slow.key.Benchmark()
	measured = map[baseline.Key]int{own: 2}
	for i := max(0, victim-len(unitNames)); i < min(len(p.streams), victim+len(unitNames)); i++ { // its units are neighbours
		switch s := p.streams[i]; {
		case i == victim:
			suite = append(suite, slow)
		case s.key.Benchmark() == own:
			suite = append(suite, s)
		}
	}
	for _, s := range survivors {
		if b := s.key.Benchmark(); b != own {
			suite = append(suite, standIn(s))
			measured[b] = screen
		}
	}
	return suite, measured
}

// settle measures as gate.Next asks, the way regress does, with the values of the
// streams in place of processes, until it asks for nothing. It gives the streams
// that the verdict depends on: what passed asks for nothing again and counts for nothing in
// what the others are asked, so that it is left out from there; a test compares
// with the whole log.
func settle(in *gate.Input, streams []stream, measured map[baseline.Key]int) (open []stream) {
	open = streams
	for {
		in.Log.Runs = logOf(open, measured)
		next := gate.Next(*in)
		if len(next) == 0 {
			return open
		}
		asked := make(map[baseline.Key]bool, len(next))
		for _, w := range next {
			key := baseline.Key{Package: w.Package, Name: w.Name}
			measured[key] += w.Rounds
			asked[key] = true
		}
		open = slices.DeleteFunc(slices.Clone(open), func(s stream) bool {
			b := s.key.Benchmark()
			return !asked[b] && !survived(measured[b])
		})
	}
}

// decision is what gate.Decide says of streams.
type decision struct {
	verdicts  map[baseline.Key]gate.Verdict
	survivors []stream // that were confirmed, and so share the budget
}

func decide(in gate.Input, streams []stream, measured map[baseline.Key]int) decision {
	in.Log.Runs = logOf(streams, measured)
	out := decision{verdicts: map[baseline.Key]gate.Verdict{}}
	confirmed := map[baseline.Key]bool{}
	for _, r := range gate.Decide(in).Rows {
		out.verdicts[r.Key()] = r.Verdict
		confirmed[r.Key()] = r.Stage == "confirm" && r.Verdict != gate.Improved
	}
	for _, s := range streams {
		if confirmed[s.key] {
			out.survivors = append(out.survivors, s)
		}
	}
	return out
}

// standIn is a survivor of the screen that is quiet from there: it takes its share of
// the budget and no time.
func standIn(s stream) stream {
	quiet := func(values []float64) []float64 {
		out := slices.Clone(values[:screen])
		for i := screen; i < len(values); i++ {
			out = append(out, 1+.001*float64(i%2))
		}
		return out
	}
	s.base, s.head = quiet(s.base), quiet(s.head)
	return s
}

// screen is how many rounds the gate's screen has, and rounds how many a side a
// pull request can need: those and the fresh ones; pairedRounds is that of pairs. They follow
// staged.go of package gate; a test fails when they do not.
const (
	screen       = 8
	rounds       = screen + 34
	pairedRounds = screen + 40
)

// survived says whether a benchmark was measured to the end of the screen, and
// may count among the survivors.
func survived(n int) bool { return n >= screen }

// logOf is what the first rounds of every benchmark would have printed.
func logOf(streams []stream, measured map[baseline.Key]int) []baseline.Run {
	base := baseline.Run{Side: baseline.Base, Samples: make([]baseline.Sample, 0, len(streams))}
	head := baseline.Run{Side: baseline.Head, Samples: make([]baseline.Sample, 0, len(streams))}
	for _, s := range streams {
		n := min(measured[s.key.Benchmark()], len(s.base))
		base.Samples = append(base.Samples, baseline.Sample{Key: s.key, Values: s.base[:n], Rounds: upTo(n)})
		head.Samples = append(head.Samples, baseline.Sample{Key: s.key, Values: s.head[:n], Rounds: upTo(n)})
	}
	return []baseline.Run{base, head}
}
