package cores

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Count returns the number of processors this process really has, at least 1: what the scheduler
// uses, what the affinity mask allows, and what the control group's quota pays for in whole
// processors, whichever is least. The quota is read once. GOMAXPROCS alone does not tell: Go
// rounds a quota up, and never below 2.
func Count() int {
	n := runtime.GOMAXPROCS(0)
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err == nil {
		n = min(n, set.Count())
	}
	if q := quota(); q > 0 {
		n = min(n, q)
	}
	return max(n, 1)
}
