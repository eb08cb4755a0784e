package shm

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// The ways a connection ends, bits of conn.state.
const (
	closed = 1 << iota // Close was called
	gone               // the socket was hung up
	bad                // the peer broke the protocol
)

// Values of half.busy.
const (
	idle    = 0 // no call in the half
	inCall  = 1 // a call is using the memory
	holding = 2 // the caller holds a slice of Reserve or Peek
)

// half is what the sender and the receiver have in common.
type half struct {
	busy uint32        // stored plainly by the half's goroutine, see conn.Close
	wake chan struct{} // the peer wrote the half's byte to the socket
	spin int           // how long spinning has lately paid
	end  time.Time     // when Config.Timeout ends the call, zero before it first waits: see conn.deadline

	watch wait.Watch // wakes a call from the futex when its context ends
}

// conn is one side of a connection. doc.go has its states.
type conn struct {
	cfg    ipc.Config
	sock   *net.UnixConn
	rc     syscall.RawConn
	single bool                            // one processor: spinning would keep the peer from running
	nap    time.Duration                   // shortSleep, but in tests
	yield  func(single bool) time.Duration // cores.Yield, but in tests

	state   atomic.Uint32
	among   atomic.Uint32 // what Among was last told
	closing atomic.Bool
	fault   atomic.Pointer[error]
	over    chan struct{} // closed when the connection ends in any way
	once    sync.Once     // closes it
	waking  sync.Mutex    // held by who wakes this side's calls because of a context
	opened  chan struct{} // closed when rx.seg is there
	ctl     chan struct{} // closed when the socket's goroutine has ended

	_  [128]byte
	tx sender
	_  [128]byte
	rx receiver
}

var (
	_ ipc.Conn   = (*conn)(nil)
	_ ipc.Prober = (*conn)(nil)
)

// overSocket makes a connection over sock, which it owns, on error too.
func overSocket(sock *net.UnixConn, cfg ipc.Config) (ipc.Conn, error) {
	c, err := open(sock, cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// open makes a connection over sock, which it owns, on error too.
func open(sock *net.UnixConn, cfg ipc.Config) (*conn, error) {
	c := &conn{cfg: cfg, sock: sock, over: make(chan struct{}), opened: make(chan struct{}), ctl: make(chan struct{})}
	c.single, c.nap, c.yield = cores.Count() < 2, shortSleep, cores.Yield
	rc, err := sock.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open shm: %w", err), sock.Close())
	}
	c.rc = rc
	seg, fd, err := newSegment(shapeOf(cfg))
	if err != nil {
		return nil, errors.Join(err, sock.Close())
	}
	c.tx.init(c, seg)
	c.rx.init(c)
	c.tx.watch.Fire, c.rx.watch.Fire = c.contextEnded, c.contextEnded
	if err := sendHello(sock, seg.shape, fd); err != nil && !errors.Is(err, ipc.ErrPeerGone) {
		seg.unmap()
		return nil, errors.Join(err, sock.Close())
	}
	barrierReady()
	go c.listen()
	return c, nil
}

// listen reads the socket: the peer's memory first, then its wake-ups, at last its hang-up.
func (c *conn) listen() {
	defer close(c.ctl)
	seg, err := readHello(c.sock)
	if err != nil {
		if !errors.Is(err, ipc.ErrPeerGone) {
			c.fail(err)
		} else {
			c.end(gone)
		}
		return
	}
	c.rx.seg = seg
	close(c.opened)
	buf := make([]byte, 64)
	for {
		n, err := c.sock.Read(buf)
		for _, b := range buf[:n] {
			switch b {
			case wakeReceiver:
				notify(c.rx.wake)
			case wakeSender:
				notify(c.tx.wake)
			default:
				c.fail(fmt.Errorf("%w: byte %#x on the socket", ipc.ErrCorrupt, b))
			}
		}
		if err != nil {
			c.end(gone)
			return
		}
	}
}

// notify wakes a goroutine that is parked, or the next one that would be.
func notify(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// end sets a bit of state and wakes this side's waiting calls.
func (c *conn) end(bit uint32) {
	c.state.Or(bit)
	c.tx.detour.Or(detourEnded)
	c.once.Do(func() { close(c.over) })
	c.wakeOwn()
}

// wakeOwn wakes this side's own sleeping calls.
func (c *conn) wakeOwn() {
	futexWake(&c.tx.seg.control().Send)
	select {
	case <-c.opened:
		futexWake(&c.rx.seg.control().Recv)
	default:
	}
}

// contextEnded wakes this side's sleeping calls for them to look at their contexts. It runs in a
// goroutine of its own, also beside Close, which waits for it before the memory goes.
func (c *conn) contextEnded() {
	c.waking.Lock()
	defer c.waking.Unlock()
	if c.state.Load()&closed == 0 {
		c.wakeOwn()
	}
}

// fail ends the connection because of what the peer did, and returns the error of that end.
func (c *conn) fail(err error) error {
	err = fmt.Errorf("shm: %w", err)
	c.fault.CompareAndSwap(nil, &err)
	c.end(bad)
	return *c.fault.Load()
}

// ended returns the error of operation op on a connection that has ended.
func (c *conn) ended(op string) error {
	s := c.state.Load()
	switch {
	case s&closed != 0:
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrClosed)
	case s&bad != 0:
		return *c.fault.Load()
	case s&gone != 0:
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrPeerGone)
	}
	return nil
}

// Close implements ipc.Conn.
//
// The memory must not vanish under a call in another goroutine. Calls mark their half as busy
// with plain stores, which cost nothing; the barrier makes these visible here, and this side's
// end visible to calls that begin later. Memory still in use is replaced by private pages, which
// are unmapped when the connection is garbage.
func (c *conn) Close() error {
	if c.closing.Swap(true) {
		return nil
	}
	c.end(closed)
	c.tx.watch.Stop()
	c.rx.watch.Stop()
	c.waking.Lock() // a watch may just be at work; a later one sees that this side has closed
	barrier()
	c.waking.Unlock()
	left := c.leave(&c.tx.half)
	c.tx.stop()
	if left {
		c.tx.sendBye()
	}
	c.wake(c.tx.sleeper, c.tx.wakeByte)
	err := c.sock.Close()
	<-c.ctl
	left = c.leave(&c.rx.half) && left
	for _, h := range []struct {
		g    *segment
		busy *uint32
	}{{c.tx.seg, &c.tx.busy}, {c.rx.seg, &c.rx.busy}} {
		switch {
		case h.g == nil:
		case left && atomic.LoadUint32(h.busy) == idle:
			h.g.unmap()
		default:
			h.g.blank()
			runtime.AddCleanup(c, (*segment).unmap, h.g)
		}
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close shm: %w", err)
	}
	return nil
}

// leave waits for the call in the half to end, for some 5 ms: the connection has ended, which it
// looks at. It returns whether the call did.
func (c *conn) leave(h *half) bool {
	for i := 0; atomic.LoadUint32(&h.busy) == inCall; i++ {
		if i == 100 {
			return false
		}
		c.wakeOwn()
		time.Sleep(50 * time.Microsecond)
	}
	return true
}

// The bytes on the socket.
const (
	wakeReceiver = 'r'
	wakeSender   = 's'
)

// wakeByte returns a function that writes b to the socket without waiting: when the socket is
// full, enough are under way.
func (c *conn) wakeByte(b byte) func() {
	p := []byte{b}
	push := func(fd uintptr) bool {
		_, _ = syscall.Write(int(fd), p)
		return true
	}
	return func() { _ = c.rc.Write(push) }
}

// wake wakes the peer's half that sleeps on s, in the way in which it sleeps.
func (c *conn) wake(s *ring.Sleeper, wakeByte func()) {
	switch atomic.SwapUint32(&s.Flag, ring.Awake) {
	case ring.OnFutex:
		futexWake(s)
	case ring.OnSocket:
		wakeByte()
	}
}
