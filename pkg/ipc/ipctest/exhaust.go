package ipctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// limitDescriptors leaves this process n descriptors that it can still open, and returns a
// function that takes the limit back. None below the limit is free but those.
func limitDescriptors(n int) (restore func() error, err error) {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		return nil, err
	}
	top, err := topDescriptor()
	if err != nil {
		return nil, err
	}
	var holes []int
	for {
		fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		if holes = append(holes, fd); fd > top {
			break
		}
	}
	last := holes[len(holes)-1]
	err = errors.Join(syscall.Close(last), syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(last + n), Max: old.Max}))
	return func() error {
		err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
		for _, fd := range holes[:len(holes)-1] {
			err = errors.Join(err, syscall.Close(fd))
		}
		return err
	}, err
}

// topDescriptor returns the highest descriptor in use.
func topDescriptor() (top int, err error) {
	l, err := os.ReadDir("/proc/self/fd")
	for _, e := range l {
		fd, _ := strconv.Atoi(e.Name())
		top = max(top, fd)
	}
	return top, err
}

// exhaustion runs out of descriptors in each way to open a connection: errors that say so,
// nothing left, and it works again at once.
func (tr Transport) exhaustion(t *testing.T) {
	once := tr.meet(t)
	for i := range 2 {
		if err := once(i); err != nil {
			t.Fatal(err)
		}
	}
	was := use(t)
	if was.fds == 0 {
		t.Skip("NOT TESTED without descriptors: no /proc/self/fd")
	}
	t.Run("Spawn", func(t *testing.T) { tr.starve(t, tr.spawnStarved) })
	if tr.Addresses {
		t.Run("Dial", func(t *testing.T) { tr.starve(t, tr.dialStarved) })
		t.Run("Accept", func(t *testing.T) { tr.starve(t, tr.acceptStarved) })
	}
	now := use(t)
	for start := time.Now(); now.fds > was.fds && time.Since(start) < patience; now = use(t) {
		time.Sleep(10 * time.Millisecond)
	}
	if now.fds > was.fds {
		t.Errorf("%d descriptors open, %d before", now.fds, was.fds)
	}
}

// starve tries with 0, 1, ... descriptors until they suffice.
func (tr Transport) starve(t *testing.T, try func(t *testing.T, starved func(f func() (ipc.Conn, error)) error) error) {
	failed := 0
	for n := range 32 {
		err := try(t, func(f func() (ipc.Conn, error)) error {
			restore, err := limitDescriptors(n)
			if err != nil {
				t.Fatal(err)
			}
			c, err := f()
			if err := restore(); err != nil {
				t.Fatal(err)
			}
			switch {
			case err == nil:
				return c.Close()
			case c != nil:
				t.Errorf("with %d descriptors: both a connection and %v", n, err)
			case !errors.Is(err, syscall.EMFILE):
				t.Errorf("with %d descriptors: %v, want EMFILE", n, err)
			}
			return err
		})
		if err == nil {
			break
		}
		failed++
	}
	if failed == 0 || failed == 32 {
		t.Errorf("%d of at most 32 attempts failed, want some and not all", failed)
	}
	t.Logf("%d descriptors are enough", failed)
}

// spawnStarved spawns without descriptors.
func (tr Transport) spawnStarved(t *testing.T, starved func(func() (ipc.Conn, error)) error) error {
	cmd := exec.Command("true")
	err := starved(func() (ipc.Conn, error) { return tr.Spawn(cmd, ipc.Config{}) })
	if cmd.Process != nil {
		_ = cmd.Wait()
	}
	if again := tr.meet(t)(0); again != nil {
		t.Errorf("Spawn afterwards: %v", again)
	}
	return err
}

// dialStarved dials without descriptors.
func (tr Transport) dialStarved(t *testing.T, starved func(func() (ipc.Conn, error)) error) error {
	path := filepath.Join(t.TempDir(), "s")
	l, err := tr.Listen(path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	err = starved(func() (ipc.Conn, error) { return tr.Dial(t.Context(), path, ipc.Config{Timeout: patience}) })
	if again := tr.dialAgain(t, path, l); again != nil {
		t.Errorf("Dial afterwards: %v", again)
	}
	return err
}

// acceptStarved accepts without descriptors.
func (tr Transport) acceptStarved(t *testing.T, starved func(func() (ipc.Conn, error)) error) error {
	ctx := limited(t)
	path := filepath.Join(t.TempDir(), "s")
	l, err := tr.Listen(path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	far, err := tr.Dial(ctx, path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = far.Close() }()
	err = starved(func() (ipc.Conn, error) { return l.Accept(ctx) })
	if again := tr.dialAgain(t, path, l); again != nil {
		t.Errorf("Accept afterwards: %v", again)
	}
	// Who was not accepted then has been now, or knows that it never will be.
	if _, end := far.Recv(ctx, nil); end != nil && !errors.Is(end, ipc.ErrPeerGone) && !noRoom(end) {
		t.Errorf("who was accepted without descriptors: %v, want what others are sent, ErrPeerGone or EMFILE", end)
	}
	return err
}

// dialAgain wants a connection to l. Peers that gave up before may be accepted first.
func (tr Transport) dialAgain(t *testing.T, path string, l ipc.Listener) error {
	ctx := limited(t)
	far, err := tr.Dial(ctx, path, ipc.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = far.Close() }()
	came := make(chan error, 1)
	go func() {
		p, err := far.Recv(ctx, nil)
		if err == nil && string(p) != "hello" {
			err = fmt.Errorf("%q came", p)
		}
		came <- err
	}()
	for {
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		near, err := l.Accept(short)
		cancel()
		if err == nil {
			_ = near.Send(ctx, []byte("hello"))
			_ = near.Close()
		} else if !errors.Is(err, ipc.ErrTimeout) {
			return err
		}
		if len(came) > 0 || ctx.Err() != nil {
			return <-came
		}
	}
}
