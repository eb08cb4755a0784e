// Package past finds out of which commit old results are, and when they were measured, from what
// people put into the names of files and above the results. It knows neither git nor a store: what
// it returns are candidates, of which the caller takes the first that git knows.
package past

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Hint is what a name or a header says of results.
type Hint struct {
	Commits []string  // what may be the name of a commit, nearest to the file's name first
	Time    time.Time // UTC; zero: it says none
	Day     bool      // Time is a day, without a time of day
}

// Name returns the hint in the path of a file, with either slash: results/2024-05-31/3fc9e01.txt. A
// commit there has 7 to 64 hexadecimal digits in lower case, with or without the g of git describe,
// between characters that are neither digits nor letters.
func Name(path string) (h Hint) {
	path = strings.ReplaceAll(path, `\`, "/")
	parts := strings.Split(path, "/")
	for _, part := range slices.Backward(parts) {
		for word := range strings.FieldsFuncSeq(part, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			word = strings.TrimPrefix(word, "g")
			if commitName.MatchString(word) && !isDay(word) && !slices.Contains(h.Commits, word) {
				h.Commits = append(h.Commits, word)
			}
		}
	}
	h.Time, h.Day = timeIn(path)
	return h
}

// commitName is what a commit is called, in full or in short.
var commitName = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// isDay reports whether digits are a date, with or without a time: 20240531, 20240531120000.
func isDay(word string) bool {
	at, _ := timeIn(word)
	return !at.IsZero()
}

// date is a day and perhaps a time behind it, in the forms of RFC 3339 and in those that names of
// files make of them: 2024-05-31, 20240531, 2024/05/31, 2024-05-31T12:30:00Z, 20240531-123000.
var date = regexp.MustCompile(`(?:^|[^0-9A-Za-z])((?:19|20)\d\d)([-/_.]?)(\d\d)([-/_.]?)(\d\d)` +
	`(?:[-T_ /]?(\d\d)[-:_.h]?(\d\d)(?:[-:_.m]?(\d\d)(?:\.\d+)?s?)?(Z|[-+]\d\d:?\d\d)?)?(?:$|[^0-9A-Za-z])`)

// timeIn returns the last time that a text names; the zero time where it names none.
func timeIn(text string) (at time.Time, day bool) {
	for len(text) > 0 {
		m := date.FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		if part(2) == part(4) {
			if found, ok := moment(part); ok {
				at, day = found, part(6) == ""
			}
		}
		text = text[m[3]:] // behind the year
	}
	return at, day
}

// moment puts the parts of a date together; false where there is no such day or time.
func moment(part func(int) string) (time.Time, bool) {
	n := [7]int{}
	for i, from := range []int{1, 3, 5, 6, 7, 8} {
		n[i], _ = strconv.Atoi(part(from)) // digits, or empty
	}
	at := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if at.Month() != time.Month(n[1]) || at.Day() != n[2] || at.Hour() != n[3] || at.Minute() != n[4] || at.Second() != n[5] {
		return at, false
	}
	if zone := strings.ReplaceAll(part(9), ":", ""); len(zone) == 5 {
		hours, _ := strconv.Atoi(zone[1:3])
		minutes, _ := strconv.Atoi(zone[3:])
		ahead := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if zone[0] == '-' {
			ahead = -ahead
		}
		at = at.Add(-ahead)
	}
	return at, true
}

// What people call a commit and a time above their results, besides `commit:`, which the format
// itself has.
var (
	commitKeys = []string{"commit", "git-commit", "git_commit", "gitcommit", "revision", "vcs.revision", "sha", "git-sha", "git_sha", "head"}
	timeKeys   = []string{"started", "commit-time", "commit_time", "date", "time", "timestamp", "vcs.time"}
)

// headerLine is a line `key: value` or `key value`, also behind the sign of a comment.
var headerLine = regexp.MustCompile(`^(?:#+|//)?\s*([A-Za-z][A-Za-z0-9_.-]*)(?:\s*[:=]\s*|\s+)(\S.*?)\s*$`)

// Header returns the hint in the lines above the first result of a text.
func Header(text []byte) (h Hint) {
	const most = 100 // lines
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n > most || bytes.HasPrefix(line, []byte("Benchmark")) {
			break
		}
		m := headerLine.FindSubmatch(bytes.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		key, value := strings.ToLower(string(m[1])), string(m[2])
		word, _, _ := strings.Cut(value, " ")
		switch {
		case slices.Contains(commitKeys, key) && commitName.MatchString(word):
			h.Commits = append(h.Commits, word)
		case slices.Contains(timeKeys, key) && h.Time.IsZero():
			if h.Time, h.Day = timeIn(value); h.Time.IsZero() {
				h.Time = gitTime(value)
			}
		}
	}
	return h
}

// gitTime returns a time as git log writes it, Fri May 31 12:30:00 2024 +0200, or in seconds since
// 1970; the zero time where it is neither.
func gitTime(text string) time.Time {
	if at, err := time.Parse("Mon Jan 2 15:04:05 2006 -0700", text); err == nil {
		return at.UTC()
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > 1e9 && seconds < 1e10 {
		return time.Unix(seconds, 0).UTC()
	}
	return time.Time{}
}

// Or returns h with what it does not say taken from more.
func (h Hint) Or(more Hint) Hint {
	h.Commits = append(slices.Clone(h.Commits), more.Commits...)
	if h.Time.IsZero() {
		h.Time, h.Day = more.Time, more.Day
	}
	return h
}

// Full reports whether a commit is named in full, so that it is a name also where git does not know
// it.
func Full(commit string) bool {
	return commitName.MatchString(commit) && (len(commit) == 40 || len(commit) == 64)
}
