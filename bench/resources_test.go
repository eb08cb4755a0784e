package bench

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/codec"
)

// agentSource makes the agent a part of this binary: whoever compares two builds of
// the suite by their bytes sees a change of the agent too.
//
//go:embed agent/main.go
var agentSource string

// agentBinary builds the agent, once in a process. TestMain removes it. Without cgo: the C library
// would take half as much again as the agent itself.
var agentBinary = sync.OnceValues(func() (string, error) {
	if _, err := os.Stat("agent/main.go"); err != nil || agentSource == "" {
		return "", fmt.Errorf("build the agent: run the benchmarks in their own folder, as go test does: %w", err)
	}
	dir, err := workDir()
	if err != nil {
		return "", fmt.Errorf("build the agent: %w", err)
	}
	name := filepath.Join(dir, "agent")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", name, "./agent")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the agent: %w\n%s", err, text)
	}
	return name, nil
})

// agent starts an agent. A second one of the same binary runs beside it, as
// agents do: pages of the program that they share are nobody's private memory.
func agent(b testing.TB, mechanism ipc.Mechanism, environment ...string) (ipc.Conn, int) {
	b.Helper()
	name, err := agentBinary()
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := bounded(b)
	defer cancel()
	var conns [2]ipc.Conn
	var pids [2]int
	for i := range conns {
		cmd := exec.Command(name)
		cmd.Env = append(os.Environ(), environment...)
		conn, process := child(b, cmd, config(mechanism))
		conns[i], pids[i] = conn, process.Pid
		if err := orders(ctx, conn, 1000); err != nil { // each has been at work
			b.Fatal(err)
		}
	}
	return conns[0], pids[0]
}

// orders sends an agent n small messages as JSON, some dozens at once, and compares its answers
// with them.
func orders(ctx context.Context, conn ipc.Conn, n int) error {
	const window = 64
	o := order(payloads[0].readings)
	sent, answer := [window][]byte{}, []byte(nil)
	for i := range n + window {
		at := &sent[i%window]
		if i >= window && i-window < n {
			var err error
			if answer, err = conn.Recv(ctx, answer); err != nil {
				return err
			}
			if !bytes.Equal(answer, *at) {
				return fmt.Errorf("%s was answered with %s", *at, answer)
			}
		}
		if i < n {
			o.ID = firstID + uint64(i)
			var err error
			if *at, err = (codec.JSON{}).Append((*at)[:0], o); err != nil {
				return err
			}
			if err := conn.Send(ctx, *at); err != nil {
				return err
			}
		}
	}
	return nil
}

// burst is how many messages an agent answers before it is watched at rest: as many as make its
// heap grow to what its collector allows, or nearly; ten times as many leave the same rest.
const burst = 2_000

// bursts lets an agent answer a burst of so many messages, and returns its memory before and the
// most that was seen of it meanwhile.
func bursts(b testing.TB, conn ipc.Conn, pid, messages int) (before, peak memory) {
	b.Helper()
	ctx, cancel := bounded(b)
	defer cancel()
	time.Sleep(settled)
	look := func() memory {
		m, err := memoryOf(pid)
		if err != nil {
			b.Skipf("the memory of a process cannot be read here: %v", err)
		}
		return m
	}
	before = look()
	for range 4 {
		if err := orders(ctx, conn, messages/4); err != nil {
			b.Fatal(err)
		}
		m := look()
		peak.rss, peak.private = max(peak.rss, m.rss), max(peak.private, m.private)
	}
	return before, peak
}

// An agent that kept the memory of a burst would keep it until the collector's next turn, which
// an idle process makes in minutes.
func TestAgentGivesMemoryBack(t *testing.T) {
	for _, mechanism := range mechanisms() {
		t.Run(string(mechanism), func(t *testing.T) {
			conn, pid := agent(t, mechanism, "GOGC=100") // with which more is at stake
			before, peak := bursts(t, conn, pid, 5*burst)
			if grown := peak.private - before.private; grown < 1<<20 {
				t.Fatalf("the burst took %v bytes: too few to see whether they are given back", grown)
			}
			var after memory
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(settled) {
				var err error
				if after, err = memoryOf(pid); err != nil {
					t.Fatal(err)
				}
				if after.private-before.private < (peak.private-before.private)/2 {
					return
				}
			}
			t.Errorf("private bytes: %v before a burst, %v in it, %v after it", before.private, peak.private, after.private)
		})
	}
}

// trips sends n messages and waits for the return of each.
func trips(ctx context.Context, conn ipc.Conn, n int) error {
	message, answer := make([]byte, 256), make([]byte, 256)
	for number := range uint64(n) {
		stamp(message, number)
		if err := conn.Send(ctx, message); err != nil {
			return err
		}
		var err error
		if answer, err = conn.Recv(ctx, answer); err != nil {
			return err
		}
		if err := stamped(answer, number); err != nil {
			return err
		}
	}
	return nil
}

// settled is longer than an agent takes to find that a burst is over.
const settled = 120 * time.Millisecond

// BenchmarkIdleAgent watches a process that holds an open connection, has answered a burst of
// messages, and now waits. An operation is 100 ms of waiting; CPU is read from the scheduler in
// nanoseconds (a tick of 10 ms would round an idle process to nothing or to ten times what it
// used). Its memory is that at rest, and that before the burst and the most in it.
func BenchmarkIdleAgent(b *testing.B) {
	for _, mechanism := range mechanisms() {
		b.Run("transport="+string(mechanism), func(b *testing.B) {
			conn, pid := agent(b, mechanism)
			before, peak := bursts(b, conn, pid, burst)
			time.Sleep(settled)
			watch(b, pid, func() error {
				time.Sleep(100 * time.Millisecond)
				return nil
			})
			b.ReportMetric(before.private, "before-private-bytes")
			b.ReportMetric(before.rss, "before-rss-bytes")
			b.ReportMetric(peak.private, "peak-private-bytes")
			b.ReportMetric(peak.rss, "peak-rss-bytes")
		})
	}
}

// pace is the time between two messages of BenchmarkActiveAgent.
const pace = time.Millisecond

// BenchmarkActiveAgent watches a process that answers a small message, as JSON, every
// millisecond. An operation is one message and the wait for the next.
func BenchmarkActiveAgent(b *testing.B) {
	for _, mechanism := range mechanisms() {
		b.Run("transport="+string(mechanism), func(b *testing.B) {
			conn, pid := agent(b, mechanism)
			ctx, cancel := bounded(b)
			defer cancel()
			watch(b, pid, func() error {
				due := time.Now().Add(pace)
				err := orders(ctx, conn, 1)
				time.Sleep(time.Until(due))
				return err
			})
		})
	}
}

// BenchmarkIdleMembers watches a group of which one member answers a message of 64 bytes every
// millisecond, and the other 15 have nothing to do: cpu-share is that of the one of these that
// used most, in a second or more. An operation is one message and the wait for the next.
func BenchmarkIdleMembers(b *testing.B) {
	const members = 16
	for _, mechanism := range mechanisms() {
		b.Run(fmt.Sprintf("transport=%s/members=%d", mechanism, members), func(b *testing.B) {
			g, pids := groupOf(b, "echo", config(mechanism), members)
			ctx, cancel := bounded(b)
			defer cancel()
			message := make([]byte, messageSize)
			if err := g.SendAll(ctx, message); err != nil {
				b.Fatal(err)
			}
			for range members { // all have been at work
				if _, _, err := g.Recv(ctx, nil); err != nil {
					b.Fatal(err)
				}
			}
			time.Sleep(settled)
			before, began := cpuTimes(b, pids[1:]), time.Now()
			once := func() {
				due := time.Now().Add(pace)
				if err := g.Send(ctx, "0", message); err != nil {
					b.Fatal(err)
				}
				if _, _, err := g.Recv(ctx, nil); err != nil {
					b.Fatal(err)
				}
				time.Sleep(time.Until(due))
			}
			for b.Loop() {
				once()
			}
			for time.Since(began) < idling {
				once()
			}
			elapsed, most := time.Since(began), time.Duration(0)
			for i, after := range cpuTimes(b, pids[1:]) {
				most = max(most, after-before[i])
			}
			b.ReportMetric(float64(most)/float64(elapsed), "cpu-share")
			b.ReportMetric(0, "ns/op") // is the pace
		})
	}
}

// idling is how long idle members are watched at least: less would miss what wakes a process up
// now and then.
const idling = time.Second

// watch runs the benchmark's loop and reports what a process uses meanwhile and then.
func watch(b *testing.B, pid int, op func() error) {
	before, err := cpuTime(pid)
	if err != nil {
		b.Skipf("the CPU time of a process cannot be read here: %v", err)
	}
	for b.Loop() {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
	elapsed := b.Elapsed()
	after, err := cpuTime(pid)
	if err != nil {
		b.Fatal(err)
	}
	m, err := memoryOf(pid)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after-before)/float64(elapsed), "cpu-share")
	b.ReportMetric(m.private, "private-bytes")
	b.ReportMetric(m.pss, "pss-bytes")
	b.ReportMetric(m.rss, "rss-bytes")
}
