package ipctest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// stranger starts programs that are no peers.
func (tr Transport) stranger(t *testing.T) {
	ctx := limited(t)
	other := []byte(tr.Hello)
	other[tr.Version]++
	lying := append([]byte(tr.Hello), 0xf0, 0xff, 0xff, 0xff, 'x') // a length of 4 GiB, or a segment of that size
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"text", []byte("usage: cat [file]\n"), ipc.ErrVersion},
		{"another version", other, ipc.ErrVersion},
		{"a length that lies", append(lying, bytes.Repeat([]byte{0xff}, 100)...), ipc.ErrCorrupt},
		{"half a hello", []byte(tr.Hello[:3]), ipc.ErrPeerGone},
		{"nothing", nil, ipc.ErrPeerGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bytes")
			if err := os.WriteFile(file, c.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			// It lives on for a while after a lie: the error does not come from its death.
			life := "0"
			if c.want != ipc.ErrPeerGone {
				life = "30"
			}
			cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf(`cat "$0" >&%d; exec sleep %s`, tr.Wire, life), file)
			conn, err := tr.Spawn(cmd, ipc.Config{})
			if err != nil {
				t.Fatal(err)
			}
			within(t, patience, "Recv", func() {
				if b, err := conn.Recv(ctx, nil); !errors.Is(err, c.want) {
					t.Errorf("Recv: %q, %v, want %v", b, err, c.want)
				}
			})
			if err := conn.Send(ctx, []byte("x")); c.want != ipc.ErrPeerGone && !errors.Is(err, c.want) {
				t.Errorf("Send on a failed connection: %v, want %v", err, c.want)
			}
			_ = conn.Close()
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
}

func (tr Transport) batch(t *testing.T) {
	ctx := limited(t)
	// Nothing leaves before its time; waiting in Recv is such a time.
	c, _ := tr.spawn(t, "batch", "", ipc.Config{Batch: ipc.Batch{Count: 100, Delay: -1}})
	var buf []byte
	for i := range uint64(300) {
		if err := c.Send(ctx, message(i, 30)); err != nil {
			t.Fatal(err)
		}
		if i%10 < 9 {
			continue
		}
		for k := i - 9; k <= i; k++ {
			var err error
			if buf, err = c.Recv(ctx, buf); err != nil {
				t.Fatal(err)
			}
			if err := check(buf, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Send(ctx, message(0, 30)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if c.Ready() {
		t.Error("a message left its batch of 100 without count, age or Flush")
	}
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Recv(ctx, nil); err != nil {
		t.Fatal(err)
	}

	// By age, with nobody calling anything.
	c, _ = tr.spawn(t, "echo", "", ipc.Config{Batch: ipc.Batch{Count: 100, Delay: 2 * time.Millisecond}})
	for i := range uint64(20) {
		if err := c.Send(ctx, message(i, 30)); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); !c.Ready(); time.Sleep(time.Millisecond) {
			if time.Since(start) > patience {
				t.Fatalf("message %d did not leave by age", i)
			}
		}
		if b, err := c.Recv(ctx, nil); err != nil || check(b, i) != nil {
			t.Fatal(check(b, i), err)
		}
	}
}

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

// kill ends either side with SIGKILL at random moments: 50 times, or IPCTEST_KILLS times.
func (tr Transport) kill(t *testing.T) {
	rounds := 50
	if n, err := strconv.Atoi(os.Getenv("IPCTEST_KILLS")); err == nil {
		rounds = n
	}
	rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), 9))
	file := filepath.Join(t.TempDir(), "committed")
	for i := range rounds {
		after := time.Duration(rnd.IntN(8000)) * time.Microsecond
		cfg := ipc.Config{Sync: ipc.Sync(i / 2 % 3), Timeout: patience}
		if i%2 == 0 {
			tr.killSource(t, cfg, file, after)
		} else {
			tr.killSink(t, cfg, after)
		}
		if t.Failed() {
			t.Fatalf("in round %d, killed %v after the first message", i, after)
		}
	}
}

// killSource kills the sender: all that it had committed arrives, whole.
func (tr Transport) killSource(t *testing.T, cfg ipc.Config, file string, after time.Duration) {
	if err := os.WriteFile(file, make([]byte, 8), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(tr, "source", file)
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx := limited(t)
	var buf []byte
	n := uint64(0)
	for ; ; n++ {
		if buf, err = c.Recv(ctx, buf); err != nil {
			break
		}
		if err := check(buf, n); err != nil {
			t.Error(err)
		}
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !errors.Is(err, ipc.ErrPeerGone) || errors.Is(err, ipc.ErrPeerClosed) {
		t.Errorf("the receiver's end is %v, want ErrPeerGone", err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if committed := binary.LittleEndian.Uint64(b); n < committed || n > committed+1 {
		t.Errorf("%d messages arrived, %d were committed", n, committed)
	}
}

// killSink kills the receiver: the sender learns of it.
func (tr Transport) killSink(t *testing.T, cfg ipc.Config, after time.Duration) {
	cmd := command(tr, "sink", "")
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx := limited(t)
	kill := time.AfterFunc(after+5*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	rnd := rand.New(rand.NewPCG(1, uint64(after)))
	for n := uint64(0); err == nil; n++ {
		err = c.Send(ctx, message(n, size(rnd)))
	}
	if !errors.Is(err, ipc.ErrPeerGone) {
		t.Errorf("the sender's end is %v, want ErrPeerGone", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
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

// churn connects and closes many times: 300, or IPCTEST_CHURN times.
func (tr Transport) churn(t *testing.T) {
	rounds := 300
	if n, err := strconv.Atoi(os.Getenv("IPCTEST_CHURN")); err == nil {
		rounds = n
	}
	once := tr.meet(t)
	for range 20 {
		once()
	}
	runtime.GC()
	was := use(t)
	if tr.Dial == nil {
		rounds /= 5
	}
	for range rounds {
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
	ctx := limited(t)
	talk := func(a, b ipc.Conn) {
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
		a, err := tr.Dial(ctx, path, ipc.Config{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		talk(a, b)
		talk(b, a)
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
