package pattern_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/pkg/ipc"
	"github.com/descartes/regress/pkg/ipc/transport"
)

// alone runs a test on each of the transports, one after the other, and wants no goroutine and
// no descriptor left behind.
func alone(t *testing.T, mechanisms []ipc.Mechanism, test func(t *testing.T, cfg ipc.Config)) {
	for _, mechanism := range mechanisms {
		t.Run(string(mechanism), func(t *testing.T) {
			cfg := ipc.Config{Mechanism: mechanism}
			t.Run("first", func(t *testing.T) { // what the runtime and a transport keep for good is there after it
				m, _ := start(t, "a", "echo", cfg)
				if err := m.Conn.Send(within(t), []byte("x")); err != nil {
					t.Fatal(err)
				}
			})
			// A finalizer would close what was forgotten.
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			goroutines := runtime.NumGoroutine()
			for range 20 { // what belongs to "first" ends a moment after it
				time.Sleep(2 * time.Millisecond)
				goroutines = min(goroutines, runtime.NumGoroutine())
			}
			open := descriptors()
			t.Run("then", func(t *testing.T) { test(t, cfg) })
			for wait := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
				if runtime.NumGoroutine() <= goroutines && len(descriptors()) <= len(open) {
					return
				}
				if time.Now().After(wait) {
					break
				}
			}
			var stacks strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("left behind: %d goroutines of %d, descriptors %v of %v\n%s", runtime.NumGoroutine(), goroutines, descriptors(), open, &stacks)
		})
	}
}

// addresses are the transports that have some.
var addresses = []ipc.Mechanism{ipc.Unix, ipc.Shm}

func all() []ipc.Mechanism { return transport.All() }

// descriptors are what this process has open, none where there is no /proc.
func descriptors() []string {
	const dir = "/proc/self/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var open []string
	for _, e := range entries {
		if to, err := os.Readlink(dir + e.Name()); err == nil { // not the directory itself, which is closed again
			open = append(open, fmt.Sprint(e.Name(), "=", to))
		}
	}
	return open
}
