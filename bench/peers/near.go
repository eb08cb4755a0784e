package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// result is what one measurement found. Durations are in nanoseconds.
type result struct {
	n, ns         int64 // messages or trips, and the time they took together
	p50, p95, p99 int64 // of a trip
	mallocs       int64 // heap allocations of the near process meanwhile; -1 unknown
}

// String returns the line that a near process prints.
func (r result) String() string {
	return fmt.Sprintf("n=%d ns=%d p50=%d p95=%d p99=%d mallocs=%d", r.n, r.ns, r.p50, r.p95, r.p99, r.mallocs)
}

// near measures: it starts the far process, works with it, prints the result.
func near(args []string) error {
	j, err := parseJob(args)
	if err != nil {
		return err
	}
	c, err := find(j.name)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/%d.sock", os.TempDir(), os.Getpid())
	ctx := context.Background()
	if j.crowd() {
		r, err := crowd(ctx, c, j, path, func(j job) *exec.Cmd { return farCommand(self, path, j) })
		if err == nil {
			fmt.Println(r)
		}
		return err
	}
	cmd := farCommand(self, path, j)
	l, err := c.near(ctx, j, path, cmd)
	if err != nil {
		return err
	}
	// Nobody waits for an answer from a far process that has given up; it has said why.
	var done atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil && !done.Load() {
			fmt.Fprintln(os.Stderr, "the far process:", err)
			os.Exit(1)
		}
	}()
	r, err := measure(ctx, l, j)
	done.Store(true)
	_ = cmd.Process.Kill() // before the connection goes, of which it would complain
	<-ended
	if err != nil {
		return err
	}
	fmt.Println(r)
	return nil
}

// measure does the work of j over l.
func measure(ctx context.Context, l link, j job) (result, error) {
	if j.kind == trip {
		return trips(ctx, l, j)
	}
	return flows(ctx, l, j)
}

// warmTrips go first, unmeasured, but for slow contestants: those a fifth of the time.
const warmTrips = 200

// trips measures round trips. Each is timed by itself, with one reading of the
// clock inside; histogram and check are outside.
func trips(ctx context.Context, l link, j job) (result, error) {
	budget, most, err := j.limits()
	if err != nil {
		return result{}, err
	}
	whole := most > 0
	message, answer := make([]byte, j.size), make([]byte, j.size)
	number := uint64(0)
	once := func() (took time.Duration, err error) {
		number++
		stamp(message, number, whole)
		t := time.Now()
		if err := l.Send(ctx, message); err != nil {
			return 0, err
		}
		got, err := l.Recv(ctx, answer)
		took = time.Since(t)
		if err != nil {
			return 0, err
		}
		return took, check(got, j.size, number, whole)
	}
	for start := time.Now(); !whole && number < warmTrips && time.Since(start) < budget/5; {
		if _, err := once(); err != nil {
			return result{}, err
		}
	}
	times := hdrhistogram.New(1, int64(time.Minute), 3)
	before := mallocs()
	r, start := result{}, time.Now()
	for {
		took, err := once()
		if err != nil {
			return result{}, err
		}
		if err := times.RecordValue(int64(took)); err != nil {
			return result{}, err
		}
		r.n++
		if whole && int(r.n) == most {
			break
		}
		if !whole && time.Since(start) >= budget {
			break
		}
	}
	r.ns = int64(time.Since(start))
	r.mallocs = mallocs() - before
	r.p50, r.p95, r.p99 = times.ValueAtQuantile(50), times.ValueAtQuantile(95), times.ValueAtQuantile(99)
	return r, nil
}

// flows measures one-way traffic; the time ends when the far side has said how
// much arrived.
func flows(ctx context.Context, l link, j job) (result, error) {
	budget, most, err := j.limits()
	if err != nil {
		return result{}, err
	}
	p := pourer{l: l, size: j.size, whole: most > 0, message: make([]byte, j.size), answer: make([]byte, j.size)}
	if !p.whole {
		if _, err := p.pour(ctx, budget/10, 0); err != nil {
			return result{}, err
		}
		if err := p.confirm(ctx); err != nil {
			return result{}, err
		}
	}
	before := mallocs()
	start := time.Now()
	n, err := p.pour(ctx, budget, most)
	if err != nil {
		return result{}, err
	}
	if err := p.confirm(ctx); err != nil {
		return result{}, err
	}
	took := time.Since(start)
	return result{n: int64(n), ns: int64(took), mallocs: mallocs() - before}, nil
}

type pourer struct {
	l               link
	size            int
	whole           bool
	number          uint64
	message, answer []byte
}

// pour sends messages until the time is up or there were as many as most.
func (p *pourer) pour(ctx context.Context, budget time.Duration, most int) (n int, err error) {
	look := 63 // the clock costs as much as a message does
	if p.size >= 64<<10 {
		look = 0
	}
	start := time.Now()
	for {
		p.number++
		stamp(p.message, p.number, p.whole)
		if err := p.l.Send(ctx, p.message); err != nil {
			return n, err
		}
		n++
		if n == most || most == 0 && n&look == 0 && time.Since(start) >= budget {
			return n, nil
		}
	}
}

// confirm waits for everything sent to arrive.
func (p *pourer) confirm(ctx context.Context) error {
	var q [answerSize]byte
	stamp(q[:], question, false)
	if err := errors.Join(p.l.Send(ctx, q[:]), p.l.Flush(ctx)); err != nil {
		return err
	}
	answer, err := p.l.Recv(ctx, p.answer)
	if err != nil {
		return fmt.Errorf("wait for the far side's count: %w", err)
	}
	if got := binary.LittleEndian.Uint64(answer); got != p.number {
		return fmt.Errorf("%d messages sent, %d arrived", p.number, got)
	}
	return nil
}

// mallocs returns the number of heap allocations so far. It stops the world, so it
// stays outside what is timed.
func mallocs() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Mallocs)
}
