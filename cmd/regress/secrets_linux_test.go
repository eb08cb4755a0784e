package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestShellStaysClosedToBenchmarks: the shell that starts regress has the token in its own
// environment. Root's benchmarks lack the rights to read it, and others' are kept out by Landlock,
// which leaves them the links between directories that it forbids unless it is asked not to.
func TestShellStaysClosedToBenchmarks(t *testing.T) {
	version, _, number := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if (number != 0 || version < 2) && os.Geteuid() != 0 {
		t.Skip("a kernel without Landlock, and not root: nothing keeps one process of a user from another")
	}
	dir := t.TempDir()
	thief := filepath.Join(dir, "thief")
	write(t, filepath.Join(dir, "regress.toml"), "[suite]\ncommand = ['"+thief+"']\n")
	write(t, thief, `#!/bin/sh
grandparent=$(sed 's/.*) . \([0-9]*\) .*/\1/' /proc/$PPID/stat)
{ tr '\0' '\n' </proc/$PPID/environ; tr '\0' '\n' </proc/$grandparent/environ; tr '\0' '\n' </proc/$grandparent/cmdline; } >>`+dir+`/stolen 2>&1
mkdir -p a b; echo x >a/x; rm -f b/x; ln a/x b/x 2>>`+dir+`/stolen && echo linked >>`+dir+`/stolen
echo "BenchmarkX 1 100 ns/op"
`)
	if err := os.Chmod(thief, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"git", "init", "-q"}, {"bash", "-c", "regress run --rounds 1 --budget 10s; true"}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GITHUB_TOKEN=ghs_s3cr3t")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "stolen"))
	if err != nil || strings.Contains(string(text), "s3cr3t") || !strings.Contains(string(text), "regress run --rounds") || !strings.Contains(string(text), "linked") {
		t.Errorf("a benchmark finds in the two processes above it: %v\n%s", err, text)
	}
}

// TestReadersHideWhatLooksLikeASecret: a stored comparison starts no program but git, and starts
// itself again for a secret alone.
func TestReadersHideWhatLooksLikeASecret(t *testing.T) {
	check := func(hidden bool, variable string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "regress", args...)
		cmd.Env = append(os.Environ(), "ORDINARY=1", variable)
		cmd.WaitDelay = 20 * time.Second
		log, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		if _, err := log.Write(bytes.Repeat([]byte("# \n"), 1<<17)); err != nil { // more than a pipe holds: it has begun to read
			t.Fatal(err)
		}
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", cmd.Process.Pid))
		if have := !strings.Contains(string(text), "ORDINARY=1"); have != hidden {
			t.Errorf("%s %v: hidden: %v, want %v", variable, args, have, hidden)
		}
	}
	check(false, "MORE=1", "compare", "-")
	check(true, "GITHUB_TOKEN=ghs_x", "compare", "-")
	check(true, "MORE=1", "compare", "-", "--store", "postgres://u:pw@127.0.0.1:1/db")
	check(true, "MORE=1", "import", "-")
}

// TestHandedOver: what was handed over arrives, and a number that is none stops nothing.
func TestHandedOver(t *testing.T) {
	fd, err := handOver([]string{"regress", "compare", ""}, []string{"A=1=2", "B=", "C=x\ny"})
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	n, err := unix.Read(fd, text)
	if want := "3\x00regress\x00compare\x00\x00A=1=2\x00B=\x00C=x\ny"; err != nil || string(text[:n]) != want {
		t.Errorf("%v: have %q, want %q", err, text[:n], want)
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"99", "0", "x", "-1"} {
		cmd := exec.CommandContext(t.Context(), "regress", "--version")
		cmd.Env = append(os.Environ(), handedOver+"="+number)
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), "regress version") || !strings.Contains(string(out), "warning: ") || errors.As(err, new(*exec.ExitError)) {
			t.Errorf("%s: %v\n%s", number, err, out)
		}
	}
}
