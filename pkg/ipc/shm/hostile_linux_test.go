package shm

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/ring"
)

// The Timeout of connections with a hostile peer, and what a call may take: ten times as long,
// or as long as a loaded machine may keep this process from running.
const (
	hostileTimeout = 4 * time.Millisecond
	hostileLimit   = 10*hostileTimeout + 500*time.Millisecond
)

// timed calls f and returns an error if it took longer than hostileLimit.
func timed(what string, f func()) error {
	start := time.Now()
	f()
	if took := time.Since(start); took > hostileLimit {
		return fmt.Errorf("%s took %v with a Timeout of %v", what, took, hostileTimeout)
	}
	return nil
}

// words fills ring 0 or 1 of what c sends with v, one word in each record's place.
func words(t *testing.T, c *conn, level int, v uint32) {
	t.Helper()
	mem, err := c.tx.seg.ring(level)
	if err != nil {
		t.Fatal(err)
	}
	for i := c.tx.seg.shape.size(level) - ring.Align; i >= 0; i -= ring.Align { // the first is seen last
		atomic.StoreUint32((*uint32)(unsafe.Add(mem, i)), v)
	}
}

// TestHostilePeerCannotHoldCalls: whatever a peer writes, and however slowly, a call of the
// other side ends by its Timeout, and one that does not wait ends at once.
func TestHostilePeerCannotHoldCalls(t *testing.T) {
	cfg := ipc.Config{Buffer: 4 << 10, MaxBuffer: 8 << 10, MaxMessage: 1 << 20, Timeout: hostileTimeout}
	later := func(t *testing.T, peer *conn, each time.Duration, f func() bool) {
		t.Helper()
		stop, ended := make(chan struct{}), make(chan struct{})
		t.Cleanup(func() { close(stop); <-ended })
		go func() {
			defer close(ended)
			for peer.state.Load()&(closed|gone) == 0 && f() {
				select {
				case <-stop:
					return
				case <-time.After(each):
				}
			}
		}()
	}
	// release ends calls that would not end by themselves, for the test to fail in time.
	release := func(t *testing.T, mine, peer *conn) {
		timer := time.AfterFunc(3*time.Second, func() { _, _ = mine.Close(), peer.Close() })
		t.Cleanup(func() { timer.Stop() })
	}
	for name, begin := range map[string]func(t *testing.T, peer *conn){
		"withdrawals": func(t *testing.T, peer *conn) { words(t, peer, 0, ring.Ctrl|ring.Abort) },
		"rings to and fro": func(t *testing.T, peer *conn) {
			to := func() bool { // again and again: who leaves a ring frees its pages
				words(t, peer, 1, ring.Ctrl|ring.Switch)
				words(t, peer, 0, ring.Ctrl|(ring.Switch+1))
				return true
			}
			to()
			later(t, peer, 0, to)
		},
		"empty fragments": func(t *testing.T, peer *conn) {
			words(t, peer, 0, ring.More|1)
			first := (*[5]uint32)(peer.tx.seg.rings[0])
			first[1], first[2], first[4] = 1<<20, 0, ring.More|1
			atomic.StoreUint32(&first[0], ring.More|12)
		},
		"fragments one by one": func(t *testing.T, peer *conn) {
			putTotal(peer.tx.p.Space(16), 1<<20)
			peer.tx.p.Commit(16, ring.More)
			later(t, peer, time.Millisecond/2, func() bool {
				if room, ok := peer.tx.p.Room(8); room && ok {
					peer.published(peer.tx.p.Commit(8, ring.More))
				}
				return true
			})
		},
		"wake-ups for nothing": func(t *testing.T, peer *conn) {
			later(t, peer, 0, func() bool { peer.tx.wakeByte(); return true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			mine, peer := pair(t, cfg)
			release(t, mine, peer)
			begin(t, peer)
			buf := make([]byte, 1<<20)
			for range 3 {
				err := errors.Join(
					timed("Recv", func() { _, _ = mine.Recv(context.Background(), nil) }),
					timed("Recv into a buffer", func() { _, _ = mine.Recv(t.Context(), buf) }),
					timed("Peek", func() { _, _ = mine.Peek(context.Background()) }),
					timed("TryPeek", func() { _, _, _ = mine.TryPeek() }),
					timed("Ready", func() { mine.Ready() }),
					timed("Watch", func() {
						short, cancel := context.WithTimeout(t.Context(), hostileTimeout)
						defer cancel()
						_ = mine.Watch(short)
					}),
				)
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := timed("Close", func() { _ = mine.Close() }); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("space drop by drop", func(t *testing.T) {
		mine, peer := pair(t, cfg)
		release(t, mine, peer)
		peer.Ready() // it has met this side, and now looks at the memory alone
		taken := uint64(0)
		later(t, peer, time.Millisecond, func() bool {
			if peer.rx.c.Head() != 0 && taken == 0 { // it has begun: records of 1,032 bytes, in a ring of 8 KiB
				time.Sleep(2 * time.Millisecond)
				taken = 8
			}
			if taken > 0 {
				taken += 1040
				atomic.StoreUint64(&peer.rx.seg.control().Tail, taken)
				peer.wake(&peer.rx.seg.control().Send, peer.rx.wakeByte)
			}
			return true
		})
		for range 3 {
			if err := timed("Send", func() { _ = mine.Send(t.Context(), make([]byte, 1<<20)) }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestHeaderTakenBack: a header that the peer writes and takes back is no message.
func TestHeaderTakenBack(t *testing.T) {
	mine, peer := pair(t, ipc.Config{Timeout: hostileTimeout})
	stop, ended := make(chan struct{}), make(chan struct{})
	defer func() { close(stop); <-ended }()
	go func() {
		defer close(ended)
		header := (*uint32)(peer.tx.seg.rings[0])
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			atomic.StoreUint32(header, 5)
			for range n % 8 {
				ring.Pause()
			}
			atomic.StoreUint32(header, 0)
			for range n % 400 {
				ring.Pause()
			}
		}
	}()
	mine.Ready() // has met the peer
	for n := 0; n < 20_000; n++ {
		h := mine.rx.c
		p, err := mine.Recv(context.Background(), nil)
		if err == nil && len(p) != 4 {
			t.Fatalf("call %d: a message of %d bytes, the header says 4", n, len(p))
		}
		if err != nil && !errors.Is(err, ipc.ErrTimeout) {
			t.Fatal(err)
		}
		mine.rx.c = h // the same header again
	}
}

// TestAnnouncedLengthCostsNoMemory: memory for a message comes with its bytes. A peer that begins
// the longest message allowed, and withdraws it, again and again, else makes one call that does
// not wait clear 2 GiB, for a second.
func TestAnnouncedLengthCostsNoMemory(t *testing.T) {
	mine, peer := pair(t, ipc.Config{Buffer: 4 << 10})
	if mine.Ready() {
		t.Fatal("a message before there is one")
	}
	const total, record, pairs = ipc.DefaultMaxMessage, 13, records
	mem := peer.tx.seg.rings[0]
	for i := range pairs {
		at := unsafe.Add(mem, i*(int(ring.Size(record))+ring.Align))
		putTotal(unsafe.Slice((*byte)(unsafe.Add(at, ring.HeaderSize)), totalSize), total)
		*(*uint32)(unsafe.Add(at, ring.Size(record))) = ring.Ctrl | ring.Abort
		atomic.StoreUint32((*uint32)(at), ring.More|(record+1))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, ok, err := mine.TryPeek(); ok || err != nil {
		t.Fatalf("TryPeek: %v, %v, want nothing yet", ok, err)
	}
	short, cancel := context.WithTimeout(t.Context(), hostileTimeout)
	defer cancel()
	if _, err := mine.Recv(short, make([]byte, 100)); !errors.Is(err, ipc.ErrTimeout) {
		t.Fatalf("Recv: %v, want a timeout", err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 2*trusted {
		t.Errorf("%d bytes were allocated for messages of which 5 bytes came, want at most %d", after.TotalAlloc-before.TotalAlloc, 2*trusted)
	}
}
