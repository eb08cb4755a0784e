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

// fragment is the most of a large message in one record: long enough to be cheap, short enough that the receiver
// copies while the sender writes on, and below the size from which memmove goes past the caches.
const fragment = 128 << 10

// totalSize is the bytes ahead of the first fragment: the whole message's length.
const totalSize = 8

// sender is the sending half.
type sender struct {
	half
	p     ring.Producer
	seg   *segment
	level int
	small int  // up to this many bytes a message is one record, and no reason to grow from this ring
	floor int  // the same of the smallest ring
	batch bool // messages may be held back
	count int  // messages in the open batch
	bytes int
	abort bool // fragments of a withdrawn message are in the ring
	knock func()
	ready func() bool // room for need
	need  int
	ok    bool

	resv int             // bytes reserved, -1 none
	heap []byte          // reserved there, not in the ring
	ctx  context.Context // of a reservation in heap
	full error

	// While the ring is larger than the smallest, mu keeps the shrinking timer out.
	mu     sync.Mutex
	grown  atomic.Bool
	recent bool // a large message since the timer last looked
	left   []leftRing
	timer  *time.Timer

	delay   sync.Mutex // of the batch's timer
	delayed *time.Timer
	ticking atomic.Bool
	stopped bool
}

// leftRing is a ring that the sender has left and the receiver perhaps not.
type leftRing struct {
	level int
	pos   uint64
}

func (t *sender) init(c *conn, seg *segment) {
	t.seg, t.resv, t.wake, t.knock = seg, -1, make(chan struct{}, 1), c.knock(wakeReceiver)
	t.spin = spinFixed
	t.p.Open(seg.rings[0], seg.shape.size(0), seg.control())
	t.resize(c.cfg)
	t.floor = t.small
	t.batch = c.cfg.Batch.Enabled()
	t.full = fmt.Errorf("send on shm: %w", ipc.ErrFull)
	t.ready = func() bool {
		var room bool
		room, t.ok = t.p.Room(t.need)
		return room || !t.ok
	}
}

// resize sets what follows from the ring's size.
func (t *sender) resize(cfg ipc.Config) { t.small = min(t.p.Cap()/8, fragment, cfg.MaxMessage) }

// Send implements ipc.Conn.
func (c *conn) Send(ctx context.Context, b []byte) error {
	t := &c.tx
	if ctx.Err() != nil {
		return wait.Error(ctx, "send", "shm")
	}
	ring.StoreRel(&t.busy, in)
	var err error
	if t.batch || len(b) > t.small || t.abort || t.grown.Load() || c.state.Load() != 0 {
		err = c.sendSlow(ctx, b)
	} else {
		switch t.p.Put(b) {
		case ring.Full:
			err = c.sendSlow(ctx, b)
		case ring.Sleep:
			c.wake(&t.seg.control().Recv, t.knock)
		}
		if err == nil && c.state.Load()&closed != 0 {
			err = c.ended("send")
		}
	}
	ring.StoreRel(&t.busy, out)
	return err
}

func (c *conn) sendSlow(ctx context.Context, b []byte) error {
	t := &c.tx
	if t.grown.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	t.resv = -1
	if c.state.Load() != 0 {
		return c.ended("send")
	}
	if len(b) > c.cfg.MaxMessage {
		return fmt.Errorf("send %d bytes on shm: %w", len(b), ipc.ErrTooLarge)
	}
	if len(b) > t.floor {
		locked, err := c.grow(ctx, len(b))
		if locked {
			defer t.mu.Unlock()
		}
		if err != nil {
			return err
		}
	}
	return c.sendAny(ctx, b)
}

// sendAny sends b in one record or in parts.
func (c *conn) sendAny(ctx context.Context, b []byte) error {
	t := &c.tx
	if n := min(t.p.Cap()/4, fragment); len(b) > n {
		return c.sendParts(ctx, b, n)
	}
	if err := c.room(ctx, len(b)); err != nil {
		return err
	}
	copy(t.p.Space(len(b)), b)
	return c.commit(len(b))
}

// commit sends the record in place, at once or with its batch.
func (c *conn) commit(n int) error {
	t := &c.tx
	if !t.batch {
		c.published(t.p.Commit(n, 0))
		return c.late("send")
	}
	s, opened := t.p.Add(n)
	if opened {
		t.count, t.bytes = 0, 0
		if c.cfg.Batch.Delay > 0 && !t.ticking.Load() {
			c.tick()
		}
	}
	c.published(s)
	t.count++
	t.bytes += int(ring.Size(n))
	if b := &c.cfg.Batch; b.Count > 1 && t.count >= b.Count || t.bytes >= b.Bytes {
		c.published(t.p.Publish())
	}
	return c.late("send")
}

// published wakes the receiver if it must be.
func (c *conn) published(s ring.Status) {
	if s == ring.Sleep {
		c.wake(&c.tx.seg.control().Recv, c.tx.knock)
	}
}

// late is the error of a call that Close overtook: what it wrote may have gone to blank memory.
func (c *conn) late(op string) error {
	if c.state.Load()&closed != 0 {
		return c.ended(op)
	}
	return nil
}

// room waits until a record of n bytes has room, and withdraws what has to be withdrawn before it.
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
	if t.ready() && t.ok {
		return nil
	}
	if !t.ok {
		return c.lied()
	}
	c.published(t.p.Publish()) // or the receiver has nothing to make room with
	if c.cfg.NoWait {
		return t.full
	}
	for range c.spins(&t.half) {
		if ring.Pause(); t.ready() {
			t.learn(true)
			return c.spaced()
		}
	}
	t.learn(false)
	if err := c.await(ctx, "send", &t.half, &t.seg.control().Send, closed|bad|gone, t.ready); err != nil {
		return err
	}
	return c.spaced()
}

// spaced says why the waiting for space ended.
func (c *conn) spaced() error {
	if c.state.Load() != 0 {
		return c.ended("send")
	}
	if !c.tx.ok {
		return c.lied()
	}
	return nil
}

func (c *conn) lied() error {
	return c.fail(fmt.Errorf("%w: it took what was not sent", ipc.ErrCorrupt))
}

// sendParts sends a message in records of n bytes.
func (c *conn) sendParts(ctx context.Context, b []byte, n int) error {
	t := &c.tx
	if c.cfg.NoWait {
		records := len(b)/n + 2
		if all := len(b) + records*2*ring.Align + totalSize; all > t.p.Cap() {
			return fmt.Errorf("send %d bytes on shm without waiting: %w (or MaxBuffer)", len(b), ipc.ErrTooLarge)
		} else if err := c.room(ctx, all); err != nil {
			return err
		}
	}
	if err := c.room(ctx, n); err != nil {
		return err
	}
	c.published(t.p.Publish())
	p := t.p.Space(n)
	putTotal(p, len(b))
	k := copy(p[totalSize:], b)
	c.published(t.p.Commit(n, ring.More))
	for b = b[k:]; len(b) > 0; b = b[k:] {
		k = min(n, len(b))
		if err := c.space(ctx, k); err != nil {
			t.abort = true
			return err
		}
		copy(t.p.Space(k), b)
		flags := uint32(ring.More)
		if k == len(b) {
			flags = 0
		}
		c.published(t.p.Commit(k, flags))
	}
	return c.late("send")
}

// Reserve implements ipc.Conn.
func (c *conn) Reserve(ctx context.Context, n int) ([]byte, error) {
	t := &c.tx
	if ctx.Err() != nil {
		return nil, wait.Error(ctx, "reserve", "shm")
	}
	ring.StoreRel(&t.busy, in)
	p, err := c.reserve(ctx, n)
	if err != nil {
		ring.StoreRel(&t.busy, out)
		return nil, err
	}
	ring.StoreRel(&t.busy, holding)
	return p, nil
}

func (c *conn) reserve(ctx context.Context, n int) ([]byte, error) {
	t := &c.tx
	if t.grown.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	t.resv = -1
	switch {
	case c.state.Load() != 0:
		return nil, c.ended("reserve")
	case n < 0:
		return nil, fmt.Errorf("reserve %d bytes on shm: negative", n)
	case n > c.cfg.MaxMessage:
		return nil, fmt.Errorf("reserve %d bytes on shm: %w", n, ipc.ErrTooLarge)
	}
	if n > t.floor {
		locked, err := c.grow(ctx, n)
		if locked {
			defer t.mu.Unlock()
		}
		if err != nil {
			return nil, err
		}
		if n > t.p.Cap()/2-4*ring.Align { // cannot be one record: built aside, sent in parts
			if cap(t.heap) < n {
				t.heap = make([]byte, n)
			}
			t.resv, t.ctx, t.heap = n, ctx, t.heap[:n]
			return t.heap, nil
		}
	}
	t.heap = nil
	if err := c.room(ctx, n); err != nil {
		return nil, err
	}
	t.resv = n
	return t.p.Space(n)[:n:n], nil
}

// Commit implements ipc.Conn.
func (c *conn) Commit(n int) error {
	t := &c.tx
	ring.StoreRel(&t.busy, in)
	err := c.commitReserved(n)
	ring.StoreRel(&t.busy, out)
	return err
}

func (c *conn) commitReserved(n int) error {
	t := &c.tx
	if t.grown.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
	}
	if c.state.Load() != 0 {
		return c.ended("commit")
	}
	if n < 0 || n > t.resv {
		return fmt.Errorf("commit %d bytes on shm: %d are reserved", n, max(t.resv, 0))
	}
	t.resv = -1
	if t.heap != nil {
		return c.sendAny(t.ctx, t.heap[:n])
	}
	return c.commit(n)
}

// Flush implements ipc.Conn.
func (c *conn) Flush(ctx context.Context) error {
	if ctx.Err() != nil {
		return wait.Error(ctx, "flush", "shm")
	}
	t := &c.tx
	ring.StoreRel(&t.busy, in)
	defer ring.StoreRel(&t.busy, out)
	if c.state.Load() != 0 {
		return c.ended("flush")
	}
	c.published(t.p.Publish())
	return c.late("flush")
}

// tick starts the clock of the open batch.
func (c *conn) tick() {
	t := &c.tx
	t.ticking.Store(true)
	t.delay.Lock()
	defer t.delay.Unlock()
	switch {
	case t.stopped:
	case t.delayed != nil:
		t.delayed.Reset(c.cfg.Batch.Delay)
	default:
		t.delayed = time.AfterFunc(c.cfg.Batch.Delay, func() {
			t.delay.Lock()
			defer t.delay.Unlock()
			if t.stopped {
				return
			}
			if t.p.Pending() {
				c.published(t.p.Publish())
			} else if t.ticking.Store(false); !t.p.Pending() {
				return
			} else {
				t.ticking.Store(true)
			}
			t.delayed.Reset(c.cfg.Batch.Delay)
		})
	}
}

// stop ends the timers, and waits for one that runs.
func (t *sender) stop() {
	t.delay.Lock()
	t.stopped = true
	if t.delayed != nil {
		t.delayed.Stop()
	}
	t.delay.Unlock()
	// The shrinking timer looks at the connection's state under mu, which a Send may hold: see shrink.
	if t.timer != nil {
		t.timer.Stop()
	}
}

// bye tells the receiver that nothing follows. The half is not in use.
func (t *sender) bye() {
	t.mu.Lock() // the shrinking timer may be at work; after this it sees that the connection has ended
	defer t.mu.Unlock()
	if _, ok := t.p.Room(0); ok && t.p.RoomControl() {
		t.p.Control(ring.Bye)
	}
}
