package measure

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// A benchmark that is bound to one processor shows nothing of what depends on several: goroutines
// that work at the same time, and those that wait for one another's locks. One that a change has
// wait for a lock keeps no more than one processor busy, and the other side of it does; or both
// wait, and one longer.

// lockEvery is how much time a benchmark runs for each wait for a lock at most for it to depend on
// them; one wait costs some microseconds, so less than a hundredth of it. lockShare is how much of
// its time those waits may take all together.
const (
	lockEvery = time.Millisecond
	lockShare = .02
)

// freed is what the sides of a benchmark show without collections, which run on other processors
// too.
type freed struct {
	judged   shot
	parallel bool    // a side needs more than one processor
	slower   float64 // nanoseconds of an iteration on another side, where it is unlike that of the judged one
}

// free runs a process of each side; not ok: that of the judged one said nothing. Of what has
// children one process is run: they are dear, and whether they go together on one processor is
// tried.
func (c *calibration) free(ctx context.Context, op float64) (f freed, ok bool) {
	by := ingest.Method{Iterations: fits(longSlice, op), Slices: 3}
	if f.judged, f.parallel = c.waits(ctx, c.side, by); !f.judged.ok() {
		return f, false
	}
	for _, side := range c.others() {
		if f.parallel || f.judged.out.Used.Children || c.late {
			break
		}
		c.limit = time.Second + unlike*f.judged.out.Wall
		s, parallel := c.waits(ctx, side, by)
		c.limit = 0
		if s.out.Killed > 0 && !c.late { // so many iterations take it long
			s, parallel = c.waits(ctx, side, ingest.Method{Slices: 1})
		}
		if s.ok() && s.op() > unlike*f.judged.op() {
			f.slower = max(f.slower, s.op())
		}
		f.parallel = parallel
	}
	return f, !c.late
}

// waits runs a process of a side, and reports whether it needs more than one processor.
func (c *calibration) waits(ctx context.Context, side baseline.Side, by ingest.Method) (s shot, parallel bool) {
	name := filepath.Join(c.tmp, "waits")
	defer os.Remove(name) // there is none of a process that ended otherwise
	s = c.shootSide(ctx, side, by, []string{"GOGC=off", "GOMEMLIMIT=1GiB"}, "-test.mutexprofile="+name, "-test.mutexprofilefraction=1")
	return s, s.ok() && (s.inside() >= several || locked(name, s))
}

// others returns the sides of the benchmark that are not judged.
func (c *calibration) others() (out []baseline.Side) {
	for _, side := range c.plan.sides {
		if _, has := c.entry.targets[side]; has && side != c.side {
			out = append(out, side)
		}
	}
	return out
}

// locked reports whether goroutines of a process waited for locks of the program often or long, by
// the profile of it; without one they did not.
func locked(name string, s shot) bool {
	data, err := os.ReadFile(name)
	if err != nil {
		return false
	}
	p, err := profile.ParseData(data)
	if err != nil {
		return false
	}
	var waits, waited int64
	for _, sample := range p.Sample {
		if len(sample.Value) == 2 && !ofRuntime(sample) {
			waits, waited = waits+sample.Value[0], waited+sample.Value[1]
		}
	}
	return lockBound(waits, time.Duration(waited), s.timed())
}

// lockBound reports whether so many waits for locks are much for what ran so long.
func lockBound(waits int64, waited, timed time.Duration) bool {
	return time.Duration(waits)*lockEvery > timed || waited.Seconds() > lockShare*timed.Seconds()
}

// ofRuntime reports whether a wait was for a lock of Go's own scheduler or memory.
func ofRuntime(s *profile.Sample) bool {
	for _, l := range s.Location {
		for _, line := range l.Line {
			return line.Function == nil || strings.HasPrefix(line.Function.Name, "runtime.")
		}
	}
	return true
}
