package eventlog

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Group commit: whoever finds nobody writing becomes the leader and writes all
// that is pending. Whoever comes meanwhile adds to pending and waits; when the
// leader is done it wakes those it wrote for and tells the first of the others
// to lead. So an appender alone pays one write and no hand-over, and a crowd
// pays one write for all.

// keepBuffer is the largest buffer kept for the next batch, in bytes.
const keepBuffer = 1 << 20

// waiter is a goroutine that waits for a batch to be written.
type waiter struct {
	wake chan outcome // holds one
}

type outcome struct {
	lead bool // not written yet: write the pending batch yourself
	err  error
}

var waiters = sync.Pool{New: func() any { return &waiter{wake: make(chan outcome, 1)} }}

// settle returns when all that is pending is written, as safely as the
// durability says, or could not be, or ctx ends. It is called under mu and
// releases it.
func (l *Log) settle(ctx context.Context) error {
	if !l.leading {
		l.leading = true
		err := l.lead()
		l.mu.Unlock()
		return err
	}
	w := waiters.Get().(*waiter)
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()
	select {
	case got := <-w.wake:
		waiters.Put(w)
		return l.act(got)
	case <-ctx.Done():
	}
	l.mu.Lock()
	if i := slices.Index(l.waiting, w); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1) // its event stays; the leader sees to it
		l.mu.Unlock()
		waiters.Put(w)
		return l.gaveUp(ctx)
	}
	l.mu.Unlock()
	select {
	case got := <-w.wake: // came just now
		waiters.Put(w)
		return l.act(got)
	default: // being written; the leader will wake w, which nobody uses again
		return l.gaveUp(ctx)
	}
}

func (l *Log) act(got outcome) error {
	if !got.lead {
		return got.err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lead()
}

func (l *Log) gaveUp(ctx context.Context) error {
	return fmt.Errorf("append to event log %s: %w: %w", l.path, errGaveUp, ctx.Err())
}

// lead writes the pending batch and hands on the lead. It is called under mu,
// which it gives up while it writes.
func (l *Log) lead() error {
	result := l.commit()
	// Those who gave up waiting left events behind and nobody to lead for them.
	for len(l.waiting) == 0 && len(l.pending) > 0 {
		_ = l.commit() // nobody is left to be told; a lasting failure is in l.err
	}
	if len(l.waiting) == 0 {
		l.leading = false
		return result
	}
	next := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	next.wake <- outcome{lead: true}
	return result
}

// commit writes what is pending and wakes who waits for it.
func (l *Log) commit() error {
	batch, waiting, upto := l.pending, l.waiting, l.last
	l.pending, l.waiting = l.spare[:0], l.idle[:0]
	err := l.err
	if err == nil && len(batch) > 0 {
		err = l.write(batch, upto)
	}
	for i, w := range waiting {
		w.wake <- outcome{err: err}
		waiting[i] = nil
	}
	l.idle = waiting[:0]
	l.spare = nil
	if cap(batch) <= keepBuffer {
		l.spare = batch[:0]
	}
	return err
}

// write writes batch, whose last event is upto. It is called under mu, which it
// gives up meanwhile.
func (l *Log) write(batch []byte, upto uint64) error {
	l.mu.Unlock()
	_, err := l.file.WriteAt(batch, l.end)
	var unsynced error
	if err == nil && l.opts.Durability == SyncEach {
		unsynced = l.file.Sync()
	}
	l.mu.Lock()
	if err != nil {
		return l.takeBack(err)
	}
	l.end += int64(len(batch))
	l.written = upto
	if unsynced != nil {
		l.fail("sync", unsynced)
		return l.err
	}
	switch l.opts.Durability {
	case SyncEach:
		l.synced = max(l.synced, upto)
	case SyncPeriodic:
		if !l.armed {
			l.armed = true
			l.timer.Reset(l.opts.Interval)
		}
	}
	return nil
}

// takeBack undoes a write that failed in the middle, so that the file ends with
// a whole event again. Events that were accepted meanwhile go with it: their
// numbers follow on those of events that do not exist.
func (l *Log) takeBack(cause error) error {
	if err := l.file.Truncate(l.end); err != nil {
		l.fail("write", fmt.Errorf("%w, and undoing it: %w", cause, err))
		return l.err
	}
	failed := fmt.Errorf("append to event log at byte %d: %w", l.end, cause)
	l.pending = l.pending[:0]
	l.last = l.written
	for i, w := range l.waiting {
		w.wake <- outcome{err: failed}
		l.waiting[i] = nil
	}
	l.waiting = l.waiting[:0]
	return failed
}

// fail makes the log unusable. It is called under mu.
func (l *Log) fail(what string, cause error) {
	l.err = fmt.Errorf("%s event log %s at byte %d: %w: what is on disk is unknown; open the log again", what, l.path, l.end, cause)
}
