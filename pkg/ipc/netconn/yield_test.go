package netconn_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/internal/cores"
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

// TestReadLetsOthersRun: what this goroutine has woken runs before Read waits with its processor,
// also what lets others run first, as gRPC's writer does.
func TestReadLetsOthersRun(t *testing.T) {
	if cores.Count() < 2 {
		t.Skip("with one processor the transport lets others run itself")
	}
	var ran atomic.Bool
	c := netconn.New(silent{waits: func() {
		if !ran.Load() {
			t.Error("Read waits with the processor that the woken goroutine needs")
		}
	}}, ipc.Shm)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	go func() { runtime.Gosched(); ran.Store(true) }()
	_, _ = c.Read(make([]byte, 1))
}
