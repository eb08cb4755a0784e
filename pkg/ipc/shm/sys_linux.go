package shm

import (
	"os"
	"runtime"
	"strconv"
	"strings"
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

// cores is the number of processors this process really has: what the scheduler uses, what the
// affinity mask allows, and what the control group's quota pays for, whichever is least.
func cores() int {
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

// quota is the control group's limit in whole processors, rounded down to at least 1; 0 when there is none.
var quota = sync.OnceValue(func() int {
	group := "/"
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			group = path
		}
	}
	least := 0
	for {
		if b, err := os.ReadFile("/sys/fs/cgroup" + strings.TrimSuffix(group, "/") + "/cpu.max"); err == nil {
			if q := parseQuota(string(b)); q > 0 && (least == 0 || q < least) {
				least = q
			}
		}
		i := strings.LastIndexByte(group, '/')
		if i < 0 || group == "/" {
			return least
		}
		group = group[:max(i, 1)]
	}
})

// parseQuota reads cpu.max, "max 100000" or "150000 100000", as whole processors; 0 is no limit.
func parseQuota(s string) int {
	quota, period, _ := strings.Cut(strings.TrimSpace(s), " ")
	q, err := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return 0
	}
	return int(max(q/p, 1))
}
