package count

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// Counted is what one process of a test binary did in the last run of its benchmark, in all
// iterations together, while the timer ran.
type Counted struct {
	Instructions uint64 // of the program, in all its threads but the runtime's monitor
	Syscalls     uint64
}

// Counter counts what test binaries do. It may be used by several goroutines.
type Counter struct {
	name   string                 // "qemu-user 7.2.22"
	qemu   string                 // path of the emulator
	plugin string                 // path of the compiled plugin
	stacks func() (string, error) // returns that of the one that counts by stacks
	shelf  shelf
}

// Name returns the name of the counter with its version, as a log holds it. Counts of two counters
// are not comparable: they offer a program different processors.
func (c *Counter) Name() string { return c.name }

// Trial is a way to count that was tried on this machine.
type Trial struct {
	Name   string // "qemu-user"
	Why    string // why it does not count here; empty: it does
	Remedy string // the command, or the step, that would have it count; empty: none is known
}

// Find returns the first counter that is here and passes its self-test, and what was tried up to
// it; nil where nothing counts. It takes about a second, and some more the first time, when the
// plugin and the loop that is counted are compiled into the cache of the user.
func Find(ctx context.Context) (*Counter, []Trial) {
	trial := Trial{Name: "qemu-user"}
	c, err := find(ctx)
	if err == nil {
		return c, []Trial{trial}
	}
	trial.Why = err.Error()
	if missing := (*missingError)(nil); errors.As(err, &missing) {
		trial.Remedy = remedy()
	}
	return nil, []Trial{trial}
}

func find(ctx context.Context) (*Counter, error) {
	s, err := openShelf()
	if err != nil {
		return nil, err
	}
	c, err := findQEMU(ctx, s)
	if err == nil {
		err = c.selfTest(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return c, nil
}

// Close removes what the counter keeps in a temporary directory, where the cache of the user cannot
// be written. No process may be counted any more.
func (c *Counter) Close() error { return c.shelf.close() }

// Probe looks at one process at a time of a test binary, and has it counted. It is a probe of
// package suite.
type Probe struct {
	counter *Counter
	binary  string
	plugin  string // path
	window  window
	more    func(io.Reader) error // reads what is behind the first line; nil: nothing is
	file    *os.File              // where the plugin writes; it has no name
	counted Counted
	err     error
}

// Probe returns a Probe for processes of a test binary. The error says why that binary cannot be
// counted.
func (c *Counter) Probe(binary string) (*Probe, error) {
	w, err := findWindow(binary)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", binary, err)
	}
	return &Probe{counter: c, binary: binary, plugin: c.plugin, window: w}, nil
}

// Before has the process run under the counter, as a program that Go's scheduler, collector and
// clock disturb as little as possible: see the package's comment.
func (p *Probe) Before(cmd *exec.Cmd) {
	p.counted, p.err = Counted{}, nil
	if p.file, p.err = nameless(); p.err != nil {
		return
	}
	fd := 3 + len(cmd.ExtraFiles)
	cmd.ExtraFiles = append(cmd.ExtraFiles, p.file)
	plugin := fmt.Sprintf("file=%s,fd=%d,%s", commas.Replace(p.plugin), fd, p.window.args())
	argv := append([]string{p.counter.qemu, "-cpu", "max", "-plugin", plugin, p.binary}, cmd.Args[1:]...)
	cmd.Path, cmd.Args = p.counter.qemu, argv
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = environ(cmd.Env)
}

// commas doubles commas, as QEMU wants them in the value of an option.
var commas = strings.NewReplacer(",", ",,")

// environ returns the environment of a counted process: one processor for Go, threads that are not
// interrupted by the clock, and a collector that does not run.
func environ(env []string) []string {
	debug := "asyncpreemptoff=1"
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, "GODEBUG="); ok && value != "" {
			debug = value + ",asyncpreemptoff=1"
		}
	}
	// Of two settings of one variable the last counts: see exec.Cmd.
	return append(env, "GOMAXPROCS=1", "GODEBUG="+debug, "GOGC=off", "GOMEMLIMIT=1GiB")
}

// nameless returns an empty file that is gone when it is closed.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "regress-count-")
	if err != nil {
		return nil, fmt.Errorf("a file for the count: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// After reads what was counted. What became of the process is for others to see.
func (p *Probe) After(*os.ProcessState) {
	if p.file == nil {
		return
	}
	text := bufio.NewReader(io.NewSectionReader(p.file, 0, maxStacks))
	first, err := text.ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil {
		p.counted, err = parse(first)
	}
	if err == nil && p.more != nil {
		err = p.more(text)
	}
	p.err = errors.Join(p.err, err, p.file.Close())
	p.file = nil
}

// Result returns what the last process did. The error says why it is not known; the process may
// have ended well all the same.
func (p *Probe) Result() (Counted, error) { return p.counted, p.err }

// parse reads the line of the plugin.
func parse(text string) (Counted, error) {
	var c Counted
	var runs, starts uint64
	var running int
	if text == "" {
		return c, errors.New("the emulated process ended before it could say what it did")
	}
	_, err := fmt.Sscanf(text, "instructions=%d syscalls=%d runs=%d starts=%d running=%d\n",
		&c.Instructions, &c.Syscalls, &runs, &starts, &running)
	switch {
	case err != nil:
		return Counted{}, fmt.Errorf("the plugin wrote %q: %w", text, err)
	case runs < 2: // testing runs all benchmarks within one of its own
		return Counted{}, errors.New("no benchmark ran in the emulated process")
	case running != 0:
		return Counted{}, errors.New("the emulated process ended within its benchmark")
	case starts == 0 || c.Instructions == 0:
		return Counted{}, errors.New("the benchmark's timer never ran")
	}
	return c, nil
}

// run runs a binary of ours under the counter and returns what it did, and the processor time of
// the process.
func (c *Counter) run(ctx context.Context, binary string, args ...string) (Counted, time.Duration, error) {
	p, err := c.Probe(binary)
	if err != nil {
		return Counted{}, 0, err
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	child.Group(cmd)
	cmd.Env = child.Environ()
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p.Before(cmd)
	err = child.Run(cmd)
	p.After(cmd.ProcessState)
	if err != nil {
		return Counted{}, 0, fmt.Errorf("%w: %s", err, firstLine(out.String()))
	}
	counted, err := p.Result()
	return counted, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
}

// firstLine returns the first line of what a program said that says something, for a message of
// one line: go names a package first.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") {
			return line
		}
	}
	return ""
}
