package bisection

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate/bisect"
)

// ErrLog is the error of a text that is no log of a search.
var ErrLog = errors.New("not the log of a search")

// fact is what one mark says: one of the fields. A range begins a search, and a session the raw log
// that follows it.
type fact struct {
	Range   *Range       `json:"range,omitempty"`
	Commit  *Commit      `json:"commit,omitempty"`
	Session *Session     `json:"session,omitempty"`
	Skip    *Skip        `json:"skip,omitempty"`
	Equal   *bisect.Pair `json:"equal,omitempty"`
	Own     *Skip        `json:"own,omitempty"`
	Stopped string       `json:"stopped,omitempty"`

	Cause *report.Cause `json:"cause,omitempty"`
}

func (f fact) text() string {
	text, err := ingest.Bisect(f)
	if err != nil { // only what JSON cannot hold, and nothing of this is that
		panic(err)
	}
	return text
}

// mostSubject bounds the first line of a message in the log, in bytes.
const mostSubject = 300

// Begin starts a search and returns its text.
func Begin(r Range, commits []Commit) (*Search, string) {
	s := &Search{Range: r}
	text := fact{Range: &r}.text()
	for _, c := range commits {
		c.Subject, c.Author = ingest.OneLine(clip(c.Subject)), ingest.OneLine(clip(c.Author))
		text += fact{Commit: &c}.text()
		s.Commits = append(s.Commits, c)
	}
	return s, text
}

func clip(text string) string {
	if len(text) > mostSubject {
		return strings.ToValidUTF8(text[:mostSubject], "") + "…"
	}
	return text
}

// Open returns the text in front of the raw log of a session.
func (s *Search) Open(one Session) string { return fact{Session: &one}.text() }

// Measured adds a session whose raw log is there.
func (s *Search) Measured(one Session, raw []byte) error {
	log, err := ingest.Read("the log of the search", bytes.NewReader(raw))
	if errors.Is(err, ingest.ErrNoBenchmarks) { // it was interrupted before, or nothing ran: that says nothing
		err = nil
	}
	if err != nil {
		return err
	}
	one.Log = log
	s.Sessions = append(s.Sessions, one)
	return nil
}

// Skip notes a commit that cannot be measured, and returns the text of it.
func (s *Search) Skip(at int, why string) string {
	one := Skip{at, ingest.OneLine(clip(why))}
	s.Skips = append(s.Skips, one)
	return fact{Skip: &one}.text()
}

// Equal notes that two commits have the same program, and returns the text of it.
func (s *Search) Equal(from, at int) string {
	pair := bisect.Pair{From: from, At: at}
	s.Equals = append(s.Equals, pair)
	return fact{Equal: &pair}.text()
}

// Own notes a commit that is measured with its own benchmark sources, once, and returns the text of
// it.
func (s *Search) Own(at int, why string) string {
	if slices.ContainsFunc(s.Owns, func(old Skip) bool { return old.At == at }) {
		return ""
	}
	one := Skip{at, ingest.OneLine(clip(why))}
	s.Owns = append(s.Owns, one)
	return fact{Own: &one}.text()
}

// Locate notes where in the commit that was found it is, and returns the text of it.
func (s *Search) Locate(cause report.Cause) string {
	s.Cause = cause
	return fact{Cause: &cause}.text()
}

// Stop notes why the search ended early, and returns the text of it.
func (s *Search) Stop(why string) string {
	s.Stopped = ingest.OneLine(why)
	return fact{Stopped: s.Stopped}.text()
}

// Read returns the searches of a text, the one that others began from first. Its error names the
// line.
func Read(name string, text []byte) ([]*Search, error) {
	var all []*Search
	var raw []byte
	var open *Session
	end := func() error {
		if open == nil {
			return nil
		}
		s := all[len(all)-1]
		one := *open
		open = nil
		return s.Measured(one, raw)
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		f, is, err := factOf(line)
		if err == nil && is && f.Range == nil && len(all) == 0 {
			err = errors.New("a search begins with its range")
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w: %w", name, number, ErrLog, err)
		}
		if !is {
			raw = append(raw, line...)
			continue
		}
		if err := end(); err != nil {
			return nil, fmt.Errorf("read %s: above line %d: %w", name, number, err)
		}
		raw = nil
		if f.Range != nil {
			all = append(all, &Search{Range: *f.Range})
			continue
		}
		if err := all[len(all)-1].take(f, &open); err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w: %w", name, number, ErrLog, err)
		}
	}
	if err := end(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(all) == 0 || len(all[0].Commits) < 2 {
		return nil, fmt.Errorf("read %s: %w: it has no range of commits; regress bisect writes one", name, ErrLog)
	}
	return all, nil
}

// factOf returns what a line says of the search; false: it is of a raw log.
func factOf(line []byte) (f fact, is bool, err error) {
	rest, is := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("# "+string(ingest.MarkBisect)+": "))
	if is {
		err = json.Unmarshal(rest, &f)
	}
	return f, is, err
}

// take takes in one fact of a search that has begun.
func (s *Search) take(f fact, open **Session) error {
	in := func(at int) bool { return at >= 0 && at < len(s.Commits) }
	switch {
	case f.Commit != nil:
		s.Commits = append(s.Commits, *f.Commit)
	case f.Session != nil:
		if !in(f.Session.From) || !in(f.Session.At) || f.Session.From >= f.Session.At || f.Session.Probe && f.Session.From > 0 {
			return fmt.Errorf("a session of the commits %d and %d of %d", f.Session.From, f.Session.At, len(s.Commits))
		}
		*open, s.Stopped = f.Session, "" // it was gone on with
	case f.Skip != nil:
		if !in(f.Skip.At) {
			return fmt.Errorf("commit %d of %d", f.Skip.At, len(s.Commits))
		}
		s.Skips = append(s.Skips, *f.Skip)
	case f.Own != nil:
		if !in(f.Own.At) {
			return fmt.Errorf("commit %d of %d", f.Own.At, len(s.Commits))
		}
		s.Owns = append(s.Owns, *f.Own)
	case f.Equal != nil:
		if !in(f.Equal.From) || !in(f.Equal.At) {
			return fmt.Errorf("the commits %d and %d of %d", f.Equal.From, f.Equal.At, len(s.Commits))
		}
		s.Equals = append(s.Equals, *f.Equal)
	case f.Cause != nil:
		s.Cause = *f.Cause
	case f.Stopped != "":
		s.Stopped = f.Stopped
	}
	return nil
}
