package ingest

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/descartes/regress/pkg/baseline"
)

// This file has what lines look like: of go test, of what runs it, and of the benchmarks in it.

// knownNoise is what go test and gotestsum print besides, and says nothing about
// a benchmark.
var knownNoise = regexp.MustCompile(`^(?:coverage: \d|coverage: \[no statements\]|=== |--- (?:PASS|BENCH): |\?   \t|testing: warning: |DONE \d|ok  \t|PASS|no test files|go: (?:downloading|finding|extracting) )`)

// benchmarkPrefix begins the name of every benchmark.
var benchmarkPrefix = []byte("Benchmark")

// isName reports whether what follows "Benchmark" can belong to the name of a
// benchmark function: go test takes what does not go on in lower case.
func isName(after []byte) bool {
	if len(after) == 0 {
		return true
	}
	c, _ := utf8.DecodeRune(after)
	return c == '_' || c == '-' || c == '/' || unicode.IsSpace(c) || unicode.IsDigit(c) || unicode.IsLetter(c) && !unicode.IsLower(c)
}

// buildErrors stands above the errors of a package that did not build; go test says
// FAIL of it below.
var buildErrors = regexp.MustCompile(`^# [\w.-]+(?:/\S+)+(?: \[\S+\])?$`)

// bazelLabel is what bazel puts above the output of a test.
var bazelLabel = regexp.MustCompile(`^=+ Test output for (@?@?\S*//\S+?)(?: \(.*\))?:$`)

var (
	// inStack is a benchmark function in a goroutine's stack:
	// "example.com/x.BenchmarkY.func1(0x1…)".
	inStack = regexp.MustCompile(`^[^\s(]*\.Benchmark([^\s(.]*)[^\s(]*\(`)
	// logLine is what b.Log, b.Fatal and b.Skip print.
	logLine = regexp.MustCompile(`^\s+\S+\.go:\d+: `)
	// glued is a result behind output that did not end in a new line: "loadingBenchmarkX-2   \t
	// 100\t 12 ns/op".
	glued = regexp.MustCompile(`^.+(Benchmark[^\sa-z]\S*) *\t`)
)

// What testing prints after the name: iterations, value, unit, and further
// pairs, as a line of its own or behind output without a new line. There, digits
// of that output may run into the iterations, and nothing depends on these.
var (
	numbersTail = regexp.MustCompile(`\d+\t\s*[-+.\w]+ \S+(\t\s*[-+.\w]+ \S+)*\s*$`)
	numbersLine = regexp.MustCompile(`^\s*` + numbersTail.String())
)

// functionName reports whether a function can have the name in front of the first slash.
func functionName(name string) bool {
	name, _, _ = strings.Cut(name, "/")
	name, _ = baseline.SplitProcs(name)
	return strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != utf8.RuneError
	}) < 0
}

// looksMeasured reports whether what follows a name could be a result that other
// output ran into, rather than a sentence: a count, or a metric by something.
func looksMeasured(rest []byte) bool {
	return len(rest) > 0 && rest[0] == '\t' || isCount(rest) || bytes.Contains(rest, []byte("/op"))
}

// countLine is what follows a name when numbers do: iterations and a tab.
var countLine = regexp.MustCompile(`^\t\s*\d+\s*(\t|$)`)

var (
	// failedBehind is a failure behind other output on its line.
	failedBehind = regexp.MustCompile(`(?:--- FAIL: Benchmark|FAIL\t\S+(?:\t[\d.]+s| \[[^\]]+\])$).*`)
	// resultBehind looks like a result in a line that is none: in a table, behind a word.
	resultBehind = regexp.MustCompile(`Benchmark[^\sa-z]\S*[\s|]+\d+[\s|]+[\d.]+ \S+/op`)
)

// isCount reports whether a line goes on with a number of iterations.
func isCount(line []byte) bool {
	fields := bytes.Fields(line)
	return len(fields) == 0 || len(bytes.Trim(fields[0], "0123456789")) == 0
}

// clip shortens a line for a message.
func clip(line []byte) []byte {
	const most = 120
	if len(line) > most {
		return append(bytes.Clone(line[:most]), "…"...)
	}
	return line
}
