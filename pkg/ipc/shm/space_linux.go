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

// quiet is how long no large message must have come and no room have lacked before the ring shrinks.
const quiet = time.Second

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
	for c.widen() {
		if t.ready() {
			return c.spaced()
		}
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

// grow moves to a ring in which a message of n bytes and the three after it have room, or as near to it as the levels come.
func (c *conn) grow(ctx context.Context, n int) error {
	t := &c.tx
	t.recent = true
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
	return c.late("send")
}

// widen moves to a ring of twice the size, because this one is full, and says whether it did. There is always room for
// the control record that this takes.
func (c *conn) widen() bool {
	t := &c.tx
	t.recent = true
	next := t.level + 1
	return next < t.seg.shape.levels && t.seg.shape.size(next) <= t.share() && c.enlarge(next)
}

// share is how far the ring may grow only because it is full. The rings to a receiver of several are together a quarter of one's
// largest, by default 1 MiB, about what its core's cache holds: with 16 of 4 MiB a fan-in had half the throughput.
func (t *sender) share() int {
	most := t.seg.shape.size(t.seg.shape.levels - 1)
	if among := atomic.LoadUint32(&t.seg.control().Among); among > 1 {
		return most / 4 / int(among)
	}
	return most
}

// enlarge moves to the ring of a higher level, and says whether it did.
func (c *conn) enlarge(level int) bool {
	t := &c.tx
	t.sweep()
	for _, l := range t.left {
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
	t.left = append(t.left, leftRing{t.level, t.p.Pos()})
	s := t.p.SwitchTo(level, mem, t.seg.shape.size(level))
	t.level = level
	c.published(s)
	t.sweep()
}

// sweep unmaps the rings that the receiver has left too.
func (t *sender) sweep() {
	keep := t.left[:0]
	for _, l := range t.left {
		switch {
		case !t.p.Passed(l.pos + 1):
			keep = append(keep, l)
		case l.level != t.level:
			t.seg.drop(l.level, false)
		}
	}
	t.left = keep
}

// shrink goes back to the smallest ring after a quiet while. It runs in the timer's goroutine.
func (c *conn) shrink() {
	t := &c.tx
	if !t.foreign() {
		t.quiet.Reset(quiet)
		return
	}
	defer t.release()
	if t.stopped {
		return
	}
	t.sweep()
	if t.recent || t.resv >= 0 || t.abort || t.p.Holds() || !t.p.Empty() {
		t.recent = false
		t.quiet.Reset(quiet)
		return
	}
	mem, err := t.seg.ring(0)
	if room, ok := t.p.Room(0); err != nil || !room || !ok {
		t.quiet.Reset(quiet)
		return
	}
	c.move(0, mem)
	t.heap = nil
	// The ring left stays mapped until this one grows or the connection closes; its pages go as soon as the receiver has left it.
}
