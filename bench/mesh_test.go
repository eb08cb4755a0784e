package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// mesh makes rounds with n others. Every two members have a connection, but on pipes: these join
// a parent and its child and nobody else, so that messages between two members go through their
// parent, one of the members, which is twice the way.
func mesh(b *testing.B, cfg ipc.Config, n int) crowd {
	names := []string{"hub"}
	for i := range n {
		names = append(names, fmt.Sprint(i))
	}
	ctx, cancel := bounded(b)
	defer cancel()
	dir := b.TempDir()
	invitation := func(name string) []byte {
		return []byte(strings.Join(append([]string{string(cfg.Mechanism), dir, name}, names...), "\n"))
	}
	if cfg.Mechanism == ipc.Pipe {
		g := group(b, "mesh", cfg, n)
		for _, name := range names[1:] {
			if err := g.Send(ctx, name, invitation(name)); err != nil {
				b.Fatal(err)
			}
		}
		return crowd{weight: (n + 1) * n, do: newExchange(hub{g, names}, "hub", names).next, finish: complete}
	}
	for _, name := range names[1:] {
		conn, _ := peer(b, "mesh", cfg)
		if err := conn.Send(ctx, invitation(name)); err != nil {
			b.Fatal(err)
		}
	}
	g, err := join(ctx, cfg.Mechanism, dir, "hub", names)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
	})
	return crowd{weight: (n + 1) * n, do: newExchange(g, "hub", names).next, finish: complete}
}

func join(ctx context.Context, mechanism ipc.Mechanism, dir, self string, names []string) (*pattern.Group, error) {
	t, err := transport.Of(mechanism)
	if err != nil {
		return nil, err
	}
	return pattern.Join(ctx, config(mechanism), self, names, pattern.Place{Dir: dir, Transport: t})
}

// exchanges makes rounds until the hub leaves.
func exchanges(ctx context.Context, conn ipc.Conn) error {
	invitation, err := conn.Recv(ctx, nil)
	if err != nil {
		return err
	}
	f := strings.Split(string(invitation), "\n")
	mechanism, dir, self, names := ipc.Mechanism(f[0]), f[1], f[2], f[3:]
	var g others = spoke{conn, names}
	if mechanism != ipc.Pipe {
		mesh, err := join(ctx, mechanism, dir, self, names)
		if err != nil {
			return err
		}
		defer func() { _ = mesh.Close() }()
		g = mesh
	}
	x := newExchange(g, self, names)
	for err == nil {
		err = x.next(ctx)
	}
	if errors.Is(err, ipc.ErrPeerGone) {
		return nil // the hub, or one that has seen it leave
	}
	return err
}

// others are the rest of a mesh as a member sees it. A pattern.Group is one as it stands.
type others interface {
	SendAll(ctx context.Context, p []byte) error
	Peek(ctx context.Context) (from string, p []byte, err error)
	Release()
}

// An exchange is a member's part in rounds in which everybody sends a message to everybody.
type exchange struct {
	g        others
	message  []byte
	round    uint64
	received map[string]uint64
	peers    int
	done     int // peers whose message of this round is here
}

// author is the byte of a message that says who wrote it, by the place in the list of names.
const author = 8

func newExchange(g others, self string, names []string) *exchange {
	x := &exchange{g: g, message: make([]byte, messageSize), received: map[string]uint64{}, peers: len(names) - 1}
	x.message[author] = byte(slices.Index(names, self))
	return x
}

// next makes a round: this member's message to all, and one of each. A member may be one round
// ahead of another.
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

// hub is a mesh seen by the parent of all others: what one sends it passes on to the rest.
type hub struct {
	*pattern.Group
	names []string
}

func (h hub) Peek(ctx context.Context) (from string, p []byte, err error) {
	if from, p, err = h.Group.Peek(ctx); err != nil {
		return from, p, err
	}
	for _, name := range h.names[1:] {
		if name != from {
			if err := h.Send(ctx, name, p); err != nil {
				return from, p, err
			}
		}
	}
	return from, p, nil
}

// spoke is a mesh seen by a member that has a connection to the hub alone.
type spoke struct {
	conn  ipc.Conn
	names []string
}

func (s spoke) SendAll(ctx context.Context, p []byte) error { return s.conn.Send(ctx, p) }

func (s spoke) Peek(ctx context.Context) (from string, p []byte, err error) {
	if p, err = s.conn.Peek(ctx); err != nil {
		return "", nil, err
	}
	if len(p) <= author || int(p[author]) >= len(s.names) {
		return "", nil, fmt.Errorf("a message of nobody: %x", p)
	}
	return s.names[p[author]], p, nil
}

func (s spoke) Release() { s.conn.Release() }
