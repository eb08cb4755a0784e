package pattern_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// A member is killed between rounds: it is reported by name, once by each half, and the rounds
// go on without it.
func TestKilledMember(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, cmds := group(t, cfg, repeat("echo", 4)...)
		round := func(n int) {
			t.Helper()
			if err := g.SendAll(ctx, []byte("x")); err != nil {
				t.Fatal(err)
			}
			for range n {
				if _, _, err := g.Recv(ctx, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		round(4)
		if err := cmds["b"].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _, err := g.Recv(ctx, nil)
		e := lost(t, err, "b")
		if !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) || e.Sent != 1 || e.Received != 1 {
			t.Fatalf("%v, want b gone, not closed, with 1 message each way", err)
		}
		if names := g.Names(); len(names) != 3 {
			t.Fatalf("members are %v after b was reported", names)
		}
		for range 20 {
			round(3)
		}
	})
}

// A sender that never receives hears of a death too: from the call that could not reach it, once.
func TestKilledReceiver(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, cmds := group(t, cfg, "deaf", "deaf", "deaf")
		if err := cmds["c"].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmds["c"].Wait()
		var err error
		for err == nil && ctx.Err() == nil { // a kernel's buffer may take some
			err = g.SendAll(ctx, []byte("x"))
			time.Sleep(time.Millisecond)
		}
		var u pattern.Undelivered
		if !errors.As(err, &u) || len(u) != 1 || u[0].Name != "c" || !errors.Is(err, ipc.ErrPeerGone) {
			t.Fatalf("have %v, want c gone and nothing else", err)
		}
		if err := g.SendAll(ctx, []byte("x")); err != nil {
			t.Fatalf("c was reported already: %v", err)
		}
		lost(t, g.Send(ctx, "c", nil), "c")
		for range 6 {
			if to, err := g.SendAny(ctx, []byte("x")); err != nil || to == "c" {
				t.Fatalf("sent to %q, %v", to, err)
			}
		}
		got := map[string]int{}
		for range 3 { // "here" of each, c's too if it came that far, and then its report
			from, _, err := g.Recv(ctx, nil)
			if err != nil {
				lost(t, err, "c")
				break
			}
			got[from]++
		}
	})
}

// Sources are killed at random moments: what comes of each is whole and in order, the survivors'
// messages go on coming, and each of the dead is reported once.
func TestKillAtRandom(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, cmds := group(t, cfg, repeat("flood", 6)...)
		next, dead := map[string]uint64{}, map[string]bool{}
		go func() {
			for name, cmd := range cmds {
				if name == "a" {
					continue
				}
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				_ = cmd.Process.Kill()
			}
		}()
		for rest := uint64(300); rest > 0; { // of a, after all the others are dead
			from, p, err := g.Recv(ctx, nil)
			var e *pattern.MemberError
			if errors.As(err, &e) {
				if dead[e.Name] || e.Received != next[e.Name] || e.Name == "a" {
					t.Fatalf("%v; reported before: %v; received %d", err, dead[e.Name], next[e.Name])
				}
				dead[e.Name] = true
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			have, err := number(p)
			if err != nil || have != next[from] || dead[from] {
				t.Fatalf("message %d of %s, want %d, dead: %v: %v", have, from, next[from], dead[from], err)
			}
			next[from]++
			if len(dead) == 5 {
				rest--
			}
		}
	})
}

// A member that takes nothing holds the others back, but for the timeout, and is named; the
// others have every message.
func TestSlowMember(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		cfg.Timeout = 100 * time.Millisecond
		g, _ := group(t, cfg, "echo", "deaf", "echo")
		slow(t, ctx, g, ipc.ErrTimeout)
		cfg.Timeout, cfg.NoWait = 0, true
		g, _ = group(t, cfg, "echo", "deaf", "echo")
		slow(t, ctx, g, ipc.ErrFull)
	})
}

// slow broadcasts until b holds it back and wants the error that says so.
func slow(t *testing.T, ctx context.Context, g *pattern.Group, want error) {
	t.Helper()
	recv := func() (from string, p []byte, err error) { // on a busy machine an answer may take longer than the timeout
		for {
			if from, p, err = g.Recv(ctx, nil); !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
				return from, p, err
			}
		}
	}
	if from, _, err := recv(); err != nil || from != "b" {
		t.Fatalf("the first message is from %q, %v", from, err)
	}
	p := make([]byte, 1000)
	collect := func() { // the answers of a and c, which have the message whatever b does
		t.Helper()
		for range 2 {
			if from, q, err := recv(); err != nil || len(q) != len(p) || from == "b" {
				t.Fatalf("an answer of %d bytes from %q, %v", len(q), from, err)
			}
		}
	}
	var err error
	sent := 0
	for err == nil {
		err = g.SendAll(ctx, p)
		sent++
		collect()
	}
	var u pattern.Undelivered
	if !errors.As(err, &u) || len(u) != 1 || u[0].Name != "b" || !errors.Is(err, want) || u[0].Sent != uint64(sent-1) {
		t.Fatalf("message %d: have %v, want b alone with %v", sent, err, want)
	}
	if err := g.Send(ctx, "b", p); !errors.Is(err, want) {
		t.Fatalf("Send to b: have %v, want %v", err, want)
	}
	for range 10 { // b is passed over while it is full
		if to, err := g.SendAny(ctx, p); err != nil || to == "b" {
			t.Fatalf("SendAny to %q, %v", to, err)
		}
		if _, _, err := recv(); err != nil {
			t.Fatal(err)
		}
	}
	if names := g.Names(); len(names) != 3 {
		t.Fatalf("a slow member was dropped: %v", names)
	}
}

// When nobody has room SendAny waits, until the context ends or someone has.
func TestSendAnyWaitsForRoom(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		cfg.MaxBuffer = 128 << 10 // or the deaf one's grows until it holds all
		g, _ := group(t, cfg, "deaf", "sink 1")
		p, took := make([]byte, 2000), map[string]int{}
		for n := range 500 { // more than either has room for: the one that takes one a millisecond gets the rest
			to, err := g.SendAny(ctx, p)
			if err != nil {
				t.Fatalf("message %d: %v", n, err)
			}
			took[to]++
		}
		if took["a"] == 0 || took["b"] <= took["a"] {
			t.Fatalf("by member: %v, want more to b, which takes them", took)
		}
		if err := g.Drop("b"); err != nil {
			t.Fatal(err)
		}
		var err error
		for err == nil {
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			_, err = g.SendAny(short, p)
			cancel()
		}
		if !errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("everybody is full: have %v, want ErrTimeout", err)
		}
	})
}

// A waiting Recv ends with its context and with the timeout, and the group goes on.
func TestRecvEndsWithTimeout(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		cfg.Timeout = 30 * time.Millisecond
		g, _ := group(t, cfg, "echo", "echo")
		if _, _, err := g.Recv(ctx, nil); !errors.Is(err, ipc.ErrTimeout) {
			t.Fatalf("have %v, want ErrTimeout", err)
		}
		cfg.Timeout = time.Hour
		patient, _ := group(t, cfg, "echo")
		short, cancel := context.WithCancelCause(ctx)
		enough := errors.New("enough")
		time.AfterFunc(10*time.Millisecond, func() { cancel(enough) })
		if _, _, err := patient.Recv(short, nil); !errors.Is(err, enough) {
			t.Fatalf("have %v, want the context's cause", err)
		}
		time.Sleep(100 * time.Millisecond) // the connections' own timeouts pass while they are watched
		if err := g.SendAll(ctx, []byte("x")); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < 2; {
			_, _, err := g.Recv(ctx, nil)
			if err != nil && !errors.Is(err, ipc.ErrTimeout) {
				t.Fatal(err)
			}
			if err == nil {
				got++
			}
		}
	})
}
