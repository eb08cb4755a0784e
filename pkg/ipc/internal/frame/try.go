package frame

import "context"

// TrySend is Send with Config.NoWait for this one call: ErrFull when there is no room. It is for groups of
// connections, which try another one then.
func (c *Conn) TrySend(p []byte) error {
	// Only the sending half reads NoWait.
	was := c.w.cfg.NoWait
	c.w.cfg.NoWait = true
	err := c.Send(context.Background(), p)
	c.w.cfg.NoWait = was
	return err
}

// TryFlush is a Flush that does not wait: the kernel gets what it takes of the open batch, and the rest while the caller goes on, which
// ErrFull says. It is for who serves several connections, and would leave the others alone while it waits for one.
func (c *Conn) TryFlush() error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.resv = -1
	if c.w.kick(); c.w.err == nil && c.w.pending() > 0 {
		return c.w.full
	}
	return c.w.err
}
