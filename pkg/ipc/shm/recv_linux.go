package shm

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// message is how far the receiver is with the next message. doc.go has the picture.
type message uint8

const (
	unknown   message = iota // nothing of it has been looked at
	partial                  // part has its first fragments, total its length
	inRing                   // it is complete: the next record, with n bytes
	assembled                // it is complete: all of part
)

// receiver is the receiving half.
type receiver struct {
	half
	c        ring.Consumer
	seg      *segment // set before conn.opened is closed
	open     bool     // this half has seen that
	level    int
	limit    uint32        // below this length a record goes the short way; 0 when none may
	sleeper  *ring.Sleeper // the sender's
	wakeByte func()        // wakes the sender from a sleep on the socket
	ready    func() bool   // a record is there
	err      error         // the end of this half
	backoff  int           // pauses before looking again
	prompt   bool          // the last record was found almost at once

	next     message
	n        int    // its bytes, inRing
	part     []byte // its fragments so far
	total    int    // its bytes, partial and assembled
	borrowed bool   // part is in the caller's buffer
	reuse    []byte // a former part, which Peek handed out
}

// complete returns whether the next message is there.
func (r *receiver) complete() bool { return r.next >= inRing }

// init makes the half ready for the peer's memory.
func (r *receiver) init(c *conn) {
	r.wake, r.wakeByte, r.spin = make(chan struct{}, 1), c.wakeByte(wakeSender), spinFixed
	r.ready = func() bool { return r.c.Head() != 0 }
}

// Recv implements ipc.Conn. For its short way see Send.
func (c *conn) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if wait.Endless(ctx) {
		ring.StoreRel(&r.busy, inCall)
		if c.state.Load()&(closed|bad) == 0 && r.c.Quick(cap(buf)) {
			buf = buf[:r.c.Read(buf)]
			s := c.state.Load()
			ring.StoreRel(&r.busy, idle)
			if s&closed == 0 {
				return buf, nil
			}
			return buf, c.ended("recv")
		}
	}
	return c.recv(ctx, buf)
}

// recv implements Recv for all messages.
func (c *conn) recv(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if wait.Ended(ctx) {
		return buf[:0], wait.Error(ctx, "recv", "shm")
	}
	ring.StoreRel(&r.busy, inCall)
	if r.limit != 0 && c.state.Load()&(closed|bad) == 0 {
		if r.c.Quick(cap(buf)) {
			buf = buf[:r.c.Read(buf)]
			err := c.closedDuring("recv")
			ring.StoreRel(&r.busy, idle)
			return buf, err
		}
		h := r.c.Head()
		if h == 0 {
			h = c.spinHead()
		}
		if n := int(h - 1); h-1 < r.limit && n <= cap(buf) {
			buf = buf[:n]
			if r.c.Take(n, buf) {
				c.wake(r.sleeper, r.wakeByte)
			}
			err := c.closedDuring("recv")
			ring.StoreRel(&r.busy, idle)
			return buf, err
		}
	}
	buf, err := c.recvSlow(ctx, buf)
	ring.StoreRel(&r.busy, idle)
	return buf, err
}

// recvSlow waits for a message and takes it, assembling its fragments.
func (c *conn) recvSlow(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if _, err := c.next(ctx, true, buf); err != nil {
		return buf[:0], err
	}
	if r.next == assembled && (r.borrowed || cap(buf) < r.total) {
		buf = r.part
	} else {
		buf = append(buf[:0], c.message()...)
	}
	c.take()
	return buf, c.closedDuring("recv")
}

// message returns the complete message that next found, where it is.
func (c *conn) message() []byte {
	r := &c.rx
	if r.next == assembled {
		return r.part
	}
	return r.c.Payload(r.n)[:r.n:r.n]
}

// take takes the message that next found, if there is one.
func (c *conn) take() {
	r := &c.rx
	switch r.next {
	case inRing:
		c.advance(r.n)
	case assembled:
		r.total, r.part, r.borrowed = 0, nil, false
	default:
		return
	}
	r.next = unknown
	r.bound(c.cfg.MaxMessage)
}

// advance takes a record of n bytes.
func (c *conn) advance(n int) {
	if c.rx.c.Advance(n) {
		c.wake(c.rx.sleeper, c.rx.wakeByte)
	}
}

// records is how many records without a whole message a call that does not wait takes at most: a
// peer may write on for ever.
const records = 64

// next makes the next message complete and returns whether it is. A message in fragments is put
// together in buf if it has the room. With block unset it does not wait, and returns false when
// no message is complete.
func (c *conn) next(ctx context.Context, block bool, buf []byte) (bool, error) {
	r := &c.rx
	r.end = time.Time{}
	for n := 0; !r.complete(); n++ {
		h, err := c.header(ctx, block)
		switch {
		case err != nil:
		case h == 0 && !block || n == records && !block:
			return false, nil
		case h == 0: // it was there: the peer has taken it back
		case h&ring.Ctrl != 0:
			err = c.control(ring.Code(h))
		default:
			err = c.record(h, buf)
		}
		if err == nil && !r.complete() && block {
			err = overdue(ctx, "recv", c.deadline(&r.half))
		}
		if err != nil {
			if r.borrowed { // the buffer goes back to the caller: keep what came
				r.part, r.borrowed = append([]byte(nil), r.part...), false
			}
			return false, err
		}
	}
	if s := c.state.Load(); s&(closed|bad) != 0 {
		return false, c.ended("recv")
	}
	return true, nil
}

// header returns the next record's header, for which it waits if block is set: 0 if it is not
// there.
func (c *conn) header(ctx context.Context, block bool) (uint32, error) {
	r := &c.rx
	if r.err != nil {
		return 0, r.err
	}
	if c.state.Load()&(closed|bad) != 0 {
		return 0, c.ended("recv")
	}
	if !r.open {
		if ok, err := c.waitOpened(ctx, block, c.deadline(&r.half)); !ok {
			return 0, err
		}
	}
	if n, told := c.among.Load(), &r.seg.control().Among; atomic.LoadUint32(told) != n {
		atomic.StoreUint32(told, n)
	}
	h := r.c.Head()
	if h != 0 {
		return h, nil
	}
	if block {
		if h = c.spinHead(); h != 0 {
			return h, nil
		}
		c.publishHeld() // what is waited for may be its answer
	}
	if r.c.Give() {
		c.wake(r.sleeper, r.wakeByte)
	}
	if block {
		if err := c.await(ctx, "recv", &r.half, &r.seg.control().Recv, closed|bad|gone, r.ready); err != nil {
			return 0, err
		}
	}
	s := c.state.Load() // before the last look: what the peer wrote before it went is visible then
	h = r.c.Head()
	switch {
	case s&(closed|bad) != 0:
		return 0, c.ended("recv")
	case h == 0 && s&gone != 0:
		r.err = c.ended("recv")
		return 0, r.err
	}
	return h, nil
}

// waitOpened waits for the peer's memory until end, and returns whether it is there.
func (c *conn) waitOpened(ctx context.Context, block bool, end time.Time) (bool, error) {
	r := &c.rx
	select {
	case <-c.opened:
	default:
		if !block {
			return false, c.ended("recv")
		}
		c.publishHeld()
		var late <-chan time.Time
		if !end.IsZero() {
			t := time.NewTimer(time.Until(end))
			defer t.Stop()
			late = t.C
		}
		select {
		case <-c.opened:
		case <-ctx.Done():
			return false, wait.Error(ctx, "recv", "shm")
		case <-late:
			return false, fmt.Errorf("recv on shm: %w", ipc.ErrTimeout)
		case <-c.over:
			select {
			case <-c.opened:
			default:
				return false, c.ended("recv")
			}
		}
	}
	// Here and not where the memory arrives: Recv's short way looks at r.c before it knows.
	r.c.Open(r.seg.rings[0], r.seg.shape.size(0), r.seg.control())
	r.open, r.sleeper = true, &r.seg.control().Send
	r.bound(c.cfg.MaxMessage)
	return true, nil
}

// bound allows the short ways again, for records that the ring and Config.MaxMessage, most, allow.
func (r *receiver) bound(most int) {
	r.limit = uint32(min(most+1, r.c.Cap()-4*ring.Align))
}

// slow keeps calls off the short ways until bound is called.
func (r *receiver) slow() {
	r.limit = 0
	r.c.Slow()
}
