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
		{Transport: pipe.Transport, Wire: 1, Hello: frame.Hello, Version: len(frame.Hello) - 1},
		{Transport: unix.Transport, Addresses: true, Wire: 3, Hello: frame.Hello, Version: len(frame.Hello) - 1},
	}
	if runtime.GOOS == "linux" {
		all = append(all, ipctest.Transport{Transport: shm.Transport, Addresses: true, Wire: 3, Hello: "\x00rgishm\x02", Version: 7})
	}
	return all
}

func TestMain(m *testing.M) { ipctest.Main(m, transports()...) }

func TestTransportsConform(t *testing.T) {
	for _, tr := range transports() {
		t.Run(string(tr.Mechanism()), func(t *testing.T) { ipctest.Run(t, tr) })
	}
}
