package eventlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// faulty is a file that fails or waits when a test says so.
type faulty struct {
	disk
	hold   chan struct{} // Sync waits for a value
	inside chan struct{} // Sync says that it waits
	write  atomic.Pointer[error]
	cut    atomic.Pointer[error]
	sync   atomic.Pointer[error]
}

func (f *faulty) WriteAt(b []byte, offset int64) (int, error) {
	if err := f.write.Load(); err != nil {
		n, _ := f.disk.WriteAt(b[:len(b)/2], offset)
		return n, *err
	}
	return f.disk.WriteAt(b, offset)
}

func (f *faulty) Truncate(size int64) error {
	if err := f.cut.Load(); err != nil {
		return *err
	}
	return f.disk.Truncate(size)
}

func (f *faulty) Sync() error {
	if f.hold != nil {
		f.inside <- struct{}{}
		<-f.hold
	}
	if err := f.sync.Load(); err != nil {
		return *err
	}
	return f.disk.Sync()
}

func openFaulty(t *testing.T, d Durability) (*Log, *faulty, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	l, err := Open(path, Options{Durability: d, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{disk: l.file}
	l.file = f
	return l, f, path
}

func count(t *testing.T, path string) (n int) {
	t.Helper()
	for _, err := range Read(path) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

var errDisk = errors.New("the disk is on fire")

// within fails the test if what is awaited does not come.
func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

func TestFailedWriteIsTakenBack(t *testing.T) {
	l, f, path := openFaulty(t, SyncNever)
	ctx := context.Background()
	check := func(want uint64, kind error) {
		t.Helper()
		if seq, err := l.Append(ctx, []byte("0123456789")); seq != want || !errors.Is(err, kind) {
			t.Fatalf("have %d, %v; want %d, %v", seq, err, want, kind)
		}
	}
	check(1, nil)
	f.write.Store(&errDisk)
	check(0, errDisk)
	check(0, errDisk)
	f.write.Store(nil)
	check(2, nil)
	if n := count(t, path); n != 2 {
		t.Errorf("%d events; want 2", n)
	}
	// Where not even that works, the log is unusable until it is opened again.
	f.write.Store(&errDisk)
	f.cut.Store(&errDisk)
	check(0, errDisk)
	f.write.Store(nil)
	f.cut.Store(nil)
	check(0, errDisk)
	if err := l.Sync(); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "open the log again") {
		t.Errorf("sync: %v", err)
	}
	if err := l.Close(); !errors.Is(err, errDisk) {
		t.Errorf("close: %v; want the error, once more", err)
	}
	l, err := Open(path, Options{})
	if err != nil || l.Recovered().CutBytes != 13 { // half of 16 + 10
		t.Fatalf("have %+v, %v; want the half event cut off", l.Recovered(), err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestFailedSyncIsFinal(t *testing.T) {
	for _, d := range []Durability{SyncEach, SyncPeriodic} {
		l, f, _ := openFaulty(t, d)
		f.sync.Store(&errDisk)
		_, err := l.Append(context.Background(), nil)
		if d == SyncEach && !errors.Is(err, errDisk) {
			t.Fatalf("%v: have %v", d, err)
		}
		for wait := time.Now().Add(30 * time.Second); err == nil && time.Now().Before(wait); { // until the timer has tried
			_, err = l.Append(context.Background(), nil)
		}
		f.sync.Store(nil)
		for range 2 {
			if _, err := l.Append(context.Background(), nil); !errors.Is(err, errDisk) {
				t.Errorf("%v: have %v after a failed sync; want the same error", d, err)
			}
		}
		if err := l.Close(); !errors.Is(err, errDisk) {
			t.Errorf("%v: close: %v; want the error", d, err)
		}
	}
}

// TestAppendsShareASync holds the first of many appends in its fsync: the others share one.
func TestAppendsShareASync(t *testing.T) {
	l, f, path := openFaulty(t, SyncEach)
	f.hold, f.inside = make(chan struct{}), make(chan struct{}, 100)
	results := make(chan error, 10)
	add := func(ctx context.Context) {
		go func() {
			_, err := l.Append(ctx, []byte("x"))
			results <- err
		}()
	}
	inLine := func(n int) {
		t.Helper()
		for wait := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			l.mu.Lock()
			have := len(l.waiting)
			l.mu.Unlock()
			if have == n {
				return
			}
			if time.Now().After(wait) {
				t.Fatalf("%d wait; want %d", have, n)
			}
		}
	}
	add(context.Background())
	within(t, f.inside, "the first sync")
	impatient, giveUp := context.WithCancel(context.Background())
	add(impatient) // will be first in line, and gone when its turn comes
	inLine(1)
	for range 5 {
		add(context.Background())
	}
	inLine(6)
	giveUp()
	if err := within(t, results, "giving up"); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("have %v; want the context's error", err)
	}
	f.hold <- struct{}{}
	within(t, f.inside, "the second sync")
	f.hold <- struct{}{}
	for range 6 {
		if err := within(t, results, "an append"); err != nil {
			t.Error(err)
		}
	}
	if len(f.inside) != 0 {
		t.Error("six events in line took more than one sync")
	}
	if n := count(t, path); n != 7 { // the impatient one's too
		t.Errorf("%d events; want 7", n)
	}
	f.hold = nil
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestAbandonedEventIsWritten: an event whose appender gave up, with nobody behind it, is
// written all the same.
func TestAbandonedEventIsWritten(t *testing.T) {
	l, f, path := openFaulty(t, SyncEach)
	f.hold, f.inside = make(chan struct{}), make(chan struct{}, 100)
	first := make(chan error, 1)
	go func() {
		_, err := l.Append(context.Background(), nil)
		first <- err
	}()
	within(t, f.inside, "the first sync")
	soon, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if seq, err := l.Append(soon, nil); seq != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("have %d, %v; want 2 and the context's error", seq, err)
	}
	close(f.hold)
	if err := within(t, first, "the first append"); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := count(t, path); n != 2 {
		t.Errorf("%d events; want 2", n)
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	for _, d := range []Durability{SyncEach, SyncPeriodic, SyncNever} {
		l, err := Open(filepath.Join(t.TempDir(), "log"), Options{Durability: d})
		if err != nil {
			t.Fatal(err)
		}
		ctx, data := context.Background(), make([]byte, 256)
		if n := testing.AllocsPerRun(50, func() {
			if _, err := l.Append(ctx, data); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations an append; want 0", d, n)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNearMisses: a torn event full of what looks like frames costs a bounded
// search and is judged in doubt as corrupt, not cut.
func TestNearMisses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := Open(path, Options{Durability: SyncNever})
	if err != nil {
		t.Fatal(err)
	}
	// 2²⁰ frames of the number 2, each announcing nearly all of what follows.
	bait := appendEvent(nil, l.salt+1, 2, nil)
	bait[6] = 0x7f // length 0x7f0000, 8 MiB
	data := make([]byte, 0, 16<<20)
	for range 1 << 20 {
		data = append(data, bait...)
	}
	if _, err := l.Append(context.Background(), data); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 16<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("have %v; want it refused", err)
	}
}
