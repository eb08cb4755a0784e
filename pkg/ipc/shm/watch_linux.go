package shm

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// Watch waits until Ready would say yes or ctx ends, and takes nothing. It belongs to the receiving half. It is for groups
// of connections, which have polled before: it neither spins nor sleeps on the futex, where each of many
// waiting goroutines would keep a thread, and a P until the scheduler notices. The peer rings over the socket.
func (c *conn) Watch(ctx context.Context) error {
	// As every call of the half: when Close has been here first, the memory may be gone, even for taking an address.
	ring.StoreRel(&c.rx.busy, in)
	if c.state.Load()&closed != 0 {
		ring.StoreRel(&c.rx.busy, out)
		return nil
	}
	if !c.rx.open {
		if _, err := c.meet(ctx, true, time.Time{}); err != nil {
			ring.StoreRel(&c.rx.busy, out)
			return wait.Error(ctx, "watch", "shm") // any other error is what Recv will say
		}
	}
	bed := &c.rx.seg.control().Recv
	ring.StoreRel(&c.rx.busy, out)
	defer func() { // not when Close has taken the memory away
		ring.StoreRel(&c.rx.busy, in)
		if c.state.Load()&closed == 0 {
			atomic.StoreUint32(&bed.Flag, ring.Awake)
		}
		ring.StoreRel(&c.rx.busy, out)
	}()
	c.publishHeld()
	soon := time.NewTimer(nap) // see package ring on the order of stores
	defer soon.Stop()
	for {
		ring.StoreRel(&c.rx.busy, in)
		over := c.state.Load() != 0
		if !over {
			atomic.StoreUint32(&bed.Flag, ring.OnSocket)
		}
		ring.StoreRel(&c.rx.busy, out)
		if over || c.Ready() {
			return nil
		}
		if c.unread() { // Ready does not take any number of records
			if err := wait.Error(ctx, "watch", "shm"); err != nil {
				return err
			}
			continue
		}
		select {
		case <-c.rx.wake:
		case <-c.over:
		case <-soon.C:
		case <-ctx.Done():
			return wait.Error(ctx, "watch", "shm")
		}
	}
}

// unread returns whether a record is there that Ready has not looked at.
func (c *conn) unread() bool {
	ring.StoreRel(&c.rx.busy, in)
	defer ring.StoreRel(&c.rx.busy, out)
	return c.state.Load()&closed == 0 && c.rx.c.Head() != 0
}
