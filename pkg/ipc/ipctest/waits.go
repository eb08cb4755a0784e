package ipctest

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// context ends waiting calls by their contexts: nothing is taken or sent, and the connection
// goes on.
func (tr Transport) context(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "echo", "", ipc.Config{})
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := c.Recv(ended, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("Recv with an ended context: %v", err)
	}
	if err := c.Send(ended, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("Send with an ended context: %v", err)
	}
	for i := range 5 {
		wait := time.Duration(i*i) * time.Millisecond
		short, end := context.WithTimeout(ctx, wait)
		_, err := c.Recv(short, nil)
		end()
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("Recv for %v: %v", wait, err)
		}
		cancelled, cancel := context.WithCancel(ctx)
		time.AfterFunc(wait, cancel)
		if _, err = c.Peek(cancelled); !errors.Is(err, context.Canceled) || errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("Peek cancelled after %v: %v", wait, err)
		}
		if err := c.Send(ctx, []byte("still here")); err != nil {
			t.Fatal(err)
		}
		if b, err := c.Recv(ctx, nil); err != nil || string(b) != "still here" {
			t.Fatalf("after a cancelled Recv: %q, %v", b, err)
		}
	}

	// A Send that cannot go on: of a large message, part of which may be out.
	for _, n := range []int{100, 1 << 20} {
		c, _ = tr.spawn(t, "deaf", "", ipc.Config{MaxBuffer: 128 << 10})
		short, end := context.WithTimeout(ctx, 200*time.Millisecond)
		var err error
		for err == nil {
			err = c.Send(short, make([]byte, n))
		}
		end()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Send of %d to a deaf peer: %v", n, err)
		}
		_ = c.Close()
	}
}

// timeout ends waiting calls by Config.Timeout: what Send says it has not sent is not sent.
func (tr Transport) timeout(t *testing.T) {
	c, _ := tr.spawn(t, "late", "400", ipc.Config{Timeout: 100 * time.Millisecond, MaxBuffer: 128 << 10})
	ctx := limited(t)
	if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
		t.Fatalf("Recv: %v, want ErrTimeout", err)
	}
	// What a timed out Send says it has not sent is not sent, what it says it has is.
	rnd := rand.New(rand.NewPCG(5, 6))
	n, late := uint64(0), 0
	for start := time.Now(); n < 2000 && time.Since(start) < patience; {
		err := c.Send(ctx, message(n, size(rnd)*50))
		switch {
		case err == nil:
			n++
		case errors.Is(err, ipc.ErrTimeout):
			late++
		default:
			t.Fatal(err)
		}
		if late > 0 && n > 200 {
			break
		}
	}
	if late == 0 {
		t.Errorf("no Send of %d timed out, though the peer slept", n)
	}
	tr.total(t, c, n)
}

// total ends the count of a late child and compares.
func (tr Transport) total(t *testing.T, c ipc.Conn, want uint64) {
	t.Helper()
	ctx := limited(t)
	for {
		err := c.Send(ctx, nil)
		if err == nil {
			break
		}
		if ctx.Err() != nil || !errors.Is(err, ipc.ErrTimeout) && !errors.Is(err, ipc.ErrFull) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	for {
		b, err := c.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrTimeout) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if have := binary.LittleEndian.Uint64(b); have != want {
			t.Fatalf("%d messages arrived, %d were sent", have, want)
		}
		return
	}
}

// pressure sends with Config.NoWait to a peer that sleeps: ErrFull, and nothing is lost.
func (tr Transport) pressure(t *testing.T) {
	ctx := limited(t)
	for _, batch := range []ipc.Batch{{}, {Count: 8}} {
		c, _ := tr.spawn(t, "late", "300", ipc.Config{NoWait: true, Batch: batch})
		rnd := rand.New(rand.NewPCG(7, 8))
		n, full := uint64(0), 0
		for start := time.Now(); full < 100 && time.Since(start) < patience; {
			err := c.Send(ctx, message(n, size(rnd)))
			switch {
			case err == nil:
				n++
			case errors.Is(err, ipc.ErrFull):
				full++
				time.Sleep(time.Millisecond)
			default:
				t.Fatal(err)
			}
		}
		if full == 0 {
			t.Errorf("ErrFull never came in %d messages to a sleeping peer", n)
		}
		tr.total(t, c, n)
	}
}

// tooLarge sends more than Config.MaxMessage, and reserves it.
func (tr Transport) tooLarge(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "echo", "", ipc.Config{MaxMessage: 1000})
	if err := c.Send(ctx, make([]byte, 1001)); !errors.Is(err, ipc.ErrTooLarge) {
		t.Errorf("Send: %v, want ErrTooLarge", err)
	}
	if _, err := c.Reserve(ctx, 1001); !errors.Is(err, ipc.ErrTooLarge) {
		t.Errorf("Reserve: %v, want ErrTooLarge", err)
	}
	if _, err := c.Reserve(ctx, -1); err == nil {
		t.Error("Reserve(-1) returned nil")
	}
	if err := c.Send(ctx, make([]byte, 1000)); err != nil {
		t.Error(err)
	}
	if b, err := c.Recv(ctx, nil); err != nil || len(b) != 1000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := tr.Spawn(exec.Command("true"), ipc.Config{Buffer: -1}); err == nil {
		t.Error("a Config with Buffer -1 was taken")
	}
}
