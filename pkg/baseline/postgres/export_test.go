package postgres

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/descartes/regress/pkg/baseline"
)

// SetPatience makes the server's silence be noticed sooner, for one test.
func SetPatience(t *testing.T, d time.Duration) {
	before := patience
	patience = d
	t.Cleanup(func() { patience = before })
}

// SeriesID is seriesID, for programs of older versions.
func SeriesID(k baseline.Key) pgtype.UUID { return seriesID(k) }

// Packing is packing, to be held against pack.
const Packing = packing
