package ipctest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// prober returns c as an ipc.Prober, which every transport's connections are, and shared ones too.
func prober(t *testing.T, c ipc.Conn) ipc.Prober {
	t.Helper()
	p, ok := c.(ipc.Prober)
	if _, shared := ipc.Shared(c).(ipc.Prober); !ok || !shared {
		t.Fatalf("%T is an ipc.Prober: %v, and shared: %v", c, ok, shared)
	}
	return p
}

// trySend checks that TrySend is refused where Send would wait, and changes nothing about Send.
func (tr Transport) trySend(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{MaxBuffer: 128 << 10}, {MaxBuffer: 128 << 10, Batch: ipc.Batch{Count: 8}}} {
		c, _ := tr.spawn(t, "late", "200", cfg)
		s := prober(t, c)
		rnd := rand.New(rand.NewPCG(11, 12))
		n, full := uint64(0), 0
		within(t, patience, "TrySend to a peer that sleeps, then does not", func() {
			for full < 50 {
				switch err := s.TrySend(message(n, 8+rnd.IntN(300))); {
				case err == nil:
					n++
				case errors.Is(err, ipc.ErrFull):
					full++
					time.Sleep(time.Millisecond)
				default:
					t.Errorf("message %d: %v", n, err)
					return
				}
			}
		})
		if full == 0 || t.Failed() {
			t.Fatalf("ErrFull never came in %d messages", n)
		}
		for range 2000 { // more than fits: Send still waits
			if err := c.Send(ctx, message(n, 8+rnd.IntN(300))); err != nil {
				t.Fatalf("Send after TrySend: %v", err)
			}
			n++
		}
		if err := c.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		tr.total(t, c, n)
		_ = c.Close()
		if err := s.TrySend(nil); !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("TrySend after Close: %v, want ErrClosed", err)
		}
	}
}

// tryPeek shows what is there, and that nothing is, without waiting.
func (tr Transport) tryPeek(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "echo", "", ipc.Config{})
	s := prober(t, c)
	nothing := func() {
		t.Helper()
		if p, ok, err := s.TryPeek(); ok || err != nil || p != nil {
			t.Fatalf("TryPeek of nothing: %d bytes, %v, %v", len(p), ok, err)
		}
	}
	soon := func() (p []byte, err error) {
		t.Helper()
		for start := time.Now(); time.Since(start) < patience; time.Sleep(50 * time.Microsecond) {
			if p, ok, err := s.TryPeek(); ok || err != nil {
				return p, err
			}
		}
		t.Fatal("nothing came")
		return nil, nil
	}
	nothing() // before the two have met
	for i, n := range []int{1, 0, 64, 4093, 70_000, 3 << 20, 5} {
		want := bytes.Repeat([]byte{byte(n + 1)}, n)
		if err := c.Send(ctx, want); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the same again
			if p, err := soon(); err != nil || !bytes.Equal(p, want) {
				t.Fatalf("TryPeek of %d bytes: %d, %v", n, len(p), err)
			}
		}
		if i%2 == 0 {
			c.Release()
		} else if p, err := c.Recv(ctx, nil); err != nil || !bytes.Equal(p, want) {
			t.Fatalf("Recv of %d bytes after TryPeek: %d, %v", n, len(p), err)
		}
		nothing()
	}
	_ = c.Close()
	if _, ok, err := s.TryPeek(); ok || !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("TryPeek after Close: %v, %v, want ErrClosed", ok, err)
	}

	c, _ = tr.spawn(t, "vanish", "", ipc.Config{})
	s = prober(t, c)
	if err := c.Send(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := soon(); !errors.Is(err, ipc.ErrPeerGone) {
		t.Errorf("TryPeek at a peer that died: %v, want ErrPeerGone", err)
	}
}

// watchClosed closes beside Watch, at any moment from before it has begun: an error or none, and
// no fault.
func (tr Transport) watchClosed(t *testing.T) {
	if !tr.Addresses { // closing beside a wait is the same for a spawned child: see watch
		return
	}
	ctx := limited(t)
	path := filepath.Join(t.TempDir(), "s")
	l, err := tr.Listen(path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	start := time.Now()
	for i := 0; i < 1000 && time.Since(start) < patience/4; i++ {
		far, err := tr.Dial(ctx, path, ipc.Config{})
		if err != nil {
			t.Fatal(err)
		}
		near, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := prober(t, near)
		if i%2 == 0 { // one that has received, and one that has not met its peer
			if err := far.Send(ctx, []byte("x")); err != nil {
				t.Fatal(err)
			}
			if _, err := near.Recv(ctx, nil); err != nil {
				t.Fatal(err)
			}
		}
		watching := make(chan error, 1)
		go func() {
			runtime.Gosched()
			watching <- w.Watch(ctx)
		}()
		for range i % 7 {
			runtime.Gosched()
		}
		_ = near.Close()
		if err := <-watching; err != nil && !errors.Is(err, ipc.ErrClosed) {
			t.Fatalf("Watch beside Close: %v", err)
		}
		_ = far.Close()
	}
}

// watch waits and takes nothing; a message, a death, a Close and the end of its context end it.
func (tr Transport) watch(t *testing.T) {
	ctx := limited(t)
	c, _ := tr.spawn(t, "echo", "", ipc.Config{})
	w := prober(t, c)
	for i := range uint64(300) {
		if i%50 == 0 {
			short, end := context.WithTimeout(ctx, time.Duration(i/50)*time.Millisecond)
			if err := w.Watch(short); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ipc.ErrTimeout) {
				t.Fatalf("Watch of nothing: %v, want ErrTimeout", err)
			}
			end()
		}
		if err := c.Send(ctx, message(i, 100)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second finds it there
			if err := w.Watch(ctx); err != nil {
				t.Fatalf("Watch of message %d: %v", i, err)
			}
		}
		if !c.Ready() {
			t.Fatalf("Watch of message %d returned though Ready says no", i)
		}
		if p, err := c.Recv(ctx, nil); err != nil || check(p, i) != nil {
			t.Fatal(check(p, i), err)
		}
	}
	watching := make(chan error, 1)
	go func() { watching <- w.Watch(ctx) }()
	time.Sleep(5 * time.Millisecond)
	within(t, patience, "Close wakes Watch", func() {
		_ = c.Close()
		if err := <-watching; err != nil && !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("Watch woken by Close: %v", err)
		}
	})
	// Config.Timeout does not bound it, before the two have met neither.
	c, _ = tr.spawn(t, "echo", "", ipc.Config{Timeout: time.Millisecond})
	for range 2 {
		short, end := context.WithTimeout(ctx, 100*time.Millisecond)
		if err := prober(t, c).Watch(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Watch of nothing with a Timeout of 1 ms: %v, want the end of its context", err)
		}
		end()
	}
	// One that has died and one that never was a peer.
	c, _ = tr.spawn(t, "vanish", "", ipc.Config{})
	if err := c.Send(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	stranger, err := tr.Spawn(exec.Command("true"), ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []ipc.Conn{c, stranger} {
		within(t, patience, "Watch of a dead peer", func() {
			if err := prober(t, c).Watch(ctx); err != nil {
				t.Errorf("Watch: %v, want nil: Recv says what there is", err)
			}
		})
		if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerGone) {
			t.Errorf("Recv after Watch: %v, want ErrPeerGone", err)
		}
		_ = c.Close()
	}
}
