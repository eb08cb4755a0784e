package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/baseline"
)

// noisy returns what one process with -count prints: values that are not equal by chance.
func noisy(side string, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "side: %s\ngoos: linux\ngoarch: amd64\npkg: example.com/a\ncpu: X\n", side)
	for i, name := range []string{"A-8", "B-8"} {
		for k := range rounds {
			v := 400 + float64((len(side)*7919+i*104729+k*k*1299709+k*15485863)%100000)/1000
			fmt.Fprintf(&b, "Benchmark%s   \t%8d\t%10.3f ns/op\t%8d B/op\n", name, 1000+(k*7717+i*311)%997, v, 64)
		}
	}
	return b.String() + "PASS\nok  \texample.com/a\t1.234s\n"
}

// everyLine returns a text with each line that has a result changed.
func everyLine(text string, change func(line string) string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Benchmark") {
			lines[i] = change(line)
		}
	}
	return strings.Join(lines, "")
}

// TestCopiesInAnyFormCountOnce: the same results count once however they come again.
func TestCopiesInAnyFormCountOnce(t *testing.T) {
	text := noisy("base", 10) + noisy("head", 10)
	twice := func(line string) string { return line + line }
	once, err := merge(t, text)
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.Index(text, "side: head")
	for name, texts := range map[string][]string{
		"each line twice":                    {everyLine(text, twice)},
		"each line three times":              {everyLine(text, func(line string) string { return line + line + line })},
		"each line twice, once indented":     {everyLine(text, func(line string) string { return line + "  " + line })},
		"each line twice below its name":     {everyLine(text, func(line string) string { return "BenchmarkA\nBenchmarkA\n" + line + line })},
		"one side twice":                     {everyLine(text[:cut], twice) + text[cut:]},
		"a file with tabs made blanks":       {text, strings.ReplaceAll(text, "\t", "    ")},
		"behind it with other blanks":        {text + strings.ReplaceAll(text, "   \t", " ")},
		"the beginning of a process":         {text, text[:cut] + firstLines(text[cut:], 17)},
		"the beginning, cut within a line":   {text, text[:cut+700]},
		"the beginning in front of it":       {firstLines(text, 15) + "PASS\n", text},
		"each line twice, beside it plainly": {text, everyLine(text, twice)},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := merge(t, texts...)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "values", values(log), values(once))
			if !slices.ContainsFunc(log.Warnings, func(w baseline.Warning) bool { return w.Kind == baseline.Copied }) {
				t.Errorf("no warning says that results were there before: %v", log.Warnings)
			}
		})
	}
}

// values returns what each series has, in order of size.
func values(log baseline.Log) string {
	var b strings.Builder
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			fmt.Fprintln(&b, run.Side, s.Key, slices.Sorted(slices.Values(s.Values)))
		}
	}
	return b.String()
}

// firstLines returns the first n lines of a text.
func firstLines(text string, n int) string {
	return strings.Join(strings.SplitAfter(text, "\n")[:n], "")
}

// TestEqualByChanceIsNoCopy: results of few digits are equal without being copies.
func TestEqualByChanceIsNoCopy(t *testing.T) {
	var b strings.Builder
	for _, side := range []string{"base", "head"} {
		fmt.Fprintf(&b, "side: %s\npkg: example.com/a\n", side)
		for i := range 12 {
			fmt.Fprintf(&b, "BenchmarkA-8   \t1000000000\t         0.%d ns/op\n", 25+i%2)
		}
		b.WriteString("PASS\n")
	}
	log := read(t, b.String())
	for _, run := range log.Runs {
		for _, s := range run.Samples {
			equal(t, s.Key.Name, len(s.Values), 12)
		}
	}
}

// TestManyCopiesTakeSeconds: each copy is not held against all others.
func TestManyCopiesTakeSeconds(t *testing.T) {
	text := noisy("base", 40) + noisy("head", 40)
	log := read(t, strings.Repeat(text, 1500))
	equal(t, "values", values(log), values(read(t, text)))
}

// TestFailureBehindAMarkOfErrorsAlone: some systems mark nothing but the lines of errors.
func TestFailureBehindAMarkOfErrorsAlone(t *testing.T) {
	for _, front := range []string{"##[error]", "::error::", "::error file=x.go,line=3::", "2026-03-01T10:00:00.0000000Z ##[error]", "# stderr: ", "some words"} {
		for _, line := range []string{"FAIL\texample.com/b [build failed]", "FAIL\texample.com/b [setup failed]", "FAIL\texample.com/b\t0.012s", "--- FAIL: BenchmarkC"} {
			log := read(t, noisy("base", 6)+noisy("head", 6)+front+line+"\n")
			if len(log.Problems) != 1 {
				t.Errorf("%d problems of %q: %v", len(log.Problems), front+line, log.Problems)
			}
		}
	}
}
