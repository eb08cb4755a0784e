package suite

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// Result is one benchmark line as far as measuring must understand it.
type Result struct {
	Name    string  // without "Benchmark", with the -procs suffix: baseline.Key.Name
	NsPerOp float64 // 0 when the line has none
}

// ParseLine reads a result line. broken is set for a line that begins as one
// and is none: a log line that ran into it, a cut line.
func ParseLine(line string) (p Result, ok, broken bool) {
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "Benchmark") || fields[0] == "Benchmark" {
		return p, false, false
	}
	if !utf8.ValidString(line) {
		return p, false, true // no name that a pattern could select again
	}
	p.Name = strings.TrimPrefix(fields[0], "Benchmark")
	// A benchmark that panics can print 0 iterations and NaN, and end well.
	n, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || n <= 0 || len(fields) < 4 || len(fields)%2 != 0 {
		return p, false, true
	}
	for i := 2; i < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return p, false, true
		}
		if fields[i+1] == "ns/op" && value > 0 && !math.IsInf(value, 0) {
			p.NsPerOp = value
		}
	}
	return p, true, false
}

// SplitProcs takes the -procs suffix off a printed name: "A/b-2" → "A/b", 2.
func SplitProcs(name string) (string, int) {
	if bare, n := baseline.SplitProcs(name); n > 0 && bare != "" {
		return bare, n
	}
	return name, 1
}

// Exactly returns the -test.bench pattern of one benchmark. testing splits it at
// slashes and matches element by element; quoting keeps brackets, bars and
// slashes of the name from being read as more than they are.
func Exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// Without returns the -test.skip pattern of functions; empty when there are none.
func Without(functions []string) string {
	if len(functions) == 0 {
		return ""
	}
	quoted := make([]string, len(functions))
	for i, f := range functions {
		quoted[i] = regexp.QuoteMeta(f)
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}

// Benchtime returns the duration of a -benchtime value; 0 for a number of iterations ("100x").
func Benchtime(text string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(text, "x"); ok {
		if v, err := strconv.ParseInt(n, 10, 64); err == nil && v > 0 {
			return 0, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("read benchtime %q: want a duration such as 100ms, or a count such as 50x", text)
}

// FunctionLevel returns the expression that the part of a -bench pattern before the
// first slash stands for: it selects functions, what follows their
// sub-benchmarks. An empty pattern matches everything.
func FunctionLevel(pattern string) (*regexp.Regexp, error) {
	var first []string
	for _, alternative := range cut(pattern, '|') {
		first = append(first, "(?:"+cut(alternative, '/')[0]+")")
	}
	re, err := regexp.Compile(strings.Join(first, "|"))
	if err != nil {
		return nil, fmt.Errorf("read the benchmark pattern %q: %w", pattern, err)
	}
	return re, nil
}

// Deep reports whether a pattern selects among sub-benchmarks.
func Deep(pattern string) bool {
	for _, alternative := range cut(pattern, '|') {
		if len(cut(alternative, '/')) > 1 {
			return true
		}
	}
	return false
}

// cut splits a pattern at a character where, as testing has it, it stands
// outside of brackets.
func cut(pattern string, at byte) []string {
	var parts []string
	square, round, begin := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(0, square-1)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == at && square == 0 && round == 0:
			parts = append(parts, pattern[begin:i])
			begin = i + 1
		}
	}
	return append(parts, pattern[begin:])
}

// Salvage cuts off what a benchmark printed without a newline before its result line.
func Salvage(text, name string) string {
	if i := strings.LastIndex(text, name); i > 0 && name != "" && !strings.HasPrefix(text, name) {
		return text[i:]
	}
	return text
}

// UnitLine recognizes unit metadata: "Unit p95-latency-ns better=lower".
func UnitLine(text string) bool {
	fields := strings.Fields(text)
	if len(fields) < 3 || fields[0] != "Unit" {
		return false
	}
	return !slices.ContainsFunc(fields[2:], func(f string) bool { return !strings.Contains(f, "=") })
}
