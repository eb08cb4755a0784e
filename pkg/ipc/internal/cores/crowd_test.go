package cores

import (
	"testing"
	"time"
)

// TestCrowdedByTimeLost: others want the processors once yields that lasted for slices have taken
// more than a burst; short yields count for nothing, and what was lost is forgotten.
func TestCrowdedByTimeLost(t *testing.T) {
	const ms = time.Millisecond
	var c crowd
	for _, at := range []struct {
		now, yielded time.Duration
		want         bool
	}{
		{4 * ms, 4 * ms, false},
		{8 * ms, 4 * ms, false}, // a burst
		{200 * ms, 4 * ms, false},
		{204 * ms, 4 * ms, false},
		{208 * ms, 4 * ms, true}, // 192 - 8 ms full
		{208*ms + slice/2, slice / 2, true},
		{231 * ms, 0, true},
		{233 * ms, 0, false},
		{237 * ms, 4 * ms, true}, // one is enough when others were there just now
		{500 * ms, 4 * ms, false},
		{501 * ms, time.Second, true},
		{600 * ms, slice - 1, true},
		{602 * ms, slice - 1, false}, // crowdedFor at most
	} {
		if got := c.look(at.now, at.yielded); got != at.want {
			t.Errorf("at %v, after a yield of %v: %v, want %v", at.now, at.yielded, got, at.want)
		}
	}
}
