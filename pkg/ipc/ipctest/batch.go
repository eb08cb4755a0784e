package ipctest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// batch holds messages back until this side waits in Recv, calls Flush, or they are old.
func (tr Transport) batch(t *testing.T) {
	ctx := limited(t)
	// Nothing leaves before its time; waiting in Recv is such a time.
	far := ipc.Config{Batch: ipc.Batch{Count: 16, Delay: time.Millisecond}}
	c, _ := tr.spawnWith(t, "echo", "", ipc.Config{Batch: ipc.Batch{Count: 100, Delay: -1}}, far)
	var buf []byte
	for i := range uint64(300) {
		if err := c.Send(ctx, message(i, 30)); err != nil {
			t.Fatal(err)
		}
		if i%10 < 9 {
			continue
		}
		for k := i - 9; k <= i; k++ {
			var err error
			if buf, err = c.Recv(ctx, buf); err != nil {
				t.Fatal(err)
			}
			if err := check(buf, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Send(ctx, message(0, 30)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if c.Ready() {
		t.Error("a message left its batch of 100 without count, age or Flush")
	}
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Recv(ctx, nil); err != nil {
		t.Fatal(err)
	}

	// By age, with nobody calling anything.
	c, _ = tr.spawn(t, "echo", "", ipc.Config{Batch: ipc.Batch{Count: 100, Delay: 2 * time.Millisecond}})
	for i := range uint64(20) {
		if err := c.Send(ctx, message(i, 30)); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); !c.Ready(); time.Sleep(time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("message %d did not leave by age", i)
			}
		}
		if b, err := c.Recv(ctx, nil); err != nil || check(b, i) != nil {
			t.Fatal(check(b, i), err)
		}
	}
}

// batchLimits fills batches: one leaves by its count alone, and by its bytes alone, while this
// side neither waits nor calls Flush.
func (tr Transport) batchLimits(t *testing.T) {
	const (
		size    = 60 // 64 with its header, on every transport
		quarter = ipc.DefaultBuffer / 4
	)
	for _, b := range []struct {
		name  string
		batch ipc.Batch
		full  int // the message that makes it due
	}{
		{"count", ipc.Batch{Count: 10, Delay: -1}, 10},
		{"count, an hour", ipc.Batch{Count: 10, Delay: time.Hour}, 10},
		{"bytes", ipc.Batch{Bytes: 4096, Delay: -1}, 4096 / 64},
		{"bytes, an hour", ipc.Batch{Bytes: 4096, Delay: time.Hour}, 4096 / 64},
		{"a quarter of the buffer", ipc.Batch{Count: 1 << 20, Delay: -1}, quarter / 64},
	} {
		for _, place := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in place %v", b.name, place), func(t *testing.T) {
				tr.fillBatches(t, ipc.Config{Batch: b.batch, Timeout: patience}, b.full, size, place)
			})
		}
	}
}

// fillBatches sends batch after batch: nothing arrives before the last message of one, then all
// of it does.
func (tr Transport) fillBatches(t *testing.T, cfg ipc.Config, full, size int, place bool) {
	ctx := context.Background() // which has a shorter way through Send than one that can end
	y, path := tallyOf(t)
	c, _ := tr.spawn(t, "sink", path, cfg)
	n := uint64(0)
	send := func() {
		t.Helper()
		p := message(n, size)
		n++
		err := error(nil)
		if place {
			var b []byte
			if b, err = c.Reserve(ctx, size); err == nil {
				err = c.Commit(copy(b, p))
			}
		} else {
			err = c.Send(ctx, p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		was := y.taken.Load()
		for range full - 1 {
			send()
		}
		time.Sleep(10 * time.Millisecond)
		if now := y.taken.Load(); now != was {
			t.Fatalf("%d messages left a batch that was not full", now-was)
		}
		send()
		for start := time.Now(); y.taken.Load() < n; time.Sleep(100 * time.Microsecond) {
			if time.Since(start) > patience {
				t.Fatalf("%d of %d messages of a full batch arrived", y.taken.Load()-was, full)
			}
		}
	}
}
