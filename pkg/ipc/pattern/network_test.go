package pattern_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// Messages go through all stages in order, several under way at once.
func TestPipelineKeepsOrder(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		ctx, n := within(t), 800
		p, _ := stages(t, cfg)
		sent := make(chan error, 1)
		go func() {
			for i := range n {
				if err := p.Send(ctx, []byte(fmt.Sprint(i))); err != nil {
					sent <- err
					return
				}
			}
			sent <- p.Flush(ctx)
		}()
		for i := range n {
			b, err := p.Recv(ctx, nil)
			if want := fmt.Sprint(i) + "xyz"; err != nil || string(b) != want {
				t.Fatalf("have %q, want %q: %v", b, want, err)
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Recv(ctx, nil); !errors.Is(err, ipc.ErrClosed) {
			t.Fatalf("have %v, want ErrClosed", err)
		}
	})
}

// stages is three stages that add x, y and z.
func stages(t *testing.T, cfg ipc.Config) (*pattern.Pipeline, []*exec.Cmd) {
	t.Helper()
	var members []pattern.Member
	var cmds []*exec.Cmd
	for _, name := range []string{"x", "y", "z"} {
		m, cmd := start(t, name, "append "+name, cfg)
		members = append(members, m)
		cmds = append(cmds, cmd)
	}
	p, err := pattern.NewPipeline(members...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, cmds
}

// A stage is killed, each in turn: both ends hear which, with the number of messages it got and
// gave.
func TestPipelineKilledStage(t *testing.T) {
	each(t, func(t *testing.T, cfg ipc.Config) {
		cfg.Timeout = 50 * time.Millisecond // which an idle pipeline must outlive
		for stage, name := range []string{"x", "y", "z"} {
			ctx := within(t)
			p, cmds := stages(t, cfg)
			if err := p.Send(ctx, []byte("1")); err != nil {
				t.Fatal(err)
			}
			if b, err := recvPatiently(ctx, p); err != nil || string(b) != "1xyz" {
				t.Fatalf("%q, %v", b, err)
			}
			time.Sleep(100 * time.Millisecond)
			signal(t, cmds[stage], syscall.SIGKILL)
			_, err := recvPatiently(ctx, p)
			if e := lost(t, err, name); !errors.Is(err, ipc.ErrPeerGone) || e.Sent != 1 || e.Received != 1 {
				t.Fatalf("have %v, want %s gone after 1 message each way", err, name)
			}
			lost(t, p.Send(ctx, []byte("2")), name)
		}
	})
}

func recvPatiently(ctx context.Context, p *pattern.Pipeline) ([]byte, error) {
	for {
		b, err := p.Recv(ctx, nil)
		var e *pattern.MemberError
		if errors.Is(err, ipc.ErrTimeout) && ctx.Err() == nil && errors.As(err, &e) {
			continue
		}
		return b, err
	}
}

// addressed runs a test on the transports that have addresses.
func addressed(t *testing.T, test func(t *testing.T, mechanism ipc.Mechanism)) {
	for _, mechanism := range []ipc.Mechanism{ipc.Unix, ipc.Shm} {
		t.Run(string(mechanism), func(t *testing.T) {
			t.Parallel()
			test(t, mechanism)
		})
	}
}

// Stages that know each other's addresses pass messages on without the parent.
func TestRelaysPassMessagesOn(t *testing.T) {
	addressed(t, func(t *testing.T, mechanism ipc.Mechanism) {
		ctx, cfg, dir := within(t), ipc.Config{Mechanism: mechanism}, t.TempDir()
		end, err := transport.Listen(filepath.Join(dir, "2"), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = end.Close() }()
		for _, stage := range []string{"0", "1"} {
			cmd := command(fmt.Sprintf("stage %s %s %s", mechanism, dir, stage))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := cmd.Wait(); err != nil { // the end travels down the line, in order
					t.Errorf("stage %s: %v", stage, err)
				}
			}()
		}
		out, err := end.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		var in ipc.Conn
		for in == nil {
			if in, err = transport.Dial(ctx, filepath.Join(dir, "0"), cfg); err != nil && ctx.Err() != nil {
				t.Fatal(err)
			}
		}
		for i := range 500 {
			if err := in.Send(ctx, []byte(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			if i%3 == 0 {
				continue // swallowed by a step that returns nil
			}
			b, err := out.Recv(ctx, nil)
			if want := fmt.Sprint(i) + "01"; err != nil || string(b) != want {
				t.Fatalf("have %q, want %q: %v", b, want, err)
			}
		}
		if _, err := out.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerClosed) {
			t.Fatalf("have %v, want the end in order", err)
		}
	})
}

// relayStage listens at dir/n, dials dir/n+1 and relays.
func relayStage(ctx context.Context, arg string) error {
	f := strings.Fields(arg)
	cfg := ipc.Config{Mechanism: ipc.Mechanism(f[0]), Batch: ipc.Batch{Count: 10, Delay: -1}}
	l, err := transport.Listen(filepath.Join(f[1], f[2]), cfg)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	var out ipc.Conn
	for out == nil {
		next := string(f[2][0] + 1)
		if out, err = transport.Dial(ctx, filepath.Join(f[1], next), cfg); err != nil && ctx.Err() != nil {
			return err
		}
	}
	in, err := l.Accept(ctx)
	if err != nil {
		return err
	}
	n := 0
	err = pattern.Relay(ctx, in, out, func(p []byte) ([]byte, error) {
		if n++; f[2] == "0" && n%3 == 1 {
			return nil, nil
		}
		return append(p[:len(p):len(p)], f[2]...), nil
	})
	return errors.Join(err, out.Close(), in.Close())
}

var meshNames = []string{"n0", "n1", "n2", "n3"}

// Everybody reaches everybody; a stranger is turned away; the members see each other leave.
func TestMeshReachesEverybody(t *testing.T) {
	addressed(t, func(t *testing.T, mechanism ipc.Mechanism) {
		ctx, dir := within(t), t.TempDir()
		at := place(mechanism, dir)
		errs := make(chan error, len(meshNames))
		for _, name := range meshNames[1:] {
			cmd := command(fmt.Sprintf("mesh %s %s %s", mechanism, dir, name))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			go func() { errs <- cmd.Wait() }()
		}
		go func() { // says a name that nobody waits for
			for ctx.Err() == nil {
				conn, err := transport.Dial(ctx, filepath.Join(dir, "n0"), ipc.Config{Mechanism: mechanism})
				if err == nil {
					_ = conn.Send(ctx, []byte("intruder"))
					_, _ = conn.Recv(ctx, nil)
					_ = conn.Close()
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		if err := mesh(ctx, at, "n0"); err != nil {
			t.Error(err)
		}
		for range meshNames[1:] {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

func place(mechanism ipc.Mechanism, dir string) pattern.Place {
	at, err := transport.Of(mechanism)
	if err != nil {
		panic(err)
	}
	return pattern.Place{Dir: dir, Transport: at}
}

func meshMember(ctx context.Context, arg string) error {
	f := strings.Fields(arg)
	return mesh(ctx, place(ipc.Mechanism(f[0]), f[1]), f[2])
}

// mesh is one member: rounds in which each sends to each, its own name and the round.
func mesh(ctx context.Context, at pattern.Place, self string) error {
	g, err := pattern.Join(ctx, ipc.Config{}, self, meshNames, at)
	if err != nil {
		return err
	}
	const rounds = 100
	next := map[string]int{}
	got := 0
	take := func() error {
		from, p, err := g.Recv(ctx, nil)
		var e *pattern.MemberError
		if errors.As(err, &e) && errors.Is(err, ipc.ErrPeerClosed) && e.Received == rounds {
			return nil // it has everything, and all it had to say is here
		}
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("%s to %s %d", from, self, next[from]); string(p) != want {
			return fmt.Errorf("%s has %q from %s, want %q", self, p, from, want)
		}
		next[from]++
		got++
		return nil
	}
	for round := range rounds {
		for _, to := range g.Names() {
			if err := g.Send(ctx, to, fmt.Appendf(nil, "%s to %s %d", self, to, round)); err != nil {
				return err
			}
		}
		for got < (len(meshNames)-1)*(round+1) {
			if err := take(); err != nil {
				return err
			}
		}
	}
	return g.Close()
}

// One that never comes is named.
func TestJoinNamesWhoIsMissing(t *testing.T) {
	addressed(t, func(t *testing.T, mechanism ipc.Mechanism) {
		at := place(mechanism, t.TempDir())
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for _, self := range []string{"a", "b"} {
			_, err := pattern.Join(short, ipc.Config{}, self, []string{"a", "b"}, at)
			missing := map[string]string{"a": "b", "b": "a"}[self]
			if !errors.Is(err, ipc.ErrTimeout) || !strings.Contains(err.Error(), missing) {
				t.Fatalf("%s: have %v, want a timeout that names %s", self, err, missing)
			}
		}
		if _, err := pattern.Join(t.Context(), ipc.Config{}, "c", []string{"a", "b"}, at); err == nil {
			t.Fatal("c is not in the list and was let in")
		}
	})
}
