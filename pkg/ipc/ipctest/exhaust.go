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

// spare leaves this process that many descriptors that it can still open, and returns what takes the limit back. None
// below the limit is free but those.
func spare(n int) (restore func() error, err error) {
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

func topDescriptor() (top int, err error) {
	l, err := os.ReadDir("/proc/self/fd")
	for _, e := range l {
		fd, _ := strconv.Atoi(e.Name())
		top = max(top, fd)
	}
	return top, err
}

// exhaustion runs out of descriptors in each way to open a connection: errors that say so, nothing left, and it works
// again at once.
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
	if tr.Dial != nil {
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
			restore, err := spare(n)
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

// childExhaustion runs out of descriptors on the side that is spawned, and on the side that something is passed to.
func (tr Transport) childExhaustion(t *testing.T) {
	ctx := limited(t)
	t.Run("FromParent", func(t *testing.T) {
		c, cmd := tr.spawn(t, "starved", "", ipc.Config{})
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Recv from a child that had no descriptors: %v, want ErrPeerGone", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	if tr.Dial == nil {
		return
	}
	t.Run("memory passed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		l, err := tr.Listen(path, ipc.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		cmd := command(tr, "poor", path)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // it has dialled, and has no descriptors left
			t.Error(err)
		}
		alive, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- cmd.Wait()
			end()
		}()
		for range 2 { // it dials once without and once with descriptors
			near, err := l.Accept(alive)
			if err != nil {
				t.Error("Accept: ", err)
				break
			}
			defer func() { _ = near.Close() }()
			_ = near.Send(ctx, []byte("hello"))
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// noRoom says whether an error is that of a side that had no descriptor for what was passed to it.
func noRoom(err error) bool { return errors.Is(err, syscall.EMFILE) && !errors.Is(err, ipc.ErrCorrupt) }

// starved opens the parent's connection without a descriptor left.
func starved(tr Transport) error {
	restore, err := spare(0)
	if err != nil {
		return err
	}
	c, err := tr.FromParent(ipc.Config{})
	if c != nil || !errors.Is(err, syscall.EMFILE) {
		return errors.Join(fmt.Errorf("without descriptors: %v, %w, want EMFILE", c, err), restore())
	}
	return restore()
}

// poor dials path, then has no descriptor left for what the other side passes, and says so on stdout; then it has, and dials again.
func poor(ctx context.Context, tr Transport, path string) error {
	recv := func() error {
		c, err := tr.Dial(ctx, path, ipc.Config{})
		if err != nil {
			return err
		}
		restore, err := spare(0)
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write([]byte{'.'}); err != nil {
			return err
		}
		p, err := c.Recv(ctx, nil)
		if err == nil && string(p) != "hello" {
			err = fmt.Errorf("%q came", p)
		}
		return errors.Join(err, restore(), c.Close())
	}
	if err := recv(); err != nil && !noRoom(err) {
		return fmt.Errorf("without descriptors: %w, want EMFILE", err)
	}
	c, err := tr.Dial(ctx, path, ipc.Config{})
	if err != nil {
		return err
	}
	if p, err := c.Recv(ctx, nil); err != nil || string(p) != "hello" {
		return fmt.Errorf("with descriptors: %q, %w", p, err)
	}
	return c.Close()
}
