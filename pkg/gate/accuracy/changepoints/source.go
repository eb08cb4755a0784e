package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/descartes/regress/pkg/gate/stat"
)

//go:embed testdata/hosted.csv.gz
var hostedFile []byte

//go:embed testdata/dedicated.csv.gz
var dedicatedFile []byte

// read returns the series of a table: in each line a name and values.
func read(file []byte) (names []string, series [][]float64, err error) {
	plain, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, nil, err
	}
	lines := csv.NewReader(plain)
	lines.FieldsPerRecord = -1
	all, err := lines.ReadAll()
	if err != nil {
		return nil, nil, err
	}
	for _, line := range all {
		values := make([]float64, len(line)-1)
		for i, cell := range line[1:] {
			if values[i], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", line[0], err)
			}
		}
		names, series = append(names, line[0]), append(series, values)
	}
	return names, series, nil
}

// source draws series in which nothing changes, as logarithms.
type source struct {
	name string
	draw func(rng *rand.Rand, i, n int) []float64 // number i, of n points
}

// permuted returns a source whose series are real ones in random order; where sd is not 0, their
// deviations from the median are scaled to that robust standard deviation.
func permuted(name string, real [][]float64, sd float64) source {
	var shapes [][]float64
	for _, values := range real {
		logs := make([]float64, len(values))
		for i, v := range values {
			logs[i] = math.Log(v)
		}
		have := stat.Scale(stat.Sorted(logs))
		if sd > 0 && have < 1e-4 {
			continue // no shape to scale
		}
		mid := stat.Median(logs)
		for i := range logs {
			logs[i] -= mid
			if sd > 0 {
				logs[i] *= sd / have
			}
		}
		shapes = append(shapes, logs)
	}
	return source{name: name, draw: func(rng *rand.Rand, i, n int) []float64 {
		shape := shapes[i%len(shapes)]
		out := make([]float64, 0, n)
		for len(out) < n {
			for _, at := range rng.Perm(len(shape))[:min(len(shape), n-len(out))] {
				out = append(out, shape[at])
			}
		}
		return out
	}}
}

// invented returns a source of noise that next draws, given the value before.
func invented(name string, next func(rng *rand.Rand, before float64) float64) source {
	return source{name: name, draw: func(rng *rand.Rand, _, n int) []float64 {
		out, last := make([]float64, n), 0.
		for i := range out {
			last = next(rng, last)
			out[i] = .02 * last
		}
		return out
	}}
}

// sources returns the real ones and the invented ones.
func sources() (real, artificial []source, err error) {
	_, hosted, err := read(hostedFile)
	if err != nil {
		return nil, nil, err
	}
	_, dedicated, err := read(dedicatedFile)
	if err != nil {
		return nil, nil, err
	}
	real = []source{
		permuted("dedicated", dedicated, 0),
		permuted("dedicated, scaled to .2 %", dedicated, .002),
		permuted("hosted, scaled to 1.5 %", hosted, .015),
		permuted("hosted, scaled to 3 %", hosted, .03),
		permuted("hosted, scaled to 4.4 %", hosted, .044),
		permuted("hosted, scaled to 7.8 %", hosted, .078),
		permuted("hosted", hosted, 0),
	}
	const rho = .3
	artificial = []source{
		invented("normal", func(rng *rand.Rand, _ float64) float64 { return rng.NormFloat64() }),
		invented("t3", func(rng *rand.Rand, _ float64) float64 {
			chi := 0.
			for range 3 {
				z := rng.NormFloat64()
				chi += z * z
			}
			return rng.NormFloat64() / math.Sqrt(chi/3)
		}),
		invented("AR(1) .3", func(rng *rand.Rand, before float64) float64 {
			return rho*before + math.Sqrt(1-rho*rho)*rng.NormFloat64()
		}),
		invented("two modes", func(rng *rand.Rand, _ float64) float64 {
			z := .2 * rng.NormFloat64()
			if rng.IntN(4) == 0 {
				z += 3
			}
			return z
		}),
		invented("count of two values", func(rng *rand.Rand, _ float64) float64 {
			if rng.IntN(4) == 0 {
				return 2
			}
			return 0
		}),
	}
	return real, artificial, nil
}

// stepped returns logs with a relative change from at on.
func stepped(logs []float64, at int, effect float64) []float64 {
	out := slices.Clone(logs)
	for i := at; i < len(out); i++ {
		out[i] += math.Log1p(effect)
	}
	return out
}
