// Package host tells the state of the machine that figures depend on.
package host

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Crossing returns what it costs one cache line to cross between the first two
// processors this process may use: half of the fastest of many short
// ping-pongs, so that what else runs here does not show. 0 when there are not two.
//
// A virtual machine moves its cores about; results are comparable only
// where this figure is alike.
func Crossing() time.Duration {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil || allowed.Count() < 2 {
		return 0
	}
	var cpus []int
	for cpu := 0; len(cpus) < 2; cpu++ {
		if allowed.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	const batches, turns, stop = 2000, 20, 1 << 31
	var ball struct {
		_ [128]byte
		v atomic.Uint32
		_ [128]byte
	}
	go func() {
		pin(cpus[1])
		for seen := uint32(0); ; {
			switch v := ball.v.Load(); {
			case v == stop:
				return
			case v != seen && v&1 == 1:
				seen = v + 1
				ball.v.Store(seen)
			}
		}
	}()
	best := make(chan time.Duration)
	go func() {
		pin(cpus[0])
		least, v, end := time.Hour, uint32(0), time.Now().Add(300*time.Millisecond)
		for range batches {
			start := time.Now()
			for range turns {
				ball.v.Store(v + 1)
				for v += 2; ball.v.Load() != v; {
				}
			}
			least = min(least, time.Since(start))
			if time.Now().After(end) {
				break
			}
		}
		ball.v.Store(stop)
		best <- least / (2 * turns)
	}()
	return <-best
}

// CPU returns the processor's name, or the architecture where the system does not tell.
func CPU() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// Load returns the machine's load average over the last minute, what else runs here; 0 where the
// system does not tell.
func Load() float64 {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// pin ties the calling goroutine to a processor. Its thread ends with it.
func pin(cpu int) {
	runtime.LockOSThread()
	var one unix.CPUSet
	one.Set(cpu)
	_ = unix.SchedSetaffinity(0, &one) // where this fails the figure is worse, and printed
}
