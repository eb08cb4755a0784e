package postgres

import (
	"testing"
	"time"
)

// SetPatience makes the server's silence be noticed sooner, for one test.
func SetPatience(t *testing.T, d time.Duration) {
	before := patience
	patience = d
	t.Cleanup(func() { patience = before })
}
