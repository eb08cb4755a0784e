package ipctest_test

import (
	"runtime"
	"testing"

	"github.com/descartes/regress/pkg/ipc/internal/frame"
	"github.com/descartes/regress/pkg/ipc/ipctest"
	"github.com/descartes/regress/pkg/ipc/pipe"
	"github.com/descartes/regress/pkg/ipc/shm"
	"github.com/descartes/regress/pkg/ipc/unix"
)

func transports() []ipctest.Transport {
	all := []ipctest.Transport{
		{Name: "pipe", Spawn: pipe.Spawn, FromParent: pipe.FromParent, Wire: 1, Hello: frame.Hello, Version: len(frame.Hello) - 1},
		{Name: "unix", Spawn: unix.Spawn, FromParent: unix.FromParent, Listen: unix.Listen, Dial: unix.Dial, Wire: 3, Hello: frame.Hello, Version: len(frame.Hello) - 1},
	}
	if runtime.GOOS == "linux" {
		all = append(all, ipctest.Transport{
			Name: "shm", Spawn: shm.Spawn, FromParent: shm.FromParent, Listen: shm.Listen, Dial: shm.Dial, Wire: 3,
			Hello: "\x00rgishm\x01", Version: 7,
		})
	}
	return all
}

func TestMain(m *testing.M) { ipctest.Main(m, transports()...) }

func TestTransports(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.Name, func(t *testing.T) { ipctest.Run(t, tr) })
	}
}
