package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline"
)

// This file reads data.js, in which github-action-benchmark keeps the results of all commits:
// JavaScript that sets a variable to JSON, or the JSON alone (its external-data-json-path).
//
//	window.BENCHMARK_DATA = {"lastUpdate": 1574927128603, "repoUrl": "…", "entries": {"SUITE": [
//	  {"commit": {"id": "SHA", "timestamp": "2019-11-09T23:22:06+09:00", "message": "…"},
//	   "date": 1574927127603, "tool": "go", "benches": [
//	     {"name": "BenchmarkFib10", "value": 325, "unit": "ns/op", "range": "± 3",
//	      "extra": "5000000 times\n8 procs"}]}]}}
//
// Its form is DataJson of src/write.ts there; what the tools' outputs become, src/extract.ts.
//
// A result of Go with several metrics stands there in one of two forms: as one entry, whose unit
// is the rest of the line ("ns/op\t 16 B/op"), and since version 1.18 also as one entry a metric,
// "NAME - UNIT". The number of processors, which go test has in the name, stands in extra.

// ErrHistory is in the error of Read for a text that has the results of many commits.
var ErrHistory = errors.New("it has the results of many commits")

// Past is one measurement of old.
type Past struct {
	baseline.Log
	Line  int    // where it begins in a history, from 1; 0: it is the whole text
	Suite string // of a history; empty: the whole text
}

// ReadAll reads what Read does, and beside that a history: data.js of github-action-benchmark
// gives a Past for every commit of every suite, in the order of the text, with what it says of
// the commits. Its error is as Read's,
// or for an entry that is not of that form; an entry without a result has no runs, and a Problem.
func ReadAll(name string, r io.Reader) ([]Past, error) {
	limits := defaultLimits()
	in := &head{from: r}
	if isHistory(in.peek()) {
		limits.Line = limits.Bytes // one line may be all there is
	}
	text, err := load(name, in, limits)
	if err != nil {
		return nil, err
	}
	if !isHistory(text) {
		log, err := readText(name, text, limits, nil, nil)
		return []Past{{Log: log}}, err
	}
	return readHistory(name, text, limits)
}

// head is a reader whose first bytes can be looked at.
type head struct {
	from  io.Reader
	first []byte
	err   error
}

func (h *head) peek() []byte {
	h.first = make([]byte, 512)
	n, err := io.ReadFull(h.from, h.first)
	h.first = h.first[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		h.err = err
	}
	return h.first
}

// Read returns what was looked at, and then the rest.
func (h *head) Read(p []byte) (int, error) {
	if len(h.first) > 0 {
		n := copy(p, h.first)
		h.first = h.first[n:]
		return n, nil
	}
	if h.err != nil {
		return 0, h.err
	}
	return h.from.Read(p)
}

// historyStart begins a history.
var historyStart = regexp.MustCompile(`^\s*(?:\x{feff})?(?:window\.BENCHMARK_DATA\s*=\s*\{|\{\s*"lastUpdate"\s*:)`)

func isHistory(text []byte) bool { return historyStart.Match(text[:min(len(text), 512)]) }

// past is one entry of a history: what one suite measured of one commit.
type past struct {
	Commit struct {
		ID        string `json:"id"`
		Timestamp string `json:"timestamp"`
		Message   string `json:"message"`
		Author    struct {
			Name string `json:"name"`
			User string `json:"username"`
		} `json:"author"`
	} `json:"commit"`
	Date    float64     `json:"date"` // of the measurement, in milliseconds since 1970
	Tool    string      `json:"tool"`
	Benches []pastBench `json:"benches"`
}

type pastBench struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"` // null where it was none in JavaScript
	Unit  string   `json:"unit"`
	Extra string   `json:"extra"`
}

// noValue says why an entry with null for its value is no result.
const noValue = "its value is none"

// readHistory returns the measurements of a history. Lines of problems are those of the history.
func readHistory(name string, text []byte, limits limits) (all []Past, err error) {
	broken := func(line int32, what string, err error) error {
		return fmt.Errorf("read %s: line %d: %s: %w", name, line, what, err)
	}
	start := bytes.IndexByte(text, '{')
	object := bytes.TrimRight(text[start:], "; \t\r\n")
	err = suites(object, func(line int32, suite string, entry []byte) error {
		line += int32(bytes.Count(text[:start], []byte("\n")))
		p, err := parsePast(entry)
		if err != nil {
			return broken(line, "an entry of suite "+strconv.Quote(suite), err)
		}
		if len(all) >= 100*limits.Parts {
			return broken(line, "too many entries", ErrTooLarge)
		}
		out, at := p.log(suite, line)
		log, err := readText(name, out, limits, at, nil)
		if err != nil && !errors.Is(err, ErrNoBenchmarks) {
			return err
		}
		if errors.Is(err, ErrNoBenchmarks) {
			log.Runs = nil
			log.Problems = append(log.Problems, baseline.Problem{File: name, Line: int(line), Kind: baseline.NoResult, Detail: "an entry without a result, of commit " + p.Commit.ID})
		}
		for i := range log.Runs {
			log.Runs[i].Facts = p.facts()
		}
		all = append(all, Past{Log: log, Line: int(line), Suite: suite})
		return nil
	})
	if err != nil && !strings.HasPrefix(err.Error(), "read ") {
		err = fmt.Errorf("read %s: data.js of github-action-benchmark, cut or changed: %w", name, err)
	}
	return all, err
}

// suites calls do for every entry of every suite of a history.
func suites(text []byte, do func(line int32, suite string, entry []byte) error) error {
	if !json.Valid(text) {
		return json.Unmarshal(text, new(json.RawMessage)) // says where
	}
	d := &lines{Decoder: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	if err := d.into("entries"); err != nil {
		return err
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errShape, err)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		suite, _ := t.(string)
		if err := d.list(func(line int32, entry []byte) error { return do(line, suite, entry) }); err != nil {
			return err
		}
	}
	return nil
}

func parsePast(text []byte) (p past, err error) { return p, json.Unmarshal(text, &p) }

// started returns when an entry was measured; where it does not say, when its commit was made.
func (p past) started() time.Time {
	if p.Date >= 1 && p.Date < 1e14 { // until the year 5138
		return time.UnixMilli(int64(p.Date)).UTC()
	}
	return moment(p.Commit.Timestamp)
}

// facts returns what an entry says of its commit.
func (p past) facts() baseline.Facts {
	subject, _, _ := strings.Cut(p.Commit.Message, "\n")
	return baseline.Facts{
		Time: moment(p.Commit.Timestamp), Author: baseline.Clip(cmp.Or(p.Commit.Author.Name, p.Commit.Author.User)),
		Subject: baseline.Clip(strings.TrimSpace(subject)),
	}
}

// log returns the raw log of an entry, all of which comes from one line.
func (p past) log(suite string, line int32) (text []byte, at []int32) {
	m := begin(Header{Head: Origin{Commit: word(p.Commit.ID)}, Started: p.started()})
	m.number = line
	if p.Tool == "go" {
		p.goResults(m, suite)
		return m.end()
	}
	way := map[string]string{"customBiggerIsBetter": "higher", "customSmallerIsBetter": "lower"}[p.Tool]
	said := map[string]bool{}
	for _, b := range p.Benches {
		if b.Value == nil {
			m.failed(suite, b.Name, noValue)
			continue
		}
		v := based(*b.Value, b.Unit)
		if v.unit == "" {
			v.unit = dash
		}
		if way != "" && !said[v.unit] {
			m.better(v.unit, way)
			said[v.unit] = true
		}
		m.result(suite, b.Name, 1, v)
	}
	return m.end()
}

// What extra says of a result of Go, and what is put behind its name: a package, where there are
// several.
var (
	extraTimes  = regexp.MustCompile(`(?m)^(\d+) times\s*$`)
	extraProcs  = regexp.MustCompile(`(?m)^(\d+) procs\s*$`)
	namePackage = regexp.MustCompile(`^(\S+) \((\S+)\)$`)
)

// goResult is one line of go test.
type goResult struct {
	pkg, name  string
	base       string // the name as the history has it
	iterations int64
	metrics    []metric
}

// goResults puts the entries of Go's metrics together again.
func (p past) goResults(m *made, suite string) {
	var open []goResult
	for _, b := range p.Benches {
		if b.Value == nil {
			m.failed(suite, strings.TrimPrefix(b.Name, "Benchmark"), noValue)
			continue
		}
		if last := len(open) - 1; last >= 0 && b.Name == open[last].base+" - "+b.Unit {
			open[last].take(*b.Value, b.Unit)
			continue
		}
		r := goResult{pkg: suite, name: b.Name, base: b.Name, iterations: 1}
		if at := namePackage.FindStringSubmatch(b.Name); at != nil {
			r.name, r.pkg = at[1], at[2]
		}
		r.name = strings.TrimPrefix(r.name, "Benchmark")
		if n := extraProcs.FindStringSubmatch(b.Extra); n != nil && n[1] != "1" {
			r.name += "-" + n[1]
		}
		if n := extraTimes.FindStringSubmatch(b.Extra); n != nil {
			r.iterations, _ = strconv.ParseInt(n[1], 10, 64)
		}
		fields := strings.Fields(strconv.FormatFloat(*b.Value, 'g', -1, 64) + " " + b.Unit)
		for len(fields) >= 2 {
			if v, err := strconv.ParseFloat(fields[0], 64); err == nil {
				r.take(v, fields[1])
			}
			fields = fields[2:]
		}
		open = append(open, r)
	}
	for _, r := range open {
		m.result(r.pkg, r.name, r.iterations, r.metrics...)
	}
}

// take keeps a metric that is not there yet.
func (r *goResult) take(value float64, unit string) {
	for _, have := range r.metrics {
		if have.unit == unit {
			return
		}
	}
	r.metrics = append(r.metrics, metric{value, unit})
}
