package netconn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/netconn"
)

// serveHTTP serves h at a path of its own and returns a client of it, and how many connections it
// has accepted so far.
func serveHTTP(t *testing.T, network string, h http.Handler) (*http.Client, *atomic.Int32) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := netconn.Listen(network, path)
	if err != nil {
		t.Fatal(err)
	}
	met := new(atomic.Int32)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Minute, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			met.Add(1)
		}
	}}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended with %v", err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	})
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return netconn.Dialer{}.DialContext(ctx, network, path)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}, met
}

// TestHTTP: a client and a server of net/http keep one connection for many requests, of all
// sizes, and a request that is given up ends on both sides.
func TestHTTP(t *testing.T) {
	for _, network := range networks()[1:] {
		t.Run(network, func(t *testing.T) {
			gone := make(chan struct{})
			client, met := serveHTTP(t, network, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/wait" {
					<-r.Context().Done()
					close(gone)
					return
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(body)
			}))
			for _, size := range []int{0, 1, 64, 4096, 5 << 20, 100} {
				want := text(size)
				resp, err := client.Post("http://peer/", "", bytes.NewReader(want))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if err := errors.Join(err, resp.Body.Close()); err != nil || !bytes.Equal(got, want) {
					t.Errorf("a body of %d bytes came back with %d, %v", size, len(got), err)
				}
			}
			if n := met.Load(); n != 1 {
				t.Errorf("%d connections for all requests, want one that is kept", n)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "GET", "http://peer/wait", nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := client.Do(req); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a request that is given up: %v, %v", resp, err)
			}
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Error("the handler was not told that its client has gone")
			}
		})
	}
}

// Doubler is a service of net/rpc.
type Doubler struct{}

// Double doubles.
func (Doubler) Double(n int, twice *int) error { *twice = 2 * n; return nil }

// TestRPC: net/rpc runs over each transport, many calls at once.
func TestRPC(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{})
		server := rpc.NewServer()
		if err := server.Register(Doubler{}); err != nil {
			t.Fatal(err)
		}
		go server.ServeConn(b)
		client := rpc.NewClient(a)
		defer func() { _ = client.Close() }()
		var calls []*rpc.Call
		for n := range 200 {
			calls = append(calls, client.Go("Doubler.Double", n, new(int), make(chan *rpc.Call, 1)))
		}
		for n, c := range calls {
			if <-c.Done; c.Error != nil || *c.Reply.(*int) != 2*n {
				t.Fatalf("twice %d is %d, %v", n, *c.Reply.(*int), c.Error)
			}
		}
	})
}

// TestServerOfOneEndsWithItsClient: a server on One answers, and ends when its connection does.
func TestServerOfOneEndsWithItsClient(t *testing.T) {
	each(t, func(t *testing.T, network string) {
		a, b := pair(t, network, ipc.Config{})
		ended := make(chan error, 1)
		go func() {
			ended <- http.Serve(netconn.One(b), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "hello")
			}))
		}()
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return a, nil }}
		resp, err := (&http.Client{Transport: tr}).Get("http://parent/")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := io.ReadAll(resp.Body); err != nil || string(p) != "hello" {
			t.Errorf("%q, %v", p, err)
		}
		_ = resp.Body.Close()
		tr.CloseIdleConnections()
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("the server ended with %v, want net.ErrClosed", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server still waits for another connection")
		}
	})
}
