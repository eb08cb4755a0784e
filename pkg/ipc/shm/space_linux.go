package shm

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// quiet is how long no message must have needed a larger ring, and no sender have waited for
// room, before the ring shrinks.
const quiet = time.Second

// room waits until a record of n bytes has room. Before that it withdraws the fragments of a
// message that was given up.
func (c *conn) room(ctx context.Context, n int) error {
	t := &c.tx
	if t.abort {
		if err := c.space(ctx, n+ring.Align); err != nil {
			return err
		}
		c.published(t.p.Control(ring.Abort))
		t.abort = false
	}
	return c.space(ctx, n)
}

// space waits until a record of n bytes has room.
func (c *conn) space(ctx context.Context, n int) error {
	t := &c.tx
	t.need = n
	if t.look() && t.tailOK {
		return nil
	}
	if !t.tailOK {
		return c.badTail()
	}
	for c.widen() {
		if t.look() {
			return c.spaced()
		}
	}
	c.published(t.p.Publish()) // or the receiver has nothing to make room with
	if c.cfg.NoWait {
		return t.full
	}
	for range c.spins(&t.half) {
		if ring.Pause(); t.look() {
			t.learn(true)
			return c.spaced()
		}
	}
	if err := c.await(ctx, "send", &t.half, &t.seg.control().Send, closed|bad|gone, t.look); err != nil {
		return err
	}
	return c.spaced()
}

// spaced returns the error with which the wait for space ended, nil if there is room.
func (c *conn) spaced() error {
	if c.state.Load() != 0 {
		return c.ended("send")
	}
	if !c.tx.tailOK {
		return c.badTail()
	}
	return nil
}

// badTail fails the connection because the consumer's position is behind its former one or ahead
// of the producer's.
func (c *conn) badTail() error {
	return c.fail(fmt.Errorf("%w: it took what was not sent", ipc.ErrCorrupt))
}

// grow moves to a ring in which a message of n bytes and the three after it have room, or as
// near to it as the levels come.
func (c *conn) grow(ctx context.Context, n int) error {
	t := &c.tx
	t.usedLarge = true
	level := t.level
	if n <= t.p.Cap()/8 {
		return nil
	}
	for level+1 < t.seg.shape.levels && t.seg.shape.size(level) < 4*n {
		level++
	}
	if level == t.level {
		return nil
	}
	if err := c.space(ctx, 0); err != nil {
		return err
	}
	c.enlarge(max(level, t.level)) // or the message goes in parts through what there is
	return c.closedDuring("send")
}

// widen moves to a ring of twice the size, because this one is full, and returns whether it did.
// There is always room for the control record that this takes.
func (c *conn) widen() bool {
	t := &c.tx
	t.usedLarge = true
	next := t.level + 1
	return next < t.seg.shape.levels && t.seg.shape.size(next) <= t.growLimit() && c.enlarge(next)
}

// growLimit returns up to how many bytes the ring may grow only because it is full. The rings to
// a receiver of several are together a quarter of one's largest, by default 1 MiB, about what
// its core's cache holds: with 16 of 4 MiB a fan-in had half the throughput.
func (t *sender) growLimit() int {
	most := t.seg.shape.size(t.seg.shape.levels - 1)
	if among := atomic.LoadUint32(&t.seg.control().Among); among > 1 {
		return most / 4 / int(among)
	}
	return most
}

// enlarge moves to the ring of a higher level, and returns whether it did.
func (c *conn) enlarge(level int) bool {
	t := &c.tx
	t.dropOldRings()
	for _, l := range t.oldRings {
		if l.level == level { // the receiver has yet to leave it, and will free its pages then
			return false
		}
	}
	mem, err := t.seg.ring(level)
	if level == t.level || err != nil { // no address space
		return false
	}
	c.move(level, mem)
	t.quiet.Reset(quiet)
	return true
}

// move changes to the ring of another level. There is room for a control record.
func (c *conn) move(level int, mem unsafe.Pointer) {
	t := &c.tx
	c.published(t.p.Publish())
	t.oldRings = append(t.oldRings, oldRing{t.level, t.p.Pos()})
	s := t.p.SwitchTo(level, mem, t.seg.shape.size(level))
	t.level = level
	c.published(s)
	t.dropOldRings()
}

// dropOldRings unmaps the rings that the receiver has left too.
func (t *sender) dropOldRings() {
	keep := t.oldRings[:0]
	for _, l := range t.oldRings {
		switch {
		case !t.p.Passed(l.pos + 1):
			keep = append(keep, l)
		case l.level != t.level:
			t.seg.drop(l.level, false)
		}
	}
	t.oldRings = keep
}

// shrink moves back to the smallest ring after a quiet while. It runs in the timer's goroutine.
func (c *conn) shrink() {
	t := &c.tx
	if !t.acquire() {
		t.quiet.Reset(quiet)
		return
	}
	defer t.release()
	if t.stopped {
		return
	}
	t.dropOldRings()
	room, ok := t.p.Room(0)
	if t.usedLarge || t.resv >= 0 || t.abort || t.p.Holds() || len(t.oldRings) > 0 || !room || !ok {
		t.usedLarge = false
		t.quiet.Reset(quiet)
		return
	}
	if t.p.Ungiven() > uint64(t.seg.shape.size(0)/2) {
		t.quiet.Reset(c.ask())
		return
	}
	mem, err := t.seg.ring(0)
	if err != nil {
		t.quiet.Reset(quiet)
		return
	}
	c.move(0, mem)
	t.heap = nil
	// The ring left stays mapped until this one grows or the connection closes; its pages go as
	// soon as the receiver has left it.
}

// soon is when the receiver has looked that was asked, if it looks at all.
const soon = 10 * time.Millisecond

// ask asks the receiver to give back what it has taken, and returns when to look again. One that
// finds each message at once gives back an eighth of the ring at a time, which in a large ring is
// more than the smallest holds. It is asked once in a quiet while, and not again before it has
// looked. There is room for a control record.
func (c *conn) ask() time.Duration {
	t := &c.tx
	t.hurry = !t.hurry && t.p.Passed(t.asked) && t.asked != t.p.Pos()
	if !t.hurry {
		return quiet
	}
	c.published(t.p.Control(ring.Ask))
	t.asked = t.p.Pos()
	return soon
}

// retryAfter is when a timer that met a call in its half tries again.
const retryAfter = 100 * time.Microsecond

// idleTimer returns a timer that does not run yet.
func idleTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// tick sends the open batch when it is old, and runs on as long as there are batches. It runs in
// the timer's goroutine.
func (c *conn) tick() {
	t := &c.tx
	if !t.acquire() {
		t.delay.Reset(min(retryAfter, c.cfg.Batch.Delay))
		return
	}
	defer t.release()
	if t.stopped || !t.p.Holds() { // in this order: once stopped, the ring is Close's
		t.ticking.Store(false)
		return
	}
	c.published(t.p.Publish())
	t.delay.Reset(c.cfg.Batch.Delay)
}

// publishHeld sends the open batch from the receiving half, unless a call is in the sending half.
func (c *conn) publishHeld() {
	t := &c.tx
	if t.batch && t.acquire() {
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

// sendBye sends what is held and tells the receiver that nothing follows. No call is in the
// half, no timer runs.
func (t *sender) sendBye() {
	t.p.Publish()
	if _, ok := t.p.Room(0); ok && t.p.RoomControl() {
		t.p.Control(ring.Bye)
	}
}
