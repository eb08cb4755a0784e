package shm

import (
	"context"
	"encoding/binary"
	"time"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// quiet is how long no large message must have come before the ring shrinks.
const quiet = time.Second

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
	if n, _ := t.p.Held(); n == 0 || t.stopped {
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
	return t.level+1 < t.seg.shape.levels && c.enlarge(t.level+1)
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
	held, _ := t.p.Held()
	if t.recent || t.resv >= 0 || t.abort || held > 0 || !t.p.Empty() {
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

func putTotal(p []byte, n int) { binary.LittleEndian.PutUint64(p, uint64(n)) }

func total(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
