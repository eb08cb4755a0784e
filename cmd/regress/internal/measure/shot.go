package measure

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/suite"
	"github.com/descartes/regress/pkg/baseline"
)

// shot is what was seen of one process.
type shot struct {
	nsPerOp    []float64       // of each repetition
	iterations int             // of one
	custom     bool            // it prints units of its own
	start      time.Duration   // until the first repetition began
	spans      []time.Duration // of each repetition, with what it does not time
	out        suite.Outcome
}

// shot returns what was seen of the process whose lines were read.
func (r *reading) shot(out suite.Outcome) shot {
	s := shot{start: r.start, out: out}
	for i, line := range r.results {
		p, ok, _ := suite.ParseLine(line)
		if !ok {
			continue
		}
		s.nsPerOp, s.spans = append(s.nsPerOp, p.NsPerOp), append(s.spans, r.spans[min(i, len(r.spans)-1)])
		s.iterations, _ = strconv.Atoi(strings.Fields(line)[1])
		s.custom = s.custom || custom(line)
	}
	return s
}

// ok reports whether the process showed how long an iteration takes.
func (s shot) ok() bool {
	return s.out.Failure == "" && len(s.nsPerOp) > 0 && slices.Min(s.nsPerOp) > 0
}

// op returns the time of an iteration in nanoseconds, the least of the repetitions: whatever else
// runs adds to it.
func (s shot) op() float64 { return slices.Min(s.nsPerOp) }

// setup returns the least that a repetition cost beside what it timed.
func (s shot) setup() time.Duration {
	least := s.spans[0]
	for i, span := range s.spans {
		least = min(least, span-time.Duration(float64(s.iterations)*s.nsPerOp[i]))
	}
	return max(0, least)
}

// processors returns how many it kept busy on the average.
func (s shot) processors() float64 {
	return s.out.Used.CPU().Seconds() / max(s.out.Wall, 1).Seconds()
}

// alone returns how long the repetitions would have taken with nothing else running: each as long
// as the shortest.
func (s shot) alone() time.Duration {
	return time.Duration(len(s.nsPerOp)) * s.each(s.iterations)
}

// each returns what a repetition of so many iterations takes with nothing else running.
func (s shot) each(iterations int) time.Duration {
	return s.setup() + time.Duration(float64(iterations)*s.op())
}

// startSystem is the part that the kernel has in the processor time of a start: .65 of 2.9 ms, in
// 150 starts of a test binary that runs nothing.
const startSystem = .22

// worked is what the processes of one side took.
type worked struct {
	children      bool
	cpu, system   time.Duration // the starts of processes left out where they print slices
	alone         time.Duration // what the slices would have taken with nothing else running
	whole, kernel time.Duration // processor time of those that print one
	elapsed       time.Duration // of these
}

// add takes in a process.
func (e *entry) add(side baseline.Side, s shot) {
	if e.start == 0 || s.start > 0 && s.start < e.start {
		e.start = s.start
	}
	w, used := e.work[side], s.out.Used
	w.children = w.children || used.Children
	if s.ok() && len(s.nsPerOp) >= fewestSlices {
		w.cpu += used.CPU() - e.start
		w.system += used.System - time.Duration(startSystem*float64(e.start))
		w.alone += s.alone()
	} else {
		w.whole += used.CPU()
		w.kernel += used.System
		w.elapsed += s.out.Wall
	}
	e.work[side] = w
}

// share returns how the processes spent their time. That of a slice that nothing has disturbed is
// known, so that what else runs on the machine does not look like waiting; of a benchmark that
// never was sliced it is all the time that has passed.
func (w worked) share() baseline.Work {
	cpu, system, open := w.cpu, w.system, w.alone
	if open <= 0 {
		cpu, system, open = w.whole, w.kernel, w.elapsed
	}
	out := baseline.Work{Children: w.children}
	if cpu > 0 && open > 0 {
		system = min(max(system, 0), cpu)
		out.User = (cpu - system).Seconds() / open.Seconds()
		out.System = system.Seconds() / open.Seconds()
	}
	return out
}

// spentOn returns how the processes of all sides spent their time.
func (e *entry) spentOn() (out baseline.Work) {
	first := true
	for _, w := range e.work {
		if first {
			out, first = w.share(), false
			continue
		}
		out = out.Join(w.share())
	}
	return out
}
