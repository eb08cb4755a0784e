package host

import (
	"runtime"
	"testing"
	"time"
)

// A line cannot cross in no time, and on one processor there is nothing to cross.
func TestCrossingTakesTime(t *testing.T) {
	got := Crossing()
	if runtime.NumCPU() < 2 {
		if got != 0 {
			t.Errorf("%v on one processor", got)
		}
		return
	}
	if got < time.Nanosecond || got > time.Second {
		t.Errorf("a cache line crosses in %v", got)
	}
}
