package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// project is whose history is made.
const project = "github.com/x/scale"

// began is when the first run was measured; the next follow by the hour.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// history is a synthetic one: noise of 1 % and, at one commit in twenty, a step of some of
// the series. Run returns the same for the same number.
type history struct {
	keys   []baseline.Key
	levels []float64 // of each series now, in seconds
	next   int       // the run to come
	rounds int
}

func newHistory(series, rounds int) *history {
	h := &history{rounds: rounds}
	for i := range series {
		h.keys = append(h.keys, baseline.Key{
			Package: fmt.Sprintf("github.com/x/scale/p%02d", i%40),
			Name:    fmt.Sprintf("Case%04d/transport=shm/size=%dB-2", i/2, 64<<(i%2)),
			Unit:    "sec/op",
		})
		h.levels = append(h.levels, 1e-7*math.Pow(10, 4*float64(i)/float64(series)))
	}
	return h
}

// run returns the run to come, with its text.
func (h *history) run() baseline.Run {
	i := h.next
	h.next++
	random := rand.New(rand.NewPCG(uint64(i), 1))
	if i%20 == 13 {
		for s := range h.levels {
			if s%97 == i%97 {
				h.levels[s] *= 1.05 + .2*random.Float64()
			}
		}
	}
	r := baseline.Run{
		Project: project, Side: baseline.Head, Commit: fmt.Sprintf("%040x", i+1), Branch: "main", Time: began.Add(time.Duration(i) * time.Hour),
		Environment: baseline.Environment{OS: "linux", Arch: "amd64", CPU: "AMD EPYC 7763 64-Core Processor", Cores: 4, Procs: 2, MemoryMiB: 16000, GoVersion: "go1.26"},
	}
	for s, key := range h.keys {
		sample := baseline.Sample{Key: key}
		for round := range h.rounds {
			ns := h.levels[s] * (1 + .01*random.NormFloat64()) * 1e9
			sample.Values, sample.Rounds = append(sample.Values, ns*1e-9), append(sample.Rounds, round+1)
			r.Raw = append(append(r.Raw, "Benchmark"...), key.Name...)
			r.Raw = append(r.Raw, "\t 5000000\t "...)
			r.Raw = append(strconv.AppendFloat(r.Raw, ns, 'f', 2, 64), " ns/op\n"...)
		}
		r.Samples = append(r.Samples, sample)
	}
	return r
}
