package forge

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/descartes/regress/cmd/regress/internal/figure"
	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// Claim is a cause as a raw log names it. The job of a fork wrote that log, with
// the stranger's code in it, so a claim is a Cause only where the pull request
// itself, as the API has it, changes the lines.
type Claim struct {
	Package string   `json:"package"`
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	File    string   `json:"file,omitempty"`
	First   int      `json:"first,omitempty"`
	Last    int      `json:"last,omitempty"`
	Grown   []string `json:"grown,omitempty"`
}

// Caps on claims. Five benchmarks are profiled, each with some dozens of rows.
const (
	maxClaims = 200
	maxClaim  = 4 << 10 // bytes of one
	maxGrown  = 3
	maxSymbol = 200 // characters of a function's name and growth
)

// WriteClaims adds causes to a raw log, for annotate to find.
func WriteClaims(w io.Writer, causes map[baseline.Key]report.Cause) error {
	for _, key := range slices.SortedFunc(maps.Keys(causes), baseline.Key.Compare) {
		c := causes[key]
		if c.File == "" && len(c.Grown) == 0 {
			continue
		}
		grown := slices.Clone(c.Grown[:min(len(c.Grown), maxGrown)])
		for i := range grown {
			grown[i] = figure.Cut(figure.OneLine(grown[i]), maxSymbol)
		}
		line, err := ingest.Cause(Claim{key.Package, key.Name, key.Unit, c.File, c.First, c.Last, grown})
		if err == nil && len(line) <= maxClaim {
			_, err = io.WriteString(w, line)
		}
		if err != nil {
			return fmt.Errorf("add causes to the raw log: %w", err)
		}
	}
	return nil
}

// ReadClaims finds the claims in a raw log. A line that is not exactly one is
// left out: the annotation then stands on the benchmark.
func ReadClaims(log []byte) []Claim {
	var all []Claim
	for mark, text := range ingest.Marks(log) {
		if mark != ingest.MarkCause || len(text) > maxClaim || len(all) == maxClaims {
			continue
		}
		var c Claim
		strict := json.NewDecoder(strings.NewReader(text))
		strict.DisallowUnknownFields()
		if strict.Decode(&c) != nil || strict.InputOffset() != int64(len(text)) || len(c.Grown) > maxGrown {
			continue
		}
		for i := range c.Grown {
			c.Grown[i] = figure.Cut(figure.OneLine(c.Grown[i]), maxSymbol)
		}
		all = append(all, c)
	}
	return all
}

// Causes returns the claims of a log that this job, or a step of it before, has measured itself.
// Each is believed if it can be one: lines of a file of the repository.
func Causes(claims []Claim) map[baseline.Key]report.Cause {
	causes := map[baseline.Key]report.Cause{}
	for _, c := range claims {
		cause := report.Cause{File: c.File, First: c.First, Last: c.Last, Grown: c.Grown}
		if c.File != "" && (!filepath.IsLocal(c.File) || c.First < 1 || c.Last < c.First) {
			cause.File = ""
		}
		causes[baseline.Key{Package: c.Package, Name: c.Name, Unit: c.Unit}] = cause
	}
	return causes
}
