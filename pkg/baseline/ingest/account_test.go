package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

// FuzzAccount: every line of a text has a class, once, in order; and asking for it
// changes nothing of the log.
func FuzzAccount(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte(header + body))
	f.Add([]byte("side: base\n" + plain + "side: base\n" + plain + "BenchmarkX\n\n 1\t 2 ns/op\nUnit a b\n# x\nok  \tp\t1s\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if slices.ContainsFunc(text, func(c byte) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f }) || bytes.Contains(text, []byte("# file:")) || bytes.Contains(text, []byte(`"Action":`)) || ingest.IsFormat(text) {
			return // lines move, or belong to several files
		}
		entries, log, err := ingest.Account("f", bytes.NewReader(text))
		if err != nil && log.Files == nil {
			return
		}
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		lines := bytes.Count(text, []byte("\n"))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			lines++
		}
		for i, e := range entries {
			if e.Line != i+1 || e.Class == "" {
				t.Fatalf("entry %d is of line %d: %+v", i+1, e.Line, e)
			}
		}
		if len(entries) != lines {
			t.Fatalf("%d entries for %d lines", len(entries), lines)
		}
		plain, _ := ingest.Read("f", bytes.NewReader(text))
		if len(plain.Problems) != len(log.Problems) || len(plain.Warnings) != len(log.Warnings) || len(plain.Runs) != len(log.Runs) {
			t.Fatalf("read with an account there are %d problems, %d warnings and %d runs; without, %d, %d and %d",
				len(log.Problems), len(log.Warnings), len(log.Runs), len(plain.Problems), len(plain.Warnings), len(plain.Runs))
		}
	})
}

const plain = "pkg: p\nBenchmarkA-8   \t    1000\t     501.2 ns/op\nBenchmarkA-8   \t    1010\t     499.6 ns/op\nBenchmarkA-8   \t    1020\t     503.9 ns/op\nPASS\n"
