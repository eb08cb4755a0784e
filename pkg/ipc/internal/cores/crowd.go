package cores

import (
	"sync/atomic"
	"time"
)

const (
	// slice is less than the kernel lets a process run that does not sleep, a millisecond and more,
	// and more than a peer takes for an answer that is worth yielding for.
	slice = 500 * time.Microsecond
	// weight is for how many times as long as a yield took, at least a slice, it is remembered:
	// more than a sixteenth of the time lost to others is too much.
	weight = 16
	// burst is what may be lost at once without others wanting the processors for long: something
	// has woken up, or the peer collects garbage on the same processor.
	burst = 10 * time.Millisecond
	// crowdedFor is for how long they are believed to want them, at most. The next yield then is
	// another slice lost.
	crowdedFor = 100 * time.Millisecond
)

// crowd is what this process knows of others that want its processors: a bucket that the time lost
// to them fills, weight times, and that runs out as time passes.
type crowd struct {
	empty atomic.Int64 // when it will have, in time since the process began
}

var (
	others crowd
	begun  = time.Now()
)

// Crowded reports whether others want the processors, so that the yields of this process last for
// slices of their time. A wait then better sleeps at once: who has slept is let run soon, who
// yields waits for the whole slice. yielded is how long the caller's yield has just taken, 0 if it
// did not.
func Crowded(yielded time.Duration) bool {
	if yielded < slice && others.empty.Load() == 0 {
		return false
	}
	return others.look(time.Since(begun), yielded)
}

// Forget makes Crowded begin anew, for tests that follow.
func Forget() { others.empty.Store(0) }

// look is Crowded at a time.
func (c *crowd) look(now, yielded time.Duration) bool {
	const full = weight * burst
	left := max(time.Duration(c.empty.Load())-now, 0)
	if yielded >= slice {
		left = min(left+weight*yielded, full+crowdedFor)
		c.empty.Store(int64(now + left))
	}
	return left > full
}
