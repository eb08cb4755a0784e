package shm

import (
	"context"
	"fmt"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Reserve implements ipc.Conn.
func (c *conn) Reserve(ctx context.Context, n int) ([]byte, error) {
	t := &c.tx
	if wait.Ended(ctx) {
		return nil, wait.Error(ctx, "reserve", "shm")
	}
	ring.StoreRel(&t.busy, in)
	if t.odd.Load() == 0 && uint(n) <= uint(t.floor) && !t.abort {
		if room, _ := t.p.Room(n); room {
			t.resv, t.heap = n, nil
			t.p.Slow() // a Send must discard this
			ring.StoreRel(&t.busy, holding)
			return t.p.Space(n)[:n:n], c.late("reserve")
		}
	}
	t.enter()
	p, err := c.reserve(ctx, n)
	if err != nil {
		t.leave(out)
		return nil, err
	}
	t.leave(holding)
	return p, nil
}

func (c *conn) reserve(ctx context.Context, n int) ([]byte, error) {
	t := &c.tx
	t.resv = -1
	t.p.Slow()
	switch {
	case c.state.Load() != 0:
		return nil, c.ended("reserve")
	case n < 0:
		return nil, fmt.Errorf("reserve %d bytes on shm: negative", n)
	case n > c.cfg.MaxMessage:
		return nil, fmt.Errorf("reserve %d bytes on shm: %w", n, ipc.ErrTooLarge)
	}
	if n > t.floor {
		if err := c.grow(ctx, n); err != nil {
			return nil, err
		}
		if n > t.most() { // cannot be one record: built aside, sent in parts
			if cap(t.heap) < n {
				t.heap = make([]byte, n)
			}
			t.resv, t.ctx, t.heap = n, ctx, t.heap[:n]
			return t.heap, nil
		}
	}
	t.heap = nil
	if err := c.room(ctx, n); err != nil {
		return nil, err
	}
	t.resv = n
	return t.p.Space(n)[:n:n], nil
}

// Commit implements ipc.Conn.
func (c *conn) Commit(n int) error {
	t := &c.tx
	ring.StoreRel(&t.busy, in)
	if t.odd.Load() == 0 && uint(n) <= uint(t.resv) && t.resv >= 0 && t.heap == nil {
		t.resv = -1
		err := c.commit(n)
		ring.StoreRel(&t.busy, out)
		return err
	}
	t.enter()
	err := c.commitSlow(n)
	t.leave(out)
	return err
}

func (c *conn) commitSlow(n int) error {
	t := &c.tx
	if c.state.Load() != 0 {
		return c.ended("commit")
	}
	if n < 0 || n > t.resv {
		return fmt.Errorf("commit %d bytes on shm: %d are reserved", n, max(t.resv, 0))
	}
	t.resv = -1
	if t.heap != nil {
		return c.sendAny(t.ctx, t.heap[:n])
	}
	return c.commit(n)
}

// TryFlush implements ipc.Prober: Flush does not wait in shared memory.
func (c *conn) TryFlush() error { return c.Flush(context.Background()) }

// Flush implements ipc.Conn.
func (c *conn) Flush(ctx context.Context) error {
	if wait.Ended(ctx) {
		return wait.Error(ctx, "flush", "shm")
	}
	t := &c.tx
	t.enter()
	defer t.leave(out)
	t.resv = -1
	if c.state.Load() != 0 {
		return c.ended("flush")
	}
	c.published(t.p.Publish())
	return c.late("flush")
}
