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
	odd   atomic.Uint32 // why a call cannot go the short way
	p     ring.Producer
	seg   *segment
	bed   *ring.Sleeper // the receiver's
	knock func()
	floor int  // up to this many bytes a message is one record in the smallest ring
	batch bool // messages may be held back
	abort bool // fragments of a withdrawn message are in the ring
	resv  int  // bytes reserved, -1 none

	level  int
	recent bool // a large message since shrink last looked
	left   []leftRing
	grown  uint64      // what the receiver had taken when TrySend last made the ring grow
	quiet  *time.Timer // runs shrink
	locked bool        // this call holds mu

	ready func() bool // room for need, or !ok
	need  int
	ok    bool
	heap  []byte          // reserved there, not in the ring
	ctx   context.Context // of that reservation
	full  error

	mu      sync.Mutex  // of who works on the half from another goroutine, see foreign
	stopped bool        // no timer may start
	delay   *time.Timer // runs tick
	ticking atomic.Bool
}

// Bits of sender.odd.
const (
	oddEnded   = 1 << iota // the connection has ended
	oddForeign             // another goroutine works on the half, under mu
	oddAlways              // every call takes mu: for the race detector
)

// leftRing is a ring that the sender has left and the receiver perhaps not.
type leftRing struct {
	level int
	pos   uint64
}

func (t *sender) init(c *conn, seg *segment) {
	t.seg, t.bed, t.resv, t.wake, t.knock = seg, &seg.control().Recv, -1, make(chan struct{}, 1), c.knock(wakeReceiver)
	t.spin = spinFixed
	t.p.Open(seg.rings[0], seg.shape.size(0), seg.control())
	t.floor = min(seg.shape.size(0)/8, fragment, c.cfg.MaxMessage)
	t.batch = c.cfg.Batch.Enabled()
	t.p.Limit(c.cfg.Batch.Count, c.cfg.Batch.Bytes, t.floor >= 64)
	t.delay, t.quiet = idleTimer(c.tick), idleTimer(c.shrink)
	t.full = fmt.Errorf("send on shm: %w", ipc.ErrFull)
	t.ready = func() bool {
		var room bool
		room, t.ok = t.p.Room(t.need)
		return room || !t.ok
	}
	if raceBuild {
		t.odd.Store(oddAlways)
	}
}

// enter begins a call of this half that does not go the short way.
func (t *sender) enter() {
	ring.StoreRel(&t.busy, in)
	t.end = time.Time{}
	if t.odd.Load()&(oddForeign|oddAlways) != 0 {
		t.mu.Lock()
		t.locked = true
	}
}

// leave ends it; holding says that the caller has a slice.
func (t *sender) leave(busy uint32) {
	if t.locked {
		t.locked = false
		defer t.mu.Unlock()
	}
	ring.StoreRel(&t.busy, busy)
}

// foreign takes the half for another goroutine, unless a call is in it. Calls say so with plain stores, which cost nothing; the barrier
// makes them visible, and makes a call that begins later see oddForeign and wait for mu.
func (t *sender) foreign() bool {
	if !t.mu.TryLock() {
		return false
	}
	t.odd.Or(oddForeign)
	barrier()
	if atomic.LoadUint32(&t.busy) == in {
		t.release()
		return false
	}
	return true
}

// release ends what foreign began.
func (t *sender) release() {
	t.odd.And(^uint32(oddForeign))
	t.mu.Unlock()
}

// Send implements ipc.Conn. Its short way has no calls, so that arguments stay in registers: a store more a message
// costs as much as any other work, for the processor keeps stores in order. A context that can end has to be asked, which is a call: such a
// message goes the same way in send.
func (c *conn) Send(ctx context.Context, b []byte) error {
	t := &c.tx
	if wait.Endless(ctx) {
		ring.StoreRel(&t.busy, in)
		if t.odd.Load() == 0 && t.p.Quick(len(b)) {
			t.p.Seal(t.p.Write(b), len(b))
			if t.p.Wrote() {
				return c.sent(t.p.Owed())
			}
			ring.StoreRel(&t.busy, out)
			if c.state.Load()&closed == 0 {
				return nil
			}
			return c.ended("send")
		}
	}
	return c.send(ctx, b)
}

// send is Send for all messages.
func (c *conn) send(ctx context.Context, b []byte) error {
	t := &c.tx
	if wait.Ended(ctx) {
		return wait.Error(ctx, "send", "shm")
	}
	ring.StoreRel(&t.busy, in)
	if t.odd.Load() == 0 && t.p.Quick(len(b)) { // the short way, for contexts that can end
		t.p.Seal(t.p.Write(b), len(b))
		if t.p.Wrote() {
			return c.sent(t.p.Owed())
		}
		ring.StoreRel(&t.busy, out)
		return c.late("send")
	}
	if t.odd.Load() == 0 && len(b) <= t.floor && !t.abort {
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
	t.leave(out)
	return err
}

// sent does what is left to do for a message written, and ends the call.
func (c *conn) sent(s ring.Status) error {
	t := &c.tx
	switch s {
	case ring.Sleep:
		c.wake(t.bed, t.knock)
	case ring.First, ring.Due:
		c.held(s == ring.First)
	}
	ring.StoreRel(&t.busy, out)
	return c.late("send")
}

func (c *conn) sendSlow(ctx context.Context, b []byte) error {
	t := &c.tx
	t.resv = -1
	if c.state.Load() != 0 {
		return c.ended("send")
	}
	if len(b) > c.cfg.MaxMessage {
		return fmt.Errorf("send %d bytes on shm: %w", len(b), ipc.ErrTooLarge)
	}
	if len(b) > t.floor {
		if err := c.grow(ctx, len(b)); err != nil {
			return err
		}
	}
	return c.sendAny(ctx, b)
}

// sendAny sends b in one record or in parts.
func (c *conn) sendAny(ctx context.Context, b []byte) error {
	t := &c.tx
	if t.parts(len(b)) {
		return c.sendParts(ctx, b, min(t.p.Cap()/4, fragment))
	}
	if err := c.room(ctx, len(b)); err != nil {
		return err
	}
	copy(t.p.Space(len(b)), b)
	return c.commit(len(b))
}

// commit sends the record in place, at once or with its batch.
func (c *conn) commit(n int) error {
	if c.tx.batch {
		if s := c.tx.p.Hold(n); s != ring.Done {
			c.held(s == ring.First)
		}
	} else {
		c.published(c.tx.p.Commit(n, 0))
	}
	return c.late("send")
}

// held sends the batch when it is due, and starts its clock when it is new.
func (c *conn) held(first bool) {
	t, b := &c.tx, &c.cfg.Batch
	if t.p.Due() {
		c.published(t.p.Publish())
	} else if first && b.Delay > 0 && !t.ticking.Load() {
		t.ticking.Store(true)
		t.delay.Reset(b.Delay)
	}
}

// published wakes the receiver if it must be.
func (c *conn) published(s ring.Status) {
	if s == ring.Sleep {
		c.wake(c.tx.bed, c.tx.knock)
	}
}

// late is the error of a call that Close overtook: what it wrote or read may have been blank memory.
func (c *conn) late(op string) error {
	if c.state.Load()&closed != 0 {
		return c.ended(op)
	}
	return nil
}
