package ipctest

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// closeTold closes right behind messages: all of them arrive, then the close.
func (tr Transport) closeTold(t *testing.T) {
	ctx := limited(t)
	for _, cfg := range []ipc.Config{{}, {Batch: ipc.Batch{Count: 1000, Delay: -1}}} {
		y, path := tallyOf(t)
		c, cmd := tr.spawn(t, "sink", path, cfg)
		for i := range uint64(100) {
			if err := c.Send(ctx, message(i, 50)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
		if taken, end := y.taken.Load(), y.end.Load(); taken != 100 || end != endClosed {
			t.Errorf("%d messages arrived of 100, and the connection ended as %d, want %d", taken, end, endClosed)
		}
	}
}

// closeBounded closes on a peer that is stopped and has no room left: Close returns within
// Config.Timeout, or one second without, and its error says how much is not sent, which the
// peer, once it goes on, confirms.
func (tr Transport) closeBounded(t *testing.T) {
	for _, c := range []struct {
		cfg   ipc.Config
		limit time.Duration
	}{
		{ipc.Config{NoWait: true}, time.Second},
		{ipc.Config{NoWait: true, Timeout: 200 * time.Millisecond}, 200 * time.Millisecond},
		{ipc.Config{Timeout: 200 * time.Millisecond}, 200 * time.Millisecond},
		{ipc.Config{Timeout: 200 * time.Millisecond, Batch: ipc.Batch{Count: 1000, Delay: -1}}, 200 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("no wait %v, timeout %v, batch %d", c.cfg.NoWait, c.cfg.Timeout, c.cfg.Batch.Count), func(t *testing.T) {
			c.cfg.MaxBuffer = 128 << 10
			tr.closeFull(t, c.cfg, c.limit)
		})
	}
}

var unsent = regexp.MustCompile(`\b(\d+) bytes unsent`)

// closeFull fills the buffers of a stopped peer and closes.
func (tr Transport) closeFull(t *testing.T, cfg ipc.Config, limit time.Duration) {
	ctx := limited(t)
	const size, framed = 1000, 1000 + 4
	y, path := tallyOf(t)
	c, cmd := tr.spawn(t, "sink", path, cfg)
	if err := errors.Join(c.Send(ctx, message(0, size)), c.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); y.taken.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatal("the first message did not arrive")
		}
	}
	stop(t, cmd.Process)
	sent, err := uint64(1), error(nil)
	for ; err == nil; sent++ {
		err = c.Send(ctx, message(sent, size))
	}
	sent-- // not the last one
	if !errors.Is(err, ipc.ErrFull) && !errors.Is(err, ipc.ErrTimeout) || ctx.Err() != nil {
		t.Fatalf("Send to a stopped peer: %v, want ErrFull or ErrTimeout", err)
	}
	late := watchStalls(t)
	idle, start := late.sum(), time.Now()
	err = c.Close()
	if err := late.bound(time.Since(start), idle, limit+limit/2+100*time.Millisecond); err != nil {
		t.Errorf("Close with a limit of %v: %v", limit, err)
	}
	if err := errors.Join(cmd.Process.Signal(syscall.SIGCONT), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	taken, end := y.taken.Load(), y.end.Load()
	if err == nil {
		if taken != sent || end != endClosed {
			t.Errorf("Close returned nil, but %d of %d messages arrived and the connection ended as %d, want %d", taken, sent, end, endClosed)
		}
		return
	}
	said := unsent.FindStringSubmatch(err.Error())
	if said == nil || taken > sent {
		t.Fatalf("Close: %v, want how many bytes are unsent; %d of %d messages arrived", err, taken, sent)
	}
	// Whole messages that are missing, but for what arrived of the first of them, and the 4
	// bytes that tell the peer of the close.
	most := int(sent-taken)*framed + 4
	if n, err := strconv.Atoi(said[1]); err != nil || n > most || n <= most-framed {
		t.Errorf("Close: %d bytes unsent (%v), but of %d messages of %d bytes %d arrived: more than %d and at most %d", n, err, sent, framed, taken, most-framed, most)
	}
	if end == endClosed {
		t.Error("the peer believes that nothing is missing")
	}
}

// stop suspends a process and returns when it stands still.
func stop(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("stop process %d: %v, status %#x", p.Pid, err, status)
	}
}
