package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// Blocks of connects and closes after which memory is looked at: as many as a slope
// needs for an interval, and cycles enough in each that a page leaked by every fiftieth shows.
const (
	leakBlocks  = 12
	leakWarmUps = 3 // blocks in which pools fill and threads start
)

// leakCycles is the number of cycles in a block. A cycle on pipes starts a process.
func leakCycles(mechanism ipc.Mechanism) int {
	if mechanism == ipc.Pipe {
		return 6
	}
	return 50
}

// BenchmarkLeak lets a process connect, send a message each way and close, over and over, and
// looks after every block of cycles at its live heap and stacks (leak-live-bytes), its private
// memory, which goes on growing for the first thousand cycles as the allocator's spans fill, its
// descriptors, threads and mappings. What it reports are slopes for one cycle, by least squares
// over the blocks, and for each the upper end of its 95 % interval: what a leak could at most
// be. An operation is one block.
func BenchmarkLeak(b *testing.B) {
	for _, mechanism := range mechanisms() {
		b.Run("transport="+string(mechanism), func(b *testing.B) { leak(b, mechanism) })
	}
}

func leak(b *testing.B, mechanism ipc.Mechanism) {
	conn, process := peer(b, "cycler", config(mechanism))
	ctx, cancel := bounded(b)
	defer cancel()
	n := leakCycles(mechanism)
	order := fmt.Appendf(nil, "%s\n%s\n%d", mechanism, b.TempDir(), n)
	var live, private, files, threads, maps []float64
	block := func(look bool) {
		if err := conn.Send(ctx, order); err != nil {
			b.Fatal(err)
		}
		p, err := conn.Recv(ctx, nil)
		if err != nil {
			b.Fatalf("wait for the cycles: %v", err)
		}
		if !look {
			return
		}
		b.StopTimer()
		defer b.StartTimer()
		m, err := memoryOf(process.Pid)
		if err != nil {
			b.Skipf("the memory of a process cannot be read here: %v", err)
		}
		live = append(live, float64(binary.LittleEndian.Uint64(p)))
		private = append(private, m.private)
		files = append(files, entries(b, process.Pid, "fd"))
		threads = append(threads, entries(b, process.Pid, "task"))
		maps = append(maps, entries(b, process.Pid, "map_files"))
	}
	for range leakWarmUps {
		block(false)
	}
	block(true)
	for b.Loop() {
		block(true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "cycle-latency-ns")
	b.ReportMetric(0, "ns/op") // depends on the number of cycles in a block
	for len(live) < leakBlocks {
		block(true)
	}
	for _, r := range []struct {
		values []float64
		what   string
	}{{live, "live-bytes"}, {private, "private-bytes"}, {files, "fds"}, {threads, "threads"}, {maps, "maps"}} {
		s, half := slope(r.values)
		// A slope below zero is memory given back: no leak, and no value that the format has.
		b.ReportMetric(max(0, s)/float64(n), "leak-"+r.what)
		b.ReportMetric(max(0, s+half)/float64(n), "leak-max-"+r.what)
	}
	if first, last := files[0], files[len(files)-1]; last-first >= float64(len(files)-1) {
		b.Errorf("%v descriptors open after %d cycles, %v before: at least one in %d is leaked", last, n*(len(files)-1), first, n)
	}
}

// entries counts a folder of a process in /proc.
func entries(b *testing.B, pid int, folder string) float64 {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", pid, folder))
	if err != nil {
		b.Fatal(err)
	}
	return float64(len(list))
}

// slope is the least-squares slope of evenly spaced values, for one step, and half the width of
// its 95 % interval. It takes the residuals as independent.
func slope(values []float64) (s, half float64) {
	n := float64(len(values))
	var mean, sxy, sxx, rss float64
	for _, v := range values {
		mean += v / n
	}
	at := func(i int) float64 { return float64(i) - (n-1)/2 }
	for i, v := range values {
		sxy += at(i) * (v - mean)
		sxx += at(i) * at(i)
	}
	s = sxy / sxx
	for i, v := range values {
		r := v - mean - s*at(i)
		rss += r * r
	}
	if rss < 1e-18*sxx*mean*mean { // a straight line, but for rounding
		rss = 0
	}
	return s, student(n-2) * math.Sqrt(rss/(n-2)/sxx)
}

// student is the .975 quantile of Student's t with df degrees of freedom, by the first terms of
// its expansion about the normal (Abramowitz and Stegun 26.7.5): within .005 from 8 degrees on.
func student(df float64) float64 {
	const z = 1.959964
	return z + (z*z*z+z)/(4*df) + (5*z*z*z*z*z+16*z*z*z+3*z)/(96*df*df)
}

func TestSlopeHasItsInterval(t *testing.T) {
	check := func(values []float64, want, wantHalf float64) {
		t.Helper()
		s, half := slope(values)
		if math.Abs(s-want) > 1e-9 || math.Abs(half-wantHalf) > .01*wantHalf+1e-9 {
			t.Errorf("slope of %v: %v ± %v, want %v ± %v", values, s, half, want, wantHalf)
		}
	}
	check([]float64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, 0, 0)
	check([]float64{1, 3, 5, 7, 9, 11, 13, 15, 17, 19}, 2, 0)
	// ±1 in turn: sxx = 82.5, sxy = -5, s = -.0606; the residuals' sum of squares is 10 -
	// 25/82.5 = 9.697, its standard error (9.697/8/82.5)^½ = .1212, times t(8) = 2.306: .2795.
	check([]float64{1, -1, 1, -1, 1, -1, 1, -1, 1, -1}, -5/82.5, .2795)
}

// cycler makes as many cycles as it is asked to, gives memory back and says how many bytes of
// heap and stacks are in use.
func cycler(ctx context.Context, conn ipc.Conn) error {
	for {
		order, err := conn.Recv(ctx, nil)
		if errors.Is(err, ipc.ErrPeerClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		var mechanism ipc.Mechanism
		var dir string
		var n int
		if _, err := fmt.Sscan(string(order), &mechanism, &dir, &n); err != nil {
			return err
		}
		for range n {
			if err := cycle(ctx, mechanism, dir); err != nil {
				return err
			}
		}
		runtime.GC() // what has a cleanup is freed by the second collection, FreeOSMemory's
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if err := conn.Send(ctx, binary.LittleEndian.AppendUint64(nil, m.HeapAlloc+m.StackInuse)); err != nil {
			return err
		}
	}
}

// cycle is the life of a connection, both ends in this process but on pipes, which have a child.
func cycle(ctx context.Context, mechanism ipc.Mechanism, dir string) error {
	cfg := config(mechanism)
	if mechanism == ipc.Pipe {
		cmd, err := self("echo")
		if err != nil {
			return err
		}
		conn, err := transport.Spawn(cmd, cfg)
		if err != nil {
			return err
		}
		return errors.Join(trips(ctx, conn, 1), conn.Close(), cmd.Wait())
	}
	listener, err := transport.Listen(filepath.Join(dir, "s"), cfg)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	near, err := transport.Dial(ctx, filepath.Join(dir, "s"), cfg)
	if err != nil {
		return err
	}
	far, err := listener.Accept(ctx)
	if err != nil {
		return errors.Join(err, near.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(echo(ctx, far), far.Close()) }()
	err = errors.Join(trips(ctx, near, 1), near.Close())
	return errors.Join(err, <-ended)
}
