package ipc_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// ends are both ends of a connection, the first of them shared.
func ends(t *testing.T, mechanism ipc.Mechanism) (shared, other ipc.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cfg := ipc.Config{Mechanism: mechanism}
	path := filepath.Join(t.TempDir(), "s")
	l, err := transport.Listen(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	a, err := transport.Dial(ctx, path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(a.Close(), b.Close(), l.Close()) })
	return ipc.Shared(a), b
}

// each runs f with both ends of a connection on the transports that have addresses.
func each(t *testing.T, f func(t *testing.T, ctx context.Context, a, b ipc.Conn)) {
	for _, mechanism := range transport.All() {
		if mechanism == ipc.Pipe { // is Unix, to Shared
			continue
		}
		t.Run(string(mechanism), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			a, b := ends(t, mechanism)
			f(t, ctx, a, b)
		})
	}
}

// calls returns the calls of each half as something that can be waited for.
func calls(c ipc.Conn) (sending, receiving map[string]func(context.Context) error) {
	sending = map[string]func(context.Context) error{
		"Send":    func(ctx context.Context) error { return c.Send(ctx, []byte("too late")) },
		"Flush":   c.Flush,
		"Reserve": func(ctx context.Context) error { _, err := c.Reserve(ctx, 10); return err },
	}
	receiving = map[string]func(context.Context) error{
		"Recv": func(ctx context.Context) error { _, err := c.Recv(ctx, nil); return err },
		"Peek": func(ctx context.Context) error { _, err := c.Peek(ctx); return err },
	}
	return sending, receiving
}

// TestSharedTurnEndsWithContext: who waits for a turn does so no longer than its context lives,
// and takes and sends nothing.
func TestSharedTurnEndsWithContext(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, a, b ipc.Conn) {
		reason := errors.New("changed my mind")
		ends := func(name string, wait func(context.Context) error) {
			t.Helper()
			call := func(short context.Context) error {
				t.Helper()
				err := make(chan error, 1)
				go func() { err <- wait(short) }()
				select {
				case err := <-err:
					return err
				case <-ctx.Done():
					t.Fatalf("%s goes on waiting after its context", name)
				}
				return nil
			}
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			if err := call(short); !errors.Is(err, ipc.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), strings.ToLower(name)) {
				t.Errorf("%s past its deadline: %v", name, err)
			}
			cancelled, stop := context.WithCancelCause(ctx)
			time.AfterFunc(5*time.Millisecond, func() { stop(reason) })
			if err := call(cancelled); !errors.Is(err, reason) || errors.Is(err, ipc.ErrTimeout) {
				t.Errorf("%s cancelled: %v", name, err)
			}
		}
		got := make(chan error, 1)
		go func() { // has the receiving half as long as nothing comes
			p, err := a.Recv(ctx, nil)
			if err == nil && string(p) != "first" {
				err = errors.New("received " + string(p))
			}
			got <- err
		}()
		time.Sleep(10 * time.Millisecond)
		if a.Ready() {
			t.Fatal("Ready with nothing there")
		}
		space, err := a.Reserve(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		sending, receiving := calls(a)
		for name, call := range sending {
			ends(name, call)
		}
		for name, call := range receiving {
			ends(name, call)
		}
		if err := errors.Join(a.Commit(copy(space, "reserved")), a.Send(ctx, []byte("second"))); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"reserved", "second"} {
			if p, err := b.Recv(ctx, nil); err != nil || string(p) != want {
				t.Fatalf("have %q, %v, want %q", p, err, want)
			}
		}
		if err := errors.Join(b.Send(ctx, []byte("first")), b.Send(ctx, []byte("next"))); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		if p, err := a.Recv(ctx, nil); err != nil || string(p) != "next" {
			t.Fatalf("have %q, %v, want next", p, err)
		}
	})
}

// TestSharedStaysProber: sharing a connection keeps its calls that do not wait, each in its turn.
func TestSharedStaysProber(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, a, b ipc.Conn) {
		p, ok := a.(ipc.Prober)
		if !ok {
			t.Fatalf("%T is no ipc.Prober", a)
		}
		p.Among(2)
		if err := errors.Join(p.TrySend([]byte("tried")), p.TryFlush()); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Recv(ctx, nil); err != nil || string(got) != "tried" {
			t.Fatalf("have %q, %v, want tried", got, err)
		}
		space, err := a.Reserve(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{p.TrySend([]byte("x")), p.TryFlush()} {
			if !errors.Is(err, ipc.ErrFull) {
				t.Errorf("while Reserve has the half: %v, want ErrFull", err)
			}
		}
		if err := errors.Join(a.Commit(copy(space, "reserved")), p.TrySend([]byte("after"))); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"reserved", "after"} {
			if got, err := b.Recv(ctx, nil); err != nil || string(got) != want {
				t.Fatalf("have %q, %v, want %q", got, err, want)
			}
		}

		if got, ok, err := p.TryPeek(); got != nil || ok || err != nil {
			t.Fatalf("TryPeek of nothing: %q, %v, %v", got, ok, err)
		}
		short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		defer cancel()
		if err := p.Watch(short); !errors.Is(err, ipc.ErrTimeout) {
			t.Errorf("Watch of nothing: %v, want ErrTimeout", err)
		}
		if err := errors.Join(b.Send(ctx, []byte("one")), b.Send(ctx, []byte("two")), p.Watch(ctx)); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := p.TryPeek(); string(got) != "one" || !ok || err != nil {
			t.Fatalf("TryPeek: %q, %v, %v, want one", got, ok, err)
		}
		if got, ok, err := p.TryPeek(); got != nil || ok || err != nil {
			t.Fatalf("TryPeek before Release: %q, %v, %v, want nothing", got, ok, err)
		}
		a.Release()
		if got, err := a.Recv(ctx, nil); string(got) != "two" || err != nil {
			t.Fatalf("Recv after TryPeek: %q, %v, want two", got, err)
		}
		_ = a.Close()
		if err := p.Watch(ctx); err != nil {
			t.Errorf("Watch after Close: %v, want nil", err)
		}
		if _, _, err := p.TryPeek(); !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("TryPeek after Close: %v, want ErrClosed", err)
		}
	})
}

// TestSharedCloseEndsTurns: Close ends the turns of all, of those too that wait behind a Reserve
// and a Peek that are never completed.
func TestSharedCloseEndsTurns(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, a, b ipc.Conn) {
		if err := b.Send(ctx, []byte("peeked")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Peek(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Reserve(ctx, 10); err != nil {
			t.Fatal(err)
		}
		if a.Ready() {
			t.Error("Ready says yes, but a Recv would wait for the half that Peek holds")
		}
		closed(t, ctx, a, 0)
	})
	// Behind one that waits itself.
	each(t, func(t *testing.T, ctx context.Context, a, _ ipc.Conn) { closed(t, ctx, a, 20*time.Millisecond) })
}

// closed closes a after a while in which several goroutines have made each call that waits.
func closed(t *testing.T, ctx context.Context, a ipc.Conn, after time.Duration) {
	t.Helper()
	const many = 3
	sending, receiving := calls(a)
	waiting := map[string]chan error{}
	wait := func(name string, call func(context.Context) error) {
		errs := make(chan error, many)
		waiting[name] = errs
		for range many {
			go func() { errs <- call(ctx) }()
		}
	}
	for name, call := range receiving {
		wait(name, call)
	}
	if after == 0 { // the sending half is held
		for name, call := range sending {
			wait(name, call)
		}
		after = 20 * time.Millisecond
	}
	time.Sleep(after)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for name, errs := range waiting {
		for range many {
			select {
			case err := <-errs:
				if !errors.Is(err, ipc.ErrClosed) {
					t.Errorf("%s ended by Close: %v", name, err)
				}
			case <-ctx.Done():
				t.Fatalf("%s goes on waiting after Close", name)
			}
		}
	}
	if err := a.Send(ctx, nil); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
}

// TestSharedDoesNotAllocate: sharing costs no allocation, with others waiting for their turn or
// without.
func TestSharedDoesNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, a, b ipc.Conn) {
		const senders, messages = 4, 2000
		run := func() {
			t.Helper()
			sent := make(chan error, senders)
			for range senders {
				go func() {
					p, err := make([]byte, 64), error(nil)
					for i := 0; i < messages && err == nil; i++ {
						err = a.Send(ctx, p)
					}
					sent <- err
				}()
			}
			var err error
			buf := make([]byte, 64)
			for range senders * messages {
				if buf, err = b.Recv(ctx, buf); err != nil {
					t.Fatal(err)
				}
			}
			for range senders {
				if err := <-sent; err != nil {
					t.Fatal(err)
				}
			}
		}
		run() // buffers grow to what they have to be
		var was, is runtime.MemStats
		runtime.ReadMemStats(&was)
		run()
		runtime.ReadMemStats(&is)
		// The goroutines and what the runtime needs to let them wait, which it keeps.
		if n := is.Mallocs - was.Mallocs; n > 400 {
			t.Errorf("%d allocations for %d messages, want none of a message", n, senders*messages)
		}
	})
}
