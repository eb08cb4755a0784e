package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"github.com/descartes/regress/pkg/ipc"
)

// BenchmarkIdleAgent watches a process that holds an open connection, has
// answered a burst of messages, and now waits. An operation is 100 ms of waiting;
// CPU is read from the scheduler in nanoseconds (a tick of 10 ms would round an idle
// process to nothing or to ten times what it used).
func BenchmarkIdleAgent(b *testing.B) {
	for _, mechanism := range mechanisms() {
		b.Run("transport="+string(mechanism), func(b *testing.B) { idleAgent(b, mechanism) })
	}
}

func idleAgent(b *testing.B, mechanism ipc.Mechanism) {
	conn, agent := peer(b, "idle", config(mechanism))
	ctx, cancel := bounded(b)
	defer cancel()
	message := make([]byte, 256)
	for number := range uint64(1000) {
		stamp(message, number)
		if err := conn.Send(ctx, message); err != nil {
			b.Fatal(err)
		}
		answer, err := conn.Recv(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := stamped(answer, number); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(2 * settle)
	before, err := cpuTime(agent.Pid)
	if err != nil {
		b.Skipf("the CPU time of a process cannot be read here: %v", err)
	}
	for b.Loop() {
		time.Sleep(100 * time.Millisecond)
	}
	after, err := cpuTime(agent.Pid)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after-before)/float64(b.Elapsed()), "cpu-share")
	private, err := privateBytes(agent.Pid)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(private, "private-bytes")
	p, err := process.NewProcess(int32(agent.Pid))
	if err != nil {
		b.Fatal(err)
	}
	memory, err := p.MemoryInfo()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(memory.RSS), "rss-bytes")
}

// settle is how long an agent waits for the next message before it gives its
// memory back.
const settle = 50 * time.Millisecond

// idle answers messages like echo and, when none has come for a while, returns
// the memory of the burst to the system: what an agent that lives for weeks does.
func idle(ctx context.Context, conn ipc.Conn) error {
	var message []byte
	settled := false
	for {
		wait, cancel := context.WithCancel(ctx)
		if !settled {
			cancel()
			wait, cancel = context.WithTimeout(ctx, settle)
		}
		var err error
		message, err = conn.Recv(wait, message)
		cancel()
		switch {
		case errors.Is(err, ipc.ErrPeerClosed):
			return nil
		case errors.Is(err, ipc.ErrTimeout):
			settled, message = true, nil
			debug.FreeOSMemory()
			continue
		case err != nil:
			return err
		}
		settled = false
		if err := conn.Send(ctx, message); err != nil {
			return err
		}
	}
}

// cpuTime is what all threads of a process have run so far.
func cpuTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("process %d has no schedstat", pid)
	}
	var total time.Duration
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // the thread has just ended
		}
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// privateBytes is the memory that only this process has, from smaps_rollup.
func privateBytes(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	total := 0.0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && (fields[0] == "Private_Clean:" || fields[0] == "Private_Dirty:") {
			kib, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				return 0, fmt.Errorf("smaps_rollup of %d: %w", pid, err)
			}
			total += kib * 1024
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("smaps_rollup of %d names no private memory", pid)
	}
	return total, nil
}
