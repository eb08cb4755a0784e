package baseline

import (
	"context"
	"errors"
	"time"
)

// Sentinels that callers branch on. Every Store promises them.
var (
	ErrNotFound    = errors.New("not found")
	ErrNewerSchema = errors.New("store has a newer schema than this program")
)

// RunInfo is a stored run without its samples.
type RunInfo struct {
	ID          string // of the content: the same commit, environment and text give the same ID
	Project     string
	Commit      string
	Branch      string
	Fingerprint string
	Environment Environment
	Time        time.Time // start of the measurement, UTC
	Series      int       // how many samples the run has
}

// Query selects runs; a zero field matches all.
type Query struct {
	Project     string
	Branch      string
	Commit      string // full SHA or a prefix of at least 7 digits
	Fingerprint string
	Limit       int // newest first; 0: all
}

// Store keeps runs. Implementations are safe for concurrent use by several
// goroutines and several processes; they do not interpret what they keep.
// storetest.Run is the contract in executable form.
type Store interface {
	// Put keeps runs in one transaction: all or none. A run whose ID is already
	// there is left as it is; added counts the others. Times are kept in UTC and
	// to the microsecond, samples sorted by key. What Run.Validate refuses, Put does.
	Put(ctx context.Context, runs ...Run) (added int, err error)

	// List returns what q selects, newest first, ties by ID. Stored runs that
	// cannot be read are an error that wraps ErrDamaged, beside the others.
	List(ctx context.Context, q Query) ([]RunInfo, error)

	// Get returns one run, whole, raw text included. id may be a unique prefix of
	// at least 6 digits. ErrNotFound when there is none.
	Get(ctx context.Context, id string) (Run, error)

	// Remove forgets one run. id may be a prefix as for Get. ErrNotFound when there
	// is none.
	Remove(ctx context.Context, id string) error

	// Close releases connections and files.
	Close() error
}
