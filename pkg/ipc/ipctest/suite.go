package ipctest

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// Run runs the suite on one transport.
func Run(t *testing.T, tr Transport) {
	t.Run("sizes", tr.sizes)
	t.Run("order", tr.order)
	t.Run("both ways at once", tr.duplex)
	t.Run("context", tr.context)
	t.Run("timeout", tr.timeout)
	t.Run("close wakes", tr.closeWakes)
	t.Run("close is told", tr.closeTold)
	t.Run("peer dies", tr.peerDies)
	t.Run("back-pressure", tr.pressure)
	t.Run("too large", tr.tooLarge)
	t.Run("try to send", tr.trySend)
	t.Run("try to peek", tr.tryPeek)
	t.Run("watch", tr.watch)
	t.Run("watch beside close", tr.watchClosed)
	t.Run("listen", tr.listen)
	t.Run("stranger", tr.stranger)
	t.Run("batch", tr.batch)
	t.Run("no allocation", tr.allocs)
	t.Run("kill", tr.kill)
	t.Run("one core", tr.oneCore)
	t.Run("churn", tr.churn)
	t.Run("descriptors run out", tr.exhaustion)
	t.Run("shared", tr.shared)
}

// spawn starts a child in a role, and ends both when the test does.
func (tr Transport) spawn(t *testing.T, role, arg string, cfg ipc.Config) (ipc.Conn, *exec.Cmd) {
	t.Helper()
	cmd := command(tr, role, arg)
	c, err := tr.Spawn(cmd, cfg)
	if err != nil {
		t.Fatalf("spawn %s: %v", role, err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return c, cmd
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// repeat is how often a test of many repetitions makes them, and until when at the most: 40 s, so that a machine that has
// other work ends as well. A variable that asks for a number gets it, however long it takes.
func repeat(variable string, usual int) (n int, until time.Time) {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n, time.Now().Add(24 * time.Hour)
	}
	return usual, time.Now().Add(40 * time.Second)
}

// within runs f and fails when it takes longer than d.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		buf := make([]byte, 1<<16)
		t.Fatalf("%s: not after %v\n%s", what, d, buf[:runtime.Stack(buf, true)])
	}
}
