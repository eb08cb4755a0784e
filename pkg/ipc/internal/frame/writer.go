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

// init makes the half ready to write to f, and sends this side's hello.
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
