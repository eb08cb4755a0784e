package frame

import (
	"os"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// reading returns a connection that reads what is written to peer.
func reading(t *testing.T) (c *Conn, peer *os.File) {
	t.Helper()
	in, peer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := ipc.Config{Timeout: 10 * time.Second}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if c, err = New("crowd", cfg, in, null); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, peer
}

// TestReaderSleepsInCrowd: a reader gives up lingering after yields that lasted for slices, and in
// the next wait it does not linger at all; but not where the other side has yet to start.
func TestReaderSleepsInCrowd(t *testing.T) {
	defer cores.Forget()
	c, _ := reading(t)
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

// TestWriterIsNoCrowd: on a single processor a long yield that brought several messages was the
// writer's; one that brought a single message was not, which the next read counts, once.
func TestWriterIsNoCrowd(t *testing.T) {
	defer func(f func() bool) { single = f }(single)
	single = func() bool { return true }
	defer cores.Forget()
	c, peer := reading(t)
	write := func(p []byte) {
		if _, err := peer.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	send := func(messages int) { write(make([]byte, messages*HeaderSize)) } // empty ones
	recv := func(messages int) {
		for range messages {
			if _, err := c.Recv(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	crowded := func(messages int) bool {
		cores.Forget()
		c.r.yield = func(bool) time.Duration { send(messages); return time.Hour }
		recv(messages)
		for range 2 { // without a yield
			send(1)
			recv(1)
		}
		return cores.Crowded(0)
	}
	write([]byte(Hello))
	if crowded(2) {
		t.Error("crowded after a yield that brought several messages")
	}
	for tries := 0; !crowded(1); tries++ { // one after another, at some time soon enough
		if tries == 1000 {
			t.Fatal("not crowded after yields that brought a single message each")
		}
	}
}
