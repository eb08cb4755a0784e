package shm

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// fragment is the most of a large message in one record: long enough to be cheap, short enough that the receiver
// copies while the sender writes on, and below the size from which memmove goes past the caches.
const fragment = 128 << 10

// totalSize is the bytes ahead of the first fragment: the whole message's length.
const totalSize = 8

// parts says whether a message of n bytes travels in fragments.
func (t *sender) parts(n int) bool {
	most := min(t.p.Cap()/4, fragment)
	if n > most && atomic.LoadUint32(&t.seg.control().Whole) != 0 {
		most = t.most()
	}
	return n > most
}

// most is the most that one record can have.
func (t *sender) most() int { return t.p.Cap()/2 - 4*ring.Align }

// sendParts sends a message of more than n bytes in records of n.
func (c *conn) sendParts(ctx context.Context, b []byte, n int) error {
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
	return c.late("send")
}

func putTotal(p []byte, n int) { binary.LittleEndian.PutUint64(p, uint64(n)) }

func total(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
