package ipctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

const (
	kills    = 334             // on each of three transports: a thousand moments
	killers  = 8               // at once: most of a kill is waiting
	survivor = 5 * time.Second // Config.Timeout of who is not killed
)

// victim says who is killed, in which of its states.
type victim struct {
	opener bool // the side that spawned the other, else the spawned one
	source bool // the sender, else the receiver
	early  bool // at a moment from its start on, else after the first message arrived
	sync   ipc.Sync
	after  time.Duration
}

// String returns who is killed and when.
func (v victim) String() string {
	side, does, when := "child", "receives", "its first message"
	if v.opener {
		side = "opener"
	}
	if v.source {
		does = "sends"
	}
	if v.early {
		when = "its start"
	}
	return fmt.Sprintf("the %s, which %s (sync %v), %v after %s", side, does, v.sync, v.after, when)
}

// random returns victim number i; there are as many of each kind.
func random(i int, rnd *rand.Rand) victim {
	v := victim{opener: i&1 > 0, source: i&2 > 0, sync: ipc.Sync(i / 4 % 3), early: rnd.IntN(8) == 0}
	v.after = time.Duration(rnd.IntN(5000)) * time.Microsecond
	if v.early {
		v.after *= 4 // processes take a while to start
	}
	return v
}

// kill ends either side with SIGKILL at random moments, several pairs at once: kills times, or
// IPCTEST_KILLS times. The survivor is told within its timeout, and what was committed has
// arrived, whole.
func (tr Transport) kill(t *testing.T) {
	p := pace("IPCTEST_KILLS", kills)
	dir := t.TempDir()
	late := watchStalls(t)
	var mu sync.Mutex
	var done, failed int
	var slowest time.Duration
	add := func(took time.Duration, err error) (enough bool) {
		mu.Lock()
		defer mu.Unlock()
		done++
		slowest = max(slowest, took)
		if err != nil {
			failed++
			t.Error(err)
		}
		return failed >= 3
	}
	var wg sync.WaitGroup
	for k := range killers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(os.Getpid()), uint64(k)))
			for i := k; p.more(i); i += killers {
				v := random(i, rnd)
				took, err := tr.killOne(t.Context(), v, filepath.Join(dir, strconv.Itoa(k)), late)
				if err != nil {
					err = fmt.Errorf("kill %d: %v: %w", i, v, err)
				}
				if add(took, err) {
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d kills of %d; the slowest survivor knew after %v", done, p.want, slowest)
}

// killOne makes a pair, kills one of it and returns how long the other took to know.
func (tr Transport) killOne(ctx context.Context, v victim, path string, late *stalls) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	y, err := newTally(path)
	if err != nil {
		return 0, err
	}
	defer y.close()
	role := "sink"
	if v.source {
		role = "source"
	}
	start := tr.killChild
	if v.opener {
		start = tr.killOpener
	}
	h, err := start(ctx, y, role, path, ipc.Config{Sync: v.sync, Timeout: survivor})
	if err != nil {
		return 0, err
	}
	for !v.early && y.taken.Load() == 0 && ctx.Err() == nil && !h.over() {
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(v.after)
	took, err := h.kill(late)
	return took, errors.Join(err, y.whole(v))
}

// hunt is a pair of processes of which one is to be killed.
type hunt struct {
	victim *exec.Cmd
	stderr *bytes.Buffer // of the victim, and of the survivor where that is its child
	ended  chan error    // the survivor's end: nil when it knows that its peer is gone
	wait   func() error  // reaps the victim
}

// over reports whether the survivor has ended.
func (h *hunt) over() bool { return len(h.ended) > 0 }

// kill kills, and returns how long the survivor took.
func (h *hunt) kill(late *stalls) (time.Duration, error) {
	idle := late.sum()
	start := time.Now()
	_ = h.victim.Process.Kill()
	err := <-h.ended
	took := time.Since(start)
	err = errors.Join(err, late.bound(took, idle, survivor))
	if gone := h.wait(); !killed(h.victim) {
		err = errors.Join(err, fmt.Errorf("the victim was not killed but ended by itself: %v (%v)", h.victim.ProcessState, gone))
	}
	if h.stderr.Len() > 0 {
		err = errors.Join(err, fmt.Errorf("on stderr: %s", h.stderr))
	}
	return took, err
}

// killed reports whether a signal ended cmd.
func killed(cmd *exec.Cmd) bool {
	s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && s.Signaled() && s.Signal() == syscall.SIGKILL
}

// killChild spawns the victim; the survivor is a goroutine of the test.
func (tr Transport) killChild(ctx context.Context, y *tally, role, path string, cfg ipc.Config) (*hunt, error) {
	h := &hunt{victim: command(tr, role, path), stderr: new(bytes.Buffer), ended: make(chan error, 1)}
	configure(h.victim, ipc.Config{Sync: cfg.Sync})
	h.victim.Stderr = h.stderr
	c, err := tr.Spawn(h.victim, cfg)
	if err != nil {
		return nil, err
	}
	h.wait = func() error { return errors.Join(h.victim.Wait(), c.Close()) }
	survive := y.produce
	if role == "source" {
		survive = y.consume
	}
	go func() { h.ended <- survive(ctx, c) }()
	return h, nil
}

// killOpener starts the victim, which spawns the survivor. Both have the same stderr, so its end
// is the end of both.
func (tr Transport) killOpener(_ context.Context, _ *tally, role, path string, cfg ipc.Config) (*hunt, error) {
	h := &hunt{victim: command(tr, "open", role+":"+path), stderr: new(bytes.Buffer), ended: make(chan error, 1)}
	configure(h.victim, cfg)
	h.victim.Stderr = h.stderr
	h.victim.WaitDelay = patience
	if err := h.victim.Start(); err != nil {
		return nil, err
	}
	h.wait = func() error { return nil }
	go func() {
		err := h.victim.Wait()
		if !errors.Is(err, exec.ErrWaitDelay) {
			err = nil // how the victim ended is looked at apart
		}
		h.ended <- err
	}()
	return h, nil
}

// whole returns what is wrong with what arrived.
func (y *tally) whole(v victim) error {
	sent, taken, end := y.sent.Load(), y.taken.Load(), y.end.Load()
	switch {
	case end == 0 && v.early && sent+taken == 0: // killed before it had spawned the other
		return nil
	case end == 0, end == endClosed, end == endTorn && !v.source:
		return fmt.Errorf("the survivor's connection ended as %d, want %d (gone) or, for a receiver, %d (in mid-message)", end, endGone, endTorn)
	case !v.source && taken > sent:
		return fmt.Errorf("the victim took %d messages, and the survivor knows of %d sent", taken, sent)
	case v.source && taken != sent && taken != sent+1: // killed between committing it and counting it
		return fmt.Errorf("%d messages arrived, %d were committed", taken, sent)
	case !v.early && taken == 0:
		return errors.New("no message arrived")
	}
	return nil
}
