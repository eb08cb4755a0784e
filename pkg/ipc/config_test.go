package ipc_test

import (
	"testing"

	"github.com/descartes/regress/pkg/ipc"
)

func TestConfig(t *testing.T) {
	good := func(c ipc.Config) ipc.Config {
		t.Helper()
		d, err := c.WithDefaults()
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if again, err := d.WithDefaults(); err != nil || again != d {
			t.Errorf("%+v: filled in twice it is %+v, %v", d, again, err)
		}
		return d
	}
	bad := func(c ipc.Config) {
		t.Helper()
		if _, err := c.WithDefaults(); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	d := good(ipc.Config{})
	if d.Buffer != 64<<10 || d.MaxBuffer != 4<<20 || d.MaxMessage != 64<<20 || d.Batch.Enabled() {
		t.Errorf("the defaults are %+v", d)
	}
	if d = good(ipc.Config{Fixed: true}); d.MaxBuffer != d.Buffer {
		t.Errorf("a fixed buffer of %d may grow to %d", d.Buffer, d.MaxBuffer)
	}
	if d = good(ipc.Config{Buffer: 8 << 20}); d.MaxBuffer != 8<<20 {
		t.Errorf("a buffer of 8 MiB may grow to %d", d.MaxBuffer)
	}
	if d = good(ipc.Config{Batch: ipc.Batch{Count: 9}}); d.Batch.Bytes != 16<<10 || d.Batch.Delay != ipc.DefaultDelay {
		t.Errorf("the batch is %+v", d.Batch)
	}
	if d = good(ipc.Config{Batch: ipc.Batch{Count: 9, Delay: -1, Bytes: 1 << 30}}); d.Batch.Bytes > d.Buffer/2 {
		t.Errorf("a batch of %d bytes does not fit a buffer of %d", d.Batch.Bytes, d.Buffer)
	}
	for _, c := range []ipc.Config{
		{Buffer: 1},
		{Buffer: -1},
		{Buffer: 1 << 30},
		{Buffer: 128 << 10, MaxBuffer: 64 << 10},
		{MaxMessage: -1},
		{MaxMessage: 1<<30 + 1},
		{Timeout: -1},
		{Sync: 7},
		{Batch: ipc.Batch{Count: -1}},
	} {
		bad(c)
	}
	for s, want := range map[ipc.Sync]string{ipc.SyncAdaptive: "adaptive", ipc.SyncSpin: "spin", ipc.SyncPark: "park", 9: "Sync(9)"} {
		if s.String() != want {
			t.Errorf("%d is %q, want %q", s, s.String(), want)
		}
	}
}
