package shm

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// fragment is the most of a large message in one record: long enough to be cheap, short enough
// that the receiver copies while the sender writes on, and below the size from which memmove
// goes past the caches.
const fragment = 128 << 10

// totalSize is the bytes ahead of the first fragment: the whole message's length.
const totalSize = 8

// fragmented returns whether a message of n bytes travels in fragments.
func (t *sender) fragmented(n int) bool {
	most := min(t.p.Cap()/4, fragment)
	if n > most && atomic.LoadUint32(&t.seg.control().Whole) != 0 {
		most = t.maxRecord()
	}
	return n > most
}

// maxRecord returns the most bytes that one record can have.
func (t *sender) maxRecord() int { return t.p.Cap()/2 - 4*ring.Align }

// sendFragments sends a message of more than n bytes in records of n.
func (c *conn) sendFragments(ctx context.Context, b []byte, n int) error {
	t := &c.tx
	if c.cfg.NoWait {
		records := len(b)/n + 2
		all := len(b) + records*2*ring.Align + totalSize
		if all > t.p.Cap() {
			return fmt.Errorf("send %d bytes on shm without waiting: %w (or MaxBuffer)", len(b), ipc.ErrTooLarge)
		}
		if err := c.room(ctx, all); err != nil {
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
			t.p.Slow()
			return err
		}
		copy(t.p.Space(k), b)
		flags := uint32(ring.More)
		if k == len(b) {
			flags = 0
		}
		c.published(t.p.Commit(k, flags))
	}
	return c.closedDuring("send")
}

// putTotal writes the length of a message before its first fragment.
func putTotal(p []byte, n int) { binary.LittleEndian.PutUint64(p, uint64(n)) }

// total reads what putTotal wrote.
func total(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }

// control obeys the control record that is next, and takes it.
func (c *conn) control(code uint32) error {
	r := &c.rx
	level := int(code) - ring.Switch
	switch {
	case code == ring.Bye:
		r.err = fmt.Errorf("recv on shm: %w", ipc.ErrPeerClosed)
		return r.err
	case code == ring.Abort && r.next == partial:
		if !r.borrowed && cap(r.part) <= trusted { // or who begins and withdraws makes garbage
			r.reuse = r.part
		}
		r.next, r.part, r.total, r.borrowed = unknown, nil, 0, false
		r.c.Skip()
		r.bound(c.cfg.MaxMessage)
	case code == ring.Abort:
		r.c.Skip()
	case code == ring.Ask:
		r.c.Skip()
		if r.c.Give() {
			c.wake(r.sleeper, r.wakeByte)
		}
	case level >= 0 && level < r.seg.shape.levels && level != r.level:
		mem, err := r.seg.ring(level)
		if err != nil {
			return c.fail(err)
		}
		r.c.Skip()
		r.c.SwitchTo(mem, r.seg.shape.size(level))
		r.seg.drop(r.level, true)
		r.level, r.reuse = level, nil
		atomic.StoreUint32(&r.seg.control().Whole, 0)
		if r.next == unknown {
			r.bound(c.cfg.MaxMessage)
		}
		if r.c.Give() {
			c.wake(r.sleeper, r.wakeByte)
		}
	default:
		return c.fail(fmt.Errorf("%w: control record %d", ipc.ErrCorrupt, code))
	}
	return nil
}

// record looks at the record of header h, which is next: a whole message stays where it is, a
// fragment is taken and added to the part of its message, in buf if that has the room for all of
// it.
func (c *conn) record(h uint32, buf []byte) error {
	r := &c.rx
	n, ok := r.c.Parse(h)
	more := h&ring.More != 0
	if !ok {
		return c.fail(fmt.Errorf("%w: a record of header %#x in a ring of %d bytes", ipc.ErrCorrupt, h, r.c.Cap()))
	}
	if r.next == unknown && !more {
		if n > c.cfg.MaxMessage {
			return c.tooLong(uint64(n))
		}
		r.next, r.n = inRing, n
		r.slow()
		return nil
	}
	p := r.c.Payload(n)
	if r.next == unknown {
		if n <= totalSize {
			return c.fail(fmt.Errorf("%w: a first fragment of %d bytes", ipc.ErrCorrupt, n))
		}
		all := total(p)
		if all > uint64(c.cfg.MaxMessage) || all == 0 {
			return c.tooLong(all)
		}
		r.next, r.total, r.borrowed = partial, int(all), cap(buf) >= int(all)
		r.slow()
		if r.part = buf[:0]; !r.borrowed {
			r.part, r.reuse = r.reuse[:0], nil
		}
		p = p[totalSize:]
	}
	if rest := r.total - len(r.part) - len(p); rest < 0 || more == (rest == 0) {
		return c.fail(fmt.Errorf("%w: fragments of %d bytes in a message of %d", ipc.ErrCorrupt, len(r.part)+len(p), r.total))
	}
	r.part = append(r.room(len(p)), p...)
	c.advance(n)
	if !more {
		r.next = assembled
	}
	return nil
}

// trusted is for how many bytes of a message memory is made before they have come. A peer may
// announce the longest one and send nothing: to clear 64 MiB takes longer than a short Timeout.
const trusted = ipc.DefaultMaxBuffer

// room returns the part of the message that has come, with room for n bytes more.
func (r *receiver) room(n int) []byte {
	have := len(r.part) + n
	if have <= cap(r.part) {
		return r.part
	}
	size := min(r.total, max(have, 2*cap(r.part), trusted))
	return append(make([]byte, 0, size), r.part...)
}

// tooLong fails the connection for a message of n bytes.
func (c *conn) tooLong(n uint64) error {
	return c.fail(fmt.Errorf("%w: a message of %d bytes, MaxMessage is %d", ipc.ErrCorrupt, n, c.cfg.MaxMessage))
}
