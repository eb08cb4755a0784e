// Package family makes Unix sockets between a parent and its child and between strangers, for
// the transports that start with one.
package family

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/parent"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Pair returns the two ends of a socket pair, neither inherited.
func Pair() (a, b *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "parent"), os.NewFile(uintptr(fds[1]), "child"), nil
}

// Conn turns a socket into a connection; it owns f.
func Conn(f *os.File) (*net.UnixConn, error) {
	c, err := net.FileConn(f)
	err = errors.Join(err, f.Close())
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open socket: it is %T, want a Unix socket", c), c.Close())
	}
	return u, nil
}

// spawn starts cmd with one end of a socket pair and returns the other.
func spawn(cmd *exec.Cmd, m ipc.Mechanism) (*net.UnixConn, error) {
	mine, child, err := Pair()
	if err != nil {
		return nil, fmt.Errorf("spawn on %s: %w", m, err)
	}
	parent.Tell(cmd, m, strconv.Itoa(3+len(cmd.ExtraFiles)))
	cmd.ExtraFiles = append(cmd.ExtraFiles, child)
	err = errors.Join(cmd.Start(), child.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("spawn on %s: %w", m, err), mine.Close())
	}
	return Conn(mine)
}

// fromParent opens the end that spawn gave this process, once.
func fromParent(m ipc.Mechanism) (*net.UnixConn, error) {
	where, err := parent.Claim(m)
	if err != nil {
		return nil, err
	}
	fd, err := strconv.Atoi(where)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("open the parent's %s: %w (its descriptor is %q)", m, ipc.ErrNoParent, where)
	}
	syscall.CloseOnExec(fd)
	return Conn(os.NewFile(uintptr(fd), string(m)))
}

// Dial connects to a path. A listener whose queue is full is tried again until ctx or timeout
// (0: none) ends.
func Dial(ctx context.Context, path string, timeout time.Duration) (*net.UnixConn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			return c.(*net.UnixConn), nil
		}
		if ended := wait.Error(ctx, "dial", path); ended != nil {
			return nil, ended
		}
		if !errors.Is(err, syscall.EAGAIN) {
			return nil, fmt.Errorf("dial %s: %w", path, explain(err, path))
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
}
