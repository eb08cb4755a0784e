package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// completionRepo makes a repository with branches and groups, and steps into it.
func completionRepo(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "regress.toml", "[groups]\nlatency = 'L'\nlarge = 'M'\n")
	write(t, "results.txt", "pkg: a\n")
	for _, args := range [][]string{
		{"init", "-q", "-b", "trunk"},
		{"add", "."},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "one"},
		{"branch", "feature/one"},
		{"tag", "v1.2.3"},
		{"branch", "$(touch${IFS}hacked)"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
}

// typed are words as they stand on a command line, and what must be offered for the last.
var typed = []struct{ line, want string }{
	{"regress comp", "compare completion"},
	{"regress compare --forma", "--format"},
	{"regress compare --format ", "codequality json junit markdown sarif text"},
	{"regress compare --format=j", "--format=json --format=junit"},
	{"regress summary --format t", ""},
	{"regress compare --base ", "feature/one trunk v1.2.3"},
	{"regress compare --comment a", "always auto"},
	{"regress run l", "large latency"},
	{"regress run latency --ben", "--bench --benchtime"},
	{"regress baseline ", "fetch list prune remove roles show update"},
	{"regress baseline update --bra", "--branch"},
	{"regress help base", "baseline"},
	{"regress help baseline u", "update"},
	{"regress completion ", "bash fish zsh"},
	{"regress doctor --", "--help"}, // what is hidden is not offered
	{"regress compare r", ""},       // files are the shell's
	{"regress compare --output ", ""},
}

func TestCompleteOffersWhatMayStandThere(t *testing.T) {
	completionRepo(t)
	for _, c := range typed {
		var out bytes.Buffer
		w := &world{stdout: &out, stderr: io.Discard, getenv: os.Getenv}
		words := strings.Split(c.line, " ")
		if code := w.main(t.Context(), append([]string{"regress", "complete", "--"}, words[1:]...)); code != exitPass {
			t.Errorf("%q: exit %d", c.line, code)
		}
		have := strings.Fields(out.String())
		slices.Sort(have)
		if strings.Join(have, " ") != c.want {
			t.Errorf("%q: have %q, want %q", c.line, have, c.want)
		}
	}
	if _, err := os.Stat("hacked"); err == nil {
		t.Error("the name of a branch was executed")
	}
}

// shell is an interactive shell on a terminal of its own.
type shell struct {
	t    *testing.T
	keys io.Writer
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shell) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// types presses keys and waits until want is on the screen behind what was there.
func (s *shell) types(keys, want string) {
	s.t.Helper()
	s.mu.Lock()
	s.text.Reset()
	s.mu.Unlock()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		have := s.text.String()
		s.mu.Unlock()
		if strings.Contains(have, want) {
			return
		}
	}
	s.t.Fatalf("%q: %q is not on the screen:\n%q", keys, want, s.text.String())
}

// TestCompletionInARealShell presses Tab in the shells that are installed.
func TestCompletionInARealShell(t *testing.T) {
	starts := map[string]struct{ command, setup string }{
		"bash": {"bash --noprofile --norc -i", "source <(regress completion bash)\n"},
		"zsh":  {"zsh -f -i", "autoload -U compinit; compinit -u -D; source <(regress completion zsh)\n"},
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(name); err != nil {
				t.Skipf("%s is not installed: its completion was not tried", name)
			}
			completionRepo(t)
			ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, "script", "-qec", start.command, os.DevNull)
			cmd.Env = append(os.Environ(), "TERM=dumb", "HOME="+t.TempDir(), "COLUMNS=200")
			keys, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			s := &shell{t: t, keys: keys}
			cmd.Stdout, cmd.Stderr = s, s
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { keys.Close(); _ = cmd.Wait() }()
			s.types(start.setup+"echo rea''dy\n", "ready")
			s.types("echo wa''iting\n", "waiting")
			const clear = "\x15" // Ctrl-U
			s.types("regress compa\t", "compare ")
			s.types("--forma\t", "t ")
			s.types("js\t", "on ")
			s.types(clear+"regress compare --base tr\t", "trunk ")
			s.types(clear+"regress compare --base=fea\t", "ture/one")
			s.types(clear+"regress run lat\t", "latency ")
			s.types(clear+"regress compare res\t", "results.txt ")
			s.types(clear+"exit\n", "")
		})
	}
	t.Run("fish", func(t *testing.T) {
		if _, err := exec.LookPath("fish"); err != nil {
			t.Skip("fish is not installed: its completion was not tried")
		}
		completionRepo(t)
		for _, c := range typed {
			if c.want == "" {
				continue // files, by fish's own rules
			}
			cmd := exec.Command("fish", "--no-config", "-c", fmt.Sprintf("regress completion fish | source; complete -C '%s'", c.line))
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
			out, err := cmd.Output()
			have := strings.Fields(string(out))
			for _, want := range strings.Fields(c.want) {
				if !slices.Contains(have, want) {
					t.Errorf("%q: have %q, want %q, %v", c.line, have, want, err)
				}
			}
		}
	})
}
