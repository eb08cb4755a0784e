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
