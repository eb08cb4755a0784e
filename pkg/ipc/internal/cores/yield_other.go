//go:build !linux

package cores

// Yield lets other processes on this processor run, where the system has a call for it.
func Yield() {}
