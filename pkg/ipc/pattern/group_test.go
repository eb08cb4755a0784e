package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// Every message of every source arrives, in its order; then the end of each is told once.
func TestFanInKeepsOrder(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx, n := within(t), uint64(1500)
		g, _ := group(t, cfg, repeat(fmt.Sprint("source ", n), 5)...)
		next, ended := map[string]uint64{}, []string{}
		var buf []byte
		for turn := 0; ; turn++ {
			var from string
			var err error
			if turn%2 == 0 {
				from, buf, err = g.Recv(ctx, buf)
			} else if from, buf, err = g.Peek(ctx); err == nil {
				buf = slices.Clone(buf)
				g.Release()
			}
			if errors.Is(err, pattern.ErrNoMembers) {
				break
			}
			var e *pattern.MemberError
			if errors.As(err, &e) {
				if !errors.Is(err, ipc.ErrPeerClosed) || e.Received != n || next[e.Name] != n {
					t.Fatalf("%v after %d messages, want %d and ErrPeerClosed", err, next[e.Name], n)
				}
				ended = append(ended, e.Name)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			have, err := number(buf)
			if err != nil || have != next[from] {
				t.Fatalf("message %d of %s, want %d: %v", have, from, next[from], err)
			}
			next[from]++
		}
		slices.Sort(ended)
		if fmt.Sprint(ended) != "[a b c d e]" {
			t.Fatalf("reports of %v, want each member once", ended)
		}
	})
}

// Every message is answered by exactly one worker while the two halves are used at the same
// time, and every worker has some.
func TestFanOutAnswersEachOnce(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx, n := within(t), uint64(3000)
		g, _ := group(t, cfg, repeat("echo", 4)...)
		sent := make(chan error, 1)
		go func() {
			for i := range n {
				if _, err := g.SendAny(ctx, numbered(i)); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		seen, by := map[uint64]bool{}, map[string]int{}
		for range n {
			from, p, err := g.Recv(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			i, err := number(p)
			if err != nil || seen[i] {
				t.Fatalf("message %d from %s, seen before: %v; %v", i, from, seen[i], err)
			}
			seen[i] = true
			by[from]++
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if len(seen) != int(n) || len(by) != 4 {
			t.Fatalf("%d of %d messages came back, by member: %v", len(seen), n, by)
		}
	})
}

// A round: everybody gets the message and everybody's answer comes, also of messages larger than
// a ring.
func TestEverybodyGetsAndAnswersABroadcast(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, _ := group(t, cfg, repeat("echo", 5)...)
		for round := range 100 {
			p := numbered(uint64(round))
			if round%50 == 49 {
				p = make([]byte, 300<<10)
			}
			if err := g.SendAll(ctx, p); err != nil {
				t.Fatal(err)
			}
			if round == 20 {
				time.Sleep(30 * time.Millisecond) // everybody falls asleep
			}
			got := map[string]bool{}
			for range 5 {
				from, q, err := g.Recv(ctx, nil)
				if err != nil || got[from] || string(q) != string(p) {
					t.Fatalf("round %d: %d bytes from %s, want %d, once from each: %v", round, len(q), from, len(p), err)
				}
				got[from] = true
			}
			if round == 40 {
				time.Sleep(30 * time.Millisecond) // this side falls asleep
			}
		}
	})
}

// Batches are sent by Flush.
func TestFlushSendsBatches(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		cfg.Batch = ipc.Batch{Count: 1000, Delay: -1}
		g, _ := group(t, cfg, "echo", "echo")
		for range 10 {
			if err := errors.Join(g.SendAll(ctx, []byte("x")), g.Flush(ctx)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, _, err := g.Recv(ctx, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestMembersComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, _ := group(t, cfg)
		check := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Fatalf("%s: have %v, want %v", what, err, want)
			}
		}
		_, _, err := g.Recv(ctx, nil)
		check("Recv without members", err, pattern.ErrNoMembers)
		_, err = g.SendAny(ctx, nil)
		check("SendAny without members", err, pattern.ErrNoMembers)
		check("SendAll without members", g.SendAll(ctx, nil), pattern.ErrNoMembers)
		check("Send to nobody", g.Send(ctx, "x", nil), pattern.ErrUnknown)
		check("Drop nobody", g.Drop("x"), pattern.ErrUnknown)

		quiet, _ := start(t, "quiet", "echo", cfg)
		late, _ := start(t, "late", "echo", cfg)
		check("Add", g.Add(quiet), nil)
		if err := g.Add(pattern.Member{Name: "quiet", Conn: late.Conn}); err == nil {
			t.Fatal("a name was taken twice")
		}
		heard := make(chan struct{})
		go func() { // Recv waits for quiet, which says nothing, and must hear late
			time.Sleep(50 * time.Millisecond)
			_ = late.Conn.Send(ctx, []byte("hello")) // not in the group yet: its connection is still the caller's
			_ = g.Add(late)
			select {
			case <-heard:
			case <-ctx.Done():
			}
			time.Sleep(50 * time.Millisecond)
			_ = g.Drop("quiet")
			time.Sleep(50 * time.Millisecond)
			_ = g.Close()
		}()
		from, p, err := g.Recv(ctx, nil)
		if err != nil || from != "late" || string(p) != "hello" {
			t.Fatalf("%q from %s, %v", p, from, err)
		}
		close(heard)
		_, _, err = g.Recv(ctx, nil) // a dropped member is not reported; Close is
		check("Recv while the group is closed", err, ipc.ErrClosed)
		check("Recv on a closed group", func() error { _, _, err := g.Recv(ctx, nil); return err }(), ipc.ErrClosed)
		check("Send on a closed group", g.Send(ctx, "late", nil), ipc.ErrClosed)
		check("Add to a closed group", g.Add(quiet), ipc.ErrClosed)
		check("second Close", g.Close(), nil)
	})
}

// told is a connection that hears how many members its group has.
type told struct {
	ipc.Conn
	ipc.Prober
	among int
}

func (c *told) Among(n int) { c.among = n }

func TestMembersAreToldHowManyTheyAre(t *testing.T) {
	g, _ := group(t, ipc.Config{})
	var all []*told
	for i, want := range []int{1, 2, 3, 2} {
		if want > len(all) {
			m, _ := start(t, fmt.Sprint(i), "echo", ipc.Config{Mechanism: ipc.Unix})
			all = append(all, &told{Conn: m.Conn, Prober: m.Conn.(ipc.Prober)})
			m.Conn = all[i]
			if err := g.Add(m); err != nil {
				t.Fatal(err)
			}
		} else if err := g.Drop("0"); err != nil {
			t.Fatal(err)
		}
		for _, c := range all[i/3:] { // the first one is dropped last
			if c.among != want {
				t.Errorf("a member of %d was told %d", want, c.among)
			}
		}
	}
}

// plain is a connection that is no ipc.Prober.
type plain struct{ ipc.Conn }

func TestGroupTakesConnsThatAreNoProber(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, _ := group(t, cfg)
		for _, name := range []string{"a", "b"} {
			m, _ := start(t, name, "echo", cfg)
			m.Conn = plain{m.Conn}
			if err := g.Add(m); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 300 {
			want := fmt.Sprint("message ", i)
			if err := errors.Join(g.SendAll(ctx, []byte(want)), g.Flush(ctx)); err != nil {
				t.Fatal(err)
			}
			to, err := g.SendAny(ctx, []byte(want))
			if err != nil {
				t.Fatal(err)
			}
			heard := map[string]int{}
			for range 3 {
				from, p, err := g.Recv(ctx, nil)
				if err != nil || string(p) != want {
					t.Fatalf("%q from %s, %v, want %q", p, from, err, want)
				}
				heard[from]++
			}
			if heard[to] != 2 || len(heard) != 2 {
				t.Fatalf("heard %v after sending to both and to %s", heard, to)
			}
			if i%100 == 0 {
				time.Sleep(20 * time.Millisecond) // the next Recv has waited
			}
		}
	})
}

// An ended context is looked at though messages are there, and costs neither a message nor a
// member.
func TestEndedContext(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, _ := group(t, cfg, "source 100")
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for i := range uint64(100) {
			_, p, err := g.Peek(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := number(p); n != i || err != nil {
				t.Fatalf("message %d, want %d: %v", n, i, err)
			}
			if _, _, err := g.Peek(ended); !errors.Is(err, context.Canceled) {
				t.Fatalf("have %v, want the context's end", err)
			}
			if _, _, err := g.Recv(ended, nil); !errors.Is(err, context.Canceled) {
				t.Fatalf("have %v, want the context's end", err)
			}
			if _, q, err := g.Peek(ctx); err != nil || len(q) != len(p) {
				t.Fatalf("a second Peek: %d bytes, want %d: %v", len(q), len(p), err)
			}
			g.Release()
		}
		if err := g.Drop("a"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := g.Peek(ctx); !errors.Is(err, pattern.ErrNoMembers) {
			t.Fatalf("have %v, want ErrNoMembers", err)
		}
	})
}

// slowFlush is a connection whose batch the peer does not take.
type slowFlush struct {
	ipc.Conn
	ipc.Prober
	limit time.Duration
}

func (c slowFlush) TryFlush() error { return ipc.ErrFull }

func (c slowFlush) Flush(ctx context.Context) error {
	select {
	case <-time.After(c.limit):
	case <-ctx.Done():
	}
	return ipc.ErrTimeout
}

func TestNegativeTimeoutIsRefused(t *testing.T) {
	if g, err := pattern.New(pattern.Options{Timeout: -1}); g != nil || err == nil {
		t.Errorf("a group with a negative Timeout: %v, %v", g, err)
	}
}

func TestFlushWaitsForAllTogether(t *testing.T) {
	const limit, members = 300 * time.Millisecond, 5
	g, err := pattern.New(pattern.Options{Timeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	for i := range members {
		m, _ := start(t, fmt.Sprint(i), "echo", ipc.Config{Mechanism: ipc.Unix})
		m.Conn = slowFlush{m.Conn, m.Conn.(ipc.Prober), limit}
		if err := g.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	var failed pattern.Undelivered
	if err := g.Flush(t.Context()); !errors.As(err, &failed) || len(failed) != members || !errors.Is(err, ipc.ErrTimeout) {
		t.Errorf("Flush: %v, want a timeout of each of %d", err, members)
	}
	if took := time.Since(begin); took > 3*limit {
		t.Errorf("Flush of %d slow members took %v with a Timeout of %v", members, took, limit)
	}
}
