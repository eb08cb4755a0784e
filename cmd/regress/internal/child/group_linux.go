package child

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dieWithParent has the kernel kill the child when this program dies, even by SIGKILL. Note: the
// signal comes when the thread that started the child ends; threads of Go end only where a
// goroutine that is locked to one ends, and whoever locks one here waits for the child first.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// adopt makes this program the parent of every descendant whose own parent ends: see
// PR_SET_CHILD_SUBREAPER in prctl(2).
var adopt = sync.OnceFunc(func() {
	const setChildSubreaper = 36
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0)
})

// Adopt has what a child leaves behind become a child of this program, for Orphans to find.
func Adopt() { adopt() }

// Orphans kills every child of this program that it did not start itself, with all descendants: a
// process that left its group (setsid), and whose parent has ended. It returns how many there were.
// A process that starts others faster than they can be killed ends it after a second.
func Orphans() (killed int) {
	self := os.Getpid()
	for deadline := time.Now().Add(time.Second); ; {
		var doomed []int
		own.Lock()
		children := family()
		for _, pid := range children[self] {
			if !own.pids[pid] {
				doomed = append(doomed, pid)
			}
		}
		own.Unlock()
		if len(doomed) == 0 {
			return killed
		}
		for i := 0; i < len(doomed); i++ {
			doomed = append(doomed, children[doomed[i]]...)
		}
		for _, pid := range doomed {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
		for _, pid := range doomed { // those that are ours by now; the others come with the next look
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
		if time.Now().After(deadline) {
			return killed
		}
		time.Sleep(time.Millisecond)
	}
}

// hadChildren waits for a process to end, leaves it to be waited for, and reports whether it has
// itself waited for children: the page faults that those had are kept with it, and no program runs
// without any.
func hadChildren(pid int) bool {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return false
		}
		break
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	// pid (name) state … as in proc_pid_stat(5), where the children's minor faults are field 11.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const faults = 11 - 3
	return len(fields) > faults && fields[faults] != "0"
}

// family returns the children of every process.
func family() map[int][]int {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	out := map[int][]int{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …, where the name may hold anything.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if len(fields) < 2 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		out[parent] = append(out[parent], pid)
	}
	return out
}
