package frame

import (
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// TestReaderSleepsInCrowd: a reader gives up lingering after yields that lasted for slices, and in
// the next wait it does not linger at all; but not where the other side has yet to start.
func TestReaderSleepsInCrowd(t *testing.T) {
	defer cores.Forget()
	in, peer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := ipc.Config{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New("silent", cfg, in, null)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	c.r.into = make([]byte, 1)
	linger := func(lasts time.Duration) (yields int) {
		c.r.tries = maxTries
		c.r.yield = func(bool) time.Duration { yields++; return lasts }
		if c.r.linger(t.Context()) {
			t.Fatal("something has come")
		}
		return yields
	}
	if n := linger(1); n != maxTries {
		t.Errorf("%d yields, want %d", n, maxTries)
	}
	if n := linger(time.Hour); n != maxTries {
		t.Errorf("%d yields to a peer that starts, want %d", n, maxTries)
	}
	c.r.hello = true
	if n := linger(time.Hour); n == 0 || n >= maxTries {
		t.Errorf("%d yields that lasted for a slice, want some, but fewer than %d", n, maxTries)
	}
	for tries := 0; linger(time.Hour) > 0; tries++ { // one after another, at some time soon enough
		if tries == 1000 {
			t.Fatal("each wait yields in a crowd")
		}
	}
}

// TestWriterIsNoCrowd: on a single processor a long yield that brought a stream was the writer's;
// one that brought a single message was not.
func TestWriterIsNoCrowd(t *testing.T) {
	defer func(f func() bool) { single = f }(single)
	single = func() bool { return true }
	defer cores.Forget()
	for _, messages := range []int{2, 1} {
		r := reader{taken: messages, yielded: time.Hour}
		r.blame()
		if have, want := cores.Crowded(0), messages == 1; have != want {
			t.Errorf("crowded after a yield that brought %d: %v, want %v", messages, have, want)
		}
		if r.taken != 0 || r.yielded != 0 {
			t.Errorf("%d messages and %v are left for the next wait", r.taken, r.yielded)
		}
	}
}
