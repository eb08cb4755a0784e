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

// receiver is the receiving half.
type receiver struct {
	half
	c     ring.Consumer
	seg   *segment // set before conn.opened is closed
	open  bool     // this half has seen that
	level int
	limit uint32        // below this length a record goes the short way; 0 when none may
	bed   *ring.Sleeper // the sender's
	knock func()
	ready func() bool
	err   error // the end of this half
	back  int   // pauses before looking again
	soon  bool

	have  bool   // the next message is known and complete:
	n     int    // its length in the ring,
	whole bool   // or it is all of part
	part  []byte // a message in fragments, as far as it came
	total int    // its length; 0 when there is none
	spare []byte // a former part, which Peek gave out
	lent  bool   // part is in the caller's buffer
}

func (r *receiver) init(c *conn) {
	r.wake, r.knock, r.spin = make(chan struct{}, 1), c.knock(wakeSender), spinFixed
	r.ready = func() bool { return r.c.Head() != 0 }
}

// Recv implements ipc.Conn. For its short way see Send.
func (c *conn) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if wait.Endless(ctx) {
		ring.StoreRel(&r.busy, in)
		if c.state.Load()&(closed|bad) == 0 && r.c.Quick(cap(buf)) {
			buf = buf[:r.c.Read(buf)]
			s := c.state.Load()
			ring.StoreRel(&r.busy, out)
			if s&closed == 0 {
				return buf, nil
			}
			return buf, c.ended("recv")
		}
	}
	return c.recv(ctx, buf)
}

// recv is Recv for all messages.
func (c *conn) recv(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if wait.Ended(ctx) {
		return buf[:0], wait.Error(ctx, "recv", "shm")
	}
	ring.StoreRel(&r.busy, in)
	if r.limit != 0 && c.state.Load()&(closed|bad) == 0 {
		if r.c.Quick(cap(buf)) {
			buf = buf[:r.c.Read(buf)]
			err := c.late("recv")
			ring.StoreRel(&r.busy, out)
			return buf, err
		}
		h := r.c.Head()
		if h == 0 {
			h = c.spinHead()
		}
		if n := int(h - 1); h-1 < r.limit && n <= cap(buf) {
			buf = buf[:n]
			if r.c.Take(n, buf) {
				c.wake(r.bed, r.knock)
			}
			err := c.late("recv")
			ring.StoreRel(&r.busy, out)
			return buf, err
		}
	}
	buf, err := c.recvSlow(ctx, buf)
	ring.StoreRel(&r.busy, out)
	return buf, err
}

func (c *conn) recvSlow(ctx context.Context, buf []byte) ([]byte, error) {
	r := &c.rx
	if _, err := c.next(ctx, true, buf); err != nil {
		return buf[:0], err
	}
	if r.whole && (r.lent || cap(buf) < r.total) {
		buf = r.part
	} else {
		buf = append(buf[:0], c.message()...)
	}
	c.take()
	return buf, c.late("recv")
}

// message is the complete message that next found.
func (c *conn) message() []byte {
	r := &c.rx
	if r.whole {
		return r.part
	}
	return r.c.Payload(r.n)[:r.n:r.n]
}

// take takes the message that next found.
func (c *conn) take() {
	r := &c.rx
	if !r.have {
		return
	}
	r.have = false
	if r.whole {
		r.whole, r.total, r.part, r.lent = false, 0, nil, false
	} else {
		c.advance(r.n)
	}
	r.bound(c.cfg.MaxMessage)
}

// advance takes a record of n bytes.
func (c *conn) advance(n int) {
	if c.rx.c.Advance(n) {
		c.wake(c.rx.bed, c.rx.knock)
	}
}

// records is how many records without a whole message a call that does not wait takes at most: a peer
// may write on for ever.
const records = 64

// next makes the next message complete, which sets have. A message in fragments is put together in buf
// if it has the room. With block unset it does not wait, and returns false when no message is complete.
func (c *conn) next(ctx context.Context, block bool, buf []byte) (bool, error) {
	r := &c.rx
	r.end = time.Time{}
	for n := 0; !r.have; n++ {
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
		if err == nil && !r.have && block {
			err = overdue(ctx, "recv", c.deadline(&r.half))
		}
		if err != nil {
			if r.lent { // the buffer goes back to the caller: keep what came
				r.part, r.lent = append(make([]byte, 0, r.total), r.part...), false
			}
			return false, err
		}
	}
	if s := c.state.Load(); s&(closed|bad) != 0 {
		return false, c.ended("recv")
	}
	return true, nil
}

// header waits for the next record's header.
func (c *conn) header(ctx context.Context, block bool) (uint32, error) {
	r := &c.rx
	if r.err != nil {
		return 0, r.err
	}
	if c.state.Load()&(closed|bad) != 0 {
		return 0, c.ended("recv")
	}
	if !r.open {
		if ok, err := c.meet(ctx, block, c.deadline(&r.half)); !ok {
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
		c.wake(r.bed, r.knock)
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

// maxBack is how many pauses, about 2.5 µs, the receiver stays away at most. A receiver at the sender's heels takes lines that are being
// written; 40 pauses cost a fifth of the throughput of small messages, 250 gain nothing more.
const maxBack = 100

// spinHead polls for the next record for a short time.
func (c *conn) spinHead() uint32 {
	r := &c.rx
	n := c.spins(&r.half)
	if n == 0 {
		return 0
	}
	switch {
	case r.c.Ran(2 + r.back/4):
		r.back = min(r.back+4, maxBack)
	case r.back > 0:
		r.back /= 2
	case r.soon:
		r.back = 4
	}
	for range r.back {
		ring.Pause()
	}
	h, left := r.c.Spin(n)
	if h != 0 {
		r.learn(true)
	}
	r.soon = n-left < 4
	return h
}

// meet waits for the peer's memory until end, and returns whether it is there.
func (c *conn) meet(ctx context.Context, block bool, end time.Time) (bool, error) {
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
	r.open, r.bed = true, &r.seg.control().Send
	r.bound(c.cfg.MaxMessage)
	return true, nil
}

// Among says that this side's receiver serves n connections in turn, this one among them, which bounds how far the peer's ring grows when it is full.
// It may be called at any time and is heard when the receiver next does not find a message at once.
func (c *conn) Among(n int) { c.among.Store(uint32(n)) }

// bound sets what follows from the ring's size.
func (r *receiver) bound(most int) {
	r.limit = uint32(min(most+1, r.c.Cap()-4*ring.Align))
}

// slow keeps calls off the short ways until bound is called.
func (r *receiver) slow() {
	r.limit = 0
	r.c.Slow()
}
