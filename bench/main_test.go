package bench

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// roleVariable tells a copy of this binary that it is the peer of a benchmark.
const roleVariable = "REGRESS_BENCH_ROLE"

// units says which way the units of this suite improve; the format knows only
// those of the testing package.
const units = `Unit msg/s better=higher
Unit p50-latency-ns better=lower
Unit p95-latency-ns better=lower
Unit p99-latency-ns better=lower
Unit mean-latency-ns better=lower
Unit cpu-share better=lower
Unit private-bytes better=lower
Unit pss-bytes better=lower
Unit rss-bytes better=lower
Unit before-private-bytes better=lower
Unit before-rss-bytes better=lower
Unit peak-private-bytes better=lower
Unit peak-rss-bytes better=lower
Unit cycle-latency-ns better=lower
Unit leak-live-bytes better=lower
Unit leak-max-live-bytes better=lower
Unit leak-private-bytes better=lower
Unit leak-max-private-bytes better=lower
Unit leak-fds better=lower
Unit leak-max-fds better=lower
Unit leak-threads better=lower
Unit leak-max-threads better=lower
Unit leak-maps better=lower
Unit leak-max-maps better=lower
Unit scalability-factor better=higher
Unit wire-bytes better=lower assume=exact
`

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintf(os.Stderr, "bench: peer in role %s: %v\n", role, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if bench := flag.Lookup("test.bench"); bench != nil && bench.Value.String() != "" {
		fmt.Print(units)
	}
	code := m.Run()
	if work != "" {
		_ = os.RemoveAll(work)
	}
	os.Exit(code)
}

// work is the folder for what benchmarks of one process share, once workDir has made it.
var work string

func workDir() (dir string, err error) {
	if work == "" {
		work, err = os.MkdirTemp("", "regress-bench-")
	}
	return work, err
}

// limit bounds whatever a benchmark waits for: a peer that does not answer ends
// the benchmark and not the patience of CI.
const limit = 30 * time.Second

// bounded is the context of a benchmark's traffic.
func bounded(b testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.Context(), limit)
}

// roles are what a peer can be. Each serves one connection until its end.
var roles = map[string]func(context.Context, ipc.Conn) error{
	"sink":           sink,
	"reader":         reader,
	"copying reader": copyingReader,
	"echo":           echo,
	fixedEcho:        echo,
	"cycler":         cycler,
	"source":         source,
	"worker":         worker,
	"stage":          stage,
	"mesh":           exchanges,
}

func play(role string) error {
	if role == plainRole {
		return plainEcho()
	}
	run, ok := roles[role]
	if c := decodes(role); c != nil {
		run, ok = decoder(c), true
	}
	if !ok {
		return fmt.Errorf("no such role")
	}
	cfg := config("")
	if role == fixedEcho {
		cfg = fixed(cfg)
	}
	conn, err := transport.FromParent(cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	return run(context.Background(), conn)
}

// config is the same on both sides of every benchmark.
func config(mechanism ipc.Mechanism) ipc.Config {
	return ipc.Config{Mechanism: mechanism}
}

// self is this binary in a role.
func self(role string) (*exec.Cmd, error) {
	name, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(name)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// peer starts this binary in a role and returns the connection to it. When the
// benchmark ends, the peer must end by itself and without an error.
func peer(b testing.TB, role string, cfg ipc.Config) (ipc.Conn, *os.Process) {
	b.Helper()
	cmd, err := self(role)
	if err != nil {
		b.Fatal(err)
	}
	return child(b, cmd, cfg)
}

// child starts cmd and returns the connection to it. When the benchmark ends, the child must end
// by itself and without an error.
func child(b testing.TB, cmd *exec.Cmd, cfg ipc.Config) (ipc.Conn, *os.Process) {
	b.Helper()
	cmd.Stderr = os.Stderr
	conn, err := transport.Spawn(cmd, cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		ends(b, cmd)
	})
	return conn, cmd.Process
}

// ends waits for a process that must end by itself and without an error.
func ends(b testing.TB, cmd *exec.Cmd) {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			b.Errorf("peer: %v", err)
		}
	case <-time.After(limit):
		_ = cmd.Process.Kill()
		b.Errorf("peer did not end within %v of Close", limit)
	}
}

// reportRate reports how many messages and bytes went in the time that the benchmark took, a
// second.
func reportRate(b *testing.B, messages, bytes int) {
	b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "msg/s")
	reportBytes(b, bytes)
}

// reportBytes is the latter half of reportRate. SetBytes would do in most places, but keeps two
// decimals of a MB/s: of the small rates too few to tell that they repeat ns/op.
func reportBytes(b *testing.B, bytes int) {
	b.ReportMetric(float64(bytes)/b.Elapsed().Seconds(), "B/s")
}

// mechanisms are the transports that this platform has.
func mechanisms() []ipc.Mechanism { return transport.All() }

// sizes are those of the specification, as names and in bytes.
var sizes = []int{64, 256, 512, 1 << 10, 4 << 10, 1 << 20}

func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return strconv.Itoa(n>>20) + "MiB"
	case n >= 1<<10:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n) + "B"
}

// stamp writes the message's number at both ends: a lost, reordered or torn
// message shows, at a cost that does not grow with its size.
func stamp(p []byte, number uint64) {
	binary.LittleEndian.PutUint64(p[len(p)-8:], number)
	binary.LittleEndian.PutUint64(p, number)
}

// stamped checks what stamp wrote.
func stamped(p []byte, number uint64) error {
	if len(p) < 8 {
		return fmt.Errorf("message %d has %d bytes", number, len(p))
	}
	first, last := binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[len(p)-8:])
	if first != number || last != number {
		return fmt.Errorf("message %d arrived as %d…%d", number, first, last)
	}
	return nil
}
