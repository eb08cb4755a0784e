package netconn

import (
	"context"
	"os"
	"sync"
	"time"
)

// deadline is the deadline of one direction, as a context that ends when it passes. One context
// serves all calls until it has ended, so that a deadline can move while a call waits.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context // its cause is os.ErrDeadlineExceeded, or that of end
	cancel context.CancelCauseFunc
	timer  *time.Timer
	over   bool // end was called
}

// init makes a deadline that is not set.
func (d *deadline) init() { d.ctx, d.cancel = context.WithCancelCause(context.Background()) }

// context returns the context of a call that begins now.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set moves the deadline to t; zero is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return
	}
	if d.timer != nil && !d.timer.Stop() {
		<-d.ctx.Done() // it is passing at this moment
	}
	d.timer = nil
	left := time.Until(t)
	if !t.IsZero() && left <= 0 {
		d.cancel(os.ErrDeadlineExceeded)
		return
	}
	if d.ctx.Err() != nil {
		d.init()
	}
	if !t.IsZero() {
		cancel := d.cancel
		d.timer = time.AfterFunc(left, func() { cancel(os.ErrDeadlineExceeded) })
	}
}

// end ends the waiting calls and all later ones with cause.
func (d *deadline) end(cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.cancel(cause)
}
