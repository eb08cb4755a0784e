//go:build !linux

package ipctest

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/descartes/regress/pkg/ipc"
)

// queued returns 0: how long threads wait for a processor is not known here.
func queued() time.Duration { return 0 }

// scribbleMemory returns the error of a transport that is not here.
func scribbleMemory(context.Context, ipc.Conn, *tally, *rand.Rand) error { return ipc.ErrUnsupported }
