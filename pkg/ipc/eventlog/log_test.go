package eventlog_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc/eventlog"
)

// child names the part that a test wants played in a process of its own, whose
// arguments are the path of a log and a durability.
const child = "EVENTLOG_TEST_CHILD"

func TestMain(m *testing.M) {
	parts := map[string]func(*eventlog.Log, string) error{"append": appendForever, "full": fillDisk}
	part := parts[os.Getenv(child)]
	if part == nil {
		os.Exit(m.Run())
	}
	var d eventlog.Durability
	_, err := fmt.Sscan(os.Args[2], &d)
	if err == nil {
		var log *eventlog.Log
		if log, err = eventlog.Open(os.Args[1], eventlog.Options{Durability: d, Interval: time.Millisecond}); err == nil {
			err = part(log, os.Args[1])
		}
	}
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

func start(t *testing.T, part, path string, d eventlog.Durability) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], path, fmt.Sprint(int(d)))
	cmd.Env = append(os.Environ(), child+"="+part)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// body is the data of event seq in the tests with a child: checkable, and of
// every length.
func body(seq uint64) string { return strings.Repeat(fmt.Sprint(seq, " "), int(seq%50)) }

// appendForever has four goroutines append, each telling what was acknowledged.
func appendForever(log *eventlog.Log, _ string) error {
	var number sync.Mutex
	next := log.Recovered().Events
	fmt.Println("began with", next)
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				// One at a time, so that the body fits the number.
				number.Lock()
				next++
				seq, err := log.Append(context.Background(), []byte(body(next)))
				if err != nil || seq != next {
					failed <- fmt.Errorf("event %d: have %d, %w", next, seq, err)
				}
				fmt.Println(seq)
				number.Unlock()
			}
		}()
	}
	return <-failed
}

// TestKilledAppenderLosesNothingAcknowledged kills a process that appends, at many moments: all
// that it was told is safe is there, whole, and the next process goes on.
func TestKilledAppenderLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	total := uint64(0)
	for i := range 24 {
		d := eventlog.Durability(i % 3)
		cmd, out := start(t, "append", path, d)
		if !out.Scan() || out.Text() != fmt.Sprint("began with ", total) {
			t.Fatalf("have %q, %v; want to begin with %d", out.Text(), out.Err(), total)
		}
		time.AfterFunc(time.Duration(i)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		acknowledged := total
		for out.Scan() {
			var seq uint64
			// A line cut by the death of its writer may end early: it is then a smaller number.
			if _, err := fmt.Sscan(out.Text(), &seq); err != nil {
				t.Fatalf("the child says %q", out.Text())
			}
			acknowledged = max(acknowledged, seq)
		}
		_ = cmd.Wait() // killed
		have, err := read(t, path)
		if err != nil && !errors.Is(err, eventlog.ErrTorn) {
			t.Fatalf("%v: %v", d, err)
		}
		if uint64(len(have)) < acknowledged {
			t.Fatalf("%v: %d events are left of %d that were acknowledged", d, len(have), acknowledged)
		}
		for k, data := range have {
			if data != body(uint64(k+1)) {
				t.Fatalf("%v: event %d is %q", d, k+1, data)
			}
		}
		total = uint64(len(have))
	}
	if total == 0 {
		t.Error("no event was ever written")
	}
}

// fillDisk appends until the limit on the size of files stops it, then raises
// the limit and goes on.
func fillDisk(log *eventlog.Log, path string) error {
	signal.Ignore(syscall.SIGXFSZ) // so that the limit is an error, as a full disk is
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	small := limit
	small.Cur = 10_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	ctx, data := context.Background(), make([]byte, 984) // 1,000 with its frame
	var seq uint64
	var err error
	for range 100 {
		if seq, err = log.Append(ctx, data); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "byte 9016") {
		return fmt.Errorf("have %w; want EFBIG with the path and the offset 16 + 9 × 1,000", err)
	}
	if seq != 0 {
		return fmt.Errorf("number %d was given out with the error", seq)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 9016 {
		return fmt.Errorf("the file has %d bytes (%w); want what does not fit taken back", info.Size(), err)
	}
	// A smaller one still fits, and when there is room again, all do.
	if seq, err := log.Append(ctx, data[:100]); err != nil || seq != 10 {
		return fmt.Errorf("a smaller event: have %d, %w; want 10", seq, err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if seq, err := log.Append(ctx, data); err != nil || seq != 11 {
		return fmt.Errorf("with room again: have %d, %w; want 11", seq, err)
	}
	return log.Close()
}

func TestDiskFull(t *testing.T) {
	for _, d := range []eventlog.Durability{eventlog.SyncEach, eventlog.SyncPeriodic, eventlog.SyncNever} {
		path := filepath.Join(t.TempDir(), "log")
		cmd, out := start(t, "full", path, d)
		for out.Scan() {
			t.Errorf("%v: %s", d, out.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", d, err)
		}
		if have, err := read(t, path); err != nil || len(have) != 11 {
			t.Errorf("%v: %d events, %v; want 11", d, len(have), err)
		}
	}
}

// TestConcurrentAppendsAreAllThere has many append at once: every event is there once, under the
// number that its appender was told, in the order of each appender.
func TestConcurrentAppendsAreAllThere(t *testing.T) {
	check := func(d eventlog.Durability, crowd, each int) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "log")
		log, err := eventlog.Open(path, eventlog.Options{Durability: d, Interval: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		told := make([]string, crowd*each) // by sequence number − 1
		var wait sync.WaitGroup
		for who := range crowd {
			wait.Go(func() {
				last := uint64(0)
				for i := range each {
					data := fmt.Sprintf("%d of %d", i, who)
					seq, err := log.Append(context.Background(), []byte(data))
					if err != nil || seq <= last {
						t.Errorf("%v: have %d after %d, %v", d, seq, last, err)
						return
					}
					told[seq-1], last = data, seq
					if i%20 == 0 {
						if err := log.Sync(); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wait.Wait()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if have, err := read(t, path); err != nil || !slices.Equal(have, told) {
			t.Errorf("%v: the log (%v) does not hold what the appenders were told", d, err)
		}
	}
	check(eventlog.SyncEach, 8, 30)
	check(eventlog.SyncPeriodic, 8, 200)
	check(eventlog.SyncNever, 8, 200)
}

func TestClosedAndLockedLogsRefuse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := eventlog.Open(path, eventlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eventlog.Open(path, eventlog.Options{}); !errors.Is(err, eventlog.ErrLocked) {
		t.Errorf("opened twice: have %v; want ErrLocked", err)
	}
	data := []byte("x")
	if _, err := log.Append(context.Background(), data); err != nil {
		t.Fatal(err)
	}
	data[0] = 'y' // the log must not notice
	if have, err := read(t, path); err != nil || !slices.Equal(have, []string{"x"}) {
		t.Errorf("reading while it is open: %q, %v", have, err)
	}
	if _, err := log.Append(context.Background(), make([]byte, eventlog.MaxEvent+1)); !errors.Is(err, eventlog.ErrTooLarge) {
		t.Errorf("have %v; want ErrTooLarge", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if seq, err := log.Append(gone, nil); !errors.Is(err, context.Canceled) || seq != 0 {
		t.Errorf("have %d, %v; want no event from a cancelled context", seq, err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = log.Append(context.Background(), nil)
	for _, err := range []error{err, log.Sync(), log.Close()} {
		if !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("have %v after Close; want ErrClosed", err)
		}
	}
	if log, err = eventlog.Open(path, eventlog.Options{}); err != nil || log.Recovered() != (eventlog.Recovery{Events: 1}) {
		t.Fatalf("have %v; want it free again, with one event", err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

// TestLargeEventsAreWhole crosses every buffer: events around and far over 64 KiB and 1 MiB.
func TestLargeEventsAreWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	data := []string{}
	for i, n := range []int{1<<16 - 17, 1 << 16, 1<<20 - 16, 3 << 20, 0} {
		data = append(data, string(binary.LittleEndian.AppendUint32(make([]byte, n), uint32(i))))
	}
	whole := write(t, path, data...)
	if have, err := read(t, path); err != nil || !slices.Equal(have, data) {
		t.Fatalf("have %d events, %v", len(have), err)
	}
	put(t, path, whole[:len(whole)-5]) // torn, with megabytes before and nothing after
	if have, err := read(t, path); !errors.Is(err, eventlog.ErrTorn) || len(have) != 4 {
		t.Errorf("have %d events, %v", len(have), err)
	}
	whole[header+frame] ^= 1 // corrupt, with the next whole event 64 KiB on
	put(t, path, whole)
	if have, err := read(t, path); !errors.Is(err, eventlog.ErrCorrupt) || len(have) != 0 {
		t.Errorf("have %d events, %v", len(have), err)
	}
}

func TestReadStopsEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, events...)
	seen := 0
	for range eventlog.Read(path) {
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("have %d; want 2", seen)
	}
}
