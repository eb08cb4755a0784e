package shm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// How long each stage of waiting lasts.
const (
	spinFixed = 60   // pauses, about 1.5 µs: more than an answer of a spinning peer takes
	spinStep  = 10   // how spinning begins again
	spinMax   = 1500 // about 40 µs: half of 1 MiB copied
	yields    = 20
	// A yield that takes longer let somebody else run: then spinning would only have kept them
	// from it, and in the end waits begin with a yield. One that takes less found nobody, and
	// spinning longer would have been as good.
	switched   = 2 * time.Microsecond
	shortSleep = time.Millisecond // see package ring on the order of stores
)

// spins returns how many pauses h should spin now.
func (c *conn) spins(h *half) int {
	switch {
	case c.single || c.cfg.Sync == ipc.SyncPark:
		return 0
	case c.cfg.Sync == ipc.SyncSpin:
		return spinFixed
	}
	return h.spin
}

// learn remembers whether spinning paid.
func (h *half) learn(paid bool) {
	if paid {
		h.spin = min(h.spin+h.spin/2+spinStep, spinMax)
	} else {
		h.spin /= 2
	}
}

// maxBackoff is how many pauses, about 2.5 µs, the receiver stays away at most. A receiver close
// behind the sender takes cache lines that are being written; 40 pauses cost a fifth of the
// throughput of small messages, 250 gain nothing more.
const maxBackoff = 100

// spinHead polls for the next record for a short time, and returns its header or 0.
func (c *conn) spinHead() uint32 {
	r := &c.rx
	n := c.spins(&r.half)
	if n == 0 {
		return 0
	}
	switch {
	case r.c.Ran(2 + r.backoff/4):
		r.backoff = min(r.backoff+4, maxBackoff)
	case r.backoff > 0:
		r.backoff /= 2
	case r.prompt:
		r.backoff = 4
	}
	for range r.backoff {
		ring.Pause()
	}
	h, left := r.c.Spin(n)
	if h != 0 {
		r.learn(true)
	}
	r.prompt = n-left < 4
	return h
}

// deadline returns when Config.Timeout ends the call in h, zero for never. The time begins with
// the first wait and goes on through all others of the call: a peer that moves a large message
// on piece by piece must not begin it anew each time.
func (c *conn) deadline(h *half) time.Time {
	if h.end.IsZero() && c.cfg.Timeout > 0 {
		h.end = time.Now().Add(c.cfg.Timeout)
	}
	return h.end
}

// overdue returns the error of operation op if the deadline has passed or ctx has ended.
func overdue(ctx context.Context, op string, end time.Time) error {
	if !end.IsZero() && !time.Now().Before(end) {
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrTimeout)
	}
	return wait.Error(ctx, op, "shm")
}

// await waits until ready returns true: it yields, sleeps on the futex for a moment and then
// parks the goroutine. It also returns nil as soon as the connection has ended in one of the
// ways of stop: the caller looks again and reports that.
func (c *conn) await(ctx context.Context, op string, h *half, sleeper *ring.Sleeper, stop uint32, ready func() bool) error {
	end := c.deadline(h)
	if c.cfg.Sync != ipc.SyncPark {
		receives := h == &c.rx.half // senders wait for room, of which a slice makes much
		crowded := receives && cores.Crowded(0)
		for i := 0; i < yields && !crowded; i++ {
			if !end.IsZero() && time.Now().After(end) || wait.Ended(ctx) {
				break
			}
			took := c.yield(c.single)
			crowded = receives && cores.Crowded(took)
			if ready() {
				h.learn(took < switched)
				return nil
			}
		}
	}
	h.learn(false)
	h.watch.Arm(ctx)
	defer atomic.StoreUint32(&sleeper.Flag, ring.Awake)
	for {
		if err := overdue(ctx, op, end); err != nil {
			return err
		}
		if c.sleepBriefly(ctx, sleeper, stop, ready) {
			return nil
		}
		atomic.StoreUint32(&sleeper.Flag, ring.OnSocket)
		if ready() || c.state.Load()&stop != 0 {
			return nil
		}
		if err := c.park(ctx, op, h, end); err != nil {
			return err
		}
		if ready() {
			return nil
		}
	}
}

// sleepBriefly sleeps on the futex for all of shortSleep, or until ctx ends, whatever else
// interrupts it. It returns whether it ended early because ready returned true or the connection
// has ended in one of the ways of stop.
func (c *conn) sleepBriefly(ctx context.Context, sleeper *ring.Sleeper, stop uint32, ready func() bool) bool {
	for end := time.Now().Add(c.nap); ; {
		seq := atomic.LoadUint32(&sleeper.Seq)
		atomic.StoreUint32(&sleeper.Flag, ring.OnFutex)
		if ready() || c.state.Load()&stop != 0 {
			return true
		}
		left := time.Until(end)
		if left <= 0 || wait.Ended(ctx) {
			return false
		}
		futexWait(&sleeper.Seq, seq, left)
	}
}

// park parks the goroutine until the peer's byte comes over the socket, or the connection, ctx
// or the time ends.
func (c *conn) park(ctx context.Context, op string, h *half, end time.Time) error {
	var late <-chan time.Time
	if !end.IsZero() {
		t := time.NewTimer(time.Until(end))
		defer t.Stop()
		late = t.C
	}
	select {
	case <-h.wake:
	case <-c.over:
	case <-ctx.Done():
		return wait.Error(ctx, op, "shm")
	case <-late:
		return fmt.Errorf("%s on shm: %w", op, ipc.ErrTimeout)
	}
	return nil
}

// Futex operations; not the private ones: the word is shared between processes.
const (
	futexOpWait = 0
	futexOpWake = 1
)

// futexWait sleeps on the word until it is woken or d has passed; it does not if the word is not
// seq. It goes through Syscall6, which tells the scheduler: a thread that sleeps behind its back
// stops the garbage collector.
func futexWait(word *uint32, seq uint32, d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWait, uintptr(seq), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// futexWake wakes the side that sleeps on s.
func futexWake(s *ring.Sleeper) {
	atomic.AddUint32(&s.Seq, 1)
	_, _, _ = syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.Seq)), futexOpWake, 1, 0, 0, 0)
}

// Commands of membarrier(2).
const (
	barrierRun      = 1 << 3 // MEMBARRIER_CMD_PRIVATE_EXPEDITED
	barrierRegister = 1 << 4 // MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
)

// barrierReady registers this process for barrier, once. The kernel then waits until every
// processor has been through its scheduler, which may take tens of milliseconds: the runtime is
// told, or a collection would wait as long.
var barrierReady = sync.OnceValue(func() bool {
	_, _, e := syscall.Syscall(unix.SYS_MEMBARRIER, barrierRegister, 0, 0)
	return e == 0
})

// barrier makes every thread of this process pass a full memory barrier. Without the system call
// it waits for longer than any processor holds a store back.
func barrier() {
	if barrierReady() {
		if _, _, e := syscall.RawSyscall(unix.SYS_MEMBARRIER, barrierRun, 0, 0); e == 0 {
			return
		}
	}
	time.Sleep(shortSleep)
}
