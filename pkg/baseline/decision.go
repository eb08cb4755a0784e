package baseline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Decision is what one comparison came to, as a Store keeps it: so that "what was red last month,
// and what came of it" can be asked. Its words are codes of package gate; a store does not
// interpret them.
type Decision struct {
	Project  string    `json:"project"`
	Commit   string    `json:"commit"` // of the head; not empty
	Base     string    `json:"base,omitempty"`
	Branch   string    `json:"branch,omitempty"`  // of the head
	Against  string    `json:"against,omitempty"` // branch of the base, such as main
	Pull     int       `json:"pull,omitempty"`    // number of the pull request; 0: none, or unknown
	Time     time.Time `json:"time"`              // start of the measurement, UTC; not zero
	Outcome  string    `json:"outcome"`           // pass, fail or undecided
	Version  string    `json:"version,omitempty"` // of the regress that decided
	Verdicts []Judged  `json:"verdicts"`          // sorted as by Judged.Compare; one of a series and class of machine
}

// Judged is the verdict on one series.
type Judged struct {
	Key
	Fingerprint string   `json:"fingerprint,omitempty"` // class of machine, where the comparison had several
	Verdict     string   `json:"verdict"`               // such as regressed
	Change      *float64 `json:"change,omitempty"`      // relative: head/base − 1, of what crept in head/anchor − 1; nil: unknown
	Lo          *float64 `json:"lo,omitempty"`          // its interval; nil: none
	Hi          *float64 `json:"hi,omitempty"`
	Waiver      string   `json:"waiver,omitempty"` // the reason of the waiver that accepted it
}

// Compare orders verdicts by key and class of machine.
func (j Judged) Compare(other Judged) int {
	return cmp.Or(j.Key.Compare(other.Key), cmp.Compare(j.Fingerprint, other.Fingerprint))
}

// Normal returns d as a Store keeps it: its time in UTC and to the microsecond, verdicts sorted.
func (d Decision) Normal() Decision {
	d.Time = d.Time.UTC().Truncate(time.Microsecond)
	d.Verdicts = slices.SortedFunc(slices.Values(d.Verdicts), Judged.Compare)
	return d
}

// ID identifies a decision by its content: 24 hexadecimal digits. Deciding again on the same log
// with the same regress gives the same.
func (d Decision) ID() string {
	// Note: a valid decision's texts and finite numbers always encode.
	text, _ := json.Marshal(d.Normal())
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// Validate returns why a Store would refuse d, or nil.
func (d Decision) Validate() error {
	if err := d.validate(); err != nil {
		return fmt.Errorf("decision on commit %.80q: %w", d.Commit, err)
	}
	return nil
}

func (d Decision) validate() error {
	switch {
	case d.Commit == "":
		return errors.New("it names no commit, so that nobody could find it again")
	case d.Outcome == "":
		return errors.New("it has no outcome")
	case d.Time.IsZero():
		return errors.New("it has no time")
	case d.Pull < 0 || d.Pull > math.MaxInt32:
		return fmt.Errorf("pull request %d is outside 0..%d", d.Pull, math.MaxInt32)
	}
	if y := d.Time.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("the year %d is outside 1..9999: correct its time", y)
	}
	if err := validTexts("project", d.Project, "commit", d.Commit, "base", d.Base, "branch", d.Branch, "branch of the base", d.Against, "outcome", d.Outcome, "version", d.Version); err != nil {
		return err
	}
	type series struct {
		Key
		fingerprint string
	}
	seen := make(map[series]bool, len(d.Verdicts))
	for _, j := range d.Verdicts {
		of := series{j.Key, j.Fingerprint}
		if seen[of] {
			return fmt.Errorf("two verdicts on %.80q %.80q %.80q", j.Package, j.Name, j.Unit)
		}
		seen[of] = true
		if err := j.validate(); err != nil {
			return fmt.Errorf("verdict on %.80q %.80q %.80q: %w", j.Package, j.Name, j.Unit, err)
		}
	}
	return nil
}

func (j Judged) validate() error {
	for _, v := range []*float64{j.Change, j.Lo, j.Hi} {
		if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
			return fmt.Errorf("the change is %v: only finite values are kept", *v)
		}
	}
	if (j.Lo == nil) != (j.Hi == nil) {
		return errors.New("its interval has one end: give both or none")
	}
	return validTexts("package", j.Package, "name", j.Name, "unit", j.Unit, "fingerprint", j.Fingerprint, "verdict", j.Verdict, "waiver", j.Waiver)
}
