//go:build !linux

package cores

import "runtime"

// Count returns the number of processors this process has, at least 1: what the scheduler uses,
// or all there are.
func Count() int { return min(runtime.GOMAXPROCS(0), runtime.NumCPU()) }
