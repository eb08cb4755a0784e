package ipctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// usage is what must not grow.
type usage struct {
	fds, threads, maps, goroutines int
	heap, resident                 int // bytes
}

// use looks after a garbage collection, and after the heap's free pages have gone back.
func use(t *testing.T) usage {
	t.Helper()
	runtime.GC() // runs the clean-ups that the next one frees the memory of
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{goroutines: runtime.NumGoroutine(), heap: int(m.HeapAlloc)}
	count := func(dir string) int {
		l, err := os.ReadDir(dir)
		if err != nil {
			return 0 // not Linux
		}
		return len(l)
	}
	u.fds, u.threads = count("/proc/self/fd"), count("/proc/self/task")
	b, _ := os.ReadFile("/proc/self/maps")
	u.maps = bytes.Count(b, []byte("\n"))
	b, _ = os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(b)); len(f) > 1 {
		pages, _ := strconv.Atoi(f[1])
		u.resident = pages * os.Getpagesize()
	}
	return u
}

// What may be left behind in all, by the runtime and, of memory outside of the heap, by the race
// detector: 16 bytes of heap, the least that it allocates, from each of 10,000 connections would
// be more, as would be a page or a mapping, or a thread from one in 2,000.
const (
	spareThreads  = 4
	spareMaps     = 20
	spareHeap     = 150 << 10
	spareResident = 20 << 20
)

// over returns what u has more than was.
func (u usage) over(was usage) error {
	var errs []error
	check := func(what string, now, was, spare int) {
		if now > was+spare {
			errs = append(errs, fmt.Errorf("%s: %d, before %d", what, now, was))
		}
	}
	check("descriptors", u.fds, was.fds, 0)
	check("goroutines", u.goroutines, was.goroutines, 0)
	check("threads", u.threads, was.threads, spareThreads)
	check("mappings", u.maps, was.maps, spareMaps)
	check("bytes of heap", u.heap, was.heap, spareHeap)
	check("bytes resident", u.resident, was.resident, spareResident)
	return errors.Join(errs...)
}

// churners connect at once.
const churners = 4

// churn connects, talks and closes many times: 10,000, or IPCTEST_CHURN times. Each hundredth is
// with a spawned process of the same kind.
func (tr Transport) churn(t *testing.T) {
	once := tr.meet(t)
	run := func(p paced) (done int64) {
		var n atomic.Int64
		var wg sync.WaitGroup
		for k := range churners {
			wg.Go(func() {
				for i := k; p.more(i) && !t.Failed(); i += churners {
					if err := once(i); err != nil {
						t.Errorf("connection %d: %v", i, err)
					}
					n.Add(1)
				}
			})
		}
		wg.Wait()
		return n.Load()
	}
	first := 400
	if testing.Short() {
		first = 100
	}
	run(paced{want: first, least: first}) // threads, pools and buffers grow to what they have to be
	was := use(t)
	p := pace("IPCTEST_CHURN", 10_000)
	n := run(p)
	now := use(t)
	for range 100 { // goroutines and finalizers end a little later
		if now.over(was) == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
		now = use(t)
	}
	if err := now.over(was); err != nil {
		t.Errorf("left behind by %d connections: %v", n, err)
	}
	t.Logf("%d connections of %d: before %+v, after %+v", n, p.want, was, now)
}

// meet returns what makes connection number i, uses it both ways and closes it. Where there are
// no addresses most are with cat(1), which says what it hears: a process that starts in a fifth
// of the time.
func (tr Transport) meet(t *testing.T) func(i int) error {
	spawned := func(cmd *exec.Cmd) (wait, err error) {
		c, err := tr.Spawn(cmd, ipc.Config{})
		if err != nil {
			return nil, err
		}
		err = errors.Join(talk(t, c, c), c.Close())
		return cmd.Wait(), err
	}
	near := func() error {
		_, err := spawned(exec.Command("cat")) // which ends by SIGPIPE: it says even what Close says
		return err
	}
	if tr.Addresses {
		dial := tr.meetAt(t)
		near = func() error { return dial() }
	}
	return func(i int) error {
		if i%100 == 0 {
			return errors.Join(spawned(command(tr, "echo", "")))
		}
		return near()
	}
}

// talk sends from a to b.
func talk(t *testing.T, a, b ipc.Conn) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := a.Send(ctx, []byte("hello")); err != nil {
		return err
	}
	if p, err := b.Recv(ctx, nil); err != nil || string(p) != "hello" {
		return fmt.Errorf("%q, %w", p, err)
	}
	return nil
}

// meetAt does what meet does at an address.
func (tr Transport) meetAt(t *testing.T) func() error {
	path := filepath.Join(t.TempDir(), "s")
	l, err := tr.Listen(path, ipc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Listen(path, ipc.Config{}); err == nil {
		t.Error("two listeners at one path")
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
		if _, err := l.Accept(ctx); !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("Accept after Close: %v", err)
		}
		if _, err := tr.Dial(ctx, path, ipc.Config{}); err == nil {
			t.Error("dialled a closed listener")
		}
	})
	var mu sync.Mutex // so that who accepts gets the peer that was dialled
	both := func() (a, b ipc.Conn, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		mu.Lock()
		defer mu.Unlock()
		if a, err = tr.Dial(ctx, path, ipc.Config{}); err == nil {
			b, err = l.Accept(ctx)
		}
		return a, b, err
	}
	return func() error {
		a, b, err := both()
		if err != nil {
			return err
		}
		return errors.Join(talk(t, a, b), talk(t, b, a), a.Close(), b.Close())
	}
}
