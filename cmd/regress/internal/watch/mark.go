package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
)

// mostSeries that a mark names: with more, the rest is found by the others.
const mostSeries = 1500

// Ending says why an alert was closed.
type Ending string

// The endings of an alert; empty: it has none.
const (
	BackAgain Ending = "recovered" // its series came back
	Accepted  Ending = "waived"    // waivers accept what is left of it
	Gone      Ending = "gone"      // more runs show no step
	Duplicate Ending = "duplicate" // another alert tells of the same cause
)

// Mark is what an alert carries to be found again. It can be read back from the first line of the
// alert's text, where no reader sees it.
type Mark struct {
	ID      string   `json:"-"`       // of the alert, for good
	Key     string   `json:"-"`       // of the suite
	Version int      `json:"v"`       // markVersion
	Project string   `json:"project"` // hashed
	After   string   `json:"after"`   // commits: the cause is behind this one
	By      string   `json:"by"`      // and not behind this one
	Series  []string `json:"series"`  // hashed: every one that was ever counted with it, sorted
	Ended   Ending   `json:"ended,omitempty"`
}

// markVersion grows when older programs would misread a mark.
const markVersion = 1

var (
	marked   = regexp.MustCompile(`^<!-- regress:cause:([A-Za-z0-9._-]+):([0-9A-Za-z-]+) (\{.*\}) -->$`)
	notInKey = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
	notInID  = regexp.MustCompile(`[^0-9A-Za-z]+`)
)

// Line returns the mark as a comment of HTML. Nothing that it holds can end the comment:
// encoding/json escapes ">".
func (m Mark) Line() string {
	text, err := json.Marshal(m)
	if err != nil {
		return "" // strings and numbers alone: it cannot happen
	}
	return "<!-- regress:cause:" + m.Key + ":" + m.ID + " " + string(text) + " -->"
}

// ReadMark returns the mark in the first line of a text; ok is false where there is none, or one of
// a newer program.
func ReadMark(text string) (m Mark, ok bool) {
	line, _, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	parts := marked.FindStringSubmatch(line)
	if parts == nil || json.Unmarshal([]byte(parts[3]), &m) != nil || m.Version != markVersion {
		return Mark{}, false
	}
	m.Key, m.ID = parts[1], parts[2]
	return m, true
}

// hashed returns a short name that tells texts apart.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// suite returns the key as a mark has it.
func (in Input) suite() string {
	if key := notInKey.ReplaceAllString(in.Key, "-"); key != "" {
		return key
	}
	return "default"
}
