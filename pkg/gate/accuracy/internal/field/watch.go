package field

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Watch is a stretch of time on this machine.
type Watch struct {
	Start        time.Time
	stolen, used float64 // processor time since the machine started, in ticks
}

// NewWatch returns one that begins now.
func NewWatch() Watch {
	w := Watch{Start: time.Now()}
	w.stolen, w.used = ticks()
	return w
}

// State says what else kept the machine busy since the watch was begun: the load average of the
// last minute, and the share of processor time that the hypervisor gave to others; "?" for what the
// system does not tell.
func (w Watch) State() (load, steal string) {
	load, steal = "?", "?"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if one, _, ok := strings.Cut(string(text), " "); ok {
			load = one
		}
	}
	stolen, used := ticks()
	if used > w.used {
		steal = fmt.Sprintf("%.1f %%", 100*(stolen-w.stolen)/(used-w.used))
	}
	return load, steal
}

// ticks returns the processor time that was stolen and that there was in all; zero where the system
// does not tell.
func ticks() (stolen, all float64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	return parseTicks(string(text))
}

// parseTicks reads the first line of /proc/stat.
func parseTicks(text string) (stolen, all float64) {
	line, _, _ := strings.Cut(text, "\n")
	for i, field := range strings.Fields(line) {
		const steal, guest = 8, 9 // guest time is in user time already
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || i >= guest {
			continue
		}
		all += v
		if i == steal {
			stolen = v
		}
	}
	return stolen, all
}
