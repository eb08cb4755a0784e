package machine

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/descartes/regress/pkg/baseline"
)

// A Watch notes what the machine has done since Start. It holds counters and no
// goroutine: nothing runs while it watches, and dropping one costs nothing.
type Watch struct {
	fsys      fs.FS
	cpus      []int
	start     time.Time
	before    ticks
	throttles int
}

// Start begins to watch the processors that this process may use.
func Start() *Watch { return start(root()) }

func start(fsys fs.FS) *Watch {
	cpus := allowed(fsys)
	w := &Watch{fsys: fsys, cpus: cpus, throttles: throttles(fsys, cpus)}
	w.before, _ = times(context.Background(), cpus)
	w.start = time.Now()
	return w
}

// Stop reads the counters again and returns what happened in between. own is
// the CPU time that the measured process and its children used, user and system,
// as wait4(2) reports it; the rest of the busy time is Load.Other, this process
// included. It may be called more than once; each call covers the whole time since Start.
//
// The kernel counts in ticks of 10 ms a processor: shares of short intervals are
// coarse, and Disturbed knows it.
func (w *Watch) Stop(own time.Duration) baseline.Load {
	load := baseline.Load{Wall: time.Since(w.start)}
	after, ok := times(context.Background(), w.cpus)
	total := after.total - w.before.total
	if ok && w.before.total > 0 && total > 0 {
		load.Steal = share(after.steal-w.before.steal, total)
		load.Other = share(after.busy-w.before.busy-own.Seconds(), total)
	}
	load.FreqMHz = frequency(w.fsys, w.cpus)
	load.Throttle = max(0, throttles(w.fsys, w.cpus)-w.throttles)
	return load
}

// share returns part/total within 0..1: counters of different processors are not
// read at one instant, and a guest's may step back.
func share(part, total float64) float64 { return min(1, max(0, part/total)) }

// What Disturbed takes for a disturbance. Both shares are of the time of all
// processors that the measurement may use.
const (
	// Stolen time lengthens what is measured by as much, and by more when only
	// some of the processors were wanted. 2 % is below half of the smallest
	// change that the default policy acts on (5 %).
	stealLimit = .02

	// Another process disturbs through caches, memory and turbo even where a
	// processor is free for it. 10 % is well above what this program, the kernel
	// and a quiet CI runner use beside a benchmark (1 to 4 %), and well below one
	// busy process on eight processors or fewer (12 %).
	otherLimit = .10

	// Two ticks of the kernel's clock (USER_HZ is 100 on every Linux): what one
	// counter can be off by over an interval.
	resolution = 20 * time.Millisecond
)

// Disturbed says in a clause what disturbed a measurement under load, or
// nothing: "12 % of the CPU time was stolen by the hypervisor".
func Disturbed(load baseline.Load) string {
	coarse := 1.0
	if load.Wall > 0 {
		coarse = resolution.Seconds() / load.Wall.Seconds()
	}
	var why []string
	if load.Steal > max(stealLimit, coarse) {
		why = append(why, fmt.Sprintf("the hypervisor took %.0f %% of the CPU time", 100*load.Steal))
	}
	if load.Other > max(otherLimit, coarse) {
		why = append(why, fmt.Sprintf("other processes used %.0f %% of the CPU time", 100*load.Other))
	}
	if load.Throttle > 0 {
		why = append(why, fmt.Sprintf("the CPU was throttled (%d×)", load.Throttle))
	}
	return strings.Join(why, ", ")
}

// ticks are CPU seconds since boot, summed over some processors.
type ticks struct{ total, busy, steal float64 }

// times reads the counters of the given processors, or of all when cpus is
// empty; false where the system does not tell or tells nothing but zeros.
func times(ctx context.Context, cpus []int) (ticks, bool) {
	stats, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return ticks{}, false
	}
	wanted := map[string]bool{}
	for _, n := range cpus {
		wanted["cpu"+strconv.Itoa(n)] = true
	}
	var t ticks
	for _, s := range stats {
		if len(wanted) > 0 && !wanted[s.CPU] {
			continue
		}
		// User contains Guest, and Nice contains GuestNice.
		busy := s.User + s.Nice + s.System + s.Irq + s.Softirq
		t.busy += busy
		t.steal += s.Steal
		t.total += busy + s.Idle + s.Iowait + s.Steal
	}
	return t, t.total > 0
}

// allowed returns the set of processors that this process may run on; empty where
// that is not known.
func allowed(fsys fs.FS) []int {
	for line := range lines(fsys, "proc/self/status") {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseList(strings.TrimSpace(list))
		}
	}
	return nil
}

// parseList reads the kernel's list format, "0-3,8"; what is not in it is left out.
func parseList(list string) []int {
	const most = 8192 // CONFIG_NR_CPUS of the largest kernels
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		lo, err := strconv.Atoi(first)
		hi := lo
		if err == nil && isRange {
			hi, err = strconv.Atoi(last)
		}
		if err != nil || lo < 0 || hi >= most {
			continue
		}
		for n := lo; n <= hi; n++ {
			out = append(out, n)
		}
	}
	return out
}

// frequency returns the mean frequency of the processors at this instant, in MHz; 0
// where the system does not tell.
func frequency(fsys fs.FS, cpus []int) float64 {
	sum, n := 0.0, 0
	for _, c := range cpus {
		kHz, err := strconv.ParseFloat(readTrim(fsys, fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", c)), 64)
		if err == nil && kHz > 0 {
			sum, n = sum+kHz/1000, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// throttles counts stops by the cgroup's quota and by heat.
func throttles(fsys fs.FS, cpus []int) int {
	n := throttled(fsys)
	for _, c := range cpus {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/thermal_throttle", c)
		v, _ := strconv.Atoi(readTrim(fsys, path.Join(dir, "core_throttle_count")))
		n += v
	}
	return n
}
