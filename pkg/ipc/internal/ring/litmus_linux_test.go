package ring

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// twice returns n bytes of memory, a number of pages, that are mapped twice in a row.
func twice(t *testing.T, n int) unsafe.Pointer {
	t.Helper()
	fd, err := unix.MemfdCreate("litmus", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Ftruncate(fd, int64(n)); err != nil {
		t.Fatal(err)
	}
	at, err := unix.MmapPtr(-1, 0, nil, 2*uintptr(n), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		_, err := unix.MmapPtr(fd, 0, unsafe.Add(at, i*n), uintptr(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED)
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = unix.MunmapPtr(at, 2*uintptr(n)) })
	return at
}

// TestLitmus runs the argument of the package's documentation on two threads, which a processor
// that is weaker than it says would break.
func TestLitmus(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor keeps every order")
	}
	lasts := time.Second
	if testing.Short() {
		lasts = 100 * time.Millisecond
	}
	t.Run("record", func(t *testing.T) { litmusRecord(t, lasts) })
	t.Run("sleeper", func(t *testing.T) { litmusSleeper(t, lasts) })
}

// litmusRecord passes numbered records through a ring that holds a few, so that the producer is at
// the heels of the consumer and the consumer at those of the producer: a record is seen whole, and
// its space overwritten after it was read. Each word of a payload is the record's number, and
// payloads are of several lengths, so that headers come to stand where payloads were.
func litmusRecord(t *testing.T, lasts time.Duration) {
	size := os.Getpagesize()
	mem, ctl := twice(t, size), new(Control)
	var p Producer
	var c Consumer
	p.Open(mem, size, ctl)
	c.Open(mem, size, ctl)
	length := func(number uint32) int { return 4 * (1 + int(number)*7%(size/32)) }
	var stop atomic.Bool
	sent := make(chan uint32, 1)
	go func() {
		number := uint32(1)
		for !stop.Load() {
			n := length(number)
			if room, _ := p.Room(n); !room {
				runtime.Gosched()
				continue
			}
			payload := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(p.Space(n)))), n/4)
			for i := range payload {
				payload[i] = number
			}
			p.Commit(n, 0)
			number++
		}
		sent <- number - 1
	}()
	taken := uint32(0)
	take := func() (ok bool, err error) {
		h := c.Head()
		if h == 0 {
			return false, nil
		}
		n, ok := c.Parse(h)
		if want := length(taken + 1); !ok || n != want {
			return false, fmt.Errorf("record %d has the header %#x, want a length of %d", taken+1, h, want)
		}
		taken++
		for i, v := range unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(c.Payload(n)))), n/4) {
			if v != taken {
				return false, fmt.Errorf("word %d of record %d is %d", i, taken, v)
			}
		}
		c.Advance(n)
		return true, nil
	}
	var err error
	for end := time.Now().Add(lasts); time.Now().Before(end) && err == nil; runtime.Gosched() {
		for ok := true; ok && err == nil; {
			ok, err = take()
		}
		c.Give()
	}
	stop.Store(true)
	for n := <-sent; taken < n && err == nil; {
		var ok bool
		if ok, err = take(); !ok && err == nil {
			err = fmt.Errorf("%d records were sent, %d arrived", n, taken)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d records", taken)
}

// litmusSleeper lets a producer publish and look for a sleeper, and a consumer at the same time
// say that it sleeps and look for a record. On arm64 one of them sees the other. On amd64 both may
// miss it, for which the consumer looks again after a while.
func litmusSleeper(t *testing.T, lasts time.Duration) {
	mem := twice(t, os.Getpagesize())
	header, flag := (*uint32)(mem), (*uint32)(unsafe.Add(mem, 256))
	var start, done atomic.Uint32
	var stop atomic.Bool
	var seen uint32 // the flag, by the producer; passed on by done
	go func() {
		for round := uint32(1); ; round++ {
			for spins := 0; start.Load() != round; spins++ {
				if stop.Load() {
					return
				}
				if spins%1000 == 999 {
					runtime.Gosched()
				}
			}
			StoreRel(header, round)
			seen = atomic.LoadUint32(flag)
			done.Store(round)
		}
	}()
	rounds, missed := uint32(0), 0
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		rounds++
		atomic.StoreUint32(flag, Awake)
		start.Store(rounds)
		for range rounds % 64 { // so that sometimes the one is first and sometimes the other
			Pause()
		}
		atomic.StoreUint32(flag, OnFutex)
		record := atomic.LoadUint32(header) == rounds
		for spins := 0; done.Load() != rounds; spins++ {
			if spins%1000 == 999 {
				runtime.Gosched()
			}
		}
		if !record && seen == Awake {
			missed++
		}
		if atomic.LoadUint32(header) != rounds {
			t.Fatalf("round %d: the header is not there long after", rounds)
		}
	}
	stop.Store(true)
	if t.Logf("%d rounds, in %d of them neither saw the other", rounds, missed); missed > 0 && runtime.GOARCH == "arm64" {
		t.Errorf("an acquire passed the release ahead of it %d times", missed)
	}
}
