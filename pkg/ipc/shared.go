package ipc

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Shared returns a connection on which any number of goroutines may call Send, Flush and Recv at
// once. It uses c, which must not be used beside it. Each message is taken by one goroutine.
// Reserve holds the sending half until its Commit and Peek the receiving half until its Release,
// so each pair belongs in one goroutine and must be completed. A goroutine waits for its turn
// until its context ends or Close is called; Config.Timeout begins with the turn. Ready returns
// false while another goroutine has the receiving half.
//
// If c is a Prober, so is the result. Its calls that do not wait find no room, or no message, while
// another goroutine has the half; a TryPeek that returns a message is completed by Release.
func Shared(c Conn) Conn {
	s := &shared{Conn: c, send: make(turn, 1), recv: make(turn, 1), over: make(chan struct{})}
	if p, ok := c.(Prober); ok {
		return &sharedProber{s, p}
	}
	return s
}

type shared struct {
	Conn
	send, recv       turn
	over             chan struct{} // closed by Close
	once             sync.Once     // closes it
	reserved, peeked bool          // each changed by the holder of its turn alone
}

// turn is a lock that can be waited for beside something else: it is full while somebody has it.
type turn chan struct{}

// done gives the turn back.
func (t turn) done() { <-t }

// take waits for a turn. Where nobody has it, it costs what a mutex does, and the context is the
// connection's business.
func (s *shared) take(ctx context.Context, t turn, op string) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-s.over:
		return fmt.Errorf("%s: wait for a turn: %w", op, ErrClosed)
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: wait for a turn: %w (%w)", op, ErrTimeout, cause)
	}
	return fmt.Errorf("%s: wait for a turn: %w", op, cause)
}

// Send implements Conn.
func (s *shared) Send(ctx context.Context, p []byte) error {
	if err := s.take(ctx, s.send, "send"); err != nil {
		return err
	}
	defer s.send.done()
	return s.Conn.Send(ctx, p)
}

// Flush implements Conn.
func (s *shared) Flush(ctx context.Context) error {
	if err := s.take(ctx, s.send, "flush"); err != nil {
		return err
	}
	defer s.send.done()
	return s.Conn.Flush(ctx)
}

// Recv implements Conn.
func (s *shared) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	if err := s.take(ctx, s.recv, "recv"); err != nil {
		return buf[:0], err
	}
	defer s.recv.done()
	return s.Conn.Recv(ctx, buf)
}

// Reserve implements Conn.
func (s *shared) Reserve(ctx context.Context, n int) ([]byte, error) {
	if err := s.take(ctx, s.send, "reserve"); err != nil {
		return nil, err
	}
	p, err := s.Conn.Reserve(ctx, n)
	if err != nil {
		s.send.done()
		return nil, err
	}
	s.reserved = true
	return p, nil
}

// Commit implements Conn.
func (s *shared) Commit(n int) error {
	err := s.Conn.Commit(n)
	if s.reserved {
		s.reserved = false
		s.send.done()
	}
	return err
}

// Peek implements Conn.
func (s *shared) Peek(ctx context.Context) ([]byte, error) {
	if err := s.take(ctx, s.recv, "peek"); err != nil {
		return nil, err
	}
	p, err := s.Conn.Peek(ctx)
	if err != nil {
		s.recv.done()
		return nil, err
	}
	s.peeked = true
	return p, nil
}

// Release implements Conn.
func (s *shared) Release() {
	s.Conn.Release()
	if s.peeked {
		s.peeked = false
		s.recv.done()
	}
}

// Ready implements Conn.
func (s *shared) Ready() bool {
	if !s.recv.try() {
		return false
	}
	defer s.recv.done()
	return s.Conn.Ready()
}

// Close implements Conn.
func (s *shared) Close() error {
	s.once.Do(func() { close(s.over) })
	return s.Conn.Close()
}

// sharedProber is shared for a connection that is a Prober.
type sharedProber struct {
	*shared
	prober Prober
}

// try takes a turn that is free, and returns whether it was.
func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

// TrySend implements Prober.
func (s *sharedProber) TrySend(p []byte) error {
	if !s.send.try() {
		return fmt.Errorf("send: another goroutine is sending: %w", ErrFull)
	}
	defer s.send.done()
	return s.prober.TrySend(p)
}

// TryFlush implements Prober.
func (s *sharedProber) TryFlush() error {
	if !s.send.try() {
		return fmt.Errorf("flush: another goroutine is sending: %w", ErrFull)
	}
	defer s.send.done()
	return s.prober.TryFlush()
}

// TryPeek implements Prober.
func (s *sharedProber) TryPeek() (p []byte, ok bool, err error) {
	if !s.recv.try() {
		return nil, false, nil
	}
	if p, ok, err = s.prober.TryPeek(); !ok {
		s.recv.done()
		return nil, false, err
	}
	s.peeked = true
	return p, true, nil
}

// Watch implements Prober.
func (s *sharedProber) Watch(ctx context.Context) error {
	if err := s.take(ctx, s.recv, "watch"); err != nil {
		if errors.Is(err, ErrClosed) {
			return nil // Recv will say so
		}
		return err
	}
	defer s.recv.done()
	return s.prober.Watch(ctx)
}

// Among implements Prober.
func (s *sharedProber) Among(n int) { s.prober.Among(n) }
