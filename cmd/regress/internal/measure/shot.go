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
	own        own             // the units that it prints besides those of testing
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
		s.own = max(s.own, ownUnits(line))
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

// counting returns how many iterations of op nanoseconds are counted in one process; 0: it takes
// too long. An emulator is slowed down by what a process works, and not by what it waited for a
// processor: counts of two iterations waver, and beside a load of 28 one took as long as ten.
func (s shot) counting(op float64) int {
	const least = 1. / 8 // so that what waits by itself has no hundred times as many
	part := min(1, max(least, s.processors()))
	return counting(op*part, time.Duration(float64(s.setup())*part))
}

// inside returns how many processors it kept busy once its first repetition had begun; on a machine
// that is busy, where what came before took longer than it worked, rather less.
func (s shot) inside() float64 {
	if wall := s.out.Wall - s.start; wall > 0 {
		return max(s.processors(), (s.out.Used.CPU()-s.start).Seconds()/wall.Seconds())
	}
	return s.processors()
}

// timed returns how long all of its repetitions ran together.
func (s shot) timed() (all time.Duration) {
	for _, op := range s.nsPerOp {
		all += time.Duration(float64(s.iterations) * op)
	}
	return all
}

// each returns what a repetition of so many iterations takes with nothing else running.
func (s shot) each(iterations int) time.Duration {
	return s.setup() + time.Duration(float64(iterations)*s.op())
}

// share returns how a benchmark spends its time, from two processes of which one ran more
// iterations than the other and did all else alike: what lies around the timed part is in neither
// of the differences. The kernel keeps the sum of both parts of the processor time and guesses how
// it is divided, by looking now and then. What else runs on the machine does not look like waiting,
// since it is op that says how long an iteration takes, in nanoseconds.
func share(fewer, further suite.Used, iterations int, op float64) baseline.Work {
	out := baseline.Work{Children: fewer.Children || further.Children}
	open := time.Duration(float64(iterations) * op)
	if used := further.CPU() - fewer.CPU(); used > 0 && open > 0 {
		system := min(max(further.System-fewer.System, 0), used)
		out.User = (used - system).Seconds() / open.Seconds()
		out.System = system.Seconds() / used.Seconds()
	}
	return out
}
