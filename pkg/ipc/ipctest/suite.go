package ipctest

import (
	"context"
	"os/exec"
	"runtime"
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
	t.Run("close is bounded", tr.closeBounded)
	t.Run("peer dies", tr.peerDies)
	t.Run("back-pressure", tr.pressure)
	t.Run("too large", tr.tooLarge)
	t.Run("try to send", tr.trySend)
	t.Run("try to peek", tr.tryPeek)
	t.Run("watch", tr.watch)
	t.Run("watch beside close", tr.watchClosed)
	t.Run("listen", tr.listen)
	t.Run("stranger", tr.stranger)
	t.Run("hostile peer", tr.hostile)
	t.Run("batch", tr.batch)
	t.Run("batch limits", tr.batchLimits)
	t.Run("no allocation", tr.allocs)
	t.Run("kill", tr.kill)
	t.Run("a forked child", tr.forked)
	t.Run("one core", tr.oneCore)
	t.Run("churn", tr.churn)
	t.Run("descriptors run out", tr.exhaustion)
	t.Run("descriptors run out in the child", tr.childExhaustion)
	t.Run("shared", tr.shared)
}

// spawn starts a child in a role, and ends both when the test does.
func (tr Transport) spawn(t *testing.T, role, arg string, cfg ipc.Config) (ipc.Conn, *exec.Cmd) {
	t.Helper()
	return tr.spawnWith(t, role, arg, cfg, ipc.Config{})
}

// spawnWith does what spawn does where the child has a Config too.
func (tr Transport) spawnWith(t *testing.T, role, arg string, cfg, far ipc.Config) (ipc.Conn, *exec.Cmd) {
	t.Helper()
	cmd := command(tr, role, arg)
	configure(cmd, far)
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

// limited returns a context that ends after patience.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
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
