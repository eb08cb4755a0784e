// Package child prepares processes that are to be killed with all that they started.
package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

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
