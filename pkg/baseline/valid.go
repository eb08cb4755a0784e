package baseline

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// ErrDamaged is wrapped by what a Store says of a run that it keeps and cannot
// read: a truncated or altered file. List returns it beside the runs that are
// whole, so nothing that can be read is lost and nothing unreadable is silent.
var ErrDamaged = errors.New("damaged")

// Limits of what a Store keeps.
const (
	MaxRaw   = 256 << 20     // bytes of Run.Raw: a bytea of PostgreSQL ends at 1 GiB, and a message with it
	MaxName  = 1 << 10       // bytes of any name or fact: two of them fit in an index row of PostgreSQL (2,704 bytes)
	MaxRound = math.MaxInt32 // an int of PostgreSQL
)

// Validate returns why a Store would refuse r, or nil. Names are UTF-8 without NUL,
// because a text of PostgreSQL is; values are finite; each has its round; no two
// samples share a key; the year has four digits. Raw may hold any bytes.
func (r Run) Validate() error {
	if len(r.Raw) > MaxRaw {
		return fmt.Errorf("run of commit %.80q: raw text of %d MiB, at most %d are kept: split the suite into several runs", r.Commit, len(r.Raw)>>20, MaxRaw>>20)
	}
	if y := r.Time.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("run of commit %.80q: the year %d is outside 1..9999: correct its time", r.Commit, y)
	}
	switch r.Side {
	case None, Base, Head, Anchor:
	default:
		return fmt.Errorf("run of commit %.80q: side %q is neither base, head, anchor nor empty", r.Commit, r.Side)
	}
	e := r.Environment
	if math.IsNaN(e.Quota) || math.IsInf(e.Quota, 0) || math.Signbit(e.Quota) {
		return fmt.Errorf("run of commit %.80q: CPU quota is %v, not a finite number from 0", r.Commit, e.Quota)
	}
	if err := r.Facts.validate(); err != nil {
		return fmt.Errorf("run of commit %.80q: %w", r.Commit, err)
	}
	if err := validTexts("project", r.Project, "commit", r.Commit, "branch", r.Branch, "session", r.Session,
		"goos", e.OS, "goarch", e.Arch, "cpu", e.CPU, "kernel", e.Kernel, "virtual", e.Virtual,
		"governor", e.Governor, "go version", e.GoVersion, "suite flags", e.SuiteFlags, "counter", e.Counter); err != nil {
		return fmt.Errorf("run of commit %.80q: %w", r.Commit, err)
	}
	seen := make(map[Key]bool, len(r.Samples))
	for _, s := range r.Samples {
		if seen[s.Key] {
			return fmt.Errorf("run of commit %.80q: two samples of %.80q %.80q %.80q: join their values", r.Commit, s.Package, s.Name, s.Unit)
		}
		seen[s.Key] = true
		if s.Center != 0 && r.Side != Anchor {
			return fmt.Errorf("run of commit %.80q: sample %.80q %.80q %.80q: only an anchor's has a center of its own", r.Commit, s.Package, s.Name, s.Unit)
		}
		if err := s.valid(); err != nil {
			return fmt.Errorf("run of commit %.80q: sample %.80q %.80q %.80q: %w", r.Commit, s.Package, s.Name, s.Unit, err)
		}
	}
	return nil
}

func (s Sample) valid() error {
	if err := validTexts("package", s.Package, "name", s.Name, "unit", s.Unit); err != nil {
		return err
	}
	if len(s.Values) != len(s.Rounds) {
		return fmt.Errorf("%d values and %d rounds: each value has one round", len(s.Values), len(s.Rounds))
	}
	if math.IsNaN(s.Center) || math.IsInf(s.Center, 0) {
		return fmt.Errorf("its center is %v: only finite values are kept", s.Center)
	}
	for i, v := range s.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("value %d is %v: only finite values are kept", i+1, v)
		}
		if s.Rounds[i] < 1 || s.Rounds[i] > MaxRound {
			return fmt.Errorf("round %d of value %d is outside 1..%d", s.Rounds[i], i+1, MaxRound)
		}
	}
	return nil
}

// validTexts returns what is wrong with the first bad text of pairs: what a text
// is, and the text.
func validTexts(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		what, s := pairs[i], pairs[i+1]
		switch {
		case len(s) > MaxName:
			return fmt.Errorf("%s of %d bytes, at most %d are kept", what, len(s), MaxName)
		case !utf8.ValidString(s):
			return fmt.Errorf("%s %.80q is not UTF-8", what, s)
		case strings.ContainsRune(s, 0):
			return fmt.Errorf("%s %.80q holds a NUL byte", what, s)
		}
	}
	return nil
}

// Validate returns why a Store would refuse q, or nil.
func (q Query) Validate() error {
	if q.Commit != "" && len(q.Commit) < 7 {
		return fmt.Errorf("commit %q is too short to search for: give at least 7 digits", q.Commit)
	}
	if q.Limit < 0 {
		return fmt.Errorf("limit %d is negative: 0 asks for all runs", q.Limit)
	}
	return validTexts("project", q.Project, "branch", q.Branch, "commit", q.Commit, "fingerprint", q.Fingerprint)
}
