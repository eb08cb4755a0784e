package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// window is how many messages are in a pipeline at once.
const window = 512

// pipeline sends messages through n stages, one after the other.
func pipeline(b *testing.B, cfg ipc.Config, n int) crowd {
	var stages []pattern.Member
	for i := range n {
		conn, _ := peer(b, "stage", cfg)
		stages = append(stages, pattern.Member{Name: fmt.Sprint(i), Conn: conn})
	}
	p, err := pattern.NewPipeline(stages...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.Error(err)
		}
	})
	message, answer := make([]byte, messageSize), make([]byte, messageSize)
	sent, received := uint64(0), uint64(0)
	take := func(ctx context.Context) error {
		received++
		p, err := p.Recv(ctx, answer)
		if err != nil {
			return err
		}
		return stamped(p, received)
	}
	return crowd{
		weight: 1, sender: true,
		do: func(ctx context.Context) error {
			if sent-received == window {
				if err := take(ctx); err != nil {
					return err
				}
			}
			sent++
			stamp(message, sent)
			return p.Send(ctx, message)
		},
		finish: func(ctx context.Context) error {
			for received < sent {
				if err := take(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// stage passes on what it gets.
func stage(ctx context.Context, conn ipc.Conn) error { return pattern.Relay(ctx, conn, conn, nil) }

// An exchange is a member's view of a mesh: rounds in which everybody sends a message to everybody.
type exchange struct {
	g        *pattern.Group
	message  []byte
	round    uint64
	received map[string]uint64
	peers    int
	done     int // peers whose message of this round is here
}

// mesh makes rounds with n others.
func mesh(b *testing.B, cfg ipc.Config, n int) crowd {
	names := []string{"hub"}
	for i := range n {
		names = append(names, fmt.Sprint(i))
	}
	dir := b.TempDir()
	ctx, cancel := bounded(b)
	defer cancel()
	for _, name := range names[1:] {
		conn, _ := peer(b, "mesh", cfg)
		invitation := strings.Join(append([]string{string(cfg.Mechanism), dir, name}, names...), "\n")
		if err := conn.Send(ctx, []byte(invitation)); err != nil {
			b.Fatal(err)
		}
	}
	x, err := join(ctx, cfg.Mechanism, dir, "hub", names)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := x.g.Close(); err != nil {
			b.Error(err)
		}
	})
	return crowd{weight: (n + 1) * n, do: x.next, finish: func(context.Context) error { return nil }}
}

func join(ctx context.Context, mechanism ipc.Mechanism, dir, self string, names []string) (*exchange, error) {
	g, err := pattern.Join(ctx, config(mechanism), self, names, pattern.Place{Dir: dir, Listen: transport.Listen, Dial: transport.Dial})
	return &exchange{g: g, message: make([]byte, messageSize), received: map[string]uint64{}, peers: len(names) - 1}, err
}

// next makes a round: this member's message to all, and one of each. A member may be one round ahead of another.
func (x *exchange) next(ctx context.Context) error {
	x.round++
	stamp(x.message, x.round)
	if err := x.g.SendAll(ctx, x.message); err != nil {
		return err
	}
	for x.done < x.peers {
		from, p, err := x.g.Peek(ctx)
		if err != nil {
			return err
		}
		number := x.received[from] + 1
		x.received[from] = number
		err = stamped(p, number)
		x.g.Release()
		if err != nil {
			return err
		}
		if number == x.round {
			x.done++
		}
	}
	x.done = 0
	for _, number := range x.received {
		if number > x.round {
			x.done++
		}
	}
	return nil
}

// exchanges makes rounds until the hub leaves.
func exchanges(ctx context.Context, conn ipc.Conn) error {
	invitation, err := conn.Recv(ctx, nil)
	if err != nil {
		return err
	}
	f := strings.Split(string(invitation), "\n")
	x, err := join(ctx, ipc.Mechanism(f[0]), f[1], f[2], f[3:])
	if err != nil {
		return err
	}
	defer func() { _ = x.g.Close() }()
	for err == nil {
		err = x.next(ctx)
	}
	if errors.Is(err, ipc.ErrPeerGone) {
		return nil // the hub, or one that has seen it leave
	}
	return err
}
