package config

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

// section is one table of the file. Its methods take a key, and remember that
// it is known; a value of the wrong kind is reported and left out.
type section struct {
	doc    *document
	path   string // "", "suite", "target[2]"
	values map[string]any
	seen   map[string]bool
}

func (d *document) add(path string, values map[string]any) *section {
	s := &section{doc: d, path: path, values: values, seen: map[string]bool{}}
	d.sections = append(d.sections, s)
	return s
}

func (d *document) top() *section { return d.add("", d.values) }

func (s *section) keys() []string { return slices.Sorted(maps.Keys(s.values)) }

func (s *section) has(key string) bool {
	_, ok := s.values[key]
	return ok
}

// line of a key, else of the section's own header. The empty key is the header.
func (s *section) line(key string) int {
	path := s.path
	if key != "" && path != "" {
		path += "."
	}
	path += key
	for _, path := range []string{path, s.path} {
		if line := s.doc.lines[path]; line > 0 {
			return line
		}
	}
	return 1
}

// mostQuoted bounds, in bytes, what an error repeats of the file.
const mostQuoted = 200

// clip returns text with its middle left out where it is too long to be repeated.
func clip(text string) string {
	if len(text) <= mostQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:mostQuoted/2]+"…"+text[len(text)-mostQuoted/4:], "")
}

func (s *section) wrong(key, format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = clip(text)
		}
	}
	s.doc.errs = append(s.doc.errs, &Error{File: s.doc.file, Line: s.line(key), Text: fmt.Sprintf(format, args...)})
}

func (s *section) require(keys ...string) {
	for _, key := range keys {
		if !s.has(key) {
			name, _, _ := strings.Cut(s.path, "[")
			s.wrong("", "this %s has no %s: %s", name, key, wanted[key])
		}
	}
}

// wanted is the remedy for a key that is missing.
var wanted = map[string]string{
	"name":      `say what it is called in the report, name = "event log latency"`,
	"benchmark": `say which benchmarks it is about, benchmark = "EventLog"`,
	"unit":      `say what it limits, unit = "ns/op"`,
	"choose":    `say which key of benchmark names has the values to choose from, choose = "transport"`,
	"by":        `say by which unit one is better, by = "ns/op"`,
	"of":        `say what gains, as in a benchmark name, of = "mode=batched"`,
	"over":      `say what it is compared with, over = "mode=plain"`,
	"series":    "say which series it accepts; the report prints the exact block",
	"ceiling":   `say how much is accepted at most, ceiling = "20%"`,
	"reason":    "say why this is acceptable, for whoever reads it next year",
	"handles":   `say who is told, handles = ["@name", "@group/team"]`,
	"url":       `say where to post, url = "https://example.com/hook"`,
	"expires":   "say until when it counts, expires = 2027-01-31; nothing is waived for ever",
}

// value returns what stands at key when it is a T; kind describes T.
func value[T any](s *section, key, kind string) (T, bool) {
	s.seen[key] = true
	v, ok := s.values[key]
	if !ok {
		return *new(T), false
	}
	typed, ok := v.(T)
	if !ok {
		s.wrong(key, "%s is %s: write %s", key, describe(v), kind)
	}
	return typed, ok
}

func describe(v any) string {
	switch v := v.(type) {
	case string:
		return "text"
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "a list of tables"
	}
	return "a list"
}

func (s *section) section(key string) *section {
	values, ok := value[map[string]any](s, key, "["+key+"]")
	if !ok {
		values = nil
	}
	return s.doc.add(key, values)
}

// list returns the elements of an array of tables.
func (s *section) list(key string) []*section {
	var tables []map[string]any
	if inline, ok := s.values[key].([]any); ok { // key = [{…}, {…}]
		for _, element := range inline {
			table, ok := element.(map[string]any)
			if !ok {
				s.wrong(key, "%s holds %s: write [[%s]]", key, describe(element), key)
				return nil
			}
			tables = append(tables, table)
		}
		s.seen[key] = true
	} else {
		tables, _ = value[[]map[string]any](s, key, "[["+key+"]], with double brackets")
	}
	out := make([]*section, len(tables))
	for i, table := range tables {
		out[i] = s.doc.add(fmt.Sprintf("%s[%d]", key, i), table)
	}
	return out
}

func (s *section) text(key string, to *string) bool {
	v, ok := value[string](s, key, `text in quotes, "…"`)
	if ok {
		*to = v
	}
	return ok
}

func (s *section) flag(key string, to *bool) bool {
	v, ok := value[bool](s, key, "true or false")
	if ok {
		*to = v
	}
	return ok
}

func (s *section) texts(key string, to *[]string) {
	list, ok := value[[]any](s, key, `a list, ["…", "…"]`)
	if !ok {
		return
	}
	out := make([]string, 0, len(list))
	for _, element := range list {
		text, ok := element.(string)
		if !ok || text == "" {
			s.wrong(key, `%s holds something that is no text: write a list, ["…", "…"]`, key)
			return
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		s.wrong(key, "%s is empty: name at least one, or leave the line out", key)
		return
	}
	*to = out
}

func (s *section) duration(key string, to *time.Duration) {
	var text string
	if _, number := s.values[key].(int64); number {
		s.wrong(key, `%s has no unit: write "%vs" or "%vm"`, key, s.values[key], s.values[key])
		s.seen[key] = true
		return
	}
	if !s.text(key, &text) {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		s.wrong(key, `%q is no time to measure in: write a duration, such as "90s" or "3m"`, text)
		return
	}
	*to = d
}

// share reads a relative figure: "5%" or 0.05. A bare number of 1 or more may
// mean either and is refused.
func (s *section) share(key string, to *float64) bool {
	s.seen[key] = true
	v, ok := s.values[key]
	if !ok {
		return false
	}
	var share float64
	switch v := v.(type) {
	case string:
		number, percent := strings.CutSuffix(v, "%")
		parsed, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !percent || math.IsInf(parsed, 0) {
			s.wrong(key, `%q is no share: write "5%%" or 0.05`, v)
			return false
		}
		share = parsed / 100
	case float64:
		share = v
	case int64:
		share = float64(v)
	default:
		s.wrong(key, `%s is %s: write "5%%" or 0.05`, key, describe(v))
		return false
	}
	if _, text := v.(string); !text && !(share < 1) {
		s.wrong(key, `%s = %v may mean %v %% or %v times: write "%v%%"`, key, v, v, v, v)
		return false
	}
	*to = share
	return true
}

func (s *section) pattern(key string) *regexp.Regexp {
	var text string
	if !s.text(key, &text) {
		return nil
	}
	return s.compile(key, text, text)
}

// compile reports an expression that does not compile, or that is empty and so
// would match everything.
func (s *section) compile(key, written, expression string) *regexp.Regexp {
	if written == "" {
		s.wrong(key, `%s is empty: write a regular expression; "." matches everything`, key)
		return nil
	}
	// What was written must stand on its own: "a)|(b" would escape the anchors.
	if _, err := regexp.Compile(written); err != nil {
		s.wrong(key, `%s is no regular expression: %v; in '…' a backslash is a backslash`, key, err)
		return nil
	}
	compiled, err := regexp.Compile(expression)
	if err != nil {
		s.wrong(key, "%s is no regular expression: %v", key, err)
		return nil
	}
	return compiled
}

// benchmark reads a pattern of "package.Name".
func (s *section) benchmark(key string) *regexp.Regexp {
	pattern := s.pattern(key)
	if pattern != nil && strings.Contains(pattern.String(), "Benchmark") {
		s.wrong(key, `series are named without "Benchmark": write %q`, strings.ReplaceAll(pattern.String(), "Benchmark", ""))
	}
	return pattern
}

// printed are the units that benchmarks print and nothing keeps, as parts of a pattern.
var printed = strings.NewReplacer("-ns", "-(?:ns|sec)", "ns/", "(?:ns|sec)/", "MB/s", "M?B/s")

// unitPattern reads a pattern of units, which may be written as the benchmark prints them, in any
// part of the pattern: ns/op is kept as sec/op.
func (s *section) unitPattern(key string) *regexp.Regexp {
	var text string
	if !s.text(key, &text) {
		return nil
	}
	alternatives := strings.Split(text, "|")
	for i, unit := range alternatives {
		if regexp.QuoteMeta(unit) == unit {
			alternatives[i], _ = ingest.Tidy(unit)
		}
	}
	return s.compile(key, text, `^(?:`+printed.Replace(strings.Join(alternatives, "|"))+`)$`)
}

// date reads the first instant of a day, UTC.
func (s *section) date(key string) time.Time {
	s.seen[key] = true
	const remedy = "write the first day on which it no longer counts, expires = 2027-01-31"
	switch v := s.values[key].(type) {
	case nil:
	case time.Time:
		if v.Year() > 1 { // a time of day alone is of year 0
			return time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC)
		}
		s.wrong(key, "%s is a time of day: %s", key, remedy)
	case string:
		day, err := time.Parse(time.DateOnly, v)
		if err == nil {
			return day
		}
		s.wrong(key, "%q is no date: %s", v, remedy)
	default:
		s.wrong(key, "%s is %s: %s", key, describe(v), remedy)
	}
	return time.Time{}
}
