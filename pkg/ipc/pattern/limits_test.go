package pattern_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// turn is the number in the package's documentation.
const turn = 64

// While two have messages, one that has many more has no more than one turn before the other has
// its own.
func TestTurnsAreLimited(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		const many, few = 900, 200
		a, _ := start(t, "a", fmt.Sprint("hoard ", many), cfg)
		b, _ := start(t, "b", fmt.Sprint("hoard ", few), cfg)
		for !a.Conn.Ready() || !b.Conn.Ready() { // with one message of each all are here, or a moment later
			if err := ctx.Err(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
		g, err := pattern.New(pattern.OptionsOf(cfg), a, b)
		if err != nil {
			t.Fatal(err)
		}
		longest, run := 0, 0
		for left := few + 1; left > 0; {
			from, _, err := g.Recv(ctx, nil)
			switch {
			case err != nil:
				t.Fatal(err)
			case from == "a":
				run++
				longest = max(longest, run)
			default:
				left--
				run = 0
			}
		}
		if longest != turn {
			t.Fatalf("b waited for %d messages of a, want turns of %d", longest, turn)
		}
	})
}

// hoard sends n short messages at once, in one batch, the first of which says that the others
// are there.
func hoard(ctx context.Context, conn ipc.Conn, n int) error {
	if err := conn.Send(ctx, []byte("all here")); err != nil {
		return err
	}
	for i := range n {
		if err := conn.Send(ctx, []byte{byte(i)}); err != nil {
			return err
		}
	}
	return conn.Flush(ctx)
}

// One that was silent, while another floods the group, and then says something, is heard, with
// one processor as well. By then it is left to a goroutine, so it depends on the scheduler after
// how many of the other's messages: up to 260,000 were seen with one processor.
func TestFloodAgainstQuiet(t *testing.T) {
	const most = 20_000_000
	quiet := func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		g, _ := group(t, cfg, "chatter")
		far := joined(t, ctx, g, "quiet", cfg)
		for range 5 {
			for range 20_000 { // more than the group looks for a silent member itself: 256 turns of 64
				if from, _, err := g.Recv(ctx, nil); err != nil || from != "a" {
					t.Fatalf("from %q, %v", from, err)
				}
			}
			if err := far.Send(ctx, []byte("now")); err != nil {
				t.Fatal(err)
			}
			from, n := "", 0
			for ; from != "quiet" && n < most; n++ {
				var err error
				if from, _, err = g.Recv(ctx, nil); err != nil {
					t.Fatal(err)
				}
			}
			if from != "quiet" {
				t.Fatalf("not heard within %d messages of the other", n)
			}
		}
	}
	for _, mechanism := range addresses {
		cfg := ipc.Config{Mechanism: mechanism}
		t.Run(string(mechanism), func(t *testing.T) { quiet(t, cfg) })
		t.Run(string(mechanism)+" with one processor", func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			quiet(t, cfg)
		})
	}
}

// joined adds a member to g whose other end is in this process, so that the test knows when its
// message is there.
func joined(t *testing.T, ctx context.Context, g *pattern.Group, name string, cfg ipc.Config) ipc.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := transport.Listen(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	far, err := transport.Dial(ctx, path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	near, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Add(pattern.Member{Name: name, Conn: near}); err != nil {
		t.Fatal(err)
	}
	return far
}
