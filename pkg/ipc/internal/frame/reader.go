package frame

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// reader is the receiving half. It reads as much as the kernel has, so that small messages cost a
// fraction of a call; a message too large for the buffer is read straight to where it goes.
type reader struct {
	name  string
	cfg   ipc.Config
	file  file
	rc    syscall.RawConn
	watch wait.Watch
	// before runs ahead of each wait: it sends the open batch, whose answer may be what is
	// waited for.
	before func()

	buf     []byte // buf[r:w] is read and not taken
	r, w    int
	hello   bool
	large   []byte // the message that did not fit buf, as far as it came
	got     int
	inLarge bool
	peeked  bool
	tries   int       // of linger
	taken   int       // messages since backOff
	backoff int       // pauses of backOff
	prompt  bool      // the last read found something without sleeping
	end     time.Time // when Config.Timeout ends the call, zero before it first waits
	err     error
	failed  atomic.Pointer[error]

	// of one call of read, for tryFn and waitFn
	into []byte
	n    int
	e    syscall.Errno

	tryFn, waitFn func(fd uintptr) bool
}

// init makes the half ready to read from f.
func (r *reader) init(name string, cfg ipc.Config, f file) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("open %s for reading: %w", name, err)
	}
	r.name, r.cfg, r.file, r.rc, r.tries = name, cfg, f, rc, minTries
	r.watch.Fire = func() { _ = f.SetReadDeadline(past) }
	r.tryFn = func(fd uintptr) bool { r.n, r.e = read(fd, r.into); return true }
	r.waitFn = func(fd uintptr) bool { r.n, r.e = read(fd, r.into); return r.e != syscall.EAGAIN }
	return nil
}

// fill reads until buf holds n bytes, n at most its size, and returns whether it does.
func (r *reader) fill(ctx context.Context, n int, block bool) (bool, error) {
	for r.w-r.r < n {
		if r.buf == nil {
			r.buf = make([]byte, r.cfg.Buffer)
		}
		if r.r == r.w {
			r.r, r.w = 0, 0
		} else if r.r+n > len(r.buf) {
			r.w = copy(r.buf, r.buf[r.r:r.w])
			r.r = 0
		}
		k, err := r.read(ctx, r.buf[r.w:], block)
		if err != nil || k == 0 {
			return false, err
		}
		r.w += k
	}
	return true, nil
}

// header brings the next message's header into buf and returns the message's length. ok is unset
// when nothing has come and block forbids waiting.
func (r *reader) header(ctx context.Context, block bool) (n int, ok bool, err error) {
	if r.err != nil {
		return 0, false, r.err
	}
	if !r.hello {
		for k := 1; k <= len(Hello); k++ { // byte by byte: a stranger may send fewer and wait
			if ok, err := r.fill(ctx, k, block); !ok {
				return 0, false, err
			}
			if err := CheckHello(r.buf[r.r:r.w]); err != nil {
				return 0, false, r.fail(err)
			}
		}
		r.r += len(Hello)
		r.hello = true
	}
	if ok, err := r.fill(ctx, HeaderSize, block); !ok {
		return 0, false, err
	}
	n, bye, err := Length(r.buf[r.r:], r.cfg.MaxMessage)
	if err != nil {
		return 0, false, r.fail(err)
	}
	if bye {
		r.err = fmt.Errorf("recv on %s: %w", r.name, ipc.ErrPeerClosed)
		return 0, false, r.err
	}
	return n, true, nil
}

// fail ends the connection because of what the peer sent, and returns the error of that end.
func (r *reader) fail(err error) error {
	r.err = fmt.Errorf("recv on %s: %w", r.name, err)
	r.failed.Store(&r.err)
	return r.err
}

// recv takes the next message, into dst if it has the room. What is in the buffer goes a shorter
// way.
func (r *reader) recv(ctx context.Context, dst []byte) ([]byte, error) {
	if wait.Endless(ctx) && r.w-r.r >= HeaderSize && r.hello && !r.inLarge && r.err == nil {
		b := r.buf[r.r:r.w]
		n := int(binary.LittleEndian.Uint32(b))
		if b = b[HeaderSize:]; uint(n) <= uint(min(len(b), cap(dst), r.cfg.MaxMessage)) { // Bye is not
			r.r += HeaderSize + n
			r.taken++
			r.peeked = false
			return dst[:copy(dst[:n], b)], nil
		}
	}
	return r.recvAny(ctx, dst)
}

// recvAny implements recv for all messages.
func (r *reader) recvAny(ctx context.Context, dst []byte) ([]byte, error) {
	if err := wait.Error(ctx, "recv", r.name); err != nil {
		return dst[:0], err
	}
	r.end = time.Time{}
	if !r.inLarge {
		n, _, err := r.header(ctx, true)
		if err != nil {
			return dst[:0], err
		}
		if cap(dst) < n {
			dst = make([]byte, n)
		}
		dst = dst[:n]
		if HeaderSize+n <= len(r.buf) {
			if _, err := r.fill(ctx, HeaderSize+n, true); err != nil {
				return dst[:0], err
			}
			copy(dst, r.buf[r.r+HeaderSize:])
			r.r += HeaderSize + n
			r.taken++
			r.peeked = false
			return dst, nil
		}
		r.begin(dst)
		if _, err := r.rest(ctx, true); err != nil {
			// dst goes back to the caller: keep what came of the message
			r.large = append(make([]byte, 0, n), r.large[:r.got]...)[:n]
			return dst[:0], err
		}
		r.large, r.inLarge = nil, false
		return dst, nil
	}
	if r.err != nil {
		return dst[:0], r.err
	}
	if _, err := r.rest(ctx, true); err != nil {
		return dst[:0], err
	}
	dst = append(dst[:0], r.large...)
	r.large, r.inLarge, r.peeked = nil, false, false
	return dst, nil
}

// begin starts a large message whose place is at.
func (r *reader) begin(at []byte) {
	r.r += HeaderSize
	r.large, r.inLarge = at, true
	r.got = copy(at, r.buf[r.r:r.w])
	r.r += r.got
}

// rest reads the large message to its end.
func (r *reader) rest(ctx context.Context, block bool) (bool, error) {
	for r.got < len(r.large) {
		k, err := r.read(ctx, r.large[r.got:], block)
		if err != nil || k == 0 {
			return false, err
		}
		r.got += k
	}
	return true, nil
}

// next makes the next message complete, waiting if block is set, and returns it in place.
func (r *reader) next(ctx context.Context, block bool) (p []byte, ok bool, err error) {
	r.end = time.Time{}
	if !r.inLarge {
		n, ok, err := r.header(ctx, block)
		if !ok {
			return nil, false, err
		}
		if HeaderSize+n <= len(r.buf) {
			if ok, err := r.fill(ctx, HeaderSize+n, block); !ok {
				return nil, false, err
			}
			at := r.r + HeaderSize
			return r.buf[at : at+n : at+n], true, nil
		}
		r.begin(make([]byte, n))
	}
	if r.err != nil {
		return nil, false, r.err
	}
	ok, err = r.rest(ctx, block)
	return r.large, ok, err
}

// peek waits for the next message and returns it in place.
func (r *reader) peek(ctx context.Context) ([]byte, error) {
	if err := wait.Error(ctx, "recv", r.name); err != nil {
		return nil, err
	}
	p, ok, err := r.next(ctx, true)
	if !ok {
		return nil, err
	}
	r.peeked = true
	return p, nil
}

// release takes the message that peek returned.
func (r *reader) release() {
	if !r.peeked {
		return
	}
	r.peeked = false
	if r.inLarge {
		r.large, r.inLarge = nil, false
		return
	}
	n, _, _ := Length(r.buf[r.r:], r.cfg.MaxMessage)
	r.r += HeaderSize + n
	r.taken++
}

// ready reports whether peek and recv would return at once.
func (r *reader) ready() bool {
	_, ok, err := r.next(context.Background(), false)
	return ok || err != nil
}
