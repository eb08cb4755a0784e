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
