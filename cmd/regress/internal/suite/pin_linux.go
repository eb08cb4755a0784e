package suite

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// Before locks this goroutine to a thread of that processor, from which the process inherits it.
// Note: a program in front that sets it, as taskset does, would be one more thing to install, and
// its start would be timed too.
func (p *Pin) Before(*exec.Cmd) {
	p.Err = nil
	runtime.LockOSThread()
	if p.Err = unix.SchedGetaffinity(0, &p.before); p.Err == nil {
		var set unix.CPUSet
		set.Set(p.CPU)
		p.Err = unix.SchedSetaffinity(0, &set)
	}
	if p.Err != nil {
		p.Err = fmt.Errorf("run on processor %d alone: %w", p.CPU, p.Err)
	}
}

// After gives the thread back as it was. One that cannot be given back stays locked, so that it
// ends with this goroutine and serves nobody else.
func (p *Pin) After(*os.ProcessState) {
	if p.Err == nil {
		if p.Err = unix.SchedSetaffinity(0, &p.before); p.Err != nil {
			p.Err = fmt.Errorf("leave processor %d: %w", p.CPU, p.Err)
			return
		}
	}
	runtime.UnlockOSThread()
}

// affinity is what a Pin has to restore.
type affinity = unix.CPUSet

// Processors returns the numbers of those that a process of this program may use; none where they
// cannot be told or chosen.
func Processors() (out []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			out = append(out, cpu)
		}
	}
	return out
}
