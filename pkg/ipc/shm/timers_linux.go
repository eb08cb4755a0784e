package shm

import (
	"time"

	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// again is when a timer that met a call in its half tries again.
const again = 100 * time.Microsecond

// idleTimer is a timer that does not run yet.
func idleTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// tick sends the open batch when it is old, and runs on as long as there are batches. It runs in the timer's goroutine.
func (c *conn) tick() {
	t := &c.tx
	if !t.foreign() {
		t.delay.Reset(min(again, c.cfg.Batch.Delay))
		return
	}
	defer t.release()
	if !t.p.Holds() || t.stopped {
		t.ticking.Store(false)
		return
	}
	c.published(t.p.Publish())
	t.delay.Reset(c.cfg.Batch.Delay)
}

// publishHeld sends the open batch from the receiving half, unless a call is in the sending half.
func (c *conn) publishHeld() {
	t := &c.tx
	if t.batch && t.foreign() {
		if !t.stopped {
			c.published(t.p.Publish())
		}
		t.release()
	}
}

// stop keeps timers from touching the memory. No call is in the half, or its memory is kept.
func (t *sender) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.delay.Stop()
	t.quiet.Stop()
}

// bye sends what is held and tells the receiver that nothing follows. No call is in the half, no timer runs.
func (t *sender) bye() {
	t.p.Publish()
	if _, ok := t.p.Room(0); ok && t.p.RoomControl() {
		t.p.Control(ring.Bye)
	}
}
