package ipctest

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// paced is how often a test of many repetitions makes them.
type paced struct {
	want  int
	least int // these it makes however long it takes
	until time.Time
}

// pace returns the pace of a test that makes usual repetitions, or at least a quarter of them
// when those take longer than 40 s, so that a machine that has other work ends as well; the test
// logs how many it made. With -short it is a twentieth, or a quarter of that after 4 s. A
// variable that asks for a number gets it.
func pace(variable string, usual int) paced {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return paced{want: n, least: n}
	}
	most := 40 * time.Second
	if testing.Short() {
		usual, most = usual/20, 4*time.Second
	}
	return paced{want: usual, least: usual / 4, until: time.Now().Add(most)}
}

// more reports whether repetition i is to be made.
func (p paced) more(i int) bool { return i < p.want && (i < p.least || time.Now().Before(p.until)) }

// stalls adds up how long this process was kept from running: a bound on how soon something is
// noticed holds for the time in which the machine ran it.
type stalls struct{ ns atomic.Int64 }

// The pulse that stalls feels, and what it takes for ordinary unpunctuality.
const (
	pulse  = 5 * time.Millisecond
	jitter = 2 * time.Millisecond
)

// watchStalls starts to add up how long this process is kept from running.
func watchStalls(t *testing.T) *stalls {
	s, ctx := &stalls{}, t.Context()
	go func() {
		for ctx.Err() == nil {
			start := time.Now()
			time.Sleep(pulse)
			if over := time.Since(start) - pulse; over > jitter {
				s.ns.Add(int64(over))
			}
		}
	}()
	return s
}

// sum returns how long that was so far.
func (s *stalls) sum() time.Duration { return time.Duration(s.ns.Load()) }

// bound returns an error if took exceeds limit, not counting the stalls since their sum was before.
func (s *stalls) bound(took, before, limit time.Duration) error {
	if took <= limit {
		return nil
	}
	time.Sleep(2 * pulse) // a stall that has only just ended is added too
	if ran := took - (s.sum() - before); ran > limit {
		return fmt.Errorf("it took %v, %v of which this machine ran, want at most %v", took, ran, limit)
	}
	return nil
}
