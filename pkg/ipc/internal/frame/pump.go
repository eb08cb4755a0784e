package frame

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// drain pushes until nothing is pending, waiting within ctx and the timeout. Under mu, which it
// gives up while waiting. It returns nil when all is sent.
func (w *writer) drain(ctx context.Context, timeout time.Duration) error {
	var end time.Time
	if timeout > 0 {
		end = time.Now().Add(timeout)
	}
	if w.pumping {
		if err := w.await(ctx, end); err != nil {
			return err
		}
	}
	if w.try(); w.err != nil || w.pending() == 0 {
		return w.err
	}
	w.pumping, w.waiting = true, true
	w.mu.Unlock()
	err := w.block(ctx, end)
	w.mu.Lock()
	w.waiting = false
	w.pumped()
	if w.err != nil {
		return w.err
	}
	return err
}

// pumped ends the pump's work. Under mu.
func (w *writer) pumped() {
	w.pumping = false
	if w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// block waits in the poller until everything is sent or ctx or end passes. Without mu, as the pump.
func (w *writer) block(ctx context.Context, end time.Time) error {
	w.watch.Arm(ctx)
	for {
		_ = w.file.SetWriteDeadline(end)
		if err := wait.Error(ctx, "send", w.name); err != nil {
			return err
		}
		err := w.rc.Write(w.waitFn)
		switch {
		case err == nil:
			return nil
		case w.ended(), !errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("send on %s: %w", w.name, ipc.ErrClosed)
		case !end.IsZero() && !time.Now().Before(end):
			return fmt.Errorf("send on %s: %w", w.name, ipc.ErrTimeout)
		}
	}
}

// ended reports whether the half has ended.
func (w *writer) ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}

// await waits for another pump to end. Under mu, which it gives up.
func (w *writer) await(ctx context.Context, end time.Time) error {
	var late <-chan time.Time
	if !end.IsZero() {
		t := time.NewTimer(time.Until(end))
		defer t.Stop()
		late = t.C
	}
	for w.pumping && w.err == nil {
		if w.idle == nil {
			w.idle = make(chan struct{})
		}
		idle := w.idle
		w.mu.Unlock()
		var err error
		select {
		case <-idle:
		case <-ctx.Done():
			err = wait.Error(ctx, "send", w.name)
		case <-late:
			err = fmt.Errorf("send on %s: %w", w.name, ipc.ErrTimeout)
		}
		w.mu.Lock()
		if err != nil {
			return err
		}
	}
	return w.err
}

// background sends what is left while the caller goes on. Under mu.
func (w *writer) background() {
	if w.pumping || w.err != nil || w.pending() == 0 {
		return
	}
	w.pumping = true
	go func() {
		_ = w.file.SetWriteDeadline(time.Time{})
		for {
			err := w.rc.Write(w.waitFn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				_ = w.file.SetWriteDeadline(time.Time{})
				continue
			}
			w.mu.Lock()
			if err != nil && w.err == nil {
				w.err = fmt.Errorf("send on %s: %w", w.name, ipc.ErrClosed)
			}
			if w.err == nil && w.pending() > 0 { // who sent since the last push saw a pump at work and left it to that
				w.mu.Unlock()
				continue
			}
			w.pumped()
			w.mu.Unlock()
			return
		}
	}()
}
