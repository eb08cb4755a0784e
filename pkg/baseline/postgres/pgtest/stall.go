package pgtest

import (
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Socket returns the path of the server's Unix socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Stalling returns host:port of a way to the server that passes so many bytes of
// each connection, both directions counted, and then neither passes more nor closes it.
// It ends with the test.
func (s *Server) Stalling(t testing.TB, bytes *atomic.Int64) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		close(end)
	})
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", s.Socket())
			if err != nil {
				client.Close()
				continue
			}
			left := new(atomic.Int64)
			left.Store(bytes.Load())
			go pump(server, client, left, end)
			go pump(client, server, left, end)
		}
	}()
	return l.Addr().String()
}

// pump passes bytes on until none are left, then waits for end.
func pump(to, from net.Conn, left *atomic.Int64, end <-chan struct{}) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, 64)
	for {
		n, err := from.Read(piece)
		if left.Add(-int64(n)) < 0 {
			<-end
			return
		}
		if n > 0 {
			_, _ = to.Write(piece[:n])
		}
		if err != nil {
			return
		}
	}
}
