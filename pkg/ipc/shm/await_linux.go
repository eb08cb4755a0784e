package shm

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// How long each stage of waiting lasts.
const (
	spinFixed = 60   // pauses, about 1.5 µs: more than an answer of a spinning peer takes
	spinStep  = 10   // how spinning begins again
	spinMax   = 1500 // about 40 µs: half of 1 MiB copied
	yields    = 20
	// A yield that takes longer let somebody else run: then spinning would only have kept them from it, and in the end
	// waits begin with a yield. One that takes less found nobody, and spinning longer would have been as good.
	switched = 2 * time.Microsecond
	nap      = time.Millisecond // see package ring on the order of stores
)

// spins is how long h should spin now.
func (c *conn) spins(h *half) int {
	switch {
	case c.single || c.cfg.Sync == ipc.SyncPark:
		return 0
	case c.cfg.Sync == ipc.SyncSpin:
		return spinFixed
	}
	return h.spin
}

// learn remembers whether spinning paid.
func (h *half) learn(paid bool) {
	if paid {
		h.spin = min(h.spin+h.spin/2+spinStep, spinMax)
	} else {
		h.spin /= 2
	}
}

// deadline returns when Config.Timeout ends the call in h, zero for never. The time begins with the
// first wait and goes on through all others of the call: a peer that moves a large message on piece by
// piece must not begin it anew each time.
func (c *conn) deadline(h *half) time.Time {
	if h.end.IsZero() && c.cfg.Timeout > 0 {
		h.end = time.Now().Add(c.cfg.Timeout)
	}
	return h.end
}

// overdue returns the error of operation op if the deadline has passed or ctx has ended.
func overdue(ctx context.Context, op string, end time.Time) error {
	if !end.IsZero() && !time.Now().Before(end) {
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrTimeout)
	}
	return wait.Error(ctx, op, "shm")
}

// await waits until ready says yes: it yields, naps and parks. It returns nil as soon as the connection has ended in one of the ways
// of stop: the caller looks again and reports.
func (c *conn) await(ctx context.Context, op string, h *half, bed *ring.Sleeper, stop uint32, ready func() bool) error {
	end := c.deadline(h)
	if c.cfg.Sync != ipc.SyncPark {
		for range yields {
			start := time.Now()
			if !end.IsZero() && start.After(end) {
				break
			}
			yield()
			if c.single { // elsewhere an idle P would be woken by a futex call to find nothing
				runtime.Gosched()
			}
			if ready() {
				h.learn(time.Since(start) < switched)
				return nil
			}
		}
	}
	h.learn(false)
	defer atomic.StoreUint32(&bed.Flag, ring.Awake)
	for {
		if err := overdue(ctx, op, end); err != nil {
			return err
		}
		if c.doze(bed, stop, ready) {
			return nil
		}
		atomic.StoreUint32(&bed.Flag, ring.OnSocket)
		if ready() || c.state.Load()&stop != 0 {
			return nil
		}
		if err := c.park(ctx, op, h, end); err != nil {
			return err
		}
		if ready() {
			return nil
		}
	}
}

// doze sleeps on the futex for all of nap, whatever interrupts it, and says whether it was for ready's or stop's sake that
// it ended.
func (c *conn) doze(bed *ring.Sleeper, stop uint32, ready func() bool) bool {
	for end := time.Now().Add(nap); ; {
		seq := atomic.LoadUint32(&bed.Seq)
		atomic.StoreUint32(&bed.Flag, ring.OnFutex)
		if ready() || c.state.Load()&stop != 0 {
			return true
		}
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		sleepOn(&bed.Seq, seq, left)
	}
}

// park parks the goroutine until the peer knocks or something ends.
func (c *conn) park(ctx context.Context, op string, h *half, end time.Time) error {
	var late <-chan time.Time
	if !end.IsZero() {
		t := time.NewTimer(time.Until(end))
		defer t.Stop()
		late = t.C
	}
	select {
	case <-h.wake:
	case <-c.over:
	case <-ctx.Done():
		return wait.Error(ctx, op, "shm")
	case <-late:
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrTimeout)
	}
	return nil
}
