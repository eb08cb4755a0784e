package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFlags: every flag of every command has its twin in the environment, says
// what it does, and a wrong one does not print help on stdout.
func TestFlags(t *testing.T) {
	app := newApp(&world{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: os.Getenv})
	flags := 0
	var check func(prefix string, commands []*cli.Command)
	check = func(prefix string, commands []*cli.Command) {
		t.Helper()
		for _, c := range commands {
			name := prefix + " " + c.Name
			if c.Usage == "" || c.OnUsageError == nil || c.Action == nil {
				t.Errorf("%s: without usage, action or refusal", name)
			}
			for _, flag := range c.Flags {
				doc, ok := flag.(cli.DocGenerationFlag)
				if visible, is := flag.(cli.VisibleFlag); is && !visible.IsVisible() {
					continue
				}
				flags++
				if !ok || !slices.Contains(doc.GetEnvVars(), envName(flag.Names()[0])) || doc.GetUsage() == "" {
					t.Errorf("%s --%s: no %s, or no usage", name, flag.Names()[0], envName(flag.Names()[0]))
				}
			}
			check(name, c.Subcommands)
		}
	}
	check("regress", app.Commands)
	if flags < 50 {
		t.Errorf("saw %d flags: the walk is broken", flags)
	}
}

// TestOwnWorkflows: this repository runs what init writes for others, with the
// action of the commit under test.
func TestOwnWorkflows(t *testing.T) {
	for _, name := range initWorkflows {
		given, err := workflows.ReadFile("workflows/" + name)
		if err != nil {
			t.Fatal(err)
		}
		own, err := os.ReadFile(filepath.Join("..", "..", ".github", "workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(string(given), "uses: descartes/regress@v1", "uses: ./"); string(own) != want {
			t.Errorf("%s differs from what init writes", name)
		}
		if !strings.Contains(string(own), "uses: ./") {
			t.Errorf("%s does not use the action", name)
		}
	}
}

// TestSecondInterrupt: the first Ctrl-C asks, and what does not hear it is
// killed by the second; here the program waits for a standard input that never ends.
func TestSecondInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "regress", "compare", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case <-done:
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !status.Signaled() || status.Signal() != syscall.SIGINT {
				t.Errorf("ended with %v, not by the signal", cmd.ProcessState)
			}
			return
		case <-time.After(50 * time.Millisecond):
			_ = cmd.Process.Signal(os.Interrupt) // gone already: done says so
		}
	}
}
