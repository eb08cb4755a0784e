package frame

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// direct is from how many bytes on a message goes to the kernel from the caller's memory. Below,
// one copy into the buffer is cheaper than a second piece in the call.
const direct = 16 << 10

// writer is the sending half. Nothing under mu ever waits: who finds the kernel's buffer
// full becomes the pump, which alone waits for space, in the poller, without mu.
type writer struct {
	name  string
	cfg   ipc.Config
	file  file
	rc    syscall.RawConn
	watch wait.Watch

	mu      sync.Mutex
	buf     []byte // buf[off:end] is committed and unsent
	off     int
	end     int
	big     []byte        // the rest of a large message, after buf[off:end]
	sent    uint64        // bytes ever given to the kernel
	queued  int           // messages in the open batch
	pumping bool          // someone waits for space
	waiting bool          // and that is a call of the user
	idle    chan struct{} // made by who waits for the pump, who closes it
	timer   *time.Timer
	timing  bool
	quiet   *time.Timer // runs shrink
	recent  bool        // more than cfg.Buffer was needed since shrink last looked
	err     error       // the end of this half

	resv    int // reserved bytes, -1 none
	resvCtx context.Context

	fd     uintptr // of file
	waitFn func(fd uintptr) bool
	full   error
}

func (w *writer) init(name string, cfg ipc.Config, f file) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("open %s for writing: %w", name, err)
	}
	w.name, w.cfg, w.file, w.rc, w.resv = name, cfg, f, rc, -1
	w.watch.Fire = func() { _ = f.SetWriteDeadline(past) }
	w.full = fmt.Errorf("send on %s: %w", name, ipc.ErrFull)
	if err := rc.Control(func(fd uintptr) { w.fd = fd }); err != nil {
		return fmt.Errorf("open %s for writing: %w", name, err)
	}
	w.waitFn = func(fd uintptr) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.push(fd)
		return w.err != nil || w.pending() == 0
	}
	w.grow(len(Hello))
	w.end = copy(w.buf, Hello)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.try()
	return nil
}

// pending returns the number of committed bytes the kernel has not got. Under mu.
func (w *writer) pending() int { return w.end - w.off + len(w.big) }

// grow makes room for n more bytes behind end, moving what is unsent. Under mu.
func (w *writer) grow(n int) {
	if w.off == w.end {
		w.off, w.end = 0, 0
	}
	need := w.end - w.off + n
	if need > w.cfg.Buffer {
		w.recent = true
	}
	if w.end+n <= len(w.buf) {
		return
	}
	buf := w.buf
	if need > len(buf) {
		buf = make([]byte, max(need, 2*len(buf), min(w.cfg.Buffer, 4<<10)))
		if len(buf) > w.cfg.Buffer { // else no timer: one that is only pending makes every wait in the poller dearer
			w.shrinkLater()
		}
	}
	w.end = copy(buf, w.buf[w.off:w.end])
	w.off, w.buf = 0, buf
}

// push gives the kernel what it takes. Under mu, and with the descriptor held open.
func (w *writer) push(fd uintptr) {
	for w.err == nil && w.pending() > 0 {
		var n int
		var e syscall.Errno
		switch {
		case w.end == w.off:
			n, e = write(fd, w.big)
		case len(w.big) == 0:
			n, e = write(fd, w.buf[w.off:w.end])
		default:
			n, e = write2(fd, w.buf[w.off:w.end], w.big)
		}
		if e == syscall.EAGAIN {
			return
		}
		if e != 0 {
			w.err = gone(w.name, e)
			return
		}
		w.sent += uint64(n)
		k := min(n, w.end-w.off)
		w.off += k
		w.big = w.big[n-k:]
	}
	w.queued = 0
	if len(w.big) == 0 {
		w.big = nil
	}
}

// try pushes without waiting. Under mu, while nobody pumps. The descriptor is open: close sets
// err, under mu, before.
func (w *writer) try() { w.push(w.fd) }

func (w *writer) send(ctx context.Context, p []byte) error {
	if err := w.enter(ctx, len(p)); err != nil {
		return err
	}
	w.mu.Lock()
	err := error(nil)
	if w.joins(len(p)) {
		w.put(p)
		w.end += HeaderSize + len(p)
		w.queued++
	} else {
		err = w.sendAny(ctx, p)
	}
	w.mu.Unlock()
	return err
}

// joins reports whether a message of n bytes goes into the open batch and nothing else has to be
// done for it. Under mu.
func (w *writer) joins(n int) bool {
	end := w.end + HeaderSize + n
	b := &w.cfg.Batch
	return w.queued > 0 && (b.Count <= 1 || w.queued+1 < b.Count) && end-w.off < b.Bytes && end <= len(w.buf) &&
		(w.timing || b.Delay < 0) && w.resv < 0 && w.err == nil && !w.cfg.NoWait
}

// put writes a message behind end, where it has room. Under mu.
func (w *writer) put(p []byte) {
	at := w.buf[w.end:]
	PutHeader(at, uint32(len(p)))
	copy(at[HeaderSize:], p)
}

// sendAny implements send for all messages. Under mu.
func (w *writer) sendAny(ctx context.Context, p []byte) error {
	w.resv = -1
	if err := w.room(len(p)); err != nil {
		return err
	}
	if len(p) < direct || w.cfg.NoWait || w.pumping {
		w.grow(HeaderSize + len(p))
		w.put(p)
		return w.commit(ctx, len(p))
	}
	w.grow(HeaderSize)
	PutHeader(w.buf[w.end:], uint32(len(p)))
	mark := w.sent + uint64(w.end-w.off)
	w.end += HeaderSize
	w.big = p
	err := w.drain(ctx, w.cfg.Timeout)
	if err == nil || w.err != nil {
		w.big = nil // also when the half has ended: p is the caller's again
		return err
	}
	if w.sent <= mark { // nothing of it is out: take it back
		w.big, w.end = nil, w.end-HeaderSize
		w.background()
		return err
	}
	rest := w.big
	w.big = nil
	w.grow(len(rest))
	w.end += copy(w.buf[w.end:], rest)
	w.background()
	return nil
}

func (w *writer) enter(ctx context.Context, n int) error {
	if err := wait.Error(ctx, "send", w.name); err != nil {
		return err
	}
	if n > w.cfg.MaxMessage {
		return fmt.Errorf("send %d bytes on %s: %w", n, w.name, ipc.ErrTooLarge)
	}
	return nil
}

// room returns an error if a message of n bytes may not be added. Under mu.
func (w *writer) room(n int) error {
	if w.err != nil {
		return w.err
	}
	if !w.cfg.NoWait {
		return nil
	}
	if w.pending() > 0 && w.pending()+HeaderSize+n > w.cfg.Buffer {
		if !w.pumping {
			w.try()
		}
		if w.pending() > 0 && w.pending()+HeaderSize+n > w.cfg.Buffer {
			w.background()
			return w.full
		}
	}
	return w.err
}

// commit takes the n bytes written behind end as a message and sends when the batch is due.
// Under mu.
func (w *writer) commit(ctx context.Context, n int) error {
	mark := w.sent + uint64(w.end-w.off)
	w.end += HeaderSize + n
	w.queued++
	if b := &w.cfg.Batch; b.Enabled() && (b.Count <= 1 || w.queued < b.Count) && w.end-w.off < b.Bytes {
		w.arm()
		return nil
	}
	if w.cfg.NoWait {
		if !w.pumping {
			w.try()
			w.background()
		}
		return w.err
	}
	if !w.pumping {
		if w.try(); w.err != nil || w.pending() == 0 {
			return w.err
		}
	}
	err := w.drain(ctx, w.cfg.Timeout)
	if err == nil || w.err != nil {
		return err
	}
	w.background()
	if w.sent <= mark {
		w.end -= HeaderSize + n
		w.queued--
		return err
	}
	return nil
}

// arm starts the clock of the open batch. Under mu.
func (w *writer) arm() {
	if w.timing || w.cfg.Batch.Delay < 0 {
		return
	}
	w.timing = true
	if w.timer == nil {
		w.timer = time.AfterFunc(w.cfg.Batch.Delay, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.timing = false
			w.pushOpen()
		})
		return
	}
	w.timer.Reset(w.cfg.Batch.Delay)
}

// pushOpen sends the open batch without waiting. Under mu.
func (w *writer) pushOpen() {
	if w.err == nil && !w.pumping && w.pending() > 0 {
		w.try()
		w.background()
	}
}

func (w *writer) reserve(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("reserve %d bytes on %s: negative", n, w.name)
	}
	if err := w.enter(ctx, n); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resv = -1
	if err := w.room(n); err != nil {
		return nil, err
	}
	w.grow(HeaderSize + n)
	w.resv, w.resvCtx = n, ctx
	at := w.end + HeaderSize
	return w.buf[at : at+n : at+n], nil
}

func (w *writer) commitReserved(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n < 0 || n > w.resv {
		return fmt.Errorf("commit %d bytes on %s: %d are reserved", n, w.name, max(w.resv, 0))
	}
	w.resv = -1
	if w.err != nil {
		return w.err
	}
	PutHeader(w.buf[w.end:], uint32(n))
	return w.commit(w.resvCtx, n)
}

func (w *writer) flush(ctx context.Context) error {
	if err := wait.Error(ctx, "flush", w.name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resv = -1
	if w.err != nil {
		return w.err
	}
	if w.pending() == 0 {
		return nil
	}
	err := w.drain(ctx, w.cfg.Timeout)
	if err != nil {
		w.background()
	}
	return err
}

// close sends what is left and Bye, within the timeout or one second, and ends the half. The file
// is the caller's to close.
func (w *writer) close() error {
	limit := w.cfg.Timeout
	if limit == 0 {
		limit = time.Second
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.watch.Stop()
	for _, t := range []*time.Timer{w.timer, w.quiet} {
		if t != nil {
			t.Stop()
		}
	}
	if w.err != nil {
		return nil // the half ended before, and said so
	}
	if w.waiting { // a Send that may never end: end it
		w.err = fmt.Errorf("send on %s: %w", w.name, ipc.ErrClosed)
		_ = w.file.SetWriteDeadline(past)
		return fmt.Errorf("close %s: %d bytes unsent: %w", w.name, w.pending(), ipc.ErrFull)
	}
	w.grow(HeaderSize)
	PutHeader(w.buf[w.end:], Bye)
	w.end += HeaderSize
	err := w.drain(context.Background(), limit)
	if w.err == nil {
		w.err = fmt.Errorf("send on %s: %w", w.name, ipc.ErrClosed)
	}
	if err != nil && !errors.Is(err, ipc.ErrPeerGone) {
		return fmt.Errorf("close %s: %d bytes unsent: %w", w.name, w.pending(), err)
	}
	return nil
}
