package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
	"github.com/descartes/regress/pkg/gate/stat"
)

// setting says in one line where and how something was measured, since the watch was begun.
func setting(args []string, beside int, watch field.Watch) string {
	load, steal := watch.State()
	words := []string{"go run ./pkg/gate/accuracy/record"}
	for _, arg := range args {
		if strings.ContainsAny(arg, " '\"`$") {
			arg = strconv.Quote(arg)
		}
		words = append(words, arg)
	}
	return fmt.Sprintf("`%s`: %s/%s, processors: %d, %s; competing processes: %d, load average %s, stolen %s",
		strings.Join(words, " "), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), beside, load, steal)
}

// leastPairs make a spread.
const leastPairs = 4

// tooWide is a spread that leaves a change of 5 % undecided for long.
const tooWide = .04

// spreadOf a benchmark in one way is the robust standard deviation of the logarithm of the ratio
// of what a statistic makes of both processes; NaN for too few pairs.
func spreadOf(pairs []pair, of func([]float64) float64) float64 {
	if len(pairs) < leastPairs {
		return math.NaN()
	}
	var apart []float64
	for _, p := range pairs {
		d := math.Log(of(p.times[1]) / of(p.times[0]))
		apart = append(apart, d, -d) // the middle is 0
	}
	return stat.Scale(stat.Sorted(apart))
}

// cell is the text of spreads in a table: their median and 90th percentile in per cent, and how
// many are too wide.
func cell(spreads []float64) string {
	if len(spreads) == 0 {
		return "–"
	}
	wide := 0
	for _, s := range spreads {
		if s > tooWide {
			wide++
		}
	}
	return fmt.Sprintf("%.1f (%.1f) %d", 100*stat.Median(spreads), 100*stat.Quantile(spreads, .9), wide)
}

// write writes the table, and returns an error where nothing can be told.
func (r *recorder) write(w io.Writer, setting string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s.\n\nSpread of the difference of a pair in per cent: median over the benchmarks (90th percentile), how many have more than %g.\n\n", setting, 100*tooWide)
	text.WriteString("| way | pairs | benchmarks | a process, median | mean |")
	for _, s := range statistics {
		fmt.Fprintf(&text, " %s |", s.name)
	}
	text.WriteString("\n|" + strings.Repeat("---|", 5+len(statistics)) + "\n")
	known := 0
	for k, way := range r.ways {
		var pairs, took []float64
		spreads := make([][]float64, len(statistics))
		for _, b := range r.benchmarks {
			pairs = append(pairs, float64(len(b.pairs[k])))
			for _, p := range b.pairs[k] {
				took = append(took, p.took[0].Seconds(), p.took[1].Seconds())
			}
			for i, s := range statistics {
				if v := spreadOf(b.pairs[k], s.of); !math.IsNaN(v) {
					spreads[i] = append(spreads[i], v)
				}
			}
		}
		known += len(spreads[0])
		fmt.Fprintf(&text, "| %v | %.0f–%.0f | %d of %d |", way, slices.Min(pairs), slices.Max(pairs), len(spreads[0]), len(r.benchmarks))
		if len(took) == 0 {
			text.WriteString(" – | – |")
		} else {
			fmt.Fprintf(&text, " %.0f ms | %.0f ms |", 1000*stat.Median(took), 1000*mean(took))
		}
		for _, s := range spreads {
			fmt.Fprintf(&text, " %s |", cell(s))
		}
		text.WriteString("\n")
	}
	for _, b := range r.benchmarks {
		if b.failed > 0 {
			fmt.Fprintf(&text, "\n%s.%s: pairs that failed: %d.\n", b.pkg, b.name, b.failed)
		}
	}
	_, err := io.WriteString(w, text.String())
	if known == 0 {
		err = errors.Join(err, fmt.Errorf("no benchmark has %d pairs in any way: give it more time with -for, or fewer ways and packages", leastPairs))
	}
	return err
}

// save adds the pairs of one way to a file, compressed, below a heading where it is empty.
func (r *recorder) save(file *os.File, machine string, keep way) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(file)
	out := csv.NewWriter(packed)
	if info.Size() == 0 {
		_ = out.Write([]string{"machine", "benchmark", "a-ns", "b-ns"})
	}
	k := slices.Index(r.ways, keep)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, b := range r.benchmarks {
		for _, p := range b.pairs[k] {
			_ = out.Write([]string{machine, b.pkg + "." + b.name, number(low(p.times[0])), number(low(p.times[1]))})
		}
	}
	out.Flush() // its error is that of the writes
	if err := errors.Join(out.Error(), packed.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file.Name(), err)
	}
	return nil
}
