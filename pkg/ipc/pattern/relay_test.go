package pattern_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// tally is a member that checks that the numbered messages come in order, and answers an empty
// one with how many came.
func tally(ctx context.Context, conn ipc.Conn) error {
	for n := uint64(0); ; n++ {
		p, err := conn.Recv(ctx, nil)
		for ; err == nil && len(p) == 0; p, err = conn.Recv(ctx, nil) {
			if err := conn.Send(ctx, binary.LittleEndian.AppendUint64(nil, n)); err != nil {
				return err
			}
		}
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if have, err := number(p); err != nil || have != n {
			return fmt.Errorf("message %d, want %d: %w", have, n, err)
		}
	}
}

// tallied asks a tally.
func tallied(t *testing.T, ctx context.Context, conn ipc.Conn) uint64 {
	t.Helper()
	if err := conn.Send(ctx, nil); err != nil {
		t.Fatal(err)
	}
	p, err := conn.Recv(ctx, nil)
	for errors.Is(err, ipc.ErrTimeout) && ctx.Err() == nil {
		p, err = conn.Recv(ctx, nil)
	}
	if err != nil || len(p) != 8 {
		t.Fatalf("%d bytes, %v", len(p), err)
	}
	return binary.LittleEndian.Uint64(p)
}

// relaying runs a relay between two members.
func relaying(t *testing.T, cfg ipc.Config, from, to string, step func([]byte) ([]byte, error)) (in, out ipc.Conn, cmds [2]*exec.Cmd, end chan error) {
	t.Helper()
	a, cmdA := start(t, "in", from, cfg)
	b, cmdB := start(t, "out", to, cfg)
	end = make(chan error, 1)
	ctx := within(t)
	go func() { end <- pattern.Relay(ctx, a.Conn, b.Conn, step) }()
	return a.Conn, b.Conn, [2]*exec.Cmd{cmdA, cmdB}, end
}

// One end of a relay dies, is slow, or the step fails: the relay says which, has passed on all
// that it took, and what it did not take is there.
func TestRelayFailingEnd(t *testing.T) {
	alone(t, all(), func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		t.Run("in killed", func(t *testing.T) {
			_, out, cmds, end := relaying(t, cfg, "flood", "tally", nil)
			time.Sleep(50 * time.Millisecond)
			signal(t, cmds[0], syscall.SIGKILL)
			err := <-end
			e := lost(t, err, "in")
			if !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) {
				t.Fatalf("have %v, want in gone and not closed", err)
			}
			if n := tallied(t, ctx, out); n != e.Received {
				t.Fatalf("%d messages came out of %d that went in", n, e.Received)
			}
		})
		t.Run("out killed", func(t *testing.T) {
			in, _, cmds, end := relaying(t, cfg, "flood", "tally", nil)
			time.Sleep(50 * time.Millisecond)
			signal(t, cmds[1], syscall.SIGKILL)
			err := <-end
			if e := lost(t, err, "out"); !errors.Is(err, ipc.ErrPeerGone) {
				t.Fatalf("have %v, want out gone", err)
			} else if p, err := in.Recv(ctx, nil); err != nil {
				t.Fatal(err)
			} else if n, err := number(p); err != nil || n != e.Sent && n != e.Sent+1 { // one in hand is lost
				t.Fatalf("after %d sent the next is number %d: %v", e.Sent, n, err)
			}
		})
		for from, n := range map[string]uint64{"source": 1000, "drip": 400} {
			t.Run("out stopped, "+from, func(t *testing.T) {
				cfg := cfg
				cfg.Buffer, cfg.Fixed, cfg.Timeout = 16<<10, true, 20*time.Millisecond
				cfg.Batch = ipc.Batch{Count: 1000, Delay: -1}
				_, out, cmds, end := relaying(t, cfg, fmt.Sprint(from, " ", n), "tally", nil)
				signal(t, cmds[1], syscall.SIGSTOP)
				select {
				case err := <-end:
					t.Fatalf("a slow receiver ended the relay: %v", err)
				case <-time.After(150 * time.Millisecond):
				}
				signal(t, cmds[1], syscall.SIGCONT)
				if err := <-end; err != nil {
					t.Fatal(err)
				}
				if have := tallied(t, ctx, out); have != n {
					t.Fatalf("%d messages came out of %d", have, n)
				}
			})
		}
		t.Run("step fails", func(t *testing.T) {
			bad, n := errors.New("bad"), 0
			in, out, _, end := relaying(t, cfg, "source 10", "tally", func(p []byte) ([]byte, error) {
				if n++; n == 5 {
					return nil, bad
				}
				return p, nil
			})
			if err := <-end; !errors.Is(err, bad) {
				t.Fatalf("have %v, want the step's error", err)
			}
			if n := tallied(t, ctx, out); n != 4 {
				t.Fatalf("%d messages came out, want 4", n)
			}
			p, err := in.Recv(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := number(p); err != nil || n != 5 { // 4 was in hand
				t.Fatalf("the next is number %d, want 5: %v", n, err)
			}
		})
	})
}
