package shm

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// TrySend implements ipc.Prober. Where it is refused a group tries another connection, so it
// makes the ring grow only for a receiver that has taken something since it last did, and not
// for one that takes nothing.
func (c *conn) TrySend(p []byte) error {
	t := &c.tx
	t.enter()
	var full, parts bool
	if c.state.Load() == 0 {
		room, ok := t.p.Room(len(p) + 2*ring.Align) // and for a record that withdraws another
		parts = t.fragmented(len(p))
		if taken := t.p.Taken(); ok && !room && !parts && taken > t.grown && c.widen() {
			t.grown = taken
			room, ok = t.p.Room(len(p) + 2*ring.Align)
		}
		if full = ok && !room; full {
			c.published(t.p.Publish()) // or the receiver has nothing to make room with
		}
	}
	t.leave(idle)
	switch {
	case parts:
		return fmt.Errorf("send %d bytes on shm without waiting: %w", len(p), ipc.ErrTooLarge)
	case full:
		return t.full
	}
	return c.Send(context.Background(), p)
}

// TryFlush implements ipc.Prober: Flush does not wait in shared memory.
func (c *conn) TryFlush() error { return c.Flush(context.Background()) }

// TryPeek implements ipc.Prober.
func (c *conn) TryPeek() (p []byte, ok bool, err error) {
	r := &c.rx
	ring.StoreRel(&r.busy, inCall)
	if r.limit != 0 && c.state.Load()&(closed|bad) == 0 {
		if h := r.c.Head(); h-1 < r.limit {
			r.next, r.n = inRing, int(h-1)
			r.slow()
			ring.StoreRel(&r.busy, holding)
			return r.c.Payload(r.n)[:r.n:r.n], true, nil
		}
	}
	if ok, err := c.next(context.Background(), false, nil); !ok {
		ring.StoreRel(&r.busy, idle)
		return nil, false, err
	}
	ring.StoreRel(&r.busy, holding)
	return c.message(), true, nil
}

// Watch implements ipc.Prober. Groups of connections call it after they have polled: it neither
// spins nor sleeps on the futex, where each of many waiting goroutines would keep a thread, and
// a P until the scheduler notices. The peer wakes it over the socket.
func (c *conn) Watch(ctx context.Context) error {
	// As every call of the half: when Close has been here first, the memory may be gone, even
	// for taking an address.
	ring.StoreRel(&c.rx.busy, inCall)
	if c.state.Load()&closed != 0 {
		ring.StoreRel(&c.rx.busy, idle)
		return nil
	}
	if !c.rx.open {
		if _, err := c.waitOpened(ctx, true, time.Time{}); err != nil {
			ring.StoreRel(&c.rx.busy, idle)
			return wait.Error(ctx, "watch", "shm") // any other error is what Recv will say
		}
	}
	sleeper := &c.rx.seg.control().Recv
	ring.StoreRel(&c.rx.busy, idle)
	defer func() { // not when Close has taken the memory away
		ring.StoreRel(&c.rx.busy, inCall)
		if c.state.Load()&closed == 0 {
			atomic.StoreUint32(&sleeper.Flag, ring.Awake)
		}
		ring.StoreRel(&c.rx.busy, idle)
	}()
	c.publishHeld()
	first := time.NewTimer(shortSleep) // see package ring on the order of stores
	defer first.Stop()
	for {
		ring.StoreRel(&c.rx.busy, inCall)
		over := c.state.Load() != 0
		if !over {
			atomic.StoreUint32(&sleeper.Flag, ring.OnSocket)
		}
		ring.StoreRel(&c.rx.busy, idle)
		if over || c.Ready() {
			return nil
		}
		if c.unread() { // Ready takes only so many records without a whole message
			if err := wait.Error(ctx, "watch", "shm"); err != nil {
				return err
			}
			continue
		}
		select {
		case <-c.rx.wake:
		case <-c.over:
		case <-first.C:
		case <-ctx.Done():
			return wait.Error(ctx, "watch", "shm")
		}
	}
}

// unread reports whether a record is there that Ready has not looked at.
func (c *conn) unread() bool {
	ring.StoreRel(&c.rx.busy, inCall)
	defer ring.StoreRel(&c.rx.busy, idle)
	return c.state.Load()&closed == 0 && c.rx.c.Head() != 0
}

// Among implements ipc.Prober. The peer is told when the receiver next does not find a message
// at once.
func (c *conn) Among(n int) { c.among.Store(uint32(n)) }
