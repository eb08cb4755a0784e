package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/pattern"
)

// messageSize is that of every message of the concurrent group in bytes: small, so
// that what is measured is the cost of a message and not of its bytes.
const messageSize = 64

// A crowd is a running group whose traffic can be measured: do carries one message or makes one
// round, finish waits until everything that is on its way has arrived, checks that, and says how
// many messages more than do had asked for those were. An operation is one do and delivers
// weight messages, each to one process. Time ends with finish: nothing is on its way before a
// measurement or after it, so that what lies in buffers counts neither twice nor not at all.
type crowd struct {
	weight int
	do     func(ctx context.Context) error
	finish func(ctx context.Context) (more int, err error)
}

// patterns start a crowd of n members, this process not counted.
var patterns = []struct {
	name    string
	members []int
	latency bool // do is a round, worth a clock reading
	batch   int  // messages sent together
	start   func(b *testing.B, cfg ipc.Config, n int) crowd
}{
	{"fan-in", []int{1, 2, 4, 8, 16}, false, 0, fanIn}, // one is the figure of two processes
	{"fan-out", []int{2, 4, 8, 16}, false, 0, fanOut},
	{"fan-out-batched", []int{2, 16}, false, 32, fanOut},
	{"broadcast", []int{2, 4, 8, 16}, false, 0, broadcast},
	{"gather", []int{2, 4, 8, 16}, true, 0, gather},
	{"pipeline", []int{2, 4, 8, 16}, false, 0, pipeline},
	{"mesh", []int{2, 4, 8, 16}, true, 0, mesh},
}

// eachPattern runs a benchmark of every pattern on every transport.
func eachPattern(b *testing.B, run func(b *testing.B, pattern, mechanism int)) {
	for i, p := range patterns {
		for j, mechanism := range mechanisms() {
			b.Run(fmt.Sprintf("pattern=%s/transport=%s", p.name, mechanism), func(b *testing.B) { run(b, i, j) })
		}
	}
}

// begin starts a pattern's crowd.
func begin(b *testing.B, pattern, mechanism, n int) crowd {
	cfg := config(mechanisms()[mechanism])
	if batch := patterns[pattern].batch; batch > 0 {
		cfg.Batch = ipc.Batch{Count: batch}
	}
	return patterns[pattern].start(b, cfg, n)
}

// BenchmarkConcurrent carries messages among one process and its members. An operation is one
// message: received from any member (fan-in), sent to any (fan-out), sent to all (broadcast),
// sent through all and back with others under way (pipeline); or one round: a message to all and
// the answer of each (gather), one from each to each (mesh). Rates are of messages as they are
// delivered: one that a pipeline carries through 4 stages and back is 5. transport=os-pipe is a
// gather over plain pipes, without this module.
func BenchmarkConcurrent(b *testing.B) {
	eachPattern(b, func(b *testing.B, pattern, mechanism int) {
		for _, n := range patterns[pattern].members {
			b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
				concurrent(b, begin(b, pattern, mechanism, n), patterns[pattern].latency)
			})
		}
	})
	for _, n := range []int{2, 4, 8, 16} {
		b.Run(fmt.Sprintf("pattern=gather/transport=os-pipe/members=%d", n), func(b *testing.B) {
			concurrent(b, gatherPlain(b, n), true)
		})
	}
}

// How long a crowd's turn is in BenchmarkConcurrentScaling, and how many turns there are at
// least. The first milliseconds, in which the runtimes of 17 processes wake up, are no part of
// it.
const (
	wakeUp = 10 * time.Millisecond
	slice  = 30 * time.Millisecond
	turns  = 3
)

// BenchmarkConcurrentScaling compares a crowd with the smallest of its pattern (one member, or
// 2) in the same process, in turns, so that both meet the same machine. The factor is messages
// delivered a second by the one over those by the other, as BenchmarkConcurrent counts them, the
// median of all turns. An operation is one turn of each.
func BenchmarkConcurrentScaling(b *testing.B) {
	eachPattern(b, func(b *testing.B, pattern, mechanism int) {
		counts := patterns[pattern].members
		for _, n := range counts[1:] {
			b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
				step := 64
				if patterns[pattern].latency {
					step = 1 // a round takes longer than reading the clock, up to milliseconds
				}
				scaling(b, begin(b, pattern, mechanism, counts[0]), begin(b, pattern, mechanism, n), step)
			})
		}
	})
}

func scaling(b *testing.B, few, many crowd, step int) {
	ctx, cancel := bounded(b)
	defer cancel()
	var factors []float64
	turn := func() {
		var rates [2]float64
		for i, c := range []crowd{few, many} {
			if _, err := c.rate(ctx, wakeUp, step); err != nil {
				b.Fatal(err)
			}
			var err error
			if rates[i], err = c.rate(ctx, slice, step); err != nil {
				b.Fatal(err)
			}
		}
		factors = append(factors, rates[1]/rates[0])
	}
	for b.Loop() {
		turn()
	}
	for len(factors) < turns {
		turn()
	}
	slices.Sort(factors)
	b.ReportMetric(factors[len(factors)/2], "scalability-factor")
	b.ReportMetric(0, "ns/op") // is the slice's length
}

// rate is how many messages a second are delivered in a slice of time and until nothing is on
// its way any more. The clock is read every step operations.
func (c crowd) rate(ctx context.Context, slice time.Duration, step int) (float64, error) {
	began, n := time.Now(), 0
	for time.Since(began) < slice {
		for range step {
			if err := c.do(ctx); err != nil {
				return 0, err
			}
		}
		n += step
	}
	more, err := c.finish(ctx)
	return float64((n+more)*c.weight) / time.Since(began).Seconds(), err
}

func concurrent(b *testing.B, c crowd, latency bool) {
	ctx, cancel := bounded(b)
	defer cancel()
	for range 100 {
		if err := c.do(ctx); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := c.finish(ctx); err != nil {
		b.Fatal(err)
	}
	took := histogram()
	var last time.Time
	b.ReportAllocs()
	for b.Loop() {
		if latency && last.IsZero() {
			last = time.Now()
		}
		if err := c.do(ctx); err != nil {
			b.Fatal(err)
		}
		if latency {
			now := time.Now()
			record(b, took, now.Sub(last))
			last = now
		}
	}
	b.StartTimer() // Loop stopped it; what is still on its way counts
	more, err := c.finish(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	n := b.N + more
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/op")
	reportRate(b, n*c.weight, n*c.weight*messageSize)
	if latency {
		reportLatency(b, took)
	}
}

// group starts n members in a role.
func group(b *testing.B, role string, cfg ipc.Config, n int) *pattern.Group {
	b.Helper()
	g, _ := groupOf(b, role, cfg, n)
	return g
}

// groupOf also says which processes the members are, in order.
func groupOf(b *testing.B, role string, cfg ipc.Config, n int) (g *pattern.Group, pids []int) {
	b.Helper()
	g, err := pattern.New(pattern.OptionsOf(cfg))
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		conn, process := peer(b, role, cfg)
		if err := g.Add(pattern.Member{Name: fmt.Sprint(i), Conn: conn}); err != nil {
			b.Fatal(err)
		}
		pids = append(pids, process.Pid)
	}
	// Runs before the peers are waited for: all of them end at once.
	b.Cleanup(func() {
		if err := g.Close(); err != nil {
			b.Error(err)
		}
	})
	return g, pids
}

// chunk is how many messages a source is asked for at once; it has at most two
// chunks to do, and is asked again when it has done one.
const chunk = 512
