package ipctest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

// allocs counts the heap allocations of messages there and back, also of such that fill the
// buffers and make both sides wait, under a context that can end.
func (tr Transport) allocs(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		trips int
		burst int // messages sent before the first answer is received
		place bool
		cfg   ipc.Config
	}{
		{name: "64 B", size: 64, trips: 2000, burst: 1},
		{name: "1 KiB", size: 1 << 10, trips: 2000, burst: 1},
		{name: "1 MiB", size: 1 << 20, trips: 50, burst: 1},
		{name: "batched", size: 64, trips: 100, burst: 64, cfg: ipc.Config{Batch: ipc.Batch{Count: 16}}},
		{name: "in place", size: 64, trips: 2000, burst: 1, place: true},
		{name: "1 KiB in place", size: 1 << 10, trips: 2000, burst: 1, place: true},
		{name: "batched in place", size: 64, trips: 100, burst: 64, place: true, cfg: ipc.Config{Batch: ipc.Batch{Count: 16}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			conn, _ := tr.spawn(t, "echo", "", c.cfg)
			p, buf := make([]byte, c.size), make([]byte, c.size)
			send := func() error { return conn.Send(ctx, p) }
			recv := func() (err error) {
				buf, err = conn.Recv(ctx, buf)
				return err
			}
			if c.place {
				send = func() error {
					_, err := conn.Reserve(ctx, c.size)
					return errors.Join(err, conn.Commit(c.size))
				}
				recv = func() error {
					_, err := conn.Peek(ctx)
					conn.Release()
					return err
				}
			}
			run := func() {
				for range c.trips {
					for range c.burst {
						if err := send(); err != nil {
							t.Fatal(err)
						}
					}
					for range c.burst {
						if err := recv(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			run() // buffers grow to what they have to be
			var a, b runtime.MemStats
			runtime.ReadMemStats(&a)
			run()
			runtime.ReadMemStats(&b)
			// The runtime's own are a few in all, and the race detector's some more.
			if n := b.Mallocs - a.Mallocs; n >= 25 {
				t.Errorf("%d allocations in %d messages there and back, want 0", n, c.trips*c.burst)
			}
		})
	}
}
