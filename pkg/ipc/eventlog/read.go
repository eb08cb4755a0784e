package eventlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
)

// Event is one entry of a log.
type Event struct {
	Seq  uint64 // from 1, without gaps
	Data []byte // valid until the iteration goes on
}

// The kinds of damage, for errors.Is.
var (
	// ErrTorn means that the file ends in something that is not a whole event, as
	// after a crash, or while somebody is appending. The events before are whole.
	ErrTorn = errors.New("torn tail")
	// ErrCorrupt means damage that no crash explains.
	ErrCorrupt = errors.New("corrupt")
)

// DamageError says where a log ends to be readable.
type DamageError struct {
	Path   string
	Offset int64  // where the first event that is not whole begins
	Size   int64  // of the file
	Last   uint64 // sequence number of the last whole event before it; 0: none
	Reason string
	Kind   error // ErrTorn or ErrCorrupt
}

// Error names file, offset and reason, and the way on.
func (e *DamageError) Error() string {
	way := "the events before are whole; opening the log cuts the rest off"
	if errors.Is(e.Kind, ErrCorrupt) {
		way = "keep a copy, then open it with Options.Repair to cut it off here"
		if e.Offset == 0 {
			way = "is it the right file?"
		}
	}
	return fmt.Sprintf("event log %s: %v at byte %d of %d, after event %d: %s (%s)", e.Path, e.Kind, e.Offset, e.Size, e.Last, e.Reason, way)
}

// Unwrap returns the kind.
func (e *DamageError) Unwrap() error { return e.Kind }

// Read iterates over the events of the file from the first, up to its size at
// the start; the file may be in use. The last pair has an error where there is
// one: a *DamageError, or one of opening and reading. Each iteration opens the
// file anew and closes it when done.
func Read(path string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(Event{}, fmt.Errorf("read event log: %w", err))
			return
		}
		defer file.Close()
		s, err := scan(path, file)
		if s == nil || err != nil {
			if err != nil {
				yield(Event{}, err)
			}
			return
		}
		for {
			event, more, err := s.step(path)
			if err != nil {
				yield(Event{}, err)
				return
			}
			if !more || !yield(event, nil) {
				return
			}
		}
	}
}

// scan begins to walk a file. An empty file has no scanner and no error.
func scan(path string, file *os.File) (*scanner, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read event log %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read event log %s: it is a %v: want a regular file", path, info.Mode().Type())
	}
	size := info.Size()
	bad := &DamageError{Path: path, Size: size, Kind: ErrCorrupt}
	head := make([]byte, min(size, headerSize))
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read event log %s: %w", path, err)
	}
	if size < headerSize {
		if size == 0 {
			return nil, nil
		}
		bad.Reason = fmt.Sprintf("%d bytes, where the file header takes %d", size, headerSize)
		if known := min(size, int64(len(magic))); strings.HasPrefix(magic, string(head[:known])) {
			bad.Kind = ErrTorn
		}
		return nil, bad
	}
	salt, reason := parseHeader(head)
	if reason != "" {
		bad.Reason = reason
		if size == headerSize && bytes.Equal(head, make([]byte, headerSize)) {
			bad.Kind = ErrTorn // made just before the power failed: the size was written and the header not
		}
		return nil, bad
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, headerSize, size-headerSize), 64<<10)
	return &scanner{file: file, in: in, size: size, at: headerSize, salt: salt}, nil
}

// step does what next does, and judges damage.
func (s *scanner) step(path string) (Event, bool, error) {
	event, more, bad, err := s.next()
	if err == nil && bad == nil {
		return event, more, nil
	}
	found := &DamageError{Path: path, Offset: s.at, Size: s.size, Last: s.last, Kind: ErrTorn}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		found.Reason = "the file became shorter while it was read"
		return Event{}, false, found
	}
	if err != nil {
		return Event{}, false, fmt.Errorf("read event log %s at byte %d: %w", path, s.at, err)
	}
	found.Reason = bad.reason
	if bad.certain {
		found.Kind = ErrCorrupt
		return Event{}, false, found
	}
	intact, err := s.intactAfter()
	if err != nil {
		return Event{}, false, fmt.Errorf("read event log %s after byte %d: %w", path, s.at, err)
	}
	if intact > 0 {
		found.Kind = ErrCorrupt
		found.Reason += fmt.Sprintf(", and a whole event follows at byte %d", intact)
	}
	return Event{}, false, found
}
