package netconn

import (
	"context"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
)

// late is a connection whose next message is there after some looks, or else after a wait.
type late struct {
	ipc.Conn
	ipc.Prober
	after, looks int // 0: not before Peek
	wait         time.Duration
}

// TryPeek implements ipc.Prober.
func (l *late) TryPeek() (p []byte, ok bool, err error) {
	l.looks++
	return []byte{1}, l.looks == l.after, nil
}

// Peek implements ipc.Conn.
func (l *late) Peek(context.Context) ([]byte, error) {
	time.Sleep(l.wait)
	return []byte{1}, nil
}

// Release implements ipc.Conn.
func (l *late) Release() {}

// TestReadLooksLongerAfterBriefWait: a wait in shared memory looks for longer when the one before
// was brief, as many waits of the process at once as there are processors.
func TestReadLooksLongerAfterBriefWait(t *testing.T) {
	if cores.Count() < 2 {
		t.Skip("on one processor no wait looks for long")
	}
	l := &late{}
	c := New(l, ipc.Shm)
	endless := time.Now().Add(time.Hour)
	c.yield = func(bool) time.Duration { return 1 }
	look := func() bool {
		l.looks, l.after = 0, 2*looksShm
		found := c.look(endless)
		c.rest = nil
		return found
	}
	if look() || l.looks != looksShm {
		t.Errorf("%d looks of the first wait, want %d", l.looks, looksShm)
	}
	read := func() {
		l.looks, l.after = 0, 0
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for tries := 0; !c.brief && tries < 1000; tries++ { // one may be interrupted
		read()
	}
	if !c.brief || !look() {
		t.Errorf("%d looks after a brief wait, want the message after %d", l.looks, l.after)
	}
	lookers.Add(c.most)
	if look() || l.looks != looksShm {
		t.Errorf("%d looks beside as many as there are processors, want %d", l.looks, looksShm)
	}
	lookers.Add(-c.most)
	l.wait = 2 * briefFor
	read()
	if look() {
		t.Errorf("%d looks after a long wait, want %d", l.looks, looksShm)
	}
	if n := lookers.Load(); n != 0 {
		t.Errorf("%d waits look for long after all have ended", n)
	}
}

// TestReadSleepsInCrowd: a wait gives up looking after some yields that lasted for a slice, and the
// next one does not yield at all.
func TestReadSleepsInCrowd(t *testing.T) {
	if cores.Count() < 2 {
		t.Skip("on one processor no wait yields")
	}
	defer cores.Forget()
	c := New(&late{}, ipc.Shm)
	look := func(lasts time.Duration) (yields int) {
		c.yield = func(bool) time.Duration { yields++; return lasts }
		c.look(time.Now())
		return yields
	}
	const all = looksShm / yieldsEvery
	if n := look(1); n != all {
		t.Errorf("%d yields, want %d", n, all)
	}
	if n := look(time.Hour); n == 0 || n >= all {
		t.Errorf("%d yields that lasted for a slice, want some, but fewer than %d", n, all)
	}
	for tries := 0; look(time.Hour) > 0; tries++ { // one after another, at some time soon enough
		if tries == 1000 {
			t.Fatal("each wait yields in a crowd")
		}
	}
}
