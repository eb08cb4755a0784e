package shm

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// TestReceiverSleepsInCrowd: a receiver sleeps after some yields that lasted for a slice, and in
// the next wait at once. A sender yields as ever.
func TestReceiverSleepsInCrowd(t *testing.T) {
	defer cores.Forget()
	c, _ := pair(t, ipc.Config{})
	await := func(h *half, s *ring.Sleeper, lasts time.Duration) (n int) {
		t.Helper()
		c.yield = func(bool) time.Duration { n++; return lasts }
		asleep := func() bool { return atomic.LoadUint32(&s.Flag) != ring.Awake }
		if err := c.await(t.Context(), "wait", h, s, 0, asleep); err != nil {
			t.Fatal(err)
		}
		return n
	}
	receive := func(lasts time.Duration) int {
		return await(&c.rx.half, &c.rx.seg.control().Recv, lasts)
	}
	if n := receive(1); n != yields {
		t.Errorf("%d yields, want %d", n, yields)
	}
	if n := receive(time.Hour); n == 0 || n >= yields {
		t.Errorf("%d yields that lasted for a slice, want some, but fewer than %d", n, yields)
	}
	if n := await(&c.tx.half, &c.tx.seg.control().Send, time.Hour); n != yields {
		t.Errorf("%d yields of a sender, want %d", n, yields)
	}
	for tries := 0; receive(time.Hour) > 0; tries++ { // one after another, at some time soon enough
		if tries == 1000 {
			t.Fatal("each wait yields in a crowd")
		}
	}
}
