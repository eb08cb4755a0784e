package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
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
		finish: func(ctx context.Context) (more int, err error) {
			for ; open > 0; more++ {
				if _, _, err := take(ctx); err != nil {
					return more, err
				}
			}
			return more, nil
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
		weight: 1,
		do: func(ctx context.Context) error {
			number++
			sum += number
			stamp(message, number)
			_, err := g.SendAny(ctx, message)
			return err
		},
		finish: func(ctx context.Context) (int, error) { return 0, tally(ctx, g, number, sum) },
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

// worker takes messages whose numbers rise and answers an empty one with how many there were,
// and their sum.
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
		weight: n,
		do: func(ctx context.Context) error {
			number++
			stamp(message, number)
			return g.SendAll(ctx, message)
		},
		finish: func(ctx context.Context) (int, error) {
			if err := g.SendAll(ctx, nil); err != nil {
				return 0, err
			}
			for range n {
				from, p, err := g.Recv(ctx, nil)
				if err != nil {
					return 0, err
				}
				if got := binary.LittleEndian.Uint64(p); got != number {
					return 0, fmt.Errorf("%d messages sent, %d arrived at %s", number, got, from)
				}
			}
			return 0, nil
		},
	}
}

// complete is the finish of a crowd whose rounds leave nothing on its way.
func complete(context.Context) (int, error) { return 0, nil }

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
		finish: complete,
	}
}
