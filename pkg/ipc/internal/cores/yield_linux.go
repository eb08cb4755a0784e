package cores

import "syscall"

// yieldProcessor lets other processes on this processor run. It does not tell Go's scheduler.
func yieldProcessor() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
