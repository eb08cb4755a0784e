package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cpuTimes is cpuTime of each process.
func cpuTimes(b *testing.B, pids []int) (out []time.Duration) {
	b.Helper()
	for _, pid := range pids {
		used, err := cpuTime(pid)
		if err != nil {
			b.Skipf("the CPU time of a process cannot be read here: %v", err)
		}
		out = append(out, used)
	}
	return out
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

// memory is what a process has, in bytes: resident, its proportional share of
// that, and what only it has.
type memory struct{ rss, pss, private float64 }

// memoryOf reads smaps_rollup.
func memoryOf(pid int) (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return memory{}, err
	}
	var m memory
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		var to *float64
		switch fields[0] {
		case "Rss:":
			to = &m.rss
		case "Pss:":
			to = &m.pss
		case "Private_Clean:", "Private_Dirty:":
			to = &m.private
		default:
			continue
		}
		kib, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return m, fmt.Errorf("smaps_rollup of %d: %w", pid, err)
		}
		*to += kib * 1024
	}
	if m.rss == 0 || m.pss == 0 || m.private == 0 {
		return m, fmt.Errorf("smaps_rollup of %d says %+v, want three numbers", pid, m)
	}
	return m, nil
}
