package shm

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// Futex operations; not the private ones: the word is shared between processes.
const (
	futexWait = 0
	futexWake = 1
)

// sleepOn sleeps until the word is not seq, is woken, or d has passed. It goes through Syscall6, which tells the scheduler: a
// thread that sleeps behind its back stops the garbage collector.
func sleepOn(word *uint32, seq uint32, d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(seq), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// rouse wakes who sleeps on s.
func rouse(s *ring.Sleeper) {
	atomic.AddUint32(&s.Seq, 1)
	_, _, _ = syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.Seq)), futexWake, 1, 0, 0, 0)
}

// yield lets other processes on this core run.
func yield() { _, _, _ = syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// Commands of membarrier(2).
const (
	barrierRun      = 1 << 3 // MEMBARRIER_CMD_PRIVATE_EXPEDITED
	barrierRegister = 1 << 4 // MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
)

var barrierReady = sync.OnceValue(func() bool {
	_, _, e := syscall.RawSyscall(unix.SYS_MEMBARRIER, barrierRegister, 0, 0)
	return e == 0
})

// barrier makes every thread of this process pass a full memory barrier. Without the system call it waits
// for longer than any processor holds a store back.
func barrier() {
	if barrierReady() {
		if _, _, e := syscall.RawSyscall(unix.SYS_MEMBARRIER, barrierRun, 0, 0); e == 0 {
			return
		}
	}
	time.Sleep(nap)
}
