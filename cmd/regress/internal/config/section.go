package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// document is a parsed file and what is wrong with it so far.
type document struct {
	file     string
	values   map[string]any
	lines    map[string]int
	errs     []*Error
	sections []*section
}

// Note: the library can fill structs and list the keys it did not use
// (MetaData.Undecoded), but it forgets which element of an array of tables a
// key stood in, stops at the first error, and gives the line of the last
// element for all. Reading the tables by hand costs the few methods below.
func parse(file string, data []byte) (*document, error) {
	values := map[string]any{}
	meta, err := toml.Decode(string(data), &values)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			text := syntax.Message
			if remedy := wanted[syntax.LastKey[strings.LastIndexByte(syntax.LastKey, '.')+1:]]; remedy != "" {
				text += ": " + remedy // the block that the report prints leaves open what a person must fill in
			}
			return nil, &Error{File: file, Line: max(1, syntax.Position.Line), Text: text}
		}
		return nil, &Error{File: file, Text: err.Error()}
	}
	return &document{file: file, values: values, lines: keyLines(string(data), meta)}, nil
}

// finish reports the keys that nobody asked for, and returns all errors in
// order of line.
func (d *document) finish() error {
	for _, s := range d.sections {
		known := slices.Sorted(maps.Keys(s.seen))
		for _, key := range s.keys() {
			if s.seen[key] {
				continue
			}
			if near := nearest(key, known); near != "" {
				s.wrong(key, "unknown key %q: did you mean %q?", key, near)
			} else {
				s.wrong(key, "unknown key %q: known here are %s", key, strings.Join(known, ", "))
			}
		}
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	joined := make([]error, len(d.errs))
	for i, err := range d.errs {
		joined[i] = err
	}
	return errors.Join(joined...)
}

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
	// The elements of target = [{…}, {…}] share their paths: the first stands for all.
	array, _, _ := strings.Cut(s.path, "[")
	for _, path := range []string{path, array + "." + key, s.path, array} {
		if line := s.doc.lines[path]; line > 0 {
			return line
		}
	}
	return 1
}

func (s *section) wrong(key, format string, args ...any) {
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
	"series":    "say which series it accepts; the report prints the exact block",
	"ceiling":   `say how much is accepted at most, ceiling = "20%"`,
	"reason":    "say why this is acceptable, for whoever reads it next year",
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

// unitPattern reads a pattern of units. A plain unit, also as an alternative,
// may be written as the benchmark prints it: ns/op is kept as sec/op.
func (s *section) unitPattern(key string) *regexp.Regexp {
	var text string
	if !s.text(key, &text) {
		return nil
	}
	alternatives := strings.Split(text, "|")
	for i, unit := range alternatives {
		if regexp.QuoteMeta(unit) == unit {
			alternatives[i], _ = tidy(unit)
		}
	}
	return s.compile(key, text, `^(?:`+strings.Join(alternatives, "|")+`)$`)
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

// nearest returns the known word that a misspelt one was most likely meant to
// be, or nothing: at most a third of its letters may differ.
func nearest(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, candidate := range known {
		if d := distance(strings.ToLower(word), candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes, a swap of neighbours counting as one.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64 // no word of ours is as long
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		two, one, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		rows = [3][]int{one, row, two}
	}
	return rows[1][len(b)]
}
