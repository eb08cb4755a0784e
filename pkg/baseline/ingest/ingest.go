package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

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

// limits bound what one text may cost, since results of a pull request are
// written by whoever opened it. Memory is about the text and 16 bytes a value, and
// 64 bytes a series that has fewer than four.
type limits struct {
	Bytes    int // of text, without what was cut from overlong lines
	Line     int // bytes of one line; what is longer is cut, and that is a Problem
	Series   int // benchmark and unit, summed over sides
	Metrics  int // in one line
	Parts    int // pieces with a header of their own, and machines in each of them
	Problems int // kept one by one; the others are counted in a last one
	Warnings int // likewise
}

// defaultLimits are those of a store, and room for 60,000 benchmarks in four
// units on two sides.
func defaultLimits() limits {
	return limits{Bytes: baseline.MaxRaw, Line: 1 << 20, Series: 500_000, Metrics: 1000, Parts: 5000, Problems: 1000, Warnings: 200}
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
	return read(name, r, defaultLimits(), nil)
}

// read is Read with limits of the caller's choice, all positive, and an account
// where one is asked for.
func read(name string, r io.Reader, limits limits, a *account) (baseline.Log, error) {
	text, err := load(name, r, limits)
	if err != nil {
		return baseline.Log{}, err
	}
	if isHistory(text) {
		return baseline.Log{}, fmt.Errorf("read %s: %w: %w: regress import takes it into the store", name, ErrNoBenchmarks, ErrHistory)
	}
	return readText(name, text, limits, nil, a)
}

// readText is read of a text that is there. from has the numbers of its lines where they are not
// its own.
func readText(name string, text []byte, limits limits, from []int32, a *account) (baseline.Log, error) {
	text, at := translate(text)
	at = through(at, from)
	var logs []baseline.Log
	tables := 0
	file, rest, line, base, series := name, text, 0, 0, limits.Series
	var warnings []baseline.Warning
	whole := &source{file: name, text: text, at: at}
	if c, ok := withoutCopies([]*source{whole})[whole]; ok {
		rest, at, warnings = c.text, through(c.at, at), append(warnings, c.warning)
		defer func() { a.insert(c.lines) }()
	}
	for first := true; first || len(rest) > 0; first = false {
		p := newPart(rest, place{file: file, line: line, base: base, at32: at}, series, limits, a)
		if err := p.read(); err != nil {
			return baseline.Log{}, err
		}
		if logs = append(logs, p.finish()); len(logs) > limits.Parts {
			return baseline.Log{}, fmt.Errorf("read %s: line %d: %w: more than %d logs in one; give some of them", name, p.line, ErrTooLarge, limits.Parts)
		}
		rest, line, series = p.feed.rest, p.line, p.collector.series
		tables += p.tables
		if p.feed.next != "" {
			file, base = p.feed.next, p.number(line)+base // its lines are counted from here
		}
	}
	log, err := unite(logs...)
	if err != nil {
		return log, fmt.Errorf("read %s: %w", name, err)
	}
	log.Files = []string{name}
	log.Warnings = append(log.Warnings, warnings...)
	samples := 0
	for i := range log.Runs {
		log.Runs[i].Raw = text
		samples += len(log.Runs[i].Samples)
	}
	if samples == 0 {
		return log, empty(name, text, tables > 0, log.Problems)
	}
	return log, nil
}

// empty says why there is nothing to judge, as far as the text shows it.
func empty(name string, text []byte, table bool, problems []baseline.Problem) error {
	why := "is this the output of go test -bench? without -bench, go test runs no benchmark"
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		why = "it is empty; send it what go test -bench . prints"
	case table || tableHead.Match(text):
		why = "it is a table that another program made; give the text as go test wrote it, not a table made from it"
	case len(problems) > 0:
		p := problems[0]
		why = fmt.Sprintf("line %d: %s", p.Line, cmp.Or(p.Detail, string(p.Kind)))
		if of := cmp.Or(p.Name, p.Package); of != "" {
			why = fmt.Sprintf("line %d: %s: %s", p.Line, of, cmp.Or(p.Detail, string(p.Kind)))
		}
		if n := len(problems) - 1; n > 0 {
			why = fmt.Sprintf("%s; and %d more problems", why, n)
		}
	case bytes.Contains(text, []byte("[no test files]")) || bytes.Contains(text, []byte("[no tests to run]")):
		why = "go test found nothing to run in these packages; check the pattern of -bench and the list of packages"
	case bytes.Contains(text, []byte("ns/op")):
		why = "there are lines with ns/op and none in the benchmark format; give the text as go test wrote it, not a table made from it"
	}
	return fmt.Errorf("read %s: %w: %s", name, ErrNoBenchmarks, why)
}

// tableHead is the first line of what benchcmp and benchstat print.
var tableHead = regexp.MustCompile(`(?m)^(?:benchmark +old \S+ +new |name +(?:old )?\S+/\S+|.*│ *(?:vs base|sec/op)|,sec/op,CI)`)

// isTable reports whether a line with two numbers and the change between them was
// taken for a result: benchcmp prints such.
func isTable(r *benchfmt.Result) bool {
	if len(r.Values) != 1 {
		return false
	}
	unit := cmp.Or(r.Values[0].OrigUnit, r.Values[0].Unit)
	return unit == "~" || strings.HasSuffix(unit, "%") && change.MatchString(unit)
}

// change is how a table writes one.
var change = regexp.MustCompile(`^[-+]?(?:\d+\.\d+|NaN|\+?Inf)%$`)
