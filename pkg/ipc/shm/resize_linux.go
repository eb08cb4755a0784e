package shm

import (
	"context"
	"encoding/binary"
	"time"
	"unsafe"
)

// quiet is how long no large message must have come before the ring shrinks.
const quiet = time.Second

// grow moves to a ring in which a message of n bytes and the three after it have room, or as near to it as the levels come. It returns
// with mu held, and says so, when it left the smallest ring: from now on there is the timer.
func (c *conn) grow(ctx context.Context, n int) (locked bool, err error) {
	t := &c.tx
	t.recent = true
	level := t.level
	for n > t.small && level+1 < t.seg.shape.levels && t.seg.shape.size(level) < 4*n {
		level++
	}
	if level == t.level {
		return false, nil
	}
	if err := c.space(ctx, 0); err != nil {
		return false, err
	}
	mem, err := t.seg.ring(level)
	if err != nil {
		return false, nil // no address space: the message goes in parts through what there is
	}
	if locked = !t.grown.Load(); locked {
		t.mu.Lock()
		t.grown.Store(true)
	}
	c.move(level, mem)
	if locked {
		if t.timer == nil {
			t.timer = time.AfterFunc(quiet, c.shrink)
		} else {
			t.timer.Reset(quiet)
		}
	}
	return locked, nil
}

// move changes to the ring of another level. There is room for a control record.
func (c *conn) move(level int, mem unsafe.Pointer) {
	t := &c.tx
	c.published(t.p.Publish())
	t.left = append(t.left, leftRing{t.level, t.p.Pos()})
	s := t.p.SwitchTo(level, mem, t.seg.shape.size(level))
	t.level = level
	t.resize(c.cfg)
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
	if !t.mu.TryLock() { // a Send is at work, perhaps waiting
		t.timer.Reset(quiet)
		return
	}
	defer t.mu.Unlock()
	if c.state.Load() != 0 {
		return
	}
	t.sweep()
	if t.recent || t.resv >= 0 || t.abort || t.p.Pending() || !t.p.Empty() {
		t.recent = false
		t.timer.Reset(quiet)
		return
	}
	mem, err := t.seg.ring(0)
	if room, ok := t.p.Room(0); err != nil || !room || !ok {
		t.timer.Reset(quiet)
		return
	}
	c.move(0, mem)
	t.heap = nil
	// The ring left is unmapped when the ring grows again or the connection closes; its pages go as soon as the receiver has left it.
	t.grown.Store(false)
}

func putTotal(p []byte, n int) { binary.LittleEndian.PutUint64(p, uint64(n)) }

func total(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
