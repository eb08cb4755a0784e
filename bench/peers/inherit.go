package main

import (
	"os"
	"syscall"
)

// inherited opens a descriptor that this process got, as one that waits in Go's
// poller and not in a thread: exec makes inherited descriptors block.
func inherited(fd int) *os.File {
	_ = syscall.SetNonblock(fd, true) // an error leaves a file that works, slowly
	return os.NewFile(uintptr(fd), "inherited")
}
