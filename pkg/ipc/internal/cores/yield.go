package cores

import (
	"runtime"
	"time"
)

// Yield lets other processes on this processor run and, where this process has a single one, other
// goroutines: with more they have another to run on. It returns how long that took. Note:
// runtime.Gosched with an idle P wakes a thread to look for work on it: with it in every yield a
// gather takes twice as long.
func Yield(single bool) time.Duration {
	start := time.Now()
	yieldProcessor()
	if single {
		runtime.Gosched()
	}
	return time.Since(start)
}
