package ingest_test

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/descartes/regress/pkg/baseline/ingest"
)

// large is a log of two sides in two units.
func large(benchmarks, rounds int) []byte {
	var b bytes.Buffer
	b.WriteString("regress-log: 1\nproject: x\ngoos: linux\ngoarch: amd64\ncpu: A\n")
	for round := range rounds {
		for _, side := range []string{"base", "head"} {
			fmt.Fprintf(&b, "side: %s\n# round: %d\npkg: example.com/x/bench\n", side, round+1)
			for i := range benchmarks {
				fmt.Fprintf(&b, "BenchmarkPingPong/transport=shm/case=%d-2   \t%8d\t      %6.1f ns/op\t     %4d B/op\n", i, 1000+i, 100+float64(i%997)/7, i%500)
			}
		}
	}
	return b.Bytes()
}

// BenchmarkRead reads a log of 60,000 lines, beside what benchfmt alone takes
// to parse them and throw them away.
func BenchmarkRead(b *testing.B) {
	text := large(1000, 30)
	b.Run("by=ingest", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			log, err := ingest.Read("x", bytes.NewReader(text))
			if err != nil || len(log.Runs) != 2 || len(log.Runs[0].Samples) != 2000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=benchfmt", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for r := benchfmt.NewReader(bytes.NewReader(text), "x"); r.Scan(); n++ {
			}
			if n != 60_000 {
				b.Fatal(n)
			}
		}
	})
}
