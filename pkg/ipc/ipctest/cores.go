package ipctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Round trips on one processor, and the processor time that they and the two processes' start
// may take in all. Who spins there until its time slice ends needs 8 ms a trip, who does not 5
// to 50 µs. Processor time does not grow with what else the machine does.
const (
	trips     = "1000"
	tripsCost = time.Second
)

// oneCore makes round trips with one processor, by the scheduler's count and by affinity. For a
// control group's quota see package transport, which has the whole of what a transport is made
// of.
func (tr Transport) oneCore(t *testing.T) {
	t.Run("GOMAXPROCS", func(t *testing.T) {
		cmd := command(tr, "pair", trips)
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
		runPair(t, cmd, cmd.Start)
	})
	t.Run("affinity", func(t *testing.T) {
		cmd := command(tr, "pair", trips)
		runPair(t, cmd, func() error { return startOnOne(t, cmd) })
	})
}

// runPair runs the pair of processes that cmd is, and checks what it prints.
func runPair(t *testing.T, cmd *exec.Cmd, start func() error) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	t.Logf("%s", out.Bytes())
}

// pair runs a parent and an echo child under whatever limits this process has: n round trips,
// and what they cost.
func pair(ctx context.Context, tr Transport, n int) error {
	cmd := command(tr, "echo", "")
	c, err := tr.Spawn(cmd, ipc.Config{})
	if err != nil {
		return err
	}
	var buf []byte
	for i := range uint64(n) {
		if err := c.Send(ctx, message(i, 64)); err != nil {
			return err
		}
		if buf, err = c.Recv(ctx, buf); err != nil {
			return err
		}
		if err := check(buf, i); err != nil {
			return err
		}
	}
	if err := errors.Join(c.Close(), cmd.Wait()); err != nil {
		return err
	}
	spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return err
	}
	spent += time.Duration(self.Utime.Nano() + self.Stime.Nano())
	if spent > tripsCost {
		return fmt.Errorf("%d round trips took %v of processor time, %v each, want at most %v in all", n, spent, spent/time.Duration(n), tripsCost)
	}
	fmt.Fprintf(os.Stderr, "%d round trips: %v of processor time\n", n, spent)
	return nil
}
