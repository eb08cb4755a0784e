package frame

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// read reads at least one byte into p. With block unset it returns 0, nil when there is none yet.
func (r *reader) read(ctx context.Context, p []byte, block bool) (int, error) {
	if block {
		if r.overdue() {
			return 0, r.late()
		}
		r.blame()
		r.backOff()
	}
	r.into, r.n, r.e = p, 0, syscall.EAGAIN
	err := r.rc.Read(r.tryFn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = r.file.SetReadDeadline(time.Time{})
		err = r.rc.Read(r.tryFn)
	}
	if err == nil && r.e == syscall.EAGAIN {
		if !block {
			return 0, nil
		}
		r.before()
		if r.end.IsZero() && r.cfg.Timeout > 0 {
			r.end = time.Now().Add(r.cfg.Timeout)
		}
		r.prompt = r.linger(ctx)
		if !r.prompt {
			if err := r.block(ctx); err != nil {
				return 0, err
			}
		}
	}
	r.into = nil
	switch {
	case err != nil:
		r.err = fmt.Errorf("recv on %s: %w", r.name, ipc.ErrClosed)
	case r.e != 0:
		r.err = gone(r.name, r.e)
	case r.n == 0 && r.w == r.r && !r.inLarge:
		r.err = fmt.Errorf("recv on %s: %w", r.name, ipc.ErrPeerGone)
	case r.n == 0:
		r.err = fmt.Errorf("recv on %s: %w in the middle of a message (%w)", r.name, ipc.ErrPeerGone, io.ErrUnexpectedEOF)
	}
	return r.n, r.err
}

// single says that there is one processor: whoever spins keeps the other side from running.
var single = sync.OnceValue(func() bool { return cores.Count() < 2 })

// blame counts the yield before the last messages as time lost to others, but where it brought more
// than one on a single processor: there the writer may have taken all of it.
func (r *reader) blame() {
	if !single() {
		return
	}
	if r.taken <= 1 {
		cores.Crowded(r.yielded)
	}
	r.taken, r.yielded = 0, 0
}

// maxBackoff is how many pauses a reader stays away at most, about five microseconds.
const maxBackoff = 200

// enough messages a read make its cost a small part of theirs.
const enough = 16

// backOff lets messages gather before the next read while they come in a stream: a reader close
// behind its writer holds the kernel's lock whenever that wants it, and reads one message a
// call. As soon as it finds a single one, as in a dialogue, it no longer stays away.
func (r *reader) backOff() {
	switch {
	case single() || r.cfg.Sync == ipc.SyncPark:
		return
	case r.taken > 1 && r.taken <= enough:
		r.backoff = min(r.backoff+16, maxBackoff)
	case r.backoff > 0:
		r.backoff /= 2
	case r.prompt:
		r.backoff = 16
	}
	r.taken, r.prompt = 0, false
	for range r.backoff {
		ring.Pause()
	}
}

// minTries and maxTries bound how often a reader looks again before it sleeps, half a
// microsecond each.
const (
	minTries = 4
	maxTries = 64
)

// linger yields and looks again a few times, more often when that has lately paid: a reader that
// sleeps at once is woken for every message, and the waking is most of what a small message
// costs its writer. Beside load a yield lasts as long as others run: it looks at the time before
// each, and sleeps at once where that has shown, see cores.Crowded.
func (r *reader) linger(ctx context.Context) bool {
	if r.cfg.Sync == ipc.SyncPark {
		return false
	}
	crowded := cores.Crowded(0)
	for i := 0; i < r.tries && !crowded; i++ {
		if r.overdue() || wait.Ended(ctx) { // which block says
			return false
		}
		took := r.yield(single())
		err := r.rc.Read(r.tryFn)
		found := err != nil || r.e != syscall.EAGAIN
		switch {
		case !r.hello: // the peer starts
		case found && single():
			r.yielded = took // see blame
		default:
			crowded = cores.Crowded(took)
		}
		if found {
			r.tries = min(2*r.tries, maxTries)
			return err == nil
		}
	}
	r.tries = max(r.tries/2, minTries)
	return false
}

// overdue returns whether Config.Timeout has passed since the first wait of the call.
func (r *reader) overdue() bool { return !r.end.IsZero() && !time.Now().Before(r.end) }

// late returns the error of a call that is overdue.
func (r *reader) late() error { return fmt.Errorf("recv on %s: %w", r.name, ipc.ErrTimeout) }

// block waits in the poller until there is something to read, or ctx or the time of the call ends.
func (r *reader) block(ctx context.Context) error {
	r.watch.Arm(ctx)
	for {
		_ = r.file.SetReadDeadline(r.end)
		if err := wait.Error(ctx, "recv", r.name); err != nil {
			return err
		}
		err := r.rc.Read(r.waitFn)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			r.err = fmt.Errorf("recv on %s: %w", r.name, ipc.ErrClosed)
			return r.err
		case r.overdue():
			return r.late()
		}
	}
}
