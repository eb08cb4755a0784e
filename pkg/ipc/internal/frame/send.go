package frame

import (
	"context"
	"fmt"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/wait"
)

// The calls of the sending half: how a message comes into the buffer, or past it to the kernel.

// send sends a copy of p, or adds it to the open batch.
func (w *writer) send(ctx context.Context, p []byte) error {
	if err := w.enter(ctx, len(p)); err != nil {
		return err
	}
	w.mu.Lock()
	err := error(nil)
	if w.joins(len(p)) {
		w.put(p)
		w.end += HeaderSize + len(p)
		w.queued++
	} else {
		err = w.sendAny(ctx, p)
	}
	w.mu.Unlock()
	return err
}

// joins reports whether a message of n bytes goes into the open batch and nothing else has to be
// done for it. Under mu.
func (w *writer) joins(n int) bool {
	end := w.end + HeaderSize + n
	b := &w.cfg.Batch
	return w.queued > 0 && (b.Count <= 1 || w.queued+1 < b.Count) && end-w.off < b.Bytes && end <= len(w.buf) &&
		(w.timing || b.Delay < 0) && w.resv < 0 && w.err == nil && !w.cfg.NoWait
}

// put writes a message behind end, where it has room. Under mu.
func (w *writer) put(p []byte) {
	at := w.buf[w.end:]
	PutHeader(at, uint32(len(p)))
	copy(at[HeaderSize:], p)
}

// sendAny implements send for all messages. Under mu.
func (w *writer) sendAny(ctx context.Context, p []byte) error {
	w.resv = -1
	if err := w.room(len(p)); err != nil {
		return err
	}
	if len(p) < direct || w.cfg.NoWait || w.pumping {
		w.grow(HeaderSize + len(p))
		w.put(p)
		return w.commit(ctx, len(p))
	}
	w.grow(HeaderSize)
	PutHeader(w.buf[w.end:], uint32(len(p)))
	mark := w.sent + uint64(w.end-w.off)
	w.end += HeaderSize
	w.big = p
	err := w.drain(ctx, w.cfg.Timeout)
	if err == nil || w.err != nil {
		w.big = nil // also when the half has ended: p is the caller's again
		return err
	}
	if w.sent <= mark { // nothing of it is out: take it back
		w.big, w.end = nil, w.end-HeaderSize
		w.background()
		return err
	}
	rest := w.big
	w.big = nil
	w.grow(len(rest))
	w.end += copy(w.buf[w.end:], rest)
	w.background()
	return nil
}

// enter begins a call for a message of n bytes, and returns why it cannot be sent.
func (w *writer) enter(ctx context.Context, n int) error {
	if err := wait.Error(ctx, "send", w.name); err != nil {
		return err
	}
	if n > w.cfg.MaxMessage {
		return fmt.Errorf("send %d bytes on %s: %w", n, w.name, ipc.ErrTooLarge)
	}
	return nil
}

// room returns an error if a message of n bytes may not be added. Under mu.
func (w *writer) room(n int) error {
	if w.err != nil {
		return w.err
	}
	if !w.cfg.NoWait {
		return nil
	}
	if w.pending() > 0 && w.pending()+HeaderSize+n > w.cfg.Buffer {
		if !w.pumping {
			w.try()
		}
		if w.pending() > 0 && w.pending()+HeaderSize+n > w.cfg.Buffer {
			w.background()
			return w.full
		}
	}
	return w.err
}

// commit takes the n bytes written behind end as a message and sends when the batch is due.
// Under mu.
func (w *writer) commit(ctx context.Context, n int) error {
	mark := w.sent + uint64(w.end-w.off)
	w.end += HeaderSize + n
	w.queued++
	if b := &w.cfg.Batch; b.Enabled() && (b.Count <= 1 || w.queued < b.Count) && w.end-w.off < b.Bytes {
		w.arm()
		return nil
	}
	if w.cfg.NoWait {
		if !w.pumping {
			w.try()
			w.background()
		}
		return w.err
	}
	if !w.pumping {
		if w.try(); w.err != nil || w.pending() == 0 {
			return w.err
		}
	}
	err := w.drain(ctx, w.cfg.Timeout)
	if err == nil || w.err != nil {
		return err
	}
	w.background()
	if w.sent <= mark {
		w.end -= HeaderSize + n
		w.queued--
		return err
	}
	return nil
}

// reserve returns n bytes of the buffer behind what is committed.
func (w *writer) reserve(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("reserve %d bytes on %s: negative", n, w.name)
	}
	if err := w.enter(ctx, n); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resv = -1
	if err := w.room(n); err != nil {
		return nil, err
	}
	w.grow(HeaderSize + n)
	w.resv, w.resvCtx = n, ctx
	at := w.end + HeaderSize
	return w.buf[at : at+n : at+n], nil
}

// commitReserved takes the first n bytes that reserve returned as a message.
func (w *writer) commitReserved(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n < 0 || n > w.resv {
		return fmt.Errorf("commit %d bytes on %s: %d are reserved", n, w.name, max(w.resv, 0))
	}
	w.resv = -1
	if w.err != nil {
		return w.err
	}
	PutHeader(w.buf[w.end:], uint32(n))
	return w.commit(w.resvCtx, n)
}

// flush sends the open batch and waits for the kernel to take it.
func (w *writer) flush(ctx context.Context) error {
	if err := wait.Error(ctx, "flush", w.name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resv = -1
	if w.err != nil {
		return w.err
	}
	if w.pending() == 0 {
		return nil
	}
	err := w.drain(ctx, w.cfg.Timeout)
	if err != nil {
		w.background()
	}
	return err
}
