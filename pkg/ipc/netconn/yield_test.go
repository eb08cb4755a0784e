package netconn_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/netconn"
)

// silent is a connection on which nothing comes. Its Peek waits without giving up its processor,
// as that of shared memory does for a while, and calls waits instead.
type silent struct {
	ipc.Conn
	ipc.Prober
	waits func()
}

// TryPeek implements ipc.Prober.
func (s silent) TryPeek() (p []byte, ok bool, err error) { return nil, false, nil }

// Peek implements ipc.Conn.
func (s silent) Peek(context.Context) ([]byte, error) {
	s.waits()
	return nil, ipc.ErrPeerClosed
}

// TestReadLetsOthersRun: what this goroutine has woken runs before Read waits with its processor.
func TestReadLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ran := false
	c := netconn.New(silent{waits: func() {
		if !ran {
			t.Error("Read waits with the processor that the woken goroutine needs")
		}
	}}, ipc.Shm)
	go func() { ran = true }()
	_, _ = c.Read(make([]byte, 1))
}
