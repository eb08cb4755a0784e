package ingest

import (
	"io"

	"github.com/descartes/regress/pkg/baseline"
)

// Limits are those of one text, for tests that reach them.
type Limits = limits

// ReadWithin is Read with limits of the test's choice.
func ReadWithin(name string, r io.Reader, limits Limits) (baseline.Log, error) {
	return read(name, r, limits, nil)
}

// IsFormat reports whether a text is one of another tool, whose lines are not its own.
func IsFormat(text []byte) bool {
	for _, f := range formats[2:] {
		if f.sniff(text) {
			return true
		}
	}
	return isHistory(text)
}
