package ipctest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// allocs counts the heap allocations of messages there and back, also of such that fill the buffers and make both
// sides wait, under a context that can end.
func (tr Transport) allocs(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		trips int
		burst int // messages sent before the first answer is received
		place bool
		cfg   ipc.Config
	}{
		{name: "64 B", size: 64, trips: 2000, burst: 1},
		{name: "1 KiB", size: 1 << 10, trips: 2000, burst: 1},
		{name: "1 MiB", size: 1 << 20, trips: 50, burst: 1},
		{name: "batched", size: 64, trips: 100, burst: 64, cfg: ipc.Config{Batch: ipc.Batch{Count: 16}}},
		{name: "in place", size: 64, trips: 2000, burst: 1, place: true},
		{name: "1 KiB in place", size: 1 << 10, trips: 2000, burst: 1, place: true},
		{name: "batched in place", size: 64, trips: 100, burst: 64, place: true, cfg: ipc.Config{Batch: ipc.Batch{Count: 16}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			conn, _ := tr.spawn(t, "echo", "", c.cfg)
			p, buf := make([]byte, c.size), make([]byte, c.size)
			send := func() error { return conn.Send(ctx, p) }
			recv := func() (err error) {
				buf, err = conn.Recv(ctx, buf)
				return err
			}
			if c.place {
				send = func() error {
					_, err := conn.Reserve(ctx, c.size)
					return errors.Join(err, conn.Commit(c.size))
				}
				recv = func() error {
					_, err := conn.Peek(ctx)
					conn.Release()
					return err
				}
			}
			run := func() {
				for range c.trips {
					for range c.burst {
						if err := send(); err != nil {
							t.Fatal(err)
						}
					}
					for range c.burst {
						if err := recv(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			run() // buffers grow to what they have to be
			var a, b runtime.MemStats
			runtime.ReadMemStats(&a)
			run()
			runtime.ReadMemStats(&b)
			// The runtime's own are a few in all, and the race detector's some more.
			if n := b.Mallocs - a.Mallocs; n >= 25 {
				t.Errorf("%d allocations in %d messages there and back, want 0", n, c.trips*c.burst)
			}
		})
	}
}

// oneCore makes round trips with one processor, by the scheduler's count and by affinity.
func (tr Transport) oneCore(t *testing.T) {
	const trips = "1000"
	run := func(cmd *exec.Cmd) {
		t.Helper()
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
	}
	cmd := command(tr, "pair", trips)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	run(cmd)

	cmd = command(tr, "pair", trips)
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		t.Log("no taskset(1): affinity not tried")
		return
	}
	cmd.Args = append([]string{taskset, "-c", "0"}, cmd.Path)
	cmd.Path = taskset
	run(cmd)
}

// usage is what must not grow.
type usage struct{ fds, threads, maps, goroutines int }

func use(t *testing.T) usage {
	t.Helper()
	u := usage{goroutines: runtime.NumGoroutine()}
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
	return u
}

// churn connects and closes many times: 10,000, or IPCTEST_CHURN times; where each takes a process, a fifth of that.
func (tr Transport) churn(t *testing.T) {
	rounds, until := repeat("IPCTEST_CHURN", 10_000)
	once := tr.meet(t)
	for range 20 {
		once()
	}
	runtime.GC()
	was := use(t)
	if tr.Dial == nil {
		rounds /= 5
	}
	for i := range rounds {
		if i >= 300 && time.Now().After(until) {
			t.Logf("slow machine: %d connections of %d in 40 s", i, rounds)
			rounds = i
			break
		}
		once()
	}
	var now usage
	for range 100 { // goroutines and finalizers end a little later
		runtime.GC()
		if now = use(t); now.fds <= was.fds && now.goroutines <= was.goroutines && now.maps <= was.maps+20 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	// Threads are the scheduler's and stay; one a connection would be hundreds.
	if now.fds > was.fds || now.goroutines > was.goroutines || now.maps > was.maps+20 || now.threads > was.threads+20 {
		t.Errorf("after %d connections: %+v, before: %+v", rounds, now, was)
	}
}

// meet returns what makes a connection, uses it and closes it.
func (tr Transport) meet(t *testing.T) func() {
	talk := func(ctx context.Context, a, b ipc.Conn) {
		t.Helper()
		if err := a.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if p, err := b.Recv(ctx, nil); err != nil || string(p) != "hello" {
			t.Fatalf("%q, %v", p, err)
		}
	}
	if tr.Dial == nil {
		return func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.Command("true")
			c, err := tr.Spawn(cmd, ipc.Config{})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Recv(ctx, nil)
			_ = c.Close()
			_ = cmd.Wait()
		}
	}
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
	return func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		a, err := tr.Dial(ctx, path, ipc.Config{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		talk(ctx, a, b)
		talk(ctx, b, a)
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// exhaustion runs out of descriptors: an error, nothing left, and then it works again.
func (tr Transport) exhaustion(t *testing.T) {
	once := tr.meet(t)
	once()
	runtime.GC()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	was := use(t)
	for spare := range uint64(8) {
		// The lowest free numbers are those after the open ones, but for holes that closing left.
		few := syscall.Rlimit{Cur: uint64(was.fds) + spare, Max: old.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("true")
		c, err := tr.Spawn(cmd, ipc.Config{})
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
		switch {
		case err == nil:
			_ = c.Close()
		case c != nil:
			t.Errorf("with %d descriptors: both a connection and %v", spare, err)
		case spare < 2 && !errors.Is(err, syscall.EMFILE):
			t.Errorf("with %d descriptors: %v, want EMFILE", spare, err)
		}
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
	}
	for range 100 {
		if use(t).fds <= was.fds {
			break
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if now := use(t); now.fds > was.fds {
		t.Errorf("%d descriptors open, %d before", now.fds, was.fds)
	}
	once()
}
