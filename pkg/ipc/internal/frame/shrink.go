package frame

import "time"

// quiet is how long nothing must have needed a larger buffer before it is given back.
const quiet = time.Second

// shrinkLater starts the clock of shrink. Under mu.
func (w *writer) shrinkLater() {
	if w.quiet == nil {
		w.quiet = time.AfterFunc(quiet, w.shrink)
	} else {
		w.quiet.Reset(quiet)
	}
}

// shrink gives a buffer that has grown above cfg.Buffer back after a quiet while: the next
// message makes one of its own size. It runs in the timer's goroutine.
func (w *writer) shrink() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil || len(w.buf) <= w.cfg.Buffer:
	case w.recent || w.resv >= 0 || w.pending() > 0:
		w.recent = false
		w.quiet.Reset(quiet)
	default:
		w.buf, w.off, w.end = nil, 0, 0
	}
}
