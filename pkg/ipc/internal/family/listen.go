package family

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Listener accepts on a path.
type Listener struct {
	l    *net.UnixListener
	path string
	made os.FileInfo // what Listen put there
	once sync.Once   // removes it

	turn chan struct{} // full while an Accept has the deadline
}

// Listen makes the socket at path. One that nobody listens on any more is replaced; anything
// else that is there stays, and is an error.
func Listen(path string) (*Listener, error) {
	addr := &net.UnixAddr{Name: path, Net: "unix"}
	l, err := net.ListenUnix("unix", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		l, err = replace(addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, explain(err, path))
	}
	l.SetUnlinkOnClose(false)
	made, _ := os.Lstat(path) // none where the name is not in the file system
	return &Listener{l: l, path: path, made: made, turn: make(chan struct{}, 1)}, nil
}

// replace listens at an address that is in use, if only by what a dead process left. Who does so
// holds a lock on the folder: of two at once one would remove the socket that the other has just
// made.
func replace(addr *net.UnixAddr, inUse error) (*net.UnixListener, error) {
	folder, err := lock(filepath.Dir(addr.Name))
	if err != nil {
		return nil, errors.Join(inUse, err)
	}
	defer func() { _ = folder.Close() }()
	st, err := os.Lstat(addr.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // its owner has closed it meanwhile, or it is not in the file system
	case err != nil:
		return nil, errors.Join(inUse, err)
	case st.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%w by something that is no socket: remove it or choose another path", inUse)
	default:
		if err := removeDead(addr.Name, inUse); err != nil {
			return nil, err
		}
	}
	return net.ListenUnix("unix", addr)
}

// removeDead removes the socket at path if the process that listened at it is gone. It probes
// with a datagram socket, which cannot connect to a living listener and is told so (EPROTOTYPE)
// without leaving a connection in its queue. A dead listener's socket refuses, and so does what
// is no socket.
func removeDead(path string, inUse error) error {
	probe, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	switch {
	case err == nil:
		_ = probe.Close()
		return fmt.Errorf("%w by a datagram socket: choose another path", inUse)
	case errors.Is(err, syscall.EPROTOTYPE):
		return fmt.Errorf("%w by a process that lives: end it or choose another path", inUse)
	case errors.Is(err, syscall.ECONNREFUSED):
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(inUse, err)
	}
	return nil
}

// lock locks a folder until it is closed, and leaves nothing in it. Other holders are waited for
// a second: ours need a thousandth of that.
func lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end):
			return nil, errors.Join(fmt.Errorf("lock the folder %s: %w", dir, err), f.Close())
		}
	}
}

// explain adds the reason where the system's word for it is "invalid argument".
func explain(err error, path string) error {
	const least = 103 // on macOS; Linux takes 107
	if errors.Is(err, syscall.EINVAL) && len(path) > least {
		return fmt.Errorf("%w: the path has %d bytes: choose one of at most %d", err, len(path), least)
	}
	return err
}

// Accept waits for the next peer.
func (l *Listener) Accept(ctx context.Context) (*net.UnixConn, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, wait.Error(ctx, "accept", l.path)
	}
	defer func() { <-l.turn }()
	stop := context.AfterFunc(ctx, func() { _ = l.l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		err := l.l.SetDeadline(time.Time{})
		if ended := wait.Error(ctx, "accept", l.path); ended != nil { // maybe before the deadline was taken away
			return nil, ended
		}
		var c *net.UnixConn
		if err == nil {
			c, err = l.l.AcceptUnix()
		}
		switch {
		case err == nil:
			return c, nil
		case errors.Is(err, net.ErrClosed):
			return nil, fmt.Errorf("accept at %s: %w", l.path, ipc.ErrClosed)
		case !errors.Is(err, os.ErrDeadlineExceeded): // else it was this context, or that of a former Accept, come late
			return nil, fmt.Errorf("accept at %s: %w", l.path, err)
		}
	}
}

// Close wakes Accept and removes the path, unless somebody has removed it and put something else
// there since, as who replaces a running service does.
func (l *Listener) Close() (err error) {
	l.once.Do(func() { // while the socket is open no other file can have its number
		if is, gone := os.Lstat(l.path); gone == nil && os.SameFile(is, l.made) {
			err = os.Remove(l.path)
		}
	})
	if closed := l.l.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", l.path, err)
	}
	return nil
}
