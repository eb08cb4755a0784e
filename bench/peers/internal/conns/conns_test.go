package conns

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain plays the far side, which is a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "far" {
		fmt.Fprintln(os.Stderr, Far(os.Args[2], os.Args[3], os.Args[4], os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestEveryWorkIsDone: each work runs over each network, and counts what arrived.
func TestEveryWorkIsDone(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for kind, w := range works() {
		for _, network := range w.networks {
			t.Run(kind+"/"+network, func(t *testing.T) {
				path, n := filepath.Join(t.TempDir(), "s"), 300
				if kind == Copy {
					n = 10
				}
				r, err := Near(t.Context(), kind, network, path, 0, n, exec.Command(self, "far", kind, network, path))
				if err != nil || r.N != n || r.Took <= 0 || r.P50 > r.P95 || r.P95 > r.P99 || (kind == Unary || kind == Get) != (r.P50 > 0) {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
	if _, err := Near(t.Context(), Get, BufNet, "", 0, 1, nil); err == nil || !strings.Contains(err.Error(), `no work "get" on "bufconn"`) {
		t.Errorf("%v, want what is not done", err)
	}
}
