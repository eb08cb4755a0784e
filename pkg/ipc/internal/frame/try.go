package frame

import (
	"context"
	"errors"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

var _ ipc.Prober = (*Conn)(nil)

// TrySend implements ipc.Prober: it is Send with Config.NoWait for this one call.
func (c *Conn) TrySend(p []byte) error {
	before := c.w.cfg.NoWait // which the sending half alone reads
	c.w.cfg.NoWait = true
	err := c.Send(context.Background(), p)
	c.w.cfg.NoWait = before
	return err
}

// TryFlush implements ipc.Prober.
func (c *Conn) TryFlush() error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.resv = -1
	if c.w.pushOpen(); c.w.err == nil && c.w.pending() > 0 {
		return c.w.full
	}
	return c.w.err
}

// TryPeek implements ipc.Prober.
func (c *Conn) TryPeek() (p []byte, ok bool, err error) {
	if p, ok, err = c.r.next(context.Background(), false); !ok {
		return nil, false, err
	}
	c.r.peeked = true
	return p, true, nil
}

// Watch implements ipc.Prober.
func (c *Conn) Watch(ctx context.Context) error {
	for {
		_, _, err := c.r.next(ctx, true)
		if ended := wait.Error(ctx, "watch", c.r.name); err != nil && ended != nil {
			return ended
		}
		if !errors.Is(err, ipc.ErrTimeout) { // Config.Timeout does not bound a watch
			return nil
		}
	}
}

// Among implements ipc.Prober. The kernel's buffers stay as they are.
func (c *Conn) Among(int) {}
