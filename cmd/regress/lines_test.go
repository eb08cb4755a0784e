package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/report"
	"github.com/descartes/regress/pkg/baseline/ingest"
	"github.com/descartes/regress/pkg/gate"
)

// results returns six lines of a benchmark as go test prints them.
func results(seed uint64, name string, mean float64, extra string) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "Benchmark%s-8   \t    %d\t   %9.1f ns/op%s\n", name, 1000+7*i, mean*(1+.004*(r.Float64()-.5)), extra)
	}
	return b.String()
}

const (
	machineLines = "goos: linux\ngoarch: amd64\npkg: example.com/a\ncpu: Example CPU\n"
	wellEnded    = "PASS\nok  \texample.com/a\t1.031s\n"
	badlyEnded   = "FAIL\nexit status 1\nFAIL\texample.com/a\t1.013s\nFAIL\n"
)

// failing are texts that are red, or undecided since head is broken.
func failing() map[string]string {
	base := "side: base\n" + machineLines + results(1, "A", 500, "") + results(2, "B", 90, "\t  16 B/op\t  1 allocs/op") + wellEnded
	head := func(rest string) string {
		return base + "side: head\n" + machineLines + results(3, "A", 500, "") + rest
	}
	good := results(4, "B", 90, "\t  16 B/op\t  1 allocs/op")
	bare := strings.NewReplacer("goos: linux\n", "", "goarch: amd64\n", "", "pkg: example.com/a\n", "", "cpu: Example CPU\n", "")
	return map[string]string{
		"slower":     head(results(4, "B", 135, "\t  16 B/op\t  1 allocs/op") + wellEnded),
		"allocates":  head(results(4, "B", 90, "\t  32 B/op\t  2 allocs/op") + wellEnded),
		"failed":     head("--- FAIL: BenchmarkB\n    x_test.go:9: boom\n" + badlyEnded),
		"more fail":  head(good + "--- FAIL: BenchmarkC\n    x_test.go:9: boom\n" + badlyEnded),
		"panic":      head(good + "BenchmarkC-8   \tpanic: boom\n\ngoroutine 7 [running]:\nexample.com/a.BenchmarkC(0xc000)\n\t/x/a_test.go:9 +0x1d\nexit status 2\nFAIL\texample.com/a\t1.013s\nFAIL\n"),
		"exit":       head(good + "exit status 3\nFAIL\texample.com/a\t1.013s\nFAIL\n"),
		"not built":  head(good + wellEnded + "# example.com/b\n./b.go:3: undefined: x\nFAIL\texample.com/b [build failed]\nFAIL\n"),
		"missing":    head(wellEnded),
		"coarse":     head(strings.ReplaceAll(results(4, "B", 90, "\t  16 B/op"), " ns/op", " x/op") + wellEnded),
		"no package": bare.Replace(head(results(4, "B", 135, "") + wellEnded)),
		"v":          strings.ReplaceAll(head("BenchmarkB\n"+results(4, "B", 135, "")+wellEnded), "cpu: Example CPU\n", "cpu: Example CPU\nBenchmarkA\n"),
	}
}

// judge decides on a text; said is everything that a reader is told beside the outcome.
func judge(text string) (outcome gate.Outcome, said []string) {
	log, err := ingest.Read("f.txt", strings.NewReader(text))
	if err != nil {
		return gate.Undecided, []string{err.Error()}
	}
	d := gate.Decide(gate.Input{Log: log})
	for _, w := range log.Warnings {
		said = append(said, report.WarningText(w))
	}
	for _, p := range log.Problems {
		said = append(said, report.ProblemText(p))
	}
	return d.Outcome, said
}

// quietPass fails the test where a text that is no pass has become one, and
// nothing was said of it.
func quietPass(t *testing.T, what, text string, before []string) {
	t.Helper()
	outcome, said := judge(text)
	if outcome != gate.Pass {
		return
	}
	for _, s := range said {
		if !slices.Contains(before, s) {
			return
		}
	}
	t.Errorf("%s: a pass, and no word of it; said %q", what, said)
}

// TestNoLineTurnsFailIntoPass: whatever happens to one line of a text that fails,
// or to what stands in front of all, it does not pass without a word.
func TestNoLineTurnsFailIntoPass(t *testing.T) {
	fronts := []string{
		"2026-03-01T10:00:00.0000000Z ", "bench\tRun go test\t2026-03-01T10:00:00.0000000Z ", "2026-03-01T10:00:00.123456Z 00O ",
		"[2026-03-01T10:00:00.123Z] ", "[10:00:00] ", "10:00:00.123 | ", "bench-1  | ", "[pod/bench-7f/go] ", "\x1b[36m", "\x16", "\x1b_bk;t=1700000000\x07",
		"worker7: ", "  ", "> ", "\x1b[8mha:////4abc=\x1b[0m", "2026/03/01 10:00:00 ", "Mar 01 10:00:00 host go[12]: ",
	}
	for name, text := range failing() {
		t.Run(name, func(t *testing.T) {
			outcome, said := judge(text)
			if outcome == gate.Pass {
				t.Fatalf("it passes as it is: %q", said)
			}
			lines := strings.SplitAfter(text, "\n")
			for i, line := range lines {
				without := strings.Join(slices.Concat(lines[:i], lines[i+1:]), "")
				quietPass(t, fmt.Sprintf("line %d gone, %q", i+1, line), without, said)
				quietPass(t, fmt.Sprintf("line %d twice, %q", i+1, line), strings.Join(slices.Insert(slices.Clone(lines), i, line), ""), said)
			}
			for at := range len(text) {
				if strings.HasSuffix(text[:at], wellEnded) {
					continue // the whole output of another run
				}
				quietPass(t, fmt.Sprintf("cut behind %q", text[max(0, at-30):at]), text[:at], said)
			}
			for _, front := range fronts {
				quietPass(t, fmt.Sprintf("%q in front of all", front), front+strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+front)+"\n", said)
				at := strings.Index(text, "side: head\n") + len("side: head\n")
				quietPass(t, fmt.Sprintf("%q in front of head", front), text[:at]+front+strings.ReplaceAll(strings.TrimSuffix(text[at:], "\n"), "\n", "\n"+front)+"\n", said)
			}
			quietPass(t, "given twice", text+text, said)
		})
	}
}

// FuzzNoLineTurnsFailIntoPass draws what is taken out, doubled and put in front.
func FuzzNoLineTurnsFailIntoPass(f *testing.F) {
	f.Add("slower", 3, uint8(0), "2026-03-01T10:00:00Z ")
	f.Add("panic", 40, uint8(1), "x | ")
	f.Add("failed", 20, uint8(2), "\x1b[1m")
	f.Add("more fail", 700, uint8(3), "a 1 b")
	texts := failing()
	f.Fuzz(func(t *testing.T, name string, at int, how uint8, front string) {
		text, known := texts[name]
		if !known || at < 0 || len(front) > 200 || strings.ContainsAny(front, "\n\r") || strings.HasPrefix(front, "#") {
			return // a comment is none of the text
		}
		_, said := judge(text)
		lines := strings.SplitAfter(text, "\n")
		i := at % len(lines)
		switch how % 4 {
		case 0:
			text = strings.Join(slices.Concat(lines[:i], lines[i+1:]), "")
		case 1:
			text = strings.Join(slices.Insert(slices.Clone(lines), i, lines[i]), "")
		case 2:
			text = text[:at%len(text)]
		case 3:
			text = front + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+front) + "\n"
		}
		quietPass(t, fmt.Sprintf("%s, %d, %d, %q", name, at, how%4, front), text, said)
	})
}
