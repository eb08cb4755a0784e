//go:build !linux

package ipctest

import (
	"os/exec"
	"testing"
)

// startOnOne skips: this platform cannot bind a process to a processor.
func startOnOne(t *testing.T, _ *exec.Cmd) error {
	t.Skip("NOT TESTED on one processor by affinity: Linux only")
	return nil
}
