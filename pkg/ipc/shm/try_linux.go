package shm

import (
	"context"
	"fmt"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// TrySend is a Send that does not wait, whatever Config.NoWait says: ErrFull when there is no room, ErrTooLarge for a message that
// travels in parts, between which it would have to wait. It is for groups of connections, which try another one then: so it makes the
// ring grow only for a receiver that has taken something since it last did, and not for one that is deaf.
func (c *conn) TrySend(p []byte) error {
	t := &c.tx
	t.enter()
	var full, parts bool
	if c.state.Load() == 0 {
		room, ok := t.p.Room(len(p) + 2*ring.Align) // and for a record that withdraws another
		parts = t.parts(len(p))
		if taken := t.p.Taken(); ok && !room && !parts && taken > t.grown && c.widen() {
			t.grown = taken
			room, ok = t.p.Room(len(p) + 2*ring.Align)
		}
		if full = ok && !room; full {
			c.published(t.p.Publish()) // or the receiver has nothing to make room with
		}
	}
	t.leave(out)
	switch {
	case parts:
		return fmt.Errorf("send %d bytes on shm without waiting: %w", len(p), ipc.ErrTooLarge)
	case full:
		return t.full
	}
	return c.Send(context.Background(), p)
}

// TryPeek is a Peek that does not wait: ok is unset when nothing is there. It is Ready and Peek in one, for groups, which ask
// each of many in turn.
func (c *conn) TryPeek() (p []byte, ok bool, err error) {
	r := &c.rx
	ring.StoreRel(&r.busy, in)
	if r.limit != 0 && c.state.Load()&(closed|bad) == 0 {
		if h := r.c.Head(); h-1 < r.limit {
			r.have, r.n = true, int(h-1)
			r.slow()
			ring.StoreRel(&r.busy, holding)
			return r.c.Payload(r.n)[:r.n:r.n], true, nil
		}
	}
	if ok, err := c.next(context.Background(), false, nil); !ok {
		ring.StoreRel(&r.busy, out)
		return nil, false, err
	}
	ring.StoreRel(&r.busy, holding)
	return c.message(), true, nil
}
