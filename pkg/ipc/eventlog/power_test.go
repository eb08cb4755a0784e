package eventlog

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// platter is a disk that knows what a power failure would leave: what was in the file when the
// last Sync began.
type platter struct {
	disk
	path  string
	takes time.Duration // a Sync

	mu    sync.Mutex
	image string // a file with what is on disk
	syncs []syncing
	safe  atomic.Uint64 // events on disk
}

// syncing is one Sync.
type syncing struct {
	began time.Time
	safe  uint64 // events on disk after it
}

func (p *platter) Sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := time.Now()
	content, err := os.ReadFile(p.path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.image, content, 0o600); err != nil {
		return err
	}
	time.Sleep(p.takes)
	n := uint64(0)
	for _, err := range Read(p.image) {
		if err != nil {
			return err
		}
		n++
	}
	p.safe.Store(n)
	p.syncs = append(p.syncs, syncing{began, n})
	return nil // nobody cuts the power: this is quicker, and the same on every disk
}

// done are the syncs so far.
func (p *platter) done() []syncing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.syncs)
}

func openPlatter(t *testing.T, opts Options, takes time.Duration) (*Log, *platter) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	l, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	p := &platter{disk: l.file, path: path, takes: takes, image: filepath.Join(dir, "image")}
	l.file = p
	return l, p
}

// TestEveryEventIsOnDisk: what Append has acknowledged is on disk at that moment, each event by
// a sync of its own for an appender alone, and by shared ones for many.
func TestEveryEventIsOnDisk(t *testing.T) {
	check := func(crowd, each, most int) {
		t.Helper()
		l, p := openPlatter(t, Options{}, 2*time.Millisecond)
		var all sync.WaitGroup
		for range crowd {
			all.Go(func() {
				for range each {
					seq, err := l.Append(context.Background(), []byte("event"))
					if safe := p.safe.Load(); err != nil || safe < seq {
						t.Errorf("event %d was acknowledged when %d were on disk: %v", seq, safe, err)
						return
					}
				}
			})
		}
		all.Wait()
		if n := len(p.done()); n > most || crowd == 1 && n < most {
			t.Errorf("%d syncs for %d × %d events; want %d", n, crowd, each, most)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	check(1, 30, 30)
	check(8, 30, 8*30/2) // about a seventh: who comes during a sync shares the next
}

// TestSyncPeriodicBoundsTheLoss: with SyncPeriodic each event is on disk, or on the way there,
// when that time has passed since it was acknowledged, however many follow it, and there is no
// more than one sync in that time. Time is false here, and exact.
func TestSyncPeriodicBoundsTheLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 100 * time.Millisecond
		l, p := openPlatter(t, Options{Durability: SyncPeriodic, Interval: interval}, 30*time.Millisecond)
		begin, acknowledged := time.Now(), []time.Time{}
		for i := range 200 { // a burst, a trickle, a pause, again
			seq, err := l.Append(context.Background(), []byte("event"))
			if err != nil || seq != uint64(i+1) {
				t.Fatalf("have %d, %v", seq, err)
			}
			acknowledged = append(acknowledged, time.Now())
			switch {
			case i%50 > 45:
				time.Sleep(3 * interval)
			case i%50 > 20:
				time.Sleep(9 * time.Millisecond)
			}
		}
		time.Sleep(2 * interval)
		next := 0
		for _, s := range p.done() {
			if s.safe == uint64(next) {
				t.Errorf("a sync %v after the begin had nothing to do", s.began.Sub(begin))
			}
			for ; next < int(s.safe); next++ {
				if late := s.began.Sub(acknowledged[next]); late > interval {
					t.Errorf("event %d waited %v for the disk; want %v at most", next+1, late, interval)
				}
			}
		}
		if next != len(acknowledged) {
			t.Errorf("%d events are on disk of %d", next, len(acknowledged))
		}
		n := len(p.done())
		if most := int(time.Since(begin)/interval) + 1; n > most {
			t.Errorf("%d syncs in %v; want %d at most", n, time.Since(begin), most)
		}
		time.Sleep(time.Hour)
		if len(p.done()) != n {
			t.Errorf("%d syncs while nothing was appended", len(p.done())-n)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestSyncNeverSyncsWhenAsked: nothing is forced until Sync or Close, which do.
func TestSyncNeverSyncsWhenAsked(t *testing.T) {
	l, p := openPlatter(t, Options{Durability: SyncNever}, 0)
	add := func() {
		t.Helper()
		for range 10 {
			if _, err := l.Append(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string, syncs int, safe uint64) {
		t.Helper()
		if len(p.done()) != syncs || p.safe.Load() != safe {
			t.Errorf("%s: %d syncs, %d events on disk; want %d, %d", what, len(p.done()), p.safe.Load(), syncs, safe)
		}
	}
	add()
	check("10 events", 0, 0)
	for range 2 { // the second has nothing to do
		if err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		check("Sync", 1, 10)
	}
	add()
	check("10 more", 1, 10)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	check("Close", 2, 20)
}

// TestOpenForcesWhatItKeeps: the process before may have been killed between a write and its
// sync, and what it left is kept.
func TestOpenForcesWhatItKeeps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for d := SyncEach; d <= SyncNever; d++ {
		l, err := Open(path, Options{Durability: d})
		if err != nil {
			t.Fatal(err)
		}
		if l.synced != l.last || l.last != uint64(d) { // one from each round before
			t.Errorf("%v: %d events are known to be on disk of %d; want %d", d, l.synced, l.last, d)
		}
		if _, err := l.Append(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if err := l.file.Close(); err != nil { // as kill -9 does: nothing is said to the log
			t.Fatal(err)
		}
	}
}
