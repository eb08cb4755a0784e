package report

import (
	"fmt"
	"io"
	"testing"

	"github.com/descartes/regress/pkg/gate"
)

// BenchmarkText writes a report of 10,000 benchmarks in two units whole.
func BenchmarkText(b *testing.B) {
	var d gate.Decision
	for i := range 10_000 {
		name := fmt.Sprintf("Many/n=%d-2", i)
		d.Rows = append(d.Rows, unchanged(name, "sec/op", 1e-6, .02), unchanged(name, "B/op", 64, .02))
	}
	for b.Loop() {
		if err := Text(io.Discard, d, Options{All: true}); err != nil {
			b.Fatal(err)
		}
	}
}
