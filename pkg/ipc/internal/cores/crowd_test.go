package cores

import (
	"testing"
	"time"
)

// TestCrowdedAfterLongYields: some yields in a row that took a slice count for a while, and the
// next one counts again; fewer do not, nor do they after a shorter one.
func TestCrowdedAfterLongYields(t *testing.T) {
	var c crowd
	const short = slice - 1
	for _, at := range []struct {
		now, yielded time.Duration
		want         bool
	}{
		{1, slice, false},
		{2, slice, false},
		{3, short, false},
		{4, slice, false},
		{5, slice, false},
		{6, slice, true},
		{5 + crowdedFor, 0, true},
		{6 + crowdedFor, 0, false},
		{7 + crowdedFor, slice, true},
		{8 + crowdedFor, short, false},
		{9 + crowdedFor, slice, false},
	} {
		if got := c.look(at.now, at.yielded); got != at.want {
			t.Errorf("at %d, after a yield of %v: %v, want %v", at.now, at.yielded, got, at.want)
		}
	}
}
