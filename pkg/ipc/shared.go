package ipc

import (
	"context"
	"sync"
)

// Shared returns a connection on which any number of goroutines may call Send, Flush and Recv at once. It uses c, which
// must not be used beside it. Each message is taken by one goroutine. Reserve holds the sending half until its
// Commit and Peek the receiving half until its Release, so each pair belongs in one goroutine and must be
// completed. A goroutine that waits for its turn does so without regard to its context; Close ends the turns of all.
func Shared(c Conn) Conn { return &shared{Conn: c} }

type shared struct {
	Conn
	send, recv       sync.Mutex
	reserved, peeked bool // each changed by the holder of its mutex alone
}

func (s *shared) Send(ctx context.Context, p []byte) error {
	s.send.Lock()
	defer s.send.Unlock()
	return s.Conn.Send(ctx, p)
}

func (s *shared) Flush(ctx context.Context) error {
	s.send.Lock()
	defer s.send.Unlock()
	return s.Conn.Flush(ctx)
}

func (s *shared) Recv(ctx context.Context, buf []byte) ([]byte, error) {
	s.recv.Lock()
	defer s.recv.Unlock()
	return s.Conn.Recv(ctx, buf)
}

func (s *shared) Reserve(ctx context.Context, n int) ([]byte, error) {
	s.send.Lock()
	p, err := s.Conn.Reserve(ctx, n)
	if err != nil {
		s.send.Unlock()
		return nil, err
	}
	s.reserved = true
	return p, nil
}

func (s *shared) Commit(n int) error {
	err := s.Conn.Commit(n)
	if s.reserved {
		s.reserved = false
		s.send.Unlock()
	}
	return err
}

func (s *shared) Peek(ctx context.Context) ([]byte, error) {
	s.recv.Lock()
	p, err := s.Conn.Peek(ctx)
	if err != nil {
		s.recv.Unlock()
		return nil, err
	}
	s.peeked = true
	return p, nil
}

func (s *shared) Release() {
	s.Conn.Release()
	if s.peeked {
		s.peeked = false
		s.recv.Unlock()
	}
}

func (s *shared) Ready() bool {
	s.recv.Lock()
	defer s.recv.Unlock()
	return s.Conn.Ready()
}
