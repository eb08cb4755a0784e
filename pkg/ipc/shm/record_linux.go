package shm

import (
	"fmt"
	"sync/atomic"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// control obeys a control record.
func (c *conn) control(code uint32) error {
	r := &c.rx
	level := int(code) - ring.Switch
	switch {
	case code == ring.Bye:
		r.err = fmt.Errorf("recv on shm: %w", ipc.ErrPeerClosed)
		return r.err
	case code == ring.Abort && r.total > 0:
		r.part, r.total, r.lent = nil, 0, false
		r.c.Skip()
		r.bound(c.cfg.MaxMessage)
	case code == ring.Abort:
		r.c.Skip()
	case level >= 0 && level < r.seg.shape.levels && level != r.level:
		mem, err := r.seg.ring(level)
		if err != nil {
			return c.fail(err)
		}
		r.c.Skip()
		r.c.SwitchTo(mem, r.seg.shape.size(level))
		r.seg.drop(r.level, true)
		r.level, r.spare = level, nil
		atomic.StoreUint32(&r.seg.control().Whole, 0)
		if r.total == 0 {
			r.bound(c.cfg.MaxMessage)
		}
		if r.c.Give() {
			c.wake(r.bed, r.knock)
		}
	default:
		return c.fail(fmt.Errorf("%w: control record %d", ipc.ErrCorrupt, code))
	}
	return nil
}

// record takes a record's part in a message.
func (c *conn) record(h uint32, buf []byte) error {
	r := &c.rx
	n, ok := r.c.Parse(h)
	more := h&ring.More != 0
	if !ok {
		return c.fail(fmt.Errorf("%w: a record of header %#x in a ring of %d bytes", ipc.ErrCorrupt, h, r.c.Cap()))
	}
	if r.total == 0 && !more {
		if n > c.cfg.MaxMessage {
			return c.tooLong(uint64(n))
		}
		r.have, r.n = true, n
		r.slow()
		return nil
	}
	p := r.c.Payload(n)
	if r.total == 0 {
		if n <= totalSize {
			return c.fail(fmt.Errorf("%w: a first fragment of %d bytes", ipc.ErrCorrupt, n))
		}
		all := total(p)
		if all > uint64(c.cfg.MaxMessage) || all == 0 {
			return c.tooLong(all)
		}
		r.total, r.lent = int(all), cap(buf) >= int(all)
		r.slow()
		if r.part = buf[:0]; !r.lent {
			r.part, r.spare = r.spare[:0], nil
			if cap(r.part) < r.total {
				r.part = make([]byte, 0, r.total)
			}
		}
		p = p[totalSize:]
	}
	if rest := r.total - len(r.part) - len(p); rest < 0 || more == (rest == 0) {
		return c.fail(fmt.Errorf("%w: fragments of %d bytes in a message of %d", ipc.ErrCorrupt, len(r.part)+len(p), r.total))
	}
	r.part = append(r.part, p...)
	c.advance(n)
	if !more {
		r.have, r.whole = true, true
	}
	return nil
}

func (c *conn) tooLong(n uint64) error {
	return c.fail(fmt.Errorf("%w: a message of %d bytes, MaxMessage is %d", ipc.ErrCorrupt, n, c.cfg.MaxMessage))
}
