package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// signal stops, continues or kills a member. When it returns, one that is stopped stands still:
// the signal alone lets it run on for a moment.
func signal(t *testing.T, cmd *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	if s != syscall.SIGSTOP {
		return
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("stop process %d: %v, status %#x", cmd.Process.Pid, err, status)
	}
}

// patiently receives, for as long as ctx lets it.
func patiently(ctx context.Context, g *pattern.Group) (from string, p []byte, err error) {
	for {
		from, p, err = g.Recv(ctx, nil)
		if !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
			return from, p, err
		}
	}
}

// A member is stopped in the middle of broadcasts: the others have every message, every call
// that it held back names it and ends at its timeout, and when it goes on it has each message
// that was not reported, once.
func TestStoppedMember(t *testing.T) {
	alone(t, all(), func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		cfg.Buffer, cfg.Fixed, cfg.Timeout = 16<<10, true, 50*time.Millisecond
		g, cmds := group(t, cfg, "echo", "echo", "echo")
		signal(t, cmds["b"], syscall.SIGSTOP)
		var delivered []uint64 // to b
		for n, refused := uint64(0), 0; refused < 5; n++ {
			err := g.SendAll(ctx, numbered(n))
			var u pattern.Undelivered
			switch {
			case err == nil:
				delivered = append(delivered, n)
			case !errors.As(err, &u) || len(u) != 1 || u[0].Name != "b" || !errors.Is(err, ipc.ErrTimeout):
				t.Fatalf("message %d: have %v, want a timeout of b alone", n, err)
			default:
				refused++
			}
			for range 2 { // a and c have it
				from, p, err := patiently(ctx, g)
				if have, e := number(p); err != nil || e != nil || have != n || from == "b" {
					t.Fatalf("message %d from %q, want %d from a or c: %v, %v", have, from, n, err, e)
				}
			}
		}
		signal(t, cmds["b"], syscall.SIGCONT)
		for _, want := range delivered {
			from, p, err := patiently(ctx, g)
			if have, e := number(p); err != nil || e != nil || have != want || from != "b" {
				t.Fatalf("message %d from %q, want %d from b: %v, %v", have, from, want, err, e)
			}
		}
		if err := g.Send(ctx, "b", []byte("last")); err != nil {
			t.Fatal(err)
		}
		if from, p, err := patiently(ctx, g); err != nil || from != "b" || string(p) != "last" {
			t.Fatalf("%q from %q after the last message, %v", p, from, err)
		}
	})
}

// A member is stopped that is to be flushed first: the others' batches leave all the same, and
// it alone is named.
func TestFlushStoppedMember(t *testing.T) {
	alone(t, []ipc.Mechanism{ipc.Pipe, ipc.Unix}, func(t *testing.T, cfg ipc.Config) { // in shared memory Flush never waits
		ctx := within(t)
		cfg.Buffer, cfg.Fixed = 16<<10, true
		cfg.Batch = ipc.Batch{Count: 1000, Delay: -1}
		g, cmds := group(t, cfg, "echo", "echo", "echo")
		signal(t, cmds["a"], syscall.SIGSTOP)
		brief := func(f func(context.Context) error) error {
			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			return f(short)
		}
		for full := false; !full; { // the kernel's buffer, or there is nothing to wait for
			err := brief(func(ctx context.Context) error { return g.Send(ctx, "a", make([]byte, 1000)) })
			if full = errors.Is(err, ipc.ErrTimeout); err != nil && !full {
				t.Fatal(err)
			}
		}
		if err := errors.Join(g.Send(ctx, "b", []byte("x")), g.Send(ctx, "c", []byte("x"))); err != nil {
			t.Fatal(err)
		}
		err := brief(g.Flush)
		var u pattern.Undelivered
		if !errors.As(err, &u) || len(u) != 1 || u[0].Name != "a" || !errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("have %v, want a timeout of a alone", err)
		}
		for range 2 {
			if from, p, err := g.Recv(ctx, nil); err != nil || from == "a" || string(p) != "x" {
				t.Fatalf("%q from %q, %v", p, from, err)
			}
		}
		signal(t, cmds["a"], syscall.SIGKILL) // or Close waits for it
	})
}

// A worker is killed under load: each message is answered once, but for some that went to it,
// and the others get the rest.
func TestKilledWorker(t *testing.T) {
	alone(t, all(), func(t *testing.T, cfg ipc.Config) {
		ctx, n := within(t), uint64(3000)
		g, cmds := group(t, cfg, repeat("echo", 4)...)
		to, sent := make([]string, n), make(chan error, 1)
		go func() {
			for i := range n {
				name, err := g.SendAny(ctx, numbered(i))
				if err != nil {
					sent <- err
					return
				}
				to[i] = name
			}
			sent <- nil
		}()
		by, reports, done := map[uint64]string{}, 0, false
		missing := func() (m int) { // messages that b did not answer
			for i, name := range to {
				if name == "b" && by[uint64(i)] == "" {
					m++
				}
			}
			return m
		}
		for !done || reports == 0 || len(by)+missing() < int(n) {
			select {
			case err := <-sent:
				if done = true; err != nil {
					t.Fatal(err)
				}
			default:
			}
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			from, p, err := g.Recv(short, nil)
			cancel()
			if errors.Is(err, ipc.ErrTimeout) && ctx.Err() == nil {
				continue
			}
			if err != nil {
				lost(t, err, "b")
				reports++
				continue
			}
			i, err := number(p)
			if err != nil || by[i] != "" || reports > 0 && from == "b" {
				t.Fatalf("message %d from %s after %d reports, before from %q: %v", i, from, reports, by[i], err)
			}
			if by[i] = from; len(by) == 500 {
				signal(t, cmds["b"], syscall.SIGKILL)
			}
		}
		if reports != 1 {
			t.Fatalf("%d reports of b's death, want 1", reports)
		}
		for i, from := range by {
			if from != to[i] {
				t.Fatalf("message %d went to %s and was answered by %s", i, to[i], from)
			}
		}
	})
}

// A stage is killed under load, each in turn: what comes out is what went in, in order and
// without a gap up to some message; then both ends hear which stage it was, and what was behind
// it still comes.
func TestPipelineKilledUnderLoad(t *testing.T) {
	alone(t, all(), func(t *testing.T, cfg ipc.Config) {
		for stage, name := range []string{"x", "y", "z"} {
			ctx := within(t)
			p, cmds := stages(t, cfg)
			sent := make(chan error, 1)
			go func() {
				for i := 0; ; i++ {
					if err := p.Send(ctx, []byte(fmt.Sprint(i))); err != nil {
						sent <- err
						return
					}
				}
			}()
			next, reports := 0, 0
			for ; ; next++ {
				if next == 300 {
					signal(t, cmds[stage], syscall.SIGKILL)
				}
				short, cancel := ctx, context.CancelFunc(func() {})
				if reports > 0 {
					short, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				}
				b, err := p.Recv(short, nil)
				cancel()
				if err != nil && reports > 0 {
					break
				}
				if err != nil {
					if e := lost(t, err, name); !errors.Is(err, ipc.ErrPeerGone) || e.Received > e.Sent+1 { // a message counts as sent a moment after it is
						t.Fatalf("%v, want that %s is gone", err, name)
					}
					reports++
					next--
					continue
				}
				if want := fmt.Sprint(next) + "xyz"; string(b) != want {
					t.Fatalf("have %q, want %q, stage %s dead: %v", b, want, name, reports > 0)
				}
			}
			if reports != 1 || next < 300 {
				t.Fatalf("stage %s: %d reports after %d messages", name, reports, next)
			}
			lost(t, <-sent, name) // also when it was held back at that moment
			_ = p.Close()         // says how much of what was under way could not be sent
		}
	})
}

// A stage is stopped, each in turn: it holds Send back after what the buffers hold, and when it
// goes on all that was sent comes out.
func TestPipelineStoppedStage(t *testing.T) {
	alone(t, all(), func(t *testing.T, cfg ipc.Config) {
		cfg.Buffer, cfg.Fixed = 16<<10, true
		cfg.Batch = ipc.Batch{Count: 100, Delay: -1} // so that there is something to flush, which must not wait
		for stage := range 3 {
			ctx := within(t)
			p, cmds := stages(t, cfg)
			signal(t, cmds[stage], syscall.SIGSTOP)
			sent, err := uint64(0), error(nil)
			for ; err == nil; sent++ {
				short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				err = p.Send(short, numbered(sent))
				cancel()
				if sent > 1e5 {
					t.Fatalf("stage %d takes nothing and %d messages were sent", stage, sent)
				}
			}
			sent-- // the last was refused
			if !errors.Is(err, ipc.ErrTimeout) {
				t.Fatalf("stage %d: have %v, want ErrTimeout", stage, err)
			}
			signal(t, cmds[stage], syscall.SIGCONT)
			again := make(chan error, 1)
			go func() { again <- errors.Join(p.Send(ctx, numbered(sent)), p.Flush(ctx)) }()
			for want := range sent + 1 {
				b, err := p.Recv(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				have, err := number(b[:max(len(b)-3, 0)])
				if err != nil || have != want || string(b[len(b)-3:]) != "xyz" {
					t.Fatalf("stage %d: message %d, want %d of %d: %v", stage, have, want, sent, err)
				}
			}
			if err := errors.Join(<-again, p.Close()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
