package ipctest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// listen accepts under contexts that end, and many peers at once.
func (tr Transport) listen(t *testing.T) {
	ctx := limited(t)
	path := filepath.Join(t.TempDir(), "s")
	if !tr.Addresses {
		_, listen := tr.Listen(path, ipc.Config{})
		_, dial := tr.Dial(ctx, path, ipc.Config{})
		for _, err := range []error{listen, dial} {
			if !errors.Is(err, ipc.ErrNoAddress) {
				t.Errorf("Listen, Dial: %v, want ErrNoAddress", err)
			}
		}
		return
	}
	if _, err := tr.Dial(ctx, path, ipc.Config{}); err == nil {
		t.Error("dialled where nobody listens")
	}
	l, err := tr.Listen(path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := l.Accept(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Accept with an ended context: %v", err)
	}
	if _, err := tr.Dial(ended, path, ipc.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with an ended context: %v", err)
	}
	for i := range 4 {
		short, end := context.WithTimeout(ctx, time.Duration(i*i)*time.Millisecond)
		if _, err := l.Accept(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Accept of nobody: %v", err)
		}
		end()
	}

	const peers = 16
	errs := make(chan error, 2*peers)
	for range peers {
		go func() { errs <- tr.call(ctx, path) }()
		go func() { errs <- answer(ctx, l) }()
	}
	for range 2 * peers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}

	waiting := make(chan error, 1)
	go func() {
		_, err := l.Accept(ctx)
		waiting <- err
	}()
	time.Sleep(5 * time.Millisecond)
	within(t, patience, "Close wakes Accept", func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-waiting; !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("Accept woken by Close: %v, want ErrClosed", err)
		}
	})
}

// call dials, sends 20 messages and wants each back.
func (tr Transport) call(ctx context.Context, path string) error {
	c, err := tr.Dial(ctx, path, ipc.Config{})
	if err != nil {
		return err
	}
	for i := range uint64(20) {
		if err := c.Send(ctx, message(i, 500)); err != nil {
			return err
		}
		p, err := c.Recv(ctx, nil)
		if err == nil {
			err = check(p, i)
		}
		if err != nil {
			return err
		}
	}
	return c.Close()
}

// answer accepts one peer and serves it.
func answer(ctx context.Context, l ipc.Listener) error {
	c, err := l.Accept(ctx)
	if err != nil {
		return err
	}
	return echo(ctx, c)
}
