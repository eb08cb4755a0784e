package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkFile decides on a file of 30 runs a side and two units with regress and with
// benchstat, in processes of their own, and reports their memory at its highest:
//
//	go test -run '^$' -bench File -benchtime 1x -count 5 ./cmd/regress
func BenchmarkFile(b *testing.B) {
	stat := tool(b, "golang.org/x/perf/cmd/benchstat")
	regress := tool(b, "github.com/descartes/regress/cmd/regress")
	for _, n := range []int{1000, 10_000} {
		file := filepath.Join(b.TempDir(), "both.txt")
		if err := os.WriteFile(file, manyRuns(n), 0o644); err != nil {
			b.Fatal(err)
		}
		check := func(program string, args ...string) {
			b.Run(fmt.Sprintf("benchmarks=%d/program=%s", n, filepath.Base(program)), func(b *testing.B) {
				var peak int64
				for range b.N {
					cmd := exec.Command(program, args...)
					cmd.Dir = b.TempDir()
					out, err := cmd.StdoutPipe()
					if err == nil {
						err = cmd.Start()
					}
					if err != nil {
						b.Fatal(err)
					}
					written, _ := io.Copy(io.Discard, out)
					err = cmd.Wait()
					if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
						b.Fatal(err)
					}
					if written < int64(20*n) {
						b.Fatalf("%d bytes are no word on %d benchmarks", written, n)
					}
					peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
				}
				b.ReportMetric(float64(peak), "peak-bytes")
			})
		}
		check(regress, "compare", "--all", "--github=false", file)
		check(stat, "-col", "side", file)
	}
}

// manyRuns is 30 runs a side of n benchmarks with a noise of one per cent, every
// hundredth slower by a tenth at head, and a count of bytes.
func manyRuns(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	for _, side := range []string{"base", "head"} {
		fmt.Fprintf(&out, "side: %s\npkg: example.com/many\n", side)
		for range 30 {
			for i := range n {
				mean := 100 + float64(i)
				if side == "head" && i%100 == 0 {
					mean *= 1.1
				}
				fmt.Fprintf(&out, "BenchmarkMany/n=%d-2\t1000\t%.6f ns/op\t%d B/op\n", i, mean*(1+.01*random.NormFloat64()), 64*(i%7))
			}
		}
	}
	return out.Bytes()
}
