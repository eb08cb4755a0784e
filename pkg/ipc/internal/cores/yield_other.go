//go:build !linux

package cores

import "runtime"

// yieldProcessor lets other goroutines run: there is no call for other processes in the standard
// library.
func yieldProcessor() { runtime.Gosched() }
