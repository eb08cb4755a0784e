package pattern_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// How the meshes with an odd member go: everybody but the odd one waits for everybody but the
// odd one, round by round.
const (
	odd       = "n2"                   // is killed or stopped
	oddRounds = 120                    // of all
	oddAt     = 10                     // the round in which it happens
	oddWait   = 100 * time.Millisecond // how long a round is held back by it
	oddRefuse = 6                      // rounds in which it is refused a message before it goes on
)

// peer is what one member knows of another.
type peer struct {
	told    uint64 // messages given to its connection
	refused int    // and those that were not
	got     uint64 // messages received
	last    int64  // the number of the last, -1 before
	ended   bool   // it has said how many it sent, and that was right
}

// oddMesh is one member of a mesh in which one is killed or stopped.
type oddMesh struct {
	self  string
	g     *pattern.Group
	peers map[string]*peer
	died  int             // reports of the odd one's death
	after func(round int) // is called after each round
}

func joinOdd(ctx context.Context, at pattern.Place, self string) (*oddMesh, error) {
	cfg := ipc.Config{Buffer: 64 << 10, Fixed: true}
	g, err := pattern.Join(ctx, cfg, self, meshNames, at)
	if err != nil {
		return nil, err
	}
	o := &oddMesh{self: self, g: g, peers: map[string]*peer{}, after: func(int) {}}
	for _, name := range g.Names() {
		o.peers[name] = &peer{last: -1}
	}
	return o, nil
}

// message is 16 KiB with a number; the end of all is 8 bytes that say how many there were.
func (o *oddMesh) message(round int) []byte {
	return binary.LittleEndian.AppendUint64(make([]byte, 16<<10), uint64(round))
}

// play is all rounds and the end.
func (o *oddMesh) play(ctx context.Context) error {
	for round := range oddRounds {
		if err := o.send(ctx, round); err != nil {
			return fmt.Errorf("%s, round %d: %w", o.self, round, err)
		}
		for o.behind(func(p *peer) bool { return p.last < int64(round) && !p.ended }, odd) {
			if err := o.take(ctx); err != nil {
				return fmt.Errorf("%s, round %d: %w", o.self, round, err)
			}
		}
		o.after(round)
	}
	for _, name := range o.g.Names() {
		if err := o.g.Send(ctx, name, binary.LittleEndian.AppendUint64(nil, o.peers[name].told)); err != nil && (name != odd || !errors.Is(err, ipc.ErrPeerGone)) {
			return fmt.Errorf("%s: end: %w", o.self, err)
		}
	}
	for o.behind(func(p *peer) bool { return !p.ended }, "") {
		if err := o.take(ctx); err != nil {
			return fmt.Errorf("%s: end: %w", o.self, err)
		}
	}
	return o.g.Close()
}

// behind says whether somebody, but for one, still is.
func (o *oddMesh) behind(is func(*peer) bool, but string) bool {
	for _, name := range o.g.Names() {
		if name != but && is(o.peers[name]) {
			return true
		}
	}
	return false
}

// send gives everybody the round's message. The odd one may fail to get it; another may, where
// the machine stands still for longer than the wait, and gets it then.
func (o *oddMesh) send(ctx context.Context, round int) error {
	p, failed := o.message(round), pattern.Undelivered(nil)
	for {
		short, cancel := context.WithTimeout(ctx, oddWait)
		err := o.g.SendAll(short, p)
		cancel()
		if errors.As(err, &failed) || err == nil {
			break
		}
		if !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil { // with that it had ended before it began
			return err
		}
	}
	for name, f := range o.peers {
		f.told++ // who is gone is not asked what it got
		for _, e := range failed {
			if e.Name != name {
				continue
			}
			f.refused++
			switch {
			case name == odd && (errors.Is(e, ipc.ErrTimeout) || errors.Is(e, ipc.ErrPeerGone)):
				f.told--
			case !errors.Is(e, ipc.ErrTimeout):
				return e
			default:
				if err := o.g.Send(ctx, name, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// take receives one message and checks it.
func (o *oddMesh) take(ctx context.Context) error {
	from, p, err := o.g.Recv(ctx, nil)
	var e *pattern.MemberError
	if errors.As(err, &e) {
		switch {
		case errors.Is(err, ipc.ErrPeerClosed) && o.peers[e.Name].ended: // done
			return nil
		case e.Name == odd && errors.Is(err, ipc.ErrPeerGone) && !errors.Is(err, ipc.ErrPeerClosed) && e.Received == o.peers[odd].got:
			o.died++
			return nil
		}
	}
	if err != nil {
		return err
	}
	f := o.peers[from]
	n := int64(binary.LittleEndian.Uint64(p[len(p)-8:]))
	switch {
	case len(p) == 8 && uint64(n) == f.got && !f.ended:
		f.ended = true
	case len(p) == 8:
		return fmt.Errorf("%s says it sent %d messages, %d came", from, n, f.got)
	case n <= f.last || n != f.last+1 && o.self != odd || f.ended: // the odd one may have been refused some
		return fmt.Errorf("message %d of %s after %d", n, from, f.last)
	default:
		f.got++
		f.last = n
	}
	return nil
}

// oddMember is the part of a child: "mechanism folder name".
func oddMember(ctx context.Context, arg string) error {
	f := strings.Fields(arg)
	o, err := joinOdd(ctx, place(ipc.Mechanism(f[0]), f[1]), f[2])
	if err != nil {
		return err
	}
	if err := o.play(ctx); err != nil {
		return err
	}
	if o.died > 1 {
		return fmt.Errorf("%s heard %d times of one death", o.self, o.died)
	}
	return nil
}

// startOdd starts all members but n0, which it returns.
func startOdd(t *testing.T, ctx context.Context, mechanism ipc.Mechanism) (*oddMesh, map[string]*exec.Cmd) {
	t.Helper()
	dir, cmds := t.TempDir(), map[string]*exec.Cmd{}
	for _, name := range meshNames[1:] {
		cmd := command(fmt.Sprintf("odd %s %s %s", mechanism, dir, name))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		cmds[name] = cmd
	}
	o, err := joinOdd(ctx, place(mechanism, dir), "n0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.g.Close() })
	return o, cmds
}

// A member of a mesh is killed between messages: each of the others hears it by name, once, and
// they finish all rounds.
func TestMeshKilledMember(t *testing.T) {
	alone(t, addresses, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		o, cmds := startOdd(t, ctx, cfg.Mechanism)
		o.after = func(round int) {
			if round == oddAt {
				signal(t, cmds[odd], syscall.SIGKILL)
			}
		}
		if err := o.play(ctx); err != nil {
			t.Fatal(err)
		}
		if o.died != 1 || o.peers["n1"].got != oddRounds || o.peers["n3"].got != oddRounds || o.peers[odd].got >= oddRounds {
			t.Fatalf("%d reports of %s, messages: %v, %v, %v", o.died, odd, *o.peers["n1"], *o.peers[odd], *o.peers["n3"])
		}
		for _, name := range []string{"n1", "n3"} {
			if err := cmds[name].Wait(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A member of a mesh is stopped: it is refused messages by name, the others have all rounds of
// each other meanwhile, and when it goes on it gets what was sent to it, in order, once, and
// they get all of its.
func TestMeshStoppedMember(t *testing.T) {
	alone(t, addresses, func(t *testing.T, cfg ipc.Config) {
		ctx := within(t)
		o, cmds := startOdd(t, ctx, cfg.Mechanism)
		stopped := true
		o.after = func(round int) {
			if round == oddAt {
				signal(t, cmds[odd], syscall.SIGSTOP)
			}
			if stopped && o.peers[odd].refused >= oddRefuse {
				stopped = false
				signal(t, cmds[odd], syscall.SIGCONT)
			}
		}
		if err := o.play(ctx); err != nil {
			t.Fatal(err)
		}
		if stopped || o.died > 0 {
			t.Fatalf("%s was never refused a message: %v; or died: %d", odd, stopped, o.died)
		}
		if n := o.peers["n3"].refused; n >= o.peers[odd].refused { // which is behind it in the order
			t.Errorf("n3 was refused %d messages while %s was stopped, which was refused as many", n, odd)
		}
		for name, p := range o.peers {
			if p.got != oddRounds {
				t.Errorf("%d messages of %s, want %d", p.got, name, oddRounds)
			}
			if err := cmds[name].Wait(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
