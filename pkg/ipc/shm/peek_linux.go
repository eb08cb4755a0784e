package shm

import (
	"context"
	"sync/atomic"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Peek implements ipc.Conn.
func (c *conn) Peek(ctx context.Context) ([]byte, error) {
	r := &c.rx
	if wait.Ended(ctx) {
		return nil, wait.Error(ctx, "peek", "shm")
	}
	ring.StoreRel(&r.busy, in)
	if r.limit != 0 && c.state.Load()&(closed|bad) == 0 {
		if h := r.c.Head(); h-1 < r.limit {
			r.have, r.n = true, int(h-1)
			r.slow()
			ring.StoreRel(&r.busy, holding)
			return r.c.Payload(r.n)[:r.n:r.n], nil
		}
	}
	if _, err := c.next(ctx, true, nil); err != nil {
		ring.StoreRel(&r.busy, out)
		return nil, err
	}
	if r.whole {
		atomic.StoreUint32(&r.seg.control().Whole, 1)
	}
	ring.StoreRel(&r.busy, holding)
	return c.message(), nil
}

// Release implements ipc.Conn.
func (c *conn) Release() {
	r := &c.rx
	if r.busy != holding {
		return
	}
	ring.StoreRel(&r.busy, in)
	if c.state.Load()&closed == 0 {
		if r.whole && !r.lent && cap(r.part) <= ipc.DefaultMaxBuffer {
			r.spare = r.part
		}
		c.take()
	}
	ring.StoreRel(&r.busy, out)
}

// Ready implements ipc.Conn.
func (c *conn) Ready() bool {
	r := &c.rx
	was := r.busy
	ring.StoreRel(&r.busy, in)
	ok, err := c.next(context.Background(), false, nil)
	ring.StoreRel(&r.busy, was)
	return ok || err != nil
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
