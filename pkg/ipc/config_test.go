package ipc_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

func TestConfigDefaults(t *testing.T) {
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
	for s, want := range map[ipc.Sync]string{ipc.SyncAdaptive: "adaptive", ipc.SyncSpin: "spin", ipc.SyncPark: "park", 9: "Sync(9)"} {
		if s.String() != want {
			t.Errorf("%d is %q, want %q", s, s.String(), want)
		}
	}
}

// TestBadConfigIsNamed: the error names the field, its value and what it may be, in whatever
// transport it is noticed.
func TestBadConfigIsNamed(t *testing.T) {
	bad := func(c ipc.Config, field, value, want string) {
		t.Helper()
		said := "ipc config: " + field + " is " + value
		if _, err := c.WithDefaults(); err == nil || !strings.HasPrefix(err.Error(), said) || !strings.Contains(err.Error(), "want "+want) {
			t.Errorf("%+v: %v, want %s …, want %s", c, err, said, want)
		}
		path := filepath.Join(t.TempDir(), "s")
		for _, mechanism := range transport.All() {
			if field != "Mechanism" {
				c.Mechanism = mechanism
			}
			spawned, err := transport.Spawn(exec.Command("true"), c)
			_, listen := transport.Listen(path, c)
			_, dial := transport.Dial(t.Context(), path, c)
			if spawned != nil {
				t.Errorf("%+v: a connection", c)
			}
			for _, err := range []error{err, listen, dial} {
				if err == nil || !strings.Contains(err.Error(), field+" is "+value) {
					t.Errorf("%+v: %v, want %s is %s", c, err, field, value)
				}
			}
		}
	}
	bad(ipc.Config{Mechanism: "pigeon"}, "Mechanism", `"pigeon"`, "pipe, unix or shm")
	bad(ipc.Config{Buffer: 1}, "Buffer", "1 bytes", "4096 to 134217728")
	bad(ipc.Config{Buffer: -1}, "Buffer", "-1 bytes", "4096 to 134217728")
	bad(ipc.Config{Buffer: 1 << 30}, "Buffer", "1073741824 bytes", "4096 to 134217728")
	bad(ipc.Config{Buffer: 128 << 10, MaxBuffer: 64 << 10}, "MaxBuffer", "65536 bytes", "131072 (Buffer) to 134217728")
	bad(ipc.Config{MaxBuffer: 1 << 28}, "MaxBuffer", "268435456 bytes", "65536 (Buffer) to 134217728")
	bad(ipc.Config{MaxMessage: -1}, "MaxMessage", "-1 bytes", "1 to 1073741824")
	bad(ipc.Config{MaxMessage: 1<<30 + 1}, "MaxMessage", "1073741825 bytes", "1 to 1073741824")
	bad(ipc.Config{Timeout: -time.Second}, "Timeout", "-1s", "0 (none) or more")
	bad(ipc.Config{Sync: 7}, "Sync", "Sync(7)", "adaptive, spin or park")
	bad(ipc.Config{Sync: -1}, "Sync", "Sync(-1)", "adaptive, spin or park")
	bad(ipc.Config{Batch: ipc.Batch{Count: -1}}, "Batch.Count", "-1", "0 (no limit) or more")
	bad(ipc.Config{Batch: ipc.Batch{Bytes: -1}}, "Batch.Bytes", "-1", "0 (a quarter of Buffer) or more")
}

// TestMechanismIsHonoured: each transport takes its own name or none, and refuses another's.
func TestMechanismIsHonoured(t *testing.T) {
	for _, own := range transport.All() {
		tr, err := transport.Of(own)
		if err != nil || tr.Mechanism() != own {
			t.Fatalf("the transport %q is %v, %v", own, tr, err)
		}
		for _, name := range append(transport.All(), "") {
			_, err := tr.FromParent(ipc.Config{Mechanism: name}) // which this process does not have
			if allowed := name == own || name == ""; errors.Is(err, ipc.ErrNoParent) != allowed {
				t.Errorf("%s with Mechanism %q: %v", own, name, err)
			}
		}
	}
	if tr, err := transport.Of("pigeon"); tr != nil || err == nil || !strings.Contains(err.Error(), `"pigeon"`) {
		t.Errorf("a transport of pigeons: %v, %v", tr, err)
	}
}
