package frame

import (
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// TestReaderSleepsInCrowd: a reader gives up lingering after some yields that lasted for a slice,
// and in the next wait it does not linger at all.
func TestReaderSleepsInCrowd(t *testing.T) {
	defer cores.Crowded(1)
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
	if n := linger(time.Hour); n == 0 || n >= maxTries {
		t.Errorf("%d yields that lasted for a slice, want some, but fewer than %d", n, maxTries)
	}
	for tries := 0; linger(time.Hour) > 0; tries++ { // one after another, at some time soon enough
		if tries == 1000 {
			t.Fatal("each wait yields in a crowd")
		}
	}
}
