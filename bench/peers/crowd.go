package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The kinds of work with many far processes; their number is the work's batch.
const (
	gather = "gather" // a message to each, and the answer of each
	fanIn  = "fan-in" // messages from all of them
	spout  = "spout"  // what the far process of a fan-in does
)

// gang is the near side of many connections, as far as the work needs it. pattern.Group is one
// as it stands.
type gang interface {
	// SendAll sends a message to each.
	SendAll(ctx context.Context, p []byte) error
	// Peek returns the next message of any, valid until Release.
	Peek(ctx context.Context) (from string, p []byte, err error)
	Release()
}

// crowd measures this process together with j.batch far ones.
func crowd(ctx context.Context, c contestant, j job, path string, command func(job) *exec.Cmd) (result, error) {
	member := j
	member.kind, member.batch = map[string]string{gather: trip, fanIn: spout}[j.kind], 1
	var links []link
	for range j.batch {
		cmd := command(member)
		l, err := c.near(ctx, member, path, cmd)
		if err != nil {
			return result{}, err
		}
		defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
		links = append(links, l)
	}
	g, err := c.join(j, links)
	if err != nil {
		return result{}, err
	}
	if j.kind == gather {
		return gathers(ctx, g, j)
	}
	return fanIns(ctx, g, j)
}

// gathers measures rounds; each is timed by itself.
func gathers(ctx context.Context, g gang, j job) (result, error) {
	budget, most, err := j.limits()
	if err != nil {
		return result{}, err
	}
	message, number := make([]byte, j.size), uint64(0)
	once := func() (time.Duration, error) {
		number++
		stamp(message, number, most > 0)
		t := time.Now()
		if err := g.SendAll(ctx, message); err != nil {
			return 0, err
		}
		for range j.batch {
			if _, err := taken(ctx, g, j, func(string) uint64 { return number }, most > 0); err != nil {
				return 0, err
			}
		}
		return time.Since(t), nil
	}
	for start := time.Now(); most == 0 && number < warmTrips && time.Since(start) < budget/5; {
		if _, err := once(); err != nil {
			return result{}, err
		}
	}
	times := hdrhistogram.New(1, int64(time.Minute), 3)
	before := mallocs()
	r, start := result{}, time.Now()
	for most > 0 && int(r.n) < most || most == 0 && time.Since(start) < budget {
		took, err := once()
		if err == nil {
			err = times.RecordValue(int64(took))
		}
		if err != nil {
			return result{}, err
		}
		r.n++
	}
	r.ns, r.mallocs = int64(time.Since(start)), mallocs()-before
	r.p50, r.p95, r.p99 = times.ValueAtQuantile(50), times.ValueAtQuantile(95), times.ValueAtQuantile(99)
	return r, nil
}

// fanIns measures messages as they come; those on their way at the end do not count.
func fanIns(ctx context.Context, g gang, j job) (result, error) {
	budget, most, err := j.limits()
	if err != nil {
		return result{}, err
	}
	counts := make([]uint64, j.batch)
	next := func(from string) uint64 { // not by a map: with many names it takes as long as a message
		i, err := strconv.Atoi(from)
		if err != nil || i < 0 || i >= len(counts) {
			return 0 // no message's number
		}
		counts[i]++
		return counts[i]
	}
	pour := func(budget time.Duration) (n int64, err error) {
		for start := time.Now(); ; {
			if _, err := taken(ctx, g, j, next, most > 0); err != nil {
				return n, err
			}
			if n++; int(n) == most || most == 0 && n&63 == 0 && time.Since(start) >= budget {
				return n, nil
			}
		}
	}
	if most == 0 {
		if _, err := pour(budget / 5); err != nil {
			return result{}, err
		}
	}
	before, start := mallocs(), time.Now()
	n, err := pour(budget)
	return result{n: n, ns: int64(time.Since(start)), mallocs: mallocs() - before}, err
}

// taken takes the next message of anyone and checks that it is the one with the number wanted
// from there.
func taken(ctx context.Context, g gang, j job, want func(from string) uint64, whole bool) (from string, err error) {
	from, p, err := g.Peek(ctx)
	if err != nil {
		return from, err
	}
	err = check(p, j.size, want(from), whole)
	g.Release()
	return from, err
}

// pourForever plays the far side of a fan-in.
func pourForever(ctx context.Context, l link, j job, whole bool) error {
	message := make([]byte, j.size)
	for number := uint64(1); ; number++ {
		stamp(message, number, whole)
		if err := l.Send(ctx, message); err != nil {
			return err
		}
	}
}

// farCommand starts this program as the far side of a job. It dies with this process, in
// whatever way this one ends.
func farCommand(self, path string, j job) *exec.Cmd {
	cmd := exec.Command(self, append([]string{"far", path}, j.args()...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}
