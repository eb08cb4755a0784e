// Package child starts the programs that regress runs, builds of a pull request's code and the
// benchmarks themselves, so that none of them outlives it or learns what it must not know.
//
// Three things end a program with all that it started:
//
//   - [Group] puts it into a process group of its own, which is killed as a whole when the context
//     ends. On Linux it also dies when this program dies.
//   - A [Guard] is a shell that waits for this program to end, by whatever signal, and then kills
//     the groups that were still running and removes the temporary directories.
//   - [Orphans] kills what left its group (setsid): on Linux such a process becomes a child of this
//     one when its parent ends.
//
// [Environ] is the environment that they get. They could also look into this process: while it is
// [Exposed], none is started.
package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Exposed says that what this process was given, tokens and passwords among it, can be read by the
// programs that it starts. It is set and cleared before any is.
var Exposed bool

// Group puts a command into a process group of its own, which is killed as a whole when its
// context ends: the programs that it started must not outlive it, and a Ctrl-C at the terminal
// reaches this program alone. On Linux the command is killed, too, when this program dies.
func Group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
}
