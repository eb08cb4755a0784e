package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
	"github.com/descartes/regress/pkg/baseline/ingest"
)

// Target is what to execute for one benchmark of one side.
type Target struct {
	Argv []string
	Dir  string
	Env  []string // NAME=value, besides those that every process gets
}

// Outcome says how one process ended.
type Outcome struct {
	Wall     time.Duration
	Failure  string        // why it cannot be trusted, in one line; empty: it ended well
	Killed   time.Duration // the limit that it did not keep; 0: it ended by itself
	Canceled bool          // ctx ended it: neither result nor failure
	Used     Used
}

// Used is what a process took of the machine, with the children that it waited for.
type Used struct {
	User, System time.Duration // processor time in its own code and in the kernel
	Children     bool          // it started other programs; known on Linux alone
}

// CPU returns all processor time.
func (u Used) CPU() time.Duration { return u.User + u.System }

// Probe looks at a process from outside. Before is called when everything is ready and the process
// is not started yet; it may change how it is started. After is called when it has ended and been
// waited for; state is nil where it could not be started.
type Probe interface {
	Before(cmd *exec.Cmd)
	After(state *os.ProcessState)
}

// CPUTime is a Probe that measures the processor time, user and system, of a process and of the
// children that it waited for.
type CPUTime struct{ Used time.Duration }

// Before does nothing: the kernel counts.
func (c *CPUTime) Before(*exec.Cmd) {}

// After reads what the kernel has counted.
func (c *CPUTime) After(state *os.ProcessState) {
	if c.Used = 0; state != nil {
		c.Used = state.UserTime() + state.SystemTime()
	}
}

// Runner starts processes, one at a time.
type Runner struct {
	Guard *child.Guard // kills what still runs when this program is killed; nil: none
	Env   []string     // names of variables that a process gets besides the harmless ones
}

// Limit says how long a process may take. It is asked at the start and, with Idle set, anew at each
// line of output, from which the time then counts.
type Limit struct {
	Of   func() time.Duration
	Idle bool
}

// Run executes t and hands each line of its standard output to line. Output is read as it comes and
// not kept, so that no amount of it costs memory. What the process leaves behind is killed: it
// would disturb the next one.
func (r Runner) Run(ctx context.Context, t Target, limit Limit, line func(string), probes ...Probe) Outcome {
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	allowed := limit.Of()
	timer := time.AfterFunc(allowed, cancel)
	defer timer.Stop()
	cmd := exec.CommandContext(bounded, t.Argv[0], t.Argv[1:]...)
	child.Group(cmd)
	child.Adopt()
	cmd.Dir, cmd.Env = t.Dir, append(child.Environ(r.Env...), t.Env...)
	var said complaint
	stdout := &lines{each: func(s string) {
		said.mu.Lock()
		defer said.mu.Unlock()
		if limit.Idle {
			allowed = limit.Of()
			timer.Reset(allowed)
		}
		// A frame of -test.v=test2json begins with ^V, also behind unfinished output.
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
	for _, p := range probes {
		p.Before(cmd)
	}
	begin := time.Now()
	parent, err := r.Guard.Watch(cmd)
	out := Outcome{Wall: time.Since(begin), Used: Used{Children: parent}}
	for _, p := range slices.Backward(probes) {
		p.After(cmd.ProcessState)
	}
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		out.Used.Children = child.Orphans() > 0 || parent
	}
	if state := cmd.ProcessState; state != nil {
		out.Used.User, out.Used.System = state.UserTime(), state.SystemTime()
	}
	stdout.close()
	stderr.close()
	switch {
	case ctx.Err() != nil:
		out.Canceled = true
	case bounded.Err() != nil:
		out.Killed = allowed
		out.Failure = fmt.Sprintf("no end within %v, killed; make one iteration shorter or raise the timeout", allowed.Round(100*time.Millisecond))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		out.Failure = said.summary(err)
	}
	return out
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

// LogLine matches how testing prints what a benchmark logs.
var LogLine = regexp.MustCompile(`^\S+\.go:\d+: .`)

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
	case LogLine.MatchString(s):
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
