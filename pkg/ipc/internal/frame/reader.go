package frame

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
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
	large   []byte // memory of the message that did not fit buf: of all of it once it has come
	got     int    // its bytes so far
	size    int    // and when it is complete
	inLarge bool
	peeked  bool
	tries   int                             // of linger
	yield   func(single bool) time.Duration // cores.Yield, but in tests
	yielded time.Duration                   // how long the yield took that brought what was read last
	taken   int                             // messages since backOff
	backoff int                             // pauses of backOff
	prompt  bool                            // the last read found something without sleeping
	end     time.Time                       // when Config.Timeout ends the call, zero before it first waits
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
	r.name, r.cfg, r.file, r.rc, r.tries, r.yield = name, cfg, f, rc, minTries, cores.Yield
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
		if HeaderSize+n <= len(r.buf) {
			if cap(dst) < n {
				dst = make([]byte, n)
			}
			dst = dst[:n]
			if _, err := r.fill(ctx, HeaderSize+n, true); err != nil {
				return dst[:0], err
			}
			copy(dst, r.buf[r.r+HeaderSize:])
			r.r += HeaderSize + n
			r.taken++
			r.peeked = false
			return dst, nil
		}
		return r.recvLarge(ctx, dst, n)
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

// recvLarge takes a message of n bytes that does not fit buf, straight into dst if that has the
// room.
func (r *reader) recvLarge(ctx context.Context, dst []byte, n int) ([]byte, error) {
	borrowed := cap(dst) >= n
	if borrowed {
		r.begin(dst[:n], n)
	} else {
		r.begin(nil, n)
	}
	if _, err := r.rest(ctx, true); err != nil {
		if borrowed { // it goes back to the caller: keep what came
			r.large = append([]byte(nil), r.large[:r.got]...)
		}
		return dst[:0], err
	}
	dst, r.large, r.inLarge = r.large, nil, false
	return dst, nil
}

// begin starts a large message of n bytes, whose place is at, or memory of the reader's own.
func (r *reader) begin(at []byte, n int) {
	r.r += HeaderSize
	came := r.buf[r.r:r.w]
	r.large, r.got, r.size, r.inLarge = at, 0, n, true
	if at == nil {
		r.makeRoom(len(came))
	}
	r.got = copy(r.large, came)
	r.r += r.got
}

// trusted is for how many bytes of a message memory is made before they have come. A peer may
// announce the longest one and send nothing: to clear 64 MiB takes longer than a short Timeout.
const trusted = ipc.DefaultMaxBuffer

// makeRoom makes room for at least n bytes more of the large message.
func (r *reader) makeRoom(n int) {
	large := make([]byte, min(r.size, max(r.got+n, 2*r.got, trusted)))
	copy(large, r.large[:r.got])
	r.large = large
}

// rest reads the large message to its end.
func (r *reader) rest(ctx context.Context, block bool) (bool, error) {
	for r.got < r.size {
		if r.got == len(r.large) {
			r.makeRoom(1)
		}
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
		r.begin(nil, n)
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
