package baseline

import (
	"context"
	"errors"
	"iter"
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
	Side        Side
	Session     string // as of Run
	Facts       Facts  // of the commit
}

// Query selects runs; a zero field matches all.
type Query struct {
	Project     string
	Branch      string
	Commit      string // full SHA or a prefix of at least 7 digits
	Fingerprint string
	Since       time.Time // runs that began then or later; a run without a time is none
	Limit       int       // newest first; 0: all

	// Anchors adds the runs of anchors, which are left out otherwise: of an older commit, kept for
	// the branch whose head was measured beside it, they are no state of that branch.
	Anchors bool
}

// Point is what one run says of one series.
type Point struct {
	Key
	RunID       string
	Commit      string
	Branch      string
	Fingerprint string // of the environment
	Side        Side
	Session     string    // as of Run
	Time        time.Time // start of the measurement, UTC; zero when the run does not say
	Center      float64   // as Sample.Summary: the median of the rounds, in the unit
	Spread      float64   // their robust standard deviation, in the unit
	Rounds      int       // at least 1
}

// Store keeps runs and decisions. Implementations are safe for concurrent use by several
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

	// History streams the points of some series, or of all when none is named, over
	// the runs that q selects: the order of List reversed, so oldest first, and by
	// key within a run. A series without values has no point, and one that no run
	// has yields nothing. No raw text is read. An error is the last that is yielded;
	// stored runs that cannot be read are one that wraps ErrDamaged, after the points
	// of the others.
	History(ctx context.Context, q Query, series ...Key) iter.Seq2[Point, error]

	// Runs streams the runs that q selects, oldest first, whole but for Raw. Errors
	// are yielded as by History.
	Runs(ctx context.Context, q Query) iter.Seq2[Run, error]

	// Get returns one run, whole, raw text included. id may be a unique prefix of
	// at least 6 digits. ErrNotFound when there is none.
	Get(ctx context.Context, id string) (Run, error)

	// Remove forgets one run. id may be a prefix as for Get. ErrNotFound when there
	// is none.
	Remove(ctx context.Context, id string) error

	// PutDecisions keeps decisions in one transaction: all or none. One whose ID is already there
	// is left as it is; added counts the others. Times are kept in UTC and to the microsecond,
	// verdicts sorted. What Decision.Validate refuses, PutDecisions does.
	PutDecisions(ctx context.Context, decisions ...Decision) (added int, err error)

	// Decisions streams the decisions that q selects by project, branch, commit of the head, time
	// and limit, oldest first, ties by ID; the machine and anchors play no part. An error is the
	// last that is yielded, and wraps ErrDamaged where some cannot be read.
	Decisions(ctx context.Context, q Query) iter.Seq2[Decision, error]

	// RemoveDecisions forgets decisions, which are found by their project and ID; removed counts
	// those that were there. Runs stay.
	RemoveDecisions(ctx context.Context, decisions ...Decision) (removed int, err error)

	// Close releases connections and files.
	Close() error
}
