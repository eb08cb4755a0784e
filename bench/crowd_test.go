package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// fanIn takes messages of n sources, numbered by each.
func fanIn(b *testing.B, cfg ipc.Config, n int) crowd {
	g := group(b, "source", cfg, n)
	received, open := make([]uint64, n), 0
	ask := func(ctx context.Context, name string) error {
		open += chunk
		return g.Send(ctx, name, binary.LittleEndian.AppendUint64(nil, chunk))
	}
	take := func(ctx context.Context) (string, uint64, error) {
		from, p, err := g.Peek(ctx)
		if err != nil {
			return "", 0, err
		}
		i, err := strconv.Atoi(from)
		if err != nil {
			return "", 0, err
		}
		received[i]++
		err = stamped(p, received[i])
		g.Release()
		open--
		return from, received[i], err
	}
	return crowd{
		weight: 1,
		do: func(ctx context.Context) error {
			if open == 0 {
				for _, name := range g.Names() {
					if err := errors.Join(ask(ctx, name), ask(ctx, name)); err != nil {
						return err
					}
				}
			}
			from, number, err := take(ctx)
			if err == nil && number%chunk == 0 {
				err = ask(ctx, from)
			}
			return err
		},
		finish: func(ctx context.Context) error {
			for open > 0 {
				if _, _, err := take(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// source sends as many numbered messages as it is asked for.
func source(ctx context.Context, conn ipc.Conn) error {
	message, number := make([]byte, messageSize), uint64(0)
	var request []byte
	for {
		var err error
		request, err = conn.Recv(ctx, request)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for range binary.LittleEndian.Uint64(request) {
			number++
			if err := sendCopy(ctx, conn, message, number); err != nil {
				return err
			}
		}
	}
}

// fanOut gives messages to whichever of n workers has room.
func fanOut(b *testing.B, cfg ipc.Config, n int) crowd {
	g := group(b, "worker", cfg, n)
	message, number, sum := make([]byte, messageSize), uint64(0), uint64(0)
	return crowd{
		weight: 1, sender: true,
		do: func(ctx context.Context) error {
			number++
			sum += number
			stamp(message, number)
			_, err := g.SendAny(ctx, message)
			return err
		},
		finish: func(ctx context.Context) error { return tally(ctx, g, number, sum) },
	}
}

// tally asks every worker what it got: together, each message once.
func tally(ctx context.Context, g *pattern.Group, number, sum uint64) error {
	if err := errors.Join(g.SendAll(ctx, nil), g.Flush(ctx)); err != nil {
		return err
	}
	var count, total uint64
	for range g.Names() {
		_, p, err := g.Recv(ctx, nil)
		if err != nil {
			return err
		}
		count += binary.LittleEndian.Uint64(p)
		total += binary.LittleEndian.Uint64(p[8:])
	}
	if count != number || total != sum {
		return fmt.Errorf("%d messages with numbers of sum %d sent, %d with %d arrived", number, sum, count, total)
	}
	return nil
}

// worker takes messages whose numbers rise and answers an empty one with how many there were, and their sum.
func worker(ctx context.Context, conn ipc.Conn) error {
	var count, sum, last uint64
	answer := make([]byte, 16)
	for {
		p, err := conn.Peek(ctx)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(p) == 0 {
			conn.Release()
			binary.LittleEndian.PutUint64(answer, count)
			binary.LittleEndian.PutUint64(answer[8:], sum)
			if err := conn.Send(ctx, answer); err != nil {
				return err
			}
			continue
		}
		number := binary.LittleEndian.Uint64(p)
		if err := stamped(p, number); err != nil {
			return err
		}
		if number <= last {
			return fmt.Errorf("message %d came behind %d", number, last)
		}
		conn.Release()
		count, sum, last = count+1, sum+number, number
	}
}

// broadcast sends each message to n sinks.
func broadcast(b *testing.B, cfg ipc.Config, n int) crowd {
	g := group(b, "sink", cfg, n)
	message, number := make([]byte, messageSize), uint64(0)
	return crowd{
		weight: n, sender: true,
		do: func(ctx context.Context) error {
			number++
			stamp(message, number)
			return g.SendAll(ctx, message)
		},
		finish: func(ctx context.Context) error {
			if err := g.SendAll(ctx, nil); err != nil {
				return err
			}
			for range n {
				from, p, err := g.Recv(ctx, nil)
				if err != nil {
					return err
				}
				if got := binary.LittleEndian.Uint64(p); got != number {
					return fmt.Errorf("%d messages sent, %d arrived at %s", number, got, from)
				}
			}
			return nil
		},
	}
}

// gather sends a message to n members and takes the answer of each.
func gather(b *testing.B, cfg ipc.Config, n int) crowd {
	g := group(b, "echo", cfg, n)
	message, number := make([]byte, messageSize), uint64(0)
	return crowd{
		weight: 2 * n,
		do: func(ctx context.Context) error {
			number++
			stamp(message, number)
			if err := g.SendAll(ctx, message); err != nil {
				return err
			}
			for range n {
				_, p, err := g.Peek(ctx)
				if err != nil {
					return err
				}
				if err := stamped(p, number); err != nil {
					return err
				}
				g.Release()
			}
			return nil
		},
		finish: func(context.Context) error { return nil },
	}
}

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
