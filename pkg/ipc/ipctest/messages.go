package ipctest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

// sizes sends messages of all sizes there and back.
func (tr Transport) sizes(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Fixed: true, Buffer: 4 << 10}, {Sync: ipc.SyncPark}, {Sync: ipc.SyncSpin}} {
		c, cmd := tr.spawn(t, "echo", "", cfg)
		var buf []byte
		for _, n := range []int{0, 1, 3, 4, 5, 64, 509, 512, 4091, 4092, 4093, 8191, 8192, 8193, 16 << 10, 65531, 65532, 65536, 131064, 131072, 131080, 1 << 20, 3<<20 + 1, 0, 7} {
			p := bytes.Repeat([]byte{byte(n), 7, byte(n >> 8)}, n/3+1)[:n]
			same := func(how string, q []byte, err error) {
				t.Helper()
				if err != nil || !bytes.Equal(p, q) {
					t.Fatalf("%d bytes by %s: %d came back, %v", n, how, len(q), err)
				}
			}
			if err := c.Send(ctx, p); err != nil {
				t.Fatalf("send %d: %v", n, err)
			}
			q, err := c.Recv(ctx, nil)
			same("Recv(nil)", q, err)

			b, err := c.Reserve(ctx, n+3)
			if err != nil || len(b) != n+3 {
				t.Fatalf("reserve %d: %d, %v", n+3, len(b), err)
			}
			if err := c.Commit(copy(b, p)); err != nil {
				t.Fatalf("commit %d: %v", n, err)
			}
			q, err = c.Peek(ctx)
			same("Peek", q, err)
			q, err = c.Peek(ctx)
			same("second Peek", q, err)
			c.Release()
			c.Release() // does nothing

			if err := c.Send(ctx, p); err != nil {
				t.Fatalf("send %d: %v", n, err)
			}
			if _, err = c.Peek(ctx); err != nil {
				t.Fatalf("peek %d: %v", n, err)
			}
			buf, err = c.Recv(ctx, buf)
			same("Recv after Peek", buf, err)
		}
		if err := c.Commit(1); err == nil {
			t.Error("a Commit without Reserve returned nil")
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

// order receives many messages of a child: in order, whole, and then its close.
func (tr Transport) order(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Fixed: true, Buffer: 8 << 10}, {Sync: ipc.SyncPark}} {
		const n = 5000
		c, cmd := tr.spawn(t, "burst", strconv.Itoa(n), cfg)
		rnd := rand.New(rand.NewPCG(1, 2))
		var buf []byte
		for i := range uint64(n) {
			var err error
			if i%5 == 0 {
				c.Ready()
			}
			if buf, err = c.Recv(ctx, buf); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			if err := check(buf, i); err != nil {
				t.Fatal(err)
			}
			if want := size(rnd); len(buf) != want {
				t.Fatalf("message %d has %d bytes, want %d", i, len(buf), want)
			}
		}
		for range 2 {
			if _, err := c.Recv(ctx, nil); !errors.Is(err, ipc.ErrPeerClosed) || !errors.Is(err, ipc.ErrPeerGone) {
				t.Fatalf("after the last: %v, want ErrPeerClosed", err)
			}
		}
		if !c.Ready() {
			t.Error("Ready is false at the end, where Recv returns at once")
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

// duplex sends and receives in two goroutines; far more is under way than the buffers hold.
func (tr Transport) duplex(t *testing.T) {
	ctx := limited(t)
	c, cmd := tr.spawn(t, "echo", "", ipc.Config{})
	const n = 3000
	sent := make(chan error, 1)
	go func() {
		rnd := rand.New(rand.NewPCG(3, 4))
		for i := range uint64(n) {
			if err := c.Send(ctx, message(i, size(rnd))); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	var buf []byte
	for i := range uint64(n) {
		var err error
		if buf, err = c.Recv(ctx, buf); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if err := check(buf, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(<-sent, c.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}

// shared checks a shared connection with goroutines of both faces at once; each message comes
// back once.
func (tr Transport) shared(t *testing.T) {
	ctx := limited(t)
	c, cmd := tr.spawn(t, "echo", "", ipc.Config{})
	s := ipc.Shared(c)
	const each, kinds = 200, 4
	send := func(p []byte, inPlace bool) error {
		if !inPlace {
			return s.Send(ctx, p)
		}
		space, err := s.Reserve(ctx, len(p)+1)
		if err != nil {
			return err
		}
		return errors.Join(s.Commit(copy(space, p)), s.Flush(ctx))
	}
	recv := func(inPlace bool) ([]byte, error) {
		if !inPlace {
			return s.Recv(ctx, nil)
		}
		_ = s.Ready()
		p, err := s.Peek(ctx)
		p = bytes.Clone(p)
		if err == nil {
			s.Release()
		}
		return p, err
	}
	errs := make(chan error, 2*kinds)
	var mu sync.Mutex
	came := map[[2]byte]int{}
	for k := range kinds {
		go func() {
			var err error
			for i := 0; i < each && err == nil; i++ {
				err = send([]byte{byte(k), byte(i)}, k%2 == 0)
			}
			errs <- err
		}()
		go func() {
			var err error
			for i := 0; i < each && err == nil; i++ {
				var p []byte
				if p, err = recv(k < kinds/2); err == nil && len(p) != 2 {
					err = fmt.Errorf("%d bytes, want 2", len(p))
				}
				if err == nil {
					mu.Lock()
					came[[2]byte(p)]++
					mu.Unlock()
				}
			}
			errs <- err
		}()
	}
	for range 2 * kinds {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if len(came) != kinds*each { // as many as were received, so each once
		t.Errorf("%d different messages came back of %d", len(came), kinds*each)
	}
	if err := errors.Join(s.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
}
