package ingest

import (
	"bytes"
	"iter"
	"strings"
)

// Marks yields the marks of a raw log, in order, each with what stands behind its colon.
func Marks(text []byte) iter.Seq2[Mark, string] {
	return func(yield func(Mark, string) bool) {
		for line := range bytes.Lines(text) {
			if line[0] != '#' {
				continue
			}
			if m, rest, ok := cutMark(string(bytes.TrimRight(line, "\r\n"))); ok && !yield(m, rest) {
				return
			}
		}
	}
}

// ReadHeader returns what the header of a raw log says; false where the text does not begin with
// one of the version that this package reads.
func ReadHeader(text []byte) (Header, bool) {
	var h Header
	versioned := false
	for line := range strings.Lines(string(text)) {
		key, value, ok := splitKey([]byte(strings.TrimRight(line, "\r\n")))
		switch name := string(key); {
		case ok && name == keyVersion:
			versioned = string(value) == version
		case ok && (name == keySide || name == keyPackage), strings.HasPrefix(line, "Benchmark"):
			return h, versioned // the body
		case ok:
			for _, f := range facts {
				if f.key == name {
					_ = f.set(&h, string(value)) // what it cannot read stays unknown
				}
			}
		}
	}
	return h, versioned
}

// Unfinished returns the text of an interrupted log as far as it can be gone on from: without a
// last line that was cut, and without the marks of its end, which are those of why it was stopped
// and of what was not reached.
func Unfinished(text []byte) []byte {
	var kept strings.Builder
	for line := range strings.Lines(strings.ToValidUTF8(string(text), "?")) {
		if !strings.HasSuffix(line, "\n") || ending(strings.TrimRight(line, "\r\n")) {
			continue
		}
		kept.WriteString(line)
	}
	return []byte(kept.String())
}

// ending reports whether a line belongs to the end of a measurement.
func ending(line string) bool {
	m, rest, ok := cutMark(line)
	switch {
	case !ok:
		return false
	case m == MarkStopped, m == MarkNotRun:
		return true
	case m == MarkFailed: // as version 1 wrote it before there was a mark for it
		f := strings.SplitN(rest, " ", 4)
		if len(f) == 4 {
			_, old := notReached(f[3])
			return old
		}
	}
	return false
}
