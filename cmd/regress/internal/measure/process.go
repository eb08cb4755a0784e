package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// target is what to execute for one benchmark of one side.
type target struct {
	argv []string
	dir  string
}

// outcome of one process.
type outcome struct {
	wall     time.Duration
	cpu      time.Duration // user and system, of the process and the children it waited for
	failure  string        // why it cannot be trusted, in one line; empty: it ended well
	killed   time.Duration // the limit that it did not keep; 0: it ended by itself
	canceled bool          // ctx ended it: neither result nor failure
}

// run executes t and hands each line of its standard output to line. Output is
// read as it comes and not kept, so that no amount of it costs memory. The
// process is killed when it has not ended within limit(), counted anew from each
// line when idle is set.
func (t target) run(ctx context.Context, limit func() time.Duration, idle bool, line func(string)) outcome {
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	allowed := limit()
	timer := time.AfterFunc(allowed, cancel)
	defer timer.Stop()
	cmd := exec.CommandContext(bounded, t.argv[0], t.argv[1:]...)
	child.Group(cmd)
	cmd.Dir, cmd.Env = t.dir, environ()
	var said complaint
	stdout := &lines{each: func(s string) {
		said.mu.Lock()
		defer said.mu.Unlock()
		if idle {
			allowed = limit()
			timer.Reset(allowed)
		}
		// A frame of -test.v=test2json begins with ^V, also where unfinished output stands before it.
		for part := range strings.SplitSeq(s, "\x16") {
			said.line(part)
			line(part)
		}
	}}
	stderr := &lines{each: func(s string) {
		said.mu.Lock()
		defer said.mu.Unlock()
		said.line(s)
	}}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	begin := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind would disturb the next round
	}
	out := outcome{wall: time.Since(begin)}
	if cmd.ProcessState != nil {
		out.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	stdout.close()
	stderr.close()
	switch {
	case ctx.Err() != nil:
		out.canceled = true
	case bounded.Err() != nil:
		out.killed = allowed
		out.failure = fmt.Sprintf("no end within %v, killed; make one iteration shorter or raise the timeout", allowed.Round(100*time.Millisecond))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		out.failure = said.summary(err)
	}
	return out
}

// environ is the environment of every benchmark process, the same on both sides.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		// The directory differs between the sides, and the size of the environment moves the stack.
		if !strings.HasPrefix(kv, "PWD=") && !strings.HasPrefix(kv, "OLDPWD=") {
			env = append(env, kv)
		}
	}
	return env
}

// lines is a writer that splits into lines, without their ends. Of a line longer
// than longest it passes the beginning on.
type lines struct {
	each func(string)
	rest []byte
}

const longest = 64 << 10

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		l.rest = append(l.rest, part[:min(len(part), longest-len(l.rest))]...)
		if !ended {
			break
		}
		l.flush()
		p = rest
	}
	return n, nil
}

func (l *lines) flush() {
	l.each(strings.TrimSuffix(string(l.rest), "\r"))
	l.rest = l.rest[:0]
}

// close passes on a last line that has no end.
func (l *lines) close() {
	if len(l.rest) > 0 {
		l.flush()
	}
}

// complaint picks out of everything that a process said the line that tells a
// reader why it failed.
type complaint struct {
	mu       sync.Mutex // standard output and standard error come in goroutines of their own
	panicked string     // the first panic or fatal error
	failed   string     // what was logged before the first "--- FAIL"
	logged   string     // the last line of b.Log, b.Error, b.Fatal or b.Skip
	last     string     // the last line that says anything
}

// logLine is how testing prints what a benchmark logs.
var logLine = regexp.MustCompile(`^\S+\.go:\d+: .`)

func (c *complaint) line(s string) {
	s = strings.TrimSpace(s)
	switch {
	case strings.HasPrefix(s, "=== RUN"):
		c.failed, c.logged, c.last = "", "", "" // what came before was about another benchmark
		return
	case s == "" || s == "FAIL" || s == "PASS" || strings.HasPrefix(s, "=== ") || strings.HasPrefix(s, "exit status"):
		return
	case strings.HasPrefix(s, "panic: "), strings.HasPrefix(s, "fatal error: "), strings.HasPrefix(s, "WARNING: DATA RACE"):
		if c.panicked == "" {
			c.panicked = s
		}
	case strings.HasPrefix(s, "--- FAIL: "):
		if c.failed == "" {
			c.failed = c.logged
		}
	case logLine.MatchString(s):
		c.logged = s
	}
	c.last = s
}

// summary is one line for a `# failed:` mark.
func (c *complaint) summary(err error) string {
	text := c.panicked
	if text == "" {
		text = c.failed
	}
	if text == "" && !strings.HasPrefix(c.last, "Benchmark") {
		text = c.last
	}
	if text == "" {
		return ingest.OneLine(err.Error())
	}
	return ingest.OneLine(fmt.Sprintf("%s (%v)", text, err))
}
