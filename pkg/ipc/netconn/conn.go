package netconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// piece is the most bytes that Write sends as one message: long enough for the cost of a message
// not to show beside that of its bytes, short enough that both sides copy at the same time and a
// small ring holds several.
const piece = 32 << 10

// How a wait in shared memory begins: it looks for the message between other goroutines. On one
// processor the peer could not answer meanwhile, and pipes and sockets wait in the runtime's
// poller: one look there, and with ipc.SyncPark.
const (
	// looksShm is how often every wait looks. Where there is nobody else each look takes some
	// tenths of a microsecond.
	looksShm = 64
	// looksFor is for how long a wait looks when the one before was brief: as long as the peer
	// takes for its part of a call of gRPC, and as two processors take to fall asleep and wake.
	looksFor = 100 * time.Microsecond
	// A wait of up to briefFor was brief, though it may have slept: where both sides sleep, each
	// waits for the other to wake, and looking pays as soon as both do it.
	briefFor = 4 * looksFor
	// yieldsEvery is after how many looks the processor goes to another process: Go's scheduler
	// has woken threads meanwhile, on both sides, more than there are processors.
	yieldsEvery = 4
)

// lookers is how many waits of this process look for looksFor, or would.
var lookers atomic.Int32

// Addr is the address of one side.
type Addr struct {
	Mechanism ipc.Mechanism
	Path      string // "" for parents, children and whoever dialled
}

// Network returns the name of the transport.
func (a Addr) Network() string { return string(a.Mechanism) }

// String returns the path, or the name of the transport where there is none.
func (a Addr) String() string {
	if a.Path == "" {
		return string(a.Mechanism)
	}
	return a.Path
}

// Conn is a net.Conn over an ipc.Conn. Any number of goroutines may use it at once. Errors are
// *net.OpError, but for io.EOF.
type Conn struct {
	conn          ipc.Conn
	try           ipc.Prober // conn, nil if it is none
	local, remote Addr
	closed        atomic.Bool
	once          sync.Once
	over          chan struct{} // closed by Close
	read, write   deadline

	rmu   sync.Mutex
	rest  []byte                          // of the message that Peek returned: what Read has yet to hand out
	eof   bool                            // the peer has ended its direction
	looks int                             // how often look looks at least
	brief bool                            // the last wait was brief
	most  int32                           // how many waits of this process may look for looksFor
	yield func(single bool) time.Duration // cores.Yield, but in tests

	wmu   sync.Mutex
	piece int         // at most as many bytes go into one message
	shut  atomic.Bool // CloseWrite was called
}

var _ net.Conn = (*Conn)(nil)

// New returns c as a net.Conn, which owns it. The mechanism is for its addresses alone. A
// Config.NoWait of c would turn back-pressure into errors of Write that wrap ipc.ErrFull.
func New(c ipc.Conn, m ipc.Mechanism) *Conn {
	return newConn(c, Addr{Mechanism: m}, Addr{Mechanism: m}, ipc.SyncAdaptive)
}

// newConn returns c as a net.Conn between two addresses, which waits as how says.
func newConn(c ipc.Conn, local, remote Addr, how ipc.Sync) *Conn {
	n := &Conn{conn: c, local: local, remote: remote, over: make(chan struct{}), piece: piece, looks: 1, yield: cores.Yield}
	if count := cores.Count(); local.Mechanism == ipc.Shm && how != ipc.SyncPark && count > 1 {
		n.looks, n.most = looksShm, int32(count)
	}
	n.try, _ = c.(ipc.Prober)
	n.read.init()
	n.write.init()
	return n
}

// Read implements net.Conn. It waits for the first bytes only, and returns io.EOF when the peer
// has closed, or half-closed, in order.
func (c *Conn) Read(b []byte) (int, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	ctx := c.read.context()
	if ctx.Err() != nil {
		return 0, c.fail("read", context.Cause(ctx))
	}
	if err := c.fetch(ctx); err != nil {
		return 0, err
	}
	n := 0
	for {
		k := copy(b[n:], c.rest)
		n += k
		if c.rest = c.rest[k:]; len(c.rest) > 0 {
			break
		}
		c.conn.Release()
		if n == len(b) || !c.fetchMore() {
			break
		}
	}
	if c.closed.Load() { // meanwhile: the message may have been taken away while it was copied
		return 0, c.fail("read", net.ErrClosed)
	}
	return n, nil
}

// fetch waits until there are bytes in rest.
func (c *Conn) fetch(ctx context.Context) error {
	if len(c.rest) > 0 {
		return nil
	}
	if c.eof || c.fetchMore() {
		return c.ended()
	}
	begun := time.Now()
	if c.look(begun) {
		return c.ended()
	}
	p, err := c.conn.Peek(ctx)
	c.brief = time.Since(begun) < briefFor
	if err != nil {
		return c.fail("read", err)
	}
	c.found(p)
	return c.ended()
}

// ended returns io.EOF when the peer has ended its direction.
func (c *Conn) ended() error {
	if c.eof {
		return io.EOF
	}
	return nil
}

// look looks for the next message while it lets other goroutines run, and returns whether it came,
// or the end. A wait of shared memory spins and then sleeps with the processor of its goroutine:
// what a Read has just woken, such as the handler of a call, would wait until the runtime takes
// that processor away, and the answer with it. One look is not enough: gRPC's writer lets others
// run before it writes, and is ready to go on some microseconds later.
func (c *Conn) look(begun time.Time) bool {
	long := c.brief && lookers.Add(1) <= c.most
	if c.brief {
		defer lookers.Add(-1)
	}
	crowded := cores.Crowded(0)
	for i := 1; i <= c.looks || long && time.Since(begun) < looksFor; i++ {
		runtime.Gosched()
		if c.fetchMore() || c.eof {
			c.brief = true
			return true
		}
		if i%yieldsEvery == 0 {
			if crowded {
				return false
			}
			crowded = cores.Crowded(c.yield(false)) // the look before let other goroutines run
		}
	}
	return false
}

// fetchMore puts the next message into rest if it is there already, and returns whether it is. An
// error shows in the next fetch.
func (c *Conn) fetchMore() bool {
	if c.try == nil {
		return false
	}
	p, ok, err := c.try.TryPeek()
	return ok && err == nil && c.found(p)
}

// found makes p, the message that was looked at, the rest, and returns false if it is the end.
func (c *Conn) found(p []byte) bool {
	if c.rest = p; len(p) == 0 {
		c.eof = true
		c.conn.Release()
	}
	return !c.eof
}

// Write implements net.Conn. It returns once the transport has all of b, not once the peer has
// read it; what it returns beside an error are the bytes that the transport has.
func (c *Conn) Write(b []byte) (n int, err error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	for {
		if c.shut.Load() {
			return n, c.fail("write", syscall.EPIPE)
		}
		p := b[n:min(n+c.piece, len(b))]
		ctx := c.write.context()
		if len(p) == 0 { // b is empty: an empty message would be the end
			if err := context.Cause(ctx); err != nil {
				return n, c.fail("write", err)
			}
			return n, nil
		}
		err := c.conn.Send(ctx, p)
		switch {
		case err == nil:
			if n += len(p); n == len(b) {
				return n, nil
			}
		case errors.Is(err, ipc.ErrTooLarge) && c.piece > 1: // a small Config.MaxMessage
			c.piece = len(p) / 2
		default:
			return n, c.fail("write", err)
		}
	}
}

// CloseWrite ends this side's direction: the peer's Read returns io.EOF after what was written,
// and can still answer. It does not wait for the peer. A Write that waits returns syscall.EPIPE.
func (c *Conn) CloseWrite() error {
	if c.shut.Swap(true) {
		return nil
	}
	c.write.end(syscall.EPIPE)
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.closed.Load() {
		return c.fail("close", net.ErrClosed)
	}
	err := ipc.ErrFull
	if c.try != nil {
		if err = c.try.TrySend(nil); err == nil {
			err = c.try.TryFlush()
		}
	}
	if errors.Is(err, ipc.ErrFull) { // this half is the goroutine's from now on, until Close ends it
		go func() { _ = errors.Join(c.conn.Send(context.Background(), nil), c.conn.Flush(context.Background())) }()
		return nil
	}
	if err != nil {
		return c.fail("close", err)
	}
	return nil
}

// Close implements net.Conn. The peer still reads what was written, and then io.EOF. It waits at
// most Config.Timeout or one second, and that only for a message that a deadline caught half-way
// on a pipe or socket.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return c.fail("close", net.ErrClosed)
	}
	err := c.conn.Close()
	c.read.end(net.ErrClosed)
	c.write.end(net.ErrClosed)
	c.once.Do(func() { close(c.over) })
	if err != nil {
		return &net.OpError{Op: "close", Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
	}
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadline(t, &c.read, &c.write) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.read) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.write) }

// setDeadline moves deadlines, and returns an error on a connection that Close has ended.
func (c *Conn) setDeadline(t time.Time, all ...*deadline) error {
	if c.closed.Load() {
		return c.fail("set", net.ErrClosed)
	}
	for _, d := range all {
		d.set(t)
	}
	return nil
}

// fail returns the error of operation op as package net would return it.
func (c *Conn) fail(op string, err error) error {
	switch {
	case c.closed.Load(), errors.Is(err, ipc.ErrClosed):
		err = net.ErrClosed
	case errors.Is(err, ipc.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded):
		err = os.ErrDeadlineExceeded
	case errors.Is(err, ipc.ErrPeerClosed) && op == "read":
		return io.EOF
	case errors.Is(err, ipc.ErrPeerGone) && op == "read":
		err = fmt.Errorf("%w: %w", syscall.ECONNRESET, ipc.ErrPeerGone)
	case errors.Is(err, ipc.ErrPeerGone):
		err = fmt.Errorf("%w: %w", syscall.EPIPE, ipc.ErrPeerGone)
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}
