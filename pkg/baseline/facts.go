package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Facts are what git and the event of a job say of a run's commit, so that whoever reads a store
// needs no clone. A zero field means unknown.
type Facts struct {
	Time    time.Time // when it was committed, UTC
	Place   int       // in first-parent order of its branch, the first commit being 1
	Author  string
	Subject string // first line of the message
	Pull    int    // number of the pull request that brought it
}

// validate returns why a Store would refuse f, or nil.
func (f Facts) validate() error {
	if y := f.Time.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("the commit's year %d is outside 1..9999: correct its time", y)
	}
	if f.Place < 0 || f.Place > math.MaxInt32 || f.Pull < 0 || f.Pull > math.MaxInt32 {
		return fmt.Errorf("place %d or pull request %d of the commit is outside 0..%d", f.Place, f.Pull, math.MaxInt32)
	}
	return validTexts("author", f.Author, "subject", f.Subject)
}

// Clip returns s cut to what a Store keeps of a name or fact, at a whole character, and without
// what it would refuse: an author or a subject may hold anything.
func Clip(s string) string {
	out := make([]byte, 0, min(len(s), MaxName))
	for _, r := range s {
		if r == 0 {
			continue
		}
		if len(out)+utf8.RuneLen(r) > MaxName {
			break
		}
		out = utf8.AppendRune(out, r) // U+FFFD for what is no UTF-8
	}
	return string(out)
}

// SessionOf returns the session of runs that were read from one text: 24 hexadecimal digits.
func SessionOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}
