package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// Limits of one call. A question about names and differences takes milliseconds; what takes
// longer is a checkout of a large tree, or objects that a partial clone must fetch first.
const (
	shortCall = time.Minute
	longCall  = 10 * time.Minute
	maxOutput = 64 << 20 // bytes
)

// kept are the variables of git's own that a call passes on: where the user's configuration is,
// where to stop looking for a repository, and where git itself is installed.
var kept = map[string]bool{
	"GIT_CONFIG_NOSYSTEM": true, "GIT_CONFIG_SYSTEM": true, "GIT_CONFIG_GLOBAL": true,
	"GIT_CEILING_DIRECTORIES": true, "GIT_DISCOVERY_ACROSS_FILESYSTEM": true, "GIT_EXEC_PATH": true,
}

// environ returns the environment of a call: this program's without what would lead git elsewhere
// or start other programs.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "GIT_") || kept[name] {
			env = append(env, kv)
		}
	}
	return append(env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=",
		"GIT_PAGER=cat", "GIT_EDITOR=false", "GIT_SSH_COMMAND=ssh -o BatchMode=yes")
}

// settings stand in front of every command and win over every file of configuration.
var settings = []string{
	"--no-pager",
	"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.quotePath=false",
	"-c", "submodule.recurse=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
	"-c", "color.ui=false", "-c", "core.askPass=", "-c", "credential.helper=", "-c", "credential.interactive=false", "-c", "diff.external=",
}

// call is one command to run.
type call struct {
	dir   string
	env   []string // on top of environ
	limit time.Duration
	args  []string
	input string
}

// git runs a command that ends soon and returns what it printed.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	return call{dir: dir, limit: shortCall, args: args}.run(ctx)
}

// run returns what the command printed. Its error is the first line of what git complained.
func (c call) run(ctx context.Context) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	cmd := exec.CommandContext(bounded, "git", append(append([]string{"-C", c.dir}, settings...), c.args...)...)
	child.Group(cmd)
	cmd.Env, cmd.Stdin = append(environ(), c.env...), strings.NewReader(c.input)
	stdout, stderr := &capped{most: maxOutput, full: cancel}, &capped{most: 64 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := child.RunTrusted(cmd)
	switch {
	case err == nil && !stdout.over:
		return stdout.text.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: git is not installed or not on PATH; install it", ErrRepository)
	case stdout.over:
		return "", fmt.Errorf("git %s printed more than %d MiB", c.args[0], maxOutput>>20)
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case bounded.Err() != nil:
		return "", fmt.Errorf("git %s did not end within %v", c.args[0], c.limit)
	}
	if text := strings.TrimSpace(stderr.text.String()); text != "" {
		err = errors.New(firstLine(text))
	}
	return "", err
}

// capped keeps the first bytes of what a command prints.
type capped struct {
	text bytes.Buffer
	most int
	full func() // called when more came; nil: the rest is dropped
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.most - c.text.Len()
	c.text.Write(p[:min(len(p), room)])
	if len(p) > room && c.full != nil {
		c.over = true
		c.full()
	}
	return len(p), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
