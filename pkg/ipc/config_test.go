package ipc_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/codec"
	"github.com/descartes/regress/pkg/ipc/transport"
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

// TestBadConfig: the error names the field, its value and what it may be, in whatever transport it is noticed.
func TestBadConfig(t *testing.T) {
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
				if err == nil || !strings.Contains(err.Error(), field+" is "+value) && c.Mechanism != ipc.Pipe {
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
	for _, format := range []string{"xml", "JSON", " json", "json ", "json+", "+s2", "s2", "json+gzip", "json+s2+zstd", "+", "bincode"} {
		bad(ipc.Config{Format: format}, "Format", strconv.Quote(format), "one of "+strings.Join(codec.Names(), ", "))
		if c, err := codec.ByName(format, 0); c != nil || err == nil || !strings.Contains(err.Error(), strconv.Quote(format)) || !strings.Contains(err.Error(), codec.Names()[8]) {
			t.Errorf("the codec named %q: %v, %v", format, c, err)
		}
	}
}

// TestFormats: a configuration takes the names that have a codec.
func TestFormats(t *testing.T) {
	for _, name := range codec.Names() {
		cfg, err := ipc.Config{Format: name}.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c, err := codec.ByName(cfg.Format, cfg.MaxMessage)
		if err != nil || c.Name() != name {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	if c, err := codec.ByName(ipc.Config{}.Format, 0); err != nil || c != (codec.JSON{}) {
		t.Errorf("with no format: %v, %v", c, err)
	}
	c, err := codec.ByName("json+zstd", 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(nil, strings.Repeat("x", 200)); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("200 bytes with a limit of 100: %v", err)
	}
}
