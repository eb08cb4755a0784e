package ipctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

// childExhaustion runs out of descriptors on the side that is spawned, and on the side that
// something is passed to.
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
	if !tr.Addresses {
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

// noRoom reports whether an error is that of a side that had no descriptor for what was passed
// to it.
func noRoom(err error) bool { return errors.Is(err, syscall.EMFILE) && !errors.Is(err, ipc.ErrCorrupt) }

// starved opens the parent's connection without a descriptor left.
func starved(tr Transport) error {
	restore, err := limitDescriptors(0)
	if err != nil {
		return err
	}
	c, err := tr.FromParent(ipc.Config{})
	if c != nil || !errors.Is(err, syscall.EMFILE) {
		return errors.Join(fmt.Errorf("without descriptors: %v, %w, want EMFILE", c, err), restore())
	}
	return restore()
}

// poor dials path, then has no descriptor left for what the other side passes, and says so on
// stdout; then it has, and dials again.
func poor(ctx context.Context, tr Transport, path string) error {
	recv := func() error {
		c, err := tr.Dial(ctx, path, ipc.Config{})
		if err != nil {
			return err
		}
		restore, err := limitDescriptors(0)
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
