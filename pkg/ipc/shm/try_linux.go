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
