package cores

import (
	"sync/atomic"
	"time"
)

const (
	// slice is less than the kernel lets a process run that does not sleep, a millisecond and more,
	// and more than a peer takes for an answer that is worth yielding for.
	slice = 500 * time.Microsecond
	// crowdAfter is how many yields in a row have lasted for a slice before others want the
	// processors: one or two may have let the kernel or a process that soon sleeps again run.
	crowdAfter = 3
	// crowdedFor is for how long they then do. The next yield is another slice lost.
	crowdedFor = 100 * time.Millisecond
)

// crowd is what this process knows of others that want its processors.
type crowd struct {
	slices atomic.Int32 // yields in a row that lasted for a slice
	until  atomic.Int64 // the end of crowdedFor, in time since the process began
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
	if yielded < slice && others.slices.Load() == 0 {
		return false
	}
	return others.look(time.Since(begun), yielded)
}

// look is Crowded at a time.
func (c *crowd) look(now, yielded time.Duration) bool {
	switch {
	case yielded >= slice:
		if c.slices.Add(1) >= crowdAfter {
			c.until.Store(int64(now + crowdedFor))
		}
	case yielded > 0:
		c.slices.Store(0)
	}
	return c.slices.Load() >= crowdAfter && int64(now) < c.until.Load()
}
