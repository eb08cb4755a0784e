package ipctest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Run runs the suite on one transport.
func Run(t *testing.T, tr Transport) {
	t.Run("sizes", tr.sizes)
	t.Run("order", tr.order)
	t.Run("both ways at once", tr.duplex)
	t.Run("context", tr.context)
	t.Run("timeout", tr.timeout)
	t.Run("close wakes", tr.closeWakes)
	t.Run("close is told", tr.closeTold)
	t.Run("peer dies", tr.peerDies)
	t.Run("back-pressure", tr.pressure)
	t.Run("too large", tr.tooLarge)
	t.Run("stranger", tr.stranger)
	t.Run("batch", tr.batch)
	t.Run("no allocation", tr.allocs)
	t.Run("kill", tr.kill)
	t.Run("one core", tr.oneCore)
	t.Run("churn", tr.churn)
	t.Run("descriptors run out", tr.exhaustion)
	t.Run("shared", tr.shared)
}

// spawn starts a child in a role, and ends both when the test does.
func (tr Transport) spawn(t *testing.T, role, arg string, cfg ipc.Config) (ipc.Conn, *exec.Cmd) {
	t.Helper()
	cmd := command(tr, role, arg)
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		t.Fatalf("spawn %s: %v", role, err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return c, cmd
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// within runs f and fails when it takes longer than d.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		buf := make([]byte, 1<<16)
		t.Fatalf("%s: not after %v\n%s", what, d, buf[:runtime.Stack(buf, true)])
	}
}

func (tr Transport) sizes(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Fixed: true, Buffer: 4 << 10}, {Sync: ipc.SyncPark}, {Sync: ipc.SyncSpin}} {
		c, cmd := tr.spawn(t, "echo", "", cfg)
		var buf []byte
		for _, n := range []int{0, 1, 3, 4, 5, 64, 509, 512, 4091, 4092, 4093, 8191, 8192, 8193, 16 << 10, 65531, 65532, 65536, 131064, 131072, 131080, 1 << 20, 3<<20 + 1, 0, 7} {
			p := bytes.Repeat([]byte{byte(n), 7, byte(n >> 8)}, n/3+1)[:n]
			same := func(how string, q []byte, err error) {
				t.Helper()
				if err != nil || !bytes.Equal(p, q) {
					t.Fatalf("%d bytes by %s: %d came back, %v", n, how, len(q), err)
				}
			}
			if err := c.Send(ctx, p); err != nil {
				t.Fatalf("send %d: %v", n, err)
			}
			q, err := c.Recv(ctx, nil)
			same("Recv(nil)", q, err)

			b, err := c.Reserve(ctx, n+3)
			if err != nil || len(b) != n+3 {
				t.Fatalf("reserve %d: %d, %v", n+3, len(b), err)
			}
			if err := c.Commit(copy(b, p)); err != nil {
				t.Fatalf("commit %d: %v", n, err)
			}
			q, err = c.Peek(ctx)
			same("Peek", q, err)
			q, err = c.Peek(ctx)
			same("second Peek", q, err)
			c.Release()
			c.Release() // does nothing

			if err := c.Send(ctx, p); err != nil {
				t.Fatalf("send %d: %v", n, err)
			}
			if _, err = c.Peek(ctx); err != nil {
				t.Fatalf("peek %d: %v", n, err)
			}
			buf, err = c.Recv(ctx, buf)
			same("Recv after Peek", buf, err)
		}
		if err := c.Commit(1); err == nil {
			t.Error("a Commit without Reserve returned nil")
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

func (tr Transport) order(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Fixed: true, Buffer: 8 << 10}, {Sync: ipc.SyncPark}} {
		const n = 5000
		c, cmd := tr.spawn(t, "burst", strconv.Itoa(n), cfg)
		rnd := rand.New(rand.NewPCG(1, 2))
		var buf []byte
		for i := range uint64(n) {
			var err error
			if i%5 == 0 {
				c.Ready()
			}
			if buf, err = c.Recv(ctx, buf); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			if err := check(buf, i); err != nil {
				t.Fatal(err)
			}
			if want := size(rnd); len(buf) != want {
				t.Fatalf("message %d has %d bytes, want %d", i, len(buf), want)
			}
		}
		for range 2 {
			if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerClosed) || !errors.Is(err, ipc.ErrPeerGone) {
				t.Fatalf("after the last: %v, want ErrPeerClosed", err)
			}
		}
		if !c.Ready() {
			t.Error("Ready is false at the end, where Recv returns at once")
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

// duplex sends and receives in two goroutines; far more is under way than the buffers hold.
func (tr Transport) duplex(t *testing.T) {
	ctx := limited(t)
	c, cmd := tr.spawn(t, "echo", "", ipc.Config{})
	const n = 3000
	sent := make(chan error, 1)
	go func() {
		rnd := rand.New(rand.NewPCG(3, 4))
		for i := range uint64(n) {
			if err := c.Send(ctx, message(i, size(rnd))); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	var buf []byte
	for i := range uint64(n) {
		var err error
		if buf, err = c.Recv(ctx, buf); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if err := check(buf, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(<-sent, c.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}

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

func (tr Transport) closeWakes(t *testing.T) {
	ctx := limited(t)
	for i := range 6 {
		c, _ := tr.spawn(t, "deaf", "", ipc.Config{MaxBuffer: 64 << 10})
		errs := make(chan error, 2)
		go func() {
			_, err := c.Recv(ctx, nil)
			errs <- err
		}()
		go func() {
			var err error
			for err == nil {
				err = c.Send(ctx, make([]byte, 1000))
			}
			errs <- err
		}()
		time.Sleep(time.Duration(i*i*5) * time.Millisecond)
		within(t, patience, "Close and what it wakes", func() {
			_ = c.Close() // says that not all could be sent
			for range 2 {
				if err := <-errs; !errors.Is(err, ipc.ErrClosed) {
					t.Errorf("woken by Close: %v, want ErrClosed", err)
				}
			}
		})
		_, recv := c.Recv(ctx, nil)
		_, peek := c.Peek(ctx)
		_, reserve := c.Reserve(ctx, 1)
		for _, err := range []error{recv, peek, reserve, c.Send(ctx, nil), c.Flush(ctx)} {
			if !errors.Is(err, ipc.ErrClosed) {
				t.Errorf("after Close: %v, want ErrClosed", err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
}

// closeTold closes right behind messages: all of them arrive, then the close.
func (tr Transport) closeTold(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Batch: ipc.Batch{Count: 1000, Delay: -1}}} {
		c, cmd := tr.spawn(t, "sink", "", cfg)
		for i := range uint64(100) {
			if err := c.Send(ctx, message(i, 50)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

func (tr Transport) peerDies(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "vanish", "", ipc.Config{})
	if err := c.Send(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "both halves end", func() {
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) {
			t.Errorf("Recv: %v, want ErrPeerGone and no order", err)
		}
		var err error
		for err == nil {
			err = c.Send(ctx, make([]byte, 100))
		}
		if !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Send: %v, want ErrPeerGone", err)
		}
	})

	// One that never was a peer, and one that cannot be started.
	c, err := tr.Spawn(exec.Command("true"), ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	within(t, patience, "a child that exits", func() {
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Recv from true(1): %v, want ErrPeerGone", err)
		}
	})
	_ = c.Close()
	if c, err = tr.Spawn(exec.Command("/nonexistent/program"), ipc.Config{}); err == nil || c != nil {
		t.Errorf("spawn nothing: %v, %v", c, err)
	}
	if c, err = tr.FromParent(ipc.Config{}); !errors.Is(err, ipc.ErrNoParent) || c != nil {
		t.Errorf("FromParent without one: %v, %v", c, err)
	}
}

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

func (tr Transport) shared(t *testing.T) {
	ctx := limited(t)
	c, cmd := tr.spawn(t, "echo", "", ipc.Config{})
	s := ipc.Shared(c)
	const each, kinds = 200, 4
	errs := make(chan error, 2*kinds)
	for k := range kinds {
		go func() {
			for i := range each {
				if err := s.Send(ctx, []byte{byte(k), byte(i)}); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
		go func() {
			for range each {
				b, err := s.Recv(ctx, nil)
				if err == nil && len(b) != 2 {
					err = fmt.Errorf("%d bytes, want 2", len(b))
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 2 * kinds {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}
