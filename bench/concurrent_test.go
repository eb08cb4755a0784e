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

// A crowd is a running group whose traffic can be measured: do carries one
// message or makes one round, finish waits until everything has arrived and
// checks that. An operation is one do and carries weight messages. A sender's
// time ends when everything has arrived; a receiver's with its last message, whatever
// else is on its way.
type crowd struct {
	weight int
	sender bool
	do     func(ctx context.Context) error
	finish func(ctx context.Context) error
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
	{"mesh", []int{2, 4, 8}, true, 0, mesh},
}

// eachPattern runs a benchmark of all patterns but one on every transport that has the pattern.
func eachPattern(b *testing.B, but string, run func(b *testing.B, pattern, mechanism int)) {
	for i, p := range patterns {
		if p.name == but {
			continue
		}
		for j, mechanism := range mechanisms() {
			if p.name == "mesh" && mechanism == ipc.Pipe {
				continue // pipes join a parent and its child, nobody else
			}
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

// BenchmarkConcurrent carries messages among one process and its members. An
// operation is one message: received from any member (fan-in), sent to any (fan-out),
// sent to all (broadcast), sent through all with others under way (pipeline); or one
// round: a message to all and the answer of each (gather), one from each to each (mesh).
func BenchmarkConcurrent(b *testing.B) {
	eachPattern(b, "", func(b *testing.B, pattern, mechanism int) {
		for _, n := range patterns[pattern].members {
			b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
				concurrent(b, begin(b, pattern, mechanism, n), patterns[pattern].latency)
			})
		}
	})
}

// slice is how long one crowd runs before the other has its turn.
const slice = 5 * time.Millisecond

// BenchmarkConcurrentScaling compares the largest crowd with the smallest (one member, or 2) in
// the same process, in turns, so that both meet the same machine. The factor is messages
// delivered a second by the one over those by the other, the median of all turns. An operation is one turn of each.
// A pipeline is left out: one of 16 stages does eight times the work of one of 2.
func BenchmarkConcurrentScaling(b *testing.B) {
	eachPattern(b, "pipeline", func(b *testing.B, pattern, mechanism int) {
		few, most := patterns[pattern].members[0], patterns[pattern].members[len(patterns[pattern].members)-1]
		b.Run(fmt.Sprintf("members=%d", most), func(b *testing.B) {
			scaling(b, begin(b, pattern, mechanism, few), begin(b, pattern, mechanism, most))
		})
	})
}

func scaling(b *testing.B, few, many crowd) {
	ctx, cancel := bounded(b)
	defer cancel()
	var factors []float64
	for b.Loop() {
		var rate [2]float64
		for i, c := range []crowd{few, many} {
			if err := times(ctx, c, 100); err != nil { // wakes everybody
				b.Fatal(err)
			}
			began, n := time.Now(), 0
			for time.Since(began) < slice {
				n += 64
				for range 64 {
					if err := c.do(ctx); err != nil {
						b.Fatal(err)
					}
				}
			}
			if c.sender {
				if err := c.finish(ctx); err != nil {
					b.Fatal(err)
				}
			}
			rate[i] = float64(n*c.weight) / time.Since(began).Seconds()
			if err := c.finish(ctx); err != nil {
				b.Fatal(err)
			}
		}
		factors = append(factors, rate[1]/rate[0])
	}
	slices.Sort(factors)
	b.ReportMetric(factors[len(factors)/2], "scalability-factor")
	b.ReportMetric(0, "ns/op") // is the slice's length
}

// times carries n messages or makes n rounds, to the end.
func times(ctx context.Context, c crowd, n int) error {
	for range n {
		if err := c.do(ctx); err != nil {
			return err
		}
	}
	return c.finish(ctx)
}

func concurrent(b *testing.B, c crowd, latency bool) {
	ctx, cancel := bounded(b)
	defer cancel()
	if err := times(ctx, c, 100); err != nil {
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
	if c.sender {
		b.StartTimer() // Loop stopped it
	}
	if err := c.finish(ctx); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*c.weight)/b.Elapsed().Seconds(), "msg/s")
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
	g, err := pattern.New(cfg)
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
