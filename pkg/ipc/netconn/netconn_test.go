package netconn_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/frame"
	"github.com/descartes/regress/pkg/ipc/netconn"
)

// networks are the transports of this platform.
func networks() []string {
	if runtime.GOOS != "linux" {
		return []string{"pipe", "unix"}
	}
	return []string{"pipe", "unix", "shm"}
}

// pair returns both ends of a connection, open until the test ends.
func pair(t testing.TB, network string, cfg ipc.Config) (a, b *netconn.Conn) {
	t.Helper()
	a, b, err := dial(network, t.TempDir(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// dial returns both ends of a connection, which meet in dir.
func dial(network, dir string, cfg ipc.Config) (a, b *netconn.Conn, err error) {
	if network == "pipe" {
		return pipes(cfg)
	}
	l, err := netconn.ListenConfig{Config: cfg}.Listen(network, filepath.Join(dir, "s"))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	c, err := netconn.Dialer{Config: cfg}.Dial(network, l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	s, err := l.Accept()
	if err != nil {
		return nil, nil, err
	}
	return c.(*netconn.Conn), s.(*netconn.Conn), nil
}

// pipes returns both ends of a connection over two pipes, as pipe.Spawn and pipe.FromParent make
// them in two processes.
func pipes(cfg ipc.Config) (a, b *netconn.Conn, err error) {
	if cfg, err = cfg.For(ipc.Pipe); err != nil {
		return nil, nil, err
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	back, answer, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	one, err := frame.New("pipe", cfg, back, out)
	if err != nil {
		return nil, nil, err
	}
	two, err := frame.New("pipe", cfg, in, answer)
	if err != nil {
		return nil, nil, err
	}
	return netconn.New(one, ipc.Pipe), netconn.New(two, ipc.Pipe), nil
}

// TestConn holds every transport, with rings of several sizes, to what package net promises.
func TestConn(t *testing.T) {
	for _, network := range networks() {
		for name, cfg := range map[string]ipc.Config{
			"defaults": {},
			"small":    {Buffer: 4 << 10, MaxBuffer: 8 << 10, MaxMessage: 1 << 10},
			"parking":  {Sync: ipc.SyncPark},
			"batched":  {Batch: ipc.Batch{Count: 8}},
		} {
			if testing.Short() && name != "defaults" {
				continue
			}
			t.Run(network+"/"+name, func(t *testing.T) {
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					a, b, err := dial(network, t.TempDir(), cfg)
					if err != nil {
						return nil, nil, nil, err
					}
					return a, b, func() { _, _ = a.Close(), b.Close() }, nil
				})
			})
		}
	}
}

// each runs a test on every transport.
func each(t *testing.T, f func(t *testing.T, network string)) {
	for _, network := range networks() {
		t.Run(network, func(t *testing.T) { f(t, network) })
	}
}

// text is n bytes that repeat at no piece's length.
func text(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rnd.Uint32())
	}
	return p
}

// TestHalfClose: a request that ends with CloseWrite is answered over the same connection.
func TestHalfClose(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{})
		want := text(1 << 20)
		answered := make(chan error, 1)
		go func() {
			got, err := io.ReadAll(b)
			if err == nil {
				_, err = b.Write(append(got, '!'))
			}
			answered <- errors.Join(err, b.CloseWrite())
		}()
		if _, err := a.Write(want); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(a.CloseWrite(), a.CloseWrite()); err != nil {
			t.Fatal(err)
		}
		if n, err := a.Write([]byte("x")); n != 0 || !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write after CloseWrite: %d, %v, want EPIPE", n, err)
		}
		got, err := io.ReadAll(a)
		if err := errors.Join(err, <-answered); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, append(want, '!')) {
			t.Errorf("the answer has %d bytes, or others than the question", len(got))
		}
		if n, err := a.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read after the end: %d, %v, want EOF again", n, err)
		}
	})
}

// TestHalfCloseDoesNotWait: with all buffers full, CloseWrite ends the Write that waits and does
// not wait itself; the peer then reads to the end all that Write said it wrote.
func TestHalfCloseDoesNotWait(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{Buffer: 4 << 10, Fixed: true})
		wrote := make(chan int)
		go func() {
			all := 0
			for {
				n, err := a.Write(make([]byte, 10_000))
				all += n
				if err != nil {
					if !errors.Is(err, syscall.EPIPE) {
						t.Errorf("Write: %v, want EPIPE", err)
					}
					wrote <- all
					return
				}
			}
		}()
		time.Sleep(50 * time.Millisecond) // it waits
		if err := a.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		want := <-wrote
		if got, err := io.Copy(io.Discard, b); err != nil || got != int64(want) {
			t.Errorf("the peer read %d bytes, %v; %d were written", got, err, want)
		}
	})
}

// TestBackPressure: who writes to a peer that does not read waits, and neither side keeps more
// than its buffers.
func TestBackPressure(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		cfg := ipc.Config{MaxBuffer: 256 << 10}
		a, b := pair(t, network, cfg)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all := 0
		for {
			_ = a.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			n, err := a.Write(make([]byte, 100_000))
			if all += n; errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if all > 2<<20 {
			t.Errorf("%d bytes are under way, want at most what the buffers hold", all)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("the heap has grown by %d bytes", grown)
		}
		if err := a.SetWriteDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		closed := make(chan error, 1)
		go func() { closed <- a.Close() }()
		if got, err := io.Copy(io.Discard, b); err != nil || got != int64(all) {
			t.Errorf("the peer read %d bytes, %v; %d were written", got, err, all)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// TestDeadlineMoves: a deadline that is put off while a call waits counts, and one that is taken
// away leaves the connection as it was.
func TestDeadlineMoves(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{})
		if err := a.SetReadDeadline(time.Now().Add(60 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		read := make(chan error, 1)
		go func() {
			_, err := a.Read(make([]byte, 10))
			read <- err
		}()
		time.Sleep(20 * time.Millisecond)
		if err := a.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-read:
			t.Fatalf("Read ended by a deadline that was put off: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		if err := a.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read: %v, want a timeout", err)
		}
		if err := a.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 10)
		if n, err := io.ReadFull(a, p[:2]); err != nil || string(p[:n]) != "he" {
			t.Fatalf("Read: %q, %v", p[:n], err)
		}
		_ = a.SetReadDeadline(time.Unix(1, 0)) // bytes that have come make no difference
		if _, err := a.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read in the past: %v, want a timeout", err)
		}
		_ = a.SetReadDeadline(time.Time{})
		if n, err := a.Read(p); err != nil || string(p[:n]) != "llo" {
			t.Errorf("Read: %q, %v, want the rest of the message", p[:n], err)
		}
	})
}

// TestReadTakesAllThatCame: one Read returns the bytes of many small messages.
func TestReadTakesAllThatCame(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{})
		for _, word := range strings.SplitAfter("a few words that come one by one", " ") {
			if _, err := a.Write([]byte(word)); err != nil {
				t.Fatal(err)
			}
		}
		p := make([]byte, 100)
		if n, err := b.Read(p[:3]); err != nil || string(p[:n]) != "a f" {
			t.Errorf("Read: %q, %v", p[:n], err)
		}
		if n, err := b.Read(p); err != nil || string(p[:n]) != "ew words that come one by one" {
			t.Errorf("Read: %q, %v", p[:n], err)
		}
	})
}

// TestAddresses: both sides say where they are, and what cannot be is refused with its reason.
func TestAddresses(t *testing.T) {
	for _, network := range networks()[1:] {
		a, b := pair(t, network, ipc.Config{})
		if to, at := a.RemoteAddr(), b.LocalAddr(); to != at || to.Network() != network || !strings.HasSuffix(to.String(), "/s") {
			t.Errorf("%s: dialled %v, accepted at %v", network, to, at)
		}
	}
	refused := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "s")
	_, err := netconn.Dial("unix", path)
	refused("no such file", err)
	_, err = netconn.Dial("tcp", "localhost:80")
	refused(`no transport has the name "tcp"`, err)
	_, err = netconn.Listen("pipe", path)
	refused("use unix or shm", err)
	_, err = netconn.ListenConfig{Config: ipc.Config{NoWait: true}}.Listen("unix", path)
	refused("NoWait", err)
	_, err = netconn.Dialer{Config: ipc.Config{Timeout: time.Second}}.Dial("unix", path)
	refused("use deadlines", err)
	l, err := netconn.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v, want net.ErrClosed", err)
	}
}
