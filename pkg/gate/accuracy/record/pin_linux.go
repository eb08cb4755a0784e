package main

import (
	"fmt"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// processors returns the numbers of the processors that a process of this program may use.
func processors() (out []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, err
	}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	return out, nil
}

// startOn starts a process on one processor: it inherits that of the thread that starts it, which
// ends then, so that nothing else runs there by it.
func startOn(cpu int, cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this function
		var one unix.CPUSet
		one.Set(cpu)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			done <- fmt.Errorf("run on processor %d alone: %w", cpu, err)
			return
		}
		done <- cmd.Start()
	}()
	return <-done
}
