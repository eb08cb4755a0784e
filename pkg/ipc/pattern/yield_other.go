//go:build !linux

package pattern

import "time"

// yield lets other processes on this core run, and other goroutines.
func yield(bool) { time.Sleep(time.Microsecond) }
