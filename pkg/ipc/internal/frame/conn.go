package frame

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// past is a deadline that has passed: it wakes whoever waits.
var past = time.Unix(1, 0)

// file is what a stream's end must be: *os.File on a pipe and *net.UnixConn are.
type file interface {
	io.Closer
	syscall.Conn
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Conn is an ipc.Conn over one byte stream a direction.
type Conn struct {
	in, out file
	r       reader
	w       writer
	closed  atomic.Bool
}

var _ ipc.Conn = (*Conn)(nil)

// New makes a connection of in and out, which may be the same and which do not block. It owns
// them, on error too. The name appears in errors; cfg has its defaults.
func New(name string, cfg ipc.Config, in, out file) (*Conn, error) {
	c := &Conn{in: in, out: out}
	err := c.r.init(name, cfg, in)
	if err == nil {
		err = c.w.init(name, cfg, out)
	}
	if err != nil {
		return nil, errors.Join(err, c.closeFiles())
	}
	c.r.before = func() {
		c.w.mu.Lock()
		defer c.w.mu.Unlock()
		c.w.pushOpen()
	}
	return c, nil
}

// gone turns a system call's error into the layer's.
func gone(name string, e syscall.Errno) error {
	return fmt.Errorf("%s: %w (%w)", name, ipc.ErrPeerGone, e)
}

// broken returns the error that the receiving half failed with, which ends both.
func (c *Conn) broken() error {
	if err := c.r.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Send implements ipc.Conn.
func (c *Conn) Send(ctx context.Context, p []byte) error {
	if err := c.broken(); err != nil {
		return err
	}
	return c.w.send(ctx, p)
}

// Recv implements ipc.Conn.
func (c *Conn) Recv(ctx context.Context, buf []byte) ([]byte, error) { return c.r.recv(ctx, buf) }

// Reserve implements ipc.Conn.
func (c *Conn) Reserve(ctx context.Context, n int) ([]byte, error) {
	if err := c.broken(); err != nil {
		return nil, err
	}
	return c.w.reserve(ctx, n)
}

// Commit implements ipc.Conn.
func (c *Conn) Commit(n int) error { return c.w.commitReserved(n) }

// Peek implements ipc.Conn.
func (c *Conn) Peek(ctx context.Context) ([]byte, error) { return c.r.peek(ctx) }

// Release implements ipc.Conn.
func (c *Conn) Release() { c.r.release() }

// Ready implements ipc.Conn.
func (c *Conn) Ready() bool { return c.r.ready() }

// Flush implements ipc.Conn.
func (c *Conn) Flush(ctx context.Context) error { return c.w.flush(ctx) }

// Close implements ipc.Conn.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	err := c.w.close()
	c.r.watch.Stop()
	return errors.Join(err, c.closeFiles())
}

// closeFiles closes both files, or the one that is both.
func (c *Conn) closeFiles() error {
	err := c.out.Close()
	if c.in != c.out {
		err = errors.Join(err, c.in.Close())
	}
	return err
}
