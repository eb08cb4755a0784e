// Package wait ties contexts to waits that end by other means: a deadline of a file, a futex.
package wait

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc"
)

// Watch calls Fire in a goroutine of its own when the context of the current wait ends. It stays
// registered with the context last seen, so that a loop passing one context registers, and
// allocates, once. A late Fire of a former context is possible: whoever is woken looks at
// the reason again.
type Watch struct {
	Fire func()

	mu   sync.Mutex
	done <-chan struct{}
	stop func() bool
}

// Arm watches ctx from now on in place of any other. The caller looks at ctx.Err() after Arm and
// before it waits.
func (w *Watch) Arm(ctx context.Context) {
	done := ctx.Done()
	w.mu.Lock()
	defer w.mu.Unlock()
	if done == w.done {
		return
	}
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
	if w.done = done; done != nil {
		w.stop = context.AfterFunc(ctx, w.Fire)
	}
}

// Stop ends the watching.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		w.stop()
	}
	w.stop, w.done = nil, nil
}

// background is the type word of context.Background's interface.
var background = typeWord(context.Background())

// typeWord returns the type word of an interface. It is read through unsafe because a comparison of
// interfaces is a call, which the short ways of package shm cannot afford: what bench/peers prints
// for messages of 64 B one way in shared memory pays for it.
func typeWord(ctx context.Context) uintptr { return *(*uintptr)(unsafe.Pointer(&ctx)) }

// Endless reports whether ctx is one that cannot end, context.Background. Others that cannot end
// may give false.
func Endless(ctx context.Context) bool {
	return *(*uintptr)(unsafe.Pointer(&ctx)) == background
}

// Ended reports whether ctx has ended. It does not call a context that cannot end: the call
// would be a fifth of what a small message costs in shared memory.
func Ended(ctx context.Context) bool {
	return !Endless(ctx) && ctx.Err() != nil
}

// Error returns the error of operation op on object on when ctx has ended, nil while it lives.
// It wraps the context's cause, and ipc.ErrTimeout when that is a deadline.
func Error(ctx context.Context, op, on string) error {
	if !Ended(ctx) {
		return nil
	}
	cause := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s on %s: %w (%w)", op, on, ipc.ErrTimeout, cause)
	}
	return fmt.Errorf("%s on %s: %w", op, on, cause)
}
