package shm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// sender is the sending half.
type sender struct {
	half
	detour   atomic.Uint32 // why calls must go the long way, 0 if they need not
	p        ring.Producer
	seg      *segment
	sleeper  *ring.Sleeper // the receiver's
	wakeByte func()        // wakes the receiver from a sleep on the socket
	smallMax int           // up to this many bytes a message is one record in the smallest ring
	batch    bool          // messages may be held back
	abort    bool          // fragments of a withdrawn message are in the ring
	resv     int           // bytes reserved, -1 none

	level     int
	usedLarge bool // a large message since shrink last looked
	oldRings  []oldRing
	grown     uint64      // what the receiver had taken when TrySend last made the ring grow
	asked     uint64      // up to where the receiver was asked to give back, see ask
	hurry     bool        // it has just been
	quiet     *time.Timer // runs shrink
	locked    bool        // this call holds mu

	need   int             // the bytes of a record that space waits for
	look   func() bool     // looks for room for need: true, or tailOK is unset, ends the wait
	tailOK bool            // the receiver's position made sense when look last looked
	heap   []byte          // reserved there, not in the ring
	ctx    context.Context // of that reservation
	full   error           // the error of no room

	mu      sync.Mutex  // of who works on the half from another goroutine, see acquire
	stopped bool        // no timer may start
	delay   *time.Timer // runs tick
	ticking atomic.Bool
}

// Bits of sender.detour.
const (
	detourEnded   = 1 << iota // the connection has ended
	detourForeign             // another goroutine works on the half, under mu
	detourAlways              // every call takes mu: for the race detector
)

// oldRing is a ring that the sender has left and the receiver perhaps not.
type oldRing struct {
	level int
	pos   uint64
}

// init makes the half ready to send through seg.
func (t *sender) init(c *conn, seg *segment) {
	t.seg, t.sleeper, t.resv, t.wake, t.wakeByte = seg, &seg.control().Recv, -1, make(chan struct{}, 1), c.wakeByte(wakeReceiver)
	t.spin = spinFixed
	t.p.Open(seg.rings[0], seg.shape.size(0), seg.control())
	t.smallMax = min(seg.shape.size(0)/8, fragment, c.cfg.MaxMessage)
	t.batch = c.cfg.Batch.Enabled()
	t.p.Limit(c.cfg.Batch.Count, c.cfg.Batch.Bytes, t.smallMax >= 64)
	t.delay, t.quiet = idleTimer(c.tick), idleTimer(c.shrink)
	t.full = fmt.Errorf("send on shm: %w", ipc.ErrFull)
	t.look = func() bool {
		var room bool
		room, t.tailOK = t.p.Room(t.need)
		return room || !t.tailOK
	}
	if raceBuild {
		t.detour.Store(detourAlways)
	}
}

// enter begins a call of this half that does not go the short way.
func (t *sender) enter() {
	ring.StoreRel(&t.busy, inCall)
	t.end = time.Time{}
	if t.detour.Load()&(detourForeign|detourAlways) != 0 {
		t.mu.Lock()
		t.locked = true
	}
}

// leave ends what enter began; busy is holding when the caller has got a slice, else idle.
func (t *sender) leave(busy uint32) {
	if t.locked {
		t.locked = false
		defer t.mu.Unlock()
	}
	ring.StoreRel(&t.busy, busy)
}

// acquire locks the half for another goroutine, and returns false if a call is in it. Calls mark
// the half as busy with plain stores, which cost nothing; the barrier makes these visible, and
// makes a call that begins later see detourForeign and wait for mu.
func (t *sender) acquire() bool {
	if !t.mu.TryLock() {
		return false
	}
	t.detour.Or(detourForeign)
	barrier()
	if atomic.LoadUint32(&t.busy) == inCall {
		t.release()
		return false
	}
	return true
}

// release unlocks what acquire locked.
func (t *sender) release() {
	t.detour.And(^uint32(detourForeign))
	t.mu.Unlock()
}

// Send implements ipc.Conn. Its short way has no calls, so that arguments stay in registers: one
// more store for each message costs as much as any other work, for the processor keeps stores in
// order. A context that can end has to be asked, which is a call: such a message goes the same
// way in send.
func (c *conn) Send(ctx context.Context, b []byte) error {
	t := &c.tx
	if wait.Endless(ctx) {
		ring.StoreRel(&t.busy, inCall)
		if t.detour.Load() == 0 && t.p.Quick(len(b)) {
			t.p.Seal(t.p.Write(b), len(b))
			if t.p.Wrote() {
				return c.sent(t.p.Owed())
			}
			ring.StoreRel(&t.busy, idle)
			if c.state.Load()&closed == 0 {
				return nil
			}
			return c.ended("send")
		}
	}
	return c.send(ctx, b)
}

// send implements Send for all messages.
func (c *conn) send(ctx context.Context, b []byte) error {
	t := &c.tx
	if wait.Ended(ctx) {
		return wait.Error(ctx, "send", "shm")
	}
	ring.StoreRel(&t.busy, inCall)
	if t.detour.Load() == 0 && t.p.Quick(len(b)) { // the short way, for contexts that can end
		t.p.Seal(t.p.Write(b), len(b))
		if t.p.Wrote() {
			return c.sent(t.p.Owed())
		}
		ring.StoreRel(&t.busy, idle)
		return c.closedDuring("send")
	}
	if t.detour.Load() == 0 && len(b) <= t.smallMax && !t.abort {
		t.resv = -1
		var s ring.Status
		if t.batch {
			s = t.p.PutHeld(b)
		} else {
			s = t.p.Put(b)
		}
		if s != ring.Full {
			return c.sent(s)
		}
	}
	t.enter()
	err := c.sendSlow(ctx, b)
	t.leave(idle)
	return err
}

// sent does what s says is left to do for a message that is written, and ends the call.
func (c *conn) sent(s ring.Status) error {
	t := &c.tx
	switch s {
	case ring.Sleep:
		c.wake(t.sleeper, t.wakeByte)
	case ring.First, ring.Due:
		c.afterHold(s == ring.First)
	}
	ring.StoreRel(&t.busy, idle)
	return c.closedDuring("send")
}

// sendSlow sends b under the half's lock, in one record or in fragments, and waits for room.
func (c *conn) sendSlow(ctx context.Context, b []byte) error {
	t := &c.tx
	t.resv = -1
	if c.state.Load() != 0 {
		return c.ended("send")
	}
	if len(b) > c.cfg.MaxMessage {
		return fmt.Errorf("send %d bytes on shm: %w", len(b), ipc.ErrTooLarge)
	}
	if len(b) > t.smallMax {
		if err := c.grow(ctx, len(b)); err != nil {
			return err
		}
	}
	return c.sendAny(ctx, b)
}

// sendAny sends b in one record or in fragments.
func (c *conn) sendAny(ctx context.Context, b []byte) error {
	t := &c.tx
	if t.fragmented(len(b)) {
		return c.sendFragments(ctx, b, min(t.p.Cap()/4, fragment))
	}
	if err := c.room(ctx, len(b)); err != nil {
		return err
	}
	copy(t.p.Space(len(b)), b)
	return c.commit(len(b))
}

// commit sends the record that is in place, of n bytes, at once or with its batch.
func (c *conn) commit(n int) error {
	if c.tx.batch {
		if s := c.tx.p.Hold(n); s != ring.Done {
			c.afterHold(s == ring.First)
		}
	} else {
		c.published(c.tx.p.Commit(n, 0))
	}
	return c.closedDuring("send")
}

// afterHold sends the open batch if it is due, and starts its clock if first says that it is new.
func (c *conn) afterHold(first bool) {
	t, b := &c.tx, &c.cfg.Batch
	if t.p.Due() {
		c.published(t.p.Publish())
	} else if first && b.Delay > 0 && !t.ticking.Load() {
		t.ticking.Store(true)
		t.delay.Reset(b.Delay)
	}
}

// published wakes the receiver if s, the result of publishing a record, says so.
func (c *conn) published(s ring.Status) {
	if s == ring.Sleep {
		c.wake(c.tx.sleeper, c.tx.wakeByte)
	}
}

// closedDuring returns the error of operation op if Close was called meanwhile: what op wrote or
// read may have been blank memory.
func (c *conn) closedDuring(op string) error {
	if c.state.Load()&closed != 0 {
		return c.ended(op)
	}
	return nil
}

// Flush implements ipc.Conn.
func (c *conn) Flush(ctx context.Context) error {
	if wait.Ended(ctx) {
		return wait.Error(ctx, "flush", "shm")
	}
	t := &c.tx
	t.enter()
	defer t.leave(idle)
	t.resv = -1
	if c.state.Load() != 0 {
		return c.ended("flush")
	}
	c.published(t.p.Publish())
	return c.closedDuring("flush")
}
