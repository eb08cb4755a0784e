package measure

import (
	"bytes"
	"errors"

	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// readLog parses the log so far for NextFunc. A log without any result is an
// empty one here: it has marks that say why.
func readLog(text []byte) (baseline.Log, error) {
	log, err := ingest.Read("raw log", bytes.NewReader(text))
	if errors.Is(err, ingest.ErrNoBenchmarks) {
		err = nil
	}
	return log, err
}
