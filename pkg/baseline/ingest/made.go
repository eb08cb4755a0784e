package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// made is a raw log that is being made from the results of another tool, with the number of the
// line of the other's text that each line was made from.
type made struct {
	out    []byte
	at     []int32
	number int32 // of the line that what is added now comes from
	pkg    string
	rounds map[string]int // of each benchmark so far
}

// metric is one value of a result with its unit.
type metric struct {
	value float64
	unit  string
}

// begin returns a raw log with the header h and nothing else.
func begin(h Header) *made {
	m := &made{number: 1, rounds: map[string]int{}}
	m.add(h.Text())
	return m
}

// add puts whole lines behind what is there.
func (m *made) add(lines string) {
	m.out = append(m.out, lines...)
	for range strings.Count(lines, "\n") {
		m.at = append(m.at, m.number)
	}
}

// better says which way a unit improves: lower or higher.
func (m *made) better(unit, way string) { m.add("Unit " + word(unit) + " better=" + way + "\n") }

// warn tells the reader of the report what weakens the results.
func (m *made) warn(text string) { m.add(Warning(text)) }

// result puts down one repetition of a benchmark of that many iterations: the next round of it.
func (m *made) result(pkg, name string, iterations int64, metrics ...metric) {
	if pkg = OneLine(pkg); pkg != "" {
		pkg = word(pkg)
	}
	if pkg != m.pkg {
		m.add(keyLine(keyPackage, pkg))
		m.pkg = pkg
	}
	name = word(name)
	m.rounds[pkg+"\x00"+name]++
	m.add(MarkRound.text(strconv.Itoa(m.rounds[pkg+"\x00"+name])))
	line := fmt.Sprintf("Benchmark%s %d", name, max(iterations, 1))
	for _, v := range metrics {
		line += " " + strconv.FormatFloat(v.value, 'g', -1, 64) + " " + word(v.unit)
	}
	m.add(line + "\n")
}

// failed notes a benchmark that has no result, and why.
func (m *made) failed(pkg, name, why string) {
	m.add(MarkFailed.text(dash, word(pkg), word(name), OneLine(why)))
}

// list adds what do makes of each element of a list, as elements finds it. One that is not as it
// should be is a benchmark that failed.
func (m *made) list(text []byte, key, what string, do func(element []byte) error) {
	err := elements(text, key, func(line int32, element []byte) error {
		m.number = line
		if err := do(element); err != nil {
			m.failed("", "", what+" that is none: "+err.Error())
		}
		return nil
	})
	if err != nil {
		m.failed("", "", what+" was expected: "+err.Error())
	}
}

// end returns the log and the numbers of its lines.
func (m *made) end() (out []byte, at []int32) {
	m.add("PASS\n")
	return m.out, m.at
}

// timeUnits are the names that tools have for units of time, in seconds.
var timeUnits = map[string]float64{
	"ns": 1e-9, "nsec": 1e-9, "nanosecond": 1e-9, "nanoseconds": 1e-9,
	"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6,
	"ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
	"s": 1, "sec": 1, "second": 1, "seconds": 1,
}

// based returns a value and its unit with times in seconds, where the unit is a time, a time by
// something (us/op) or something by a time (ops/ms); others as they are.
func based(value float64, unit string) metric {
	over, per, fraction := strings.Cut(unit, "/")
	if per == "iter" {
		per, unit = "op", over+"/op"
	}
	if factor, ok := timeUnits[over]; ok {
		if !fraction {
			return metric{scaled(value, factor), "sec/op"}
		}
		return metric{scaled(value, factor), "sec/" + per}
	}
	if factor, ok := timeUnits[per]; ok {
		return metric{value / factor, over + "/s"}
	}
	return metric{value, unit}
}

// scaled returns value·factor of a power of ten below one without the error that such a factor has.
func scaled(value, factor float64) float64 { return value / math.Round(1/factor) }

// isWhole reports whether a text is one JSON value that begins with open and has the words, which
// spares other texts the parsing.
func isWhole(text []byte, open byte, words ...string) bool {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != open {
		return false
	}
	for _, w := range words {
		if !bytes.Contains(text, []byte(`"`+w+`"`)) {
			return false
		}
	}
	return json.Valid(text)
}

// elements calls do for each element of the list that a JSON object has under key, or of the text
// itself where key is empty, with the number of the line where it begins. An element that is not as
// do wants it is an error, which ends it.
func elements(text []byte, key string, do func(line int32, element []byte) error) error {
	d := &lines{Decoder: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	if key != "" {
		if err := d.into(key); err != nil {
			return err
		}
	}
	return d.list(do)
}

// lines is a decoder that knows in which line it is.
type lines struct {
	*json.Decoder
	text []byte
	seen int // bytes of which the lines are counted
	line int32
}

var errShape = errors.New("it is not of that form")

// into goes on to the value of a key of the object that comes next.
func (d *lines) into(key string) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errShape, err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil || name == key {
			return err
		}
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return err
		}
	}
	return errShape
}

// list calls do for each element of the list that comes next.
func (d *lines) list(do func(line int32, element []byte) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(errShape, err)
	}
	for d.More() {
		line := d.here()
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return err
		}
		if err := do(line, element); err != nil {
			return err
		}
	}
	_, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// here returns the number of the line where the next element begins.
func (d *lines) here() int32 {
	at := int(d.InputOffset())
	for at < len(d.text) && bytes.IndexByte([]byte(" \t\r\n,:"), d.text[at]) >= 0 {
		at++
	}
	d.line += int32(bytes.Count(d.text[d.seen:at], []byte("\n")))
	d.seen = at
	return d.line
}

// moment returns a time that a tool wrote, with or without a zone; the zero time where it is none.
func moment(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil && at.UTC().Year() >= 1 {
			return at.UTC()
		}
	}
	return time.Time{}
}
