package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/descartes/regress/bench/peers/internal/conns"
	"github.com/descartes/regress/bench/peers/internal/host"
)

// lines writes results in the format of Go benchmarks as they come.
type lines struct {
	out io.Writer
}

// begin writes what is the same for all results.
func (l lines) begin(machine []string) {
	fmt.Fprintf(l.out, "goos: %s\ngoarch: %s\ncpu: %s\npkg: github.com/descartes/regress/bench/peers\n", runtime.GOOS, runtime.GOARCH, host.CPU())
	for _, line := range machine {
		fmt.Fprintf(l.out, "# %s\n", line)
	}
	fmt.Fprint(l.out, "Unit msg/s better=higher\nUnit p50-latency-ns better=lower\nUnit p95-latency-ns better=lower\nUnit p99-latency-ns better=lower\nUnit encoded-bytes better=lower\n")
}

// round prints the beginning of a round.
func (l lines) round(n int, crossing time.Duration, load float64) {
	fmt.Fprintf(l.out, "# round: %d\n# a cache line crosses in %v, load %.2g\n", n, crossing, load)
}

// result prints a result.
func (l lines) result(name string, w work, r result) {
	title := map[string]string{
		trip: "Trip", flow: "Flow", gather: "Gather", fanIn: "FanIn",
		conns.Unary: "Unary", conns.Stream: "Stream", conns.Get: "Get", conns.Copy: "Copy",
	}[w.kind]
	size := strings.ReplaceAll(sizeName(w.size), " ", "")
	mode := ""
	if w.kind == gather || w.kind == fanIn {
		mode = fmt.Sprintf("/members=%d", w.batch)
	}
	if w.kind == flow {
		mode = "/mode=plain"
		if w.batch > 1 {
			mode = "/mode=batched"
		}
	}
	fmt.Fprintf(l.out, "Benchmark%s/peer=%s/size=%s%s-%d\t%d\t%s ns/op", title, name, size, mode, runtime.GOMAXPROCS(0), r.n, digits(float64(r.ns)/float64(r.n)))
	if timed(w.kind) {
		fmt.Fprintf(l.out, "\t%d p50-latency-ns\t%d p95-latency-ns\t%d p99-latency-ns", r.p50, r.p95, r.p99)
	} else {
		fmt.Fprintf(l.out, "\t%s MB/s\t%.0f msg/s", digits(rate(r)*float64(w.size)/1e6), rate(r))
	}
	if r.mallocs >= 0 {
		fmt.Fprintf(l.out, "\t%d allocs/op", r.mallocs/r.n)
	}
	fmt.Fprintln(l.out)
}

// problem prints what could not be measured.
func (l lines) problem(text string) {
	fmt.Fprintf(l.out, "# not measured: %s\n", strings.ReplaceAll(text, "\n", " "))
}
