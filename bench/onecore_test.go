package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

// onOneCore are benchmarks of this suite that run again where all processes share one processor,
// and how many operations of each, ten times as many over shared memory: as many as take longer
// than the turns that all processes have on it, in which messages arrive in bursts, and than the
// first milliseconds, in which the runtimes of 17 processes wake up.
var onOneCore = []struct {
	name, again string
	operations  int
}{
	{"pattern=round-trip/transport=%s/members=1", "PingPong$/transport=%s$/size=64B$", 3000},
	{"pattern=fan-in/transport=%s/members=1", "Concurrent$/pattern=fan-in$/transport=%s$/members=1$", 100_000},
	{"pattern=fan-in/transport=%s/members=16", "Concurrent$/pattern=fan-in$/transport=%s$/members=16$", 100_000},
	{"pattern=gather/transport=%s/members=4", "Concurrent$/pattern=gather$/transport=%s$/members=4$", 2000},
}

// BenchmarkOneCore runs benchmarks of this suite again in a process that is bound to one
// processor, as are all that it starts: where a side that spins takes the time that the other
// needs to answer. An operation is one such run; what is reported is what the run says.
func BenchmarkOneCore(b *testing.B) {
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		b.Skip("no taskset(1): a process cannot be bound to a processor here")
	}
	for _, mechanism := range mechanisms() {
		for _, one := range onOneCore {
			if mechanism == ipc.Shm {
				one.operations *= 10
			}
			b.Run(fmt.Sprintf(one.name, mechanism), func(b *testing.B) {
				ctx, cancel := bounded(b)
				defer cancel()
				var said map[string]float64
				for b.Loop() {
					if said, err = again(ctx, taskset, "^Benchmark"+fmt.Sprintf(one.again, mechanism), one.operations); err != nil {
						b.Fatal(err)
					}
				}
				for unit, value := range said {
					b.ReportMetric(value, unit)
				}
			})
		}
	}
}

// again runs one benchmark of this binary on processor 0 and returns its values by unit.
func again(ctx context.Context, taskset, bench string, operations int) (map[string]float64, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, taskset, "-c", "0", self, "-test.run=^$", "-test.bench="+bench, fmt.Sprintf("-test.benchtime=%dx", operations))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s on one processor: %w\n%s", bench, err, text.Bytes())
	}
	said := map[string]float64{}
	for line := range strings.Lines(text.String()) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		if len(said) > 0 {
			return nil, fmt.Errorf("%s is more than one benchmark:\n%s", bench, text.Bytes())
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if said[fields[i+1]], err = strconv.ParseFloat(fields[i], 64); err != nil {
				return nil, fmt.Errorf("%s on one processor: %w", bench, err)
			}
		}
	}
	if len(said) == 0 {
		return nil, fmt.Errorf("%s on one processor printed no result:\n%s", bench, text.Bytes())
	}
	return said, nil
}
