package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline"
)

// Sentinels that callers branch on.
var (
	// ErrNoBenchmarks is in the error of a text without a single result.
	ErrNoBenchmarks = errors.New("no benchmark result")
	// ErrTooLarge is in the error of a text that exceeds a limit.
	ErrTooLarge = errors.New("too large")
	// ErrNotText is in the error of what is no UTF-8 text: compressed, UTF-16, binary.
	ErrNotText = errors.New("not a text")
)

// Limits bound what one text may cost, since results of a pull request are
// written by whoever opened it. Memory is about the text and 16 bytes a value.
type Limits struct {
	Bytes    int // of text, without what was cut from overlong lines
	Line     int // bytes of one line; what is longer is cut, and that is a Problem
	Series   int // benchmark and unit, summed over sides
	Problems int // kept one by one; the others are counted in a last one
	Warnings int // likewise
}

// DefaultLimits are those of a store, and room for 60,000 benchmarks in four
// units on two sides.
func DefaultLimits() Limits {
	return Limits{Bytes: baseline.MaxRaw, Line: 1 << 20, Series: 500_000, Problems: 1000, Warnings: 200}
}

// Read reads everything that one measurement printed: a raw log of regress, the
// output of go test -bench, or that of go test -json -bench. name says where r
// comes from, in problems and errors. See the package comment for the format.
//
// What is wrong with single lines, processes or packages is in Log.Problems.
// The error is for a text that cannot be judged at all; it wraps ErrNoBenchmarks
// (the Log then has the Problems that may say why), ErrTooLarge, ErrNotText, or
// what r returned.
func Read(name string, r io.Reader) (baseline.Log, error) {
	return ReadWithin(name, r, DefaultLimits())
}

// ReadWithin is Read with limits of the caller's choice; all must be positive.
func ReadWithin(name string, r io.Reader, limits Limits) (baseline.Log, error) {
	text, err := load(name, r, limits)
	if err != nil {
		return baseline.Log{}, err
	}
	text, at := fromJSON(text)
	var logs []baseline.Log
	file, rest, line, series := name, text, 0, limits.Series
	for first := true; first || len(rest) > 0; first = false {
		p := newPart(file, limits)
		p.series = series
		p.feed = feed{part: p, rest: rest, line: line, at32: at}
		if err := p.read(); err != nil {
			return baseline.Log{}, err
		}
		logs = append(logs, p.finish())
		rest, line, series = p.rest, p.line, p.series
		if p.next != "" {
			file, line = p.next, 0
		}
	}
	log, err := Merge(logs...)
	if err != nil {
		return log, fmt.Errorf("read %s: %w", name, err)
	}
	log.Files = []string{name}
	samples := 0
	for i := range log.Runs {
		log.Runs[i].Raw = text
		samples += len(log.Runs[i].Samples)
	}
	if samples == 0 {
		return log, empty(name, text, log.Problems)
	}
	return log, nil
}

// empty says why there is nothing to judge, as far as the text shows it.
func empty(name string, text []byte, problems []baseline.Problem) error {
	why := "is this the output of go test -bench? without -bench, go test runs no benchmark"
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		why = "it is empty; write to it with go test -bench . | tee"
	case len(problems) == 1:
		why = problems[0].Message
	case len(problems) > 1:
		why = fmt.Sprintf("%s; and %d more problems", problems[0].Message, len(problems)-1)
	case bytes.Contains(text, []byte("[no test files]")) || bytes.Contains(text, []byte("[no tests to run]")):
		why = "go test found nothing to run in these packages; check the pattern of -bench and the list of packages"
	case bytes.Contains(text, []byte("ns/op")):
		why = "there are lines with ns/op and none in the benchmark format; give the text as go test wrote it, not a table made from it"
	}
	return fmt.Errorf("read %s: %w: %s", name, ErrNoBenchmarks, why)
}

// read takes one part of a text through benchfmt. The feed hands it one line at
// a time, so that what the part knows (side, round, line) belongs to the record
// that comes out.
func (p *part) read() error {
	r := benchfmt.NewReader(&p.feed, p.file)
	for p.err == nil && r.Scan() {
		switch record := r.Result().(type) {
		case *benchfmt.Result:
			p.result(record)
		case *benchfmt.UnitMetadata:
			p.unit(record)
		case *benchfmt.SyntaxError:
			p.broken(record.Msg)
		}
	}
	p.settle("")
	if p.err == nil {
		p.err = r.Err()
	}
	if p.err != nil {
		return fmt.Errorf("read %s: %w", p.file, p.err)
	}
	p.metadata = r.Units()
	return nil
}

// result takes in one parsed line.
func (p *part) result(r *benchfmt.Result) {
	p.completed()
	if r.Iters < 1 {
		p.problem(string(r.Name), baseline.Problem{Kind: baseline.BadCount, Detail: fmt.Sprint(r.Iters)})
		return
	}
	run := p.run()
	if run == nil {
		return
	}
	b := p.benchmark(r.Name)
	if b == nil {
		return
	}
	b.lines++
	round := p.round
	if round == 0 {
		round = b.lines
	}
	for _, v := range r.Values {
		unit := v.Unit
		if v.Value == 0 && v.OrigUnit == "" {
			unit = tidied(unit) // benchfmt leaves the unit of a zero as it was printed
		}
		if !(v.Value >= 0) || math.IsInf(v.Value, 0) {
			p.problem(string(r.Name), baseline.Problem{Kind: baseline.BadValue, Detail: fmt.Sprintf("%g %s", v.Value, v.Unit)})
			continue
		}
		if !p.add(b, unit, v.Value, round) {
			return
		}
	}
}
