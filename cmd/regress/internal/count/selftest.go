package count

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// loop is the benchmark that the self-test counts: instructions that are known, because they are
// written in assembly.
//
//go:embed testdata/selftest
var loop embed.FS

const (
	loopIterations   = 20
	loopInstructions = 2 * 100_000 // of one iteration, beside a dozen around them
)

// What a counter has to keep, as parts of the count.
const (
	truth  = .01  // what it counts of a loop that is known
	repeat = .005 // how far two processes of the same program may differ
)

// patience is how long the self-test may take for what takes it a second, on a machine that has
// much else to do. Building a test binary takes a few more, the first time.
const patience = 2 * time.Minute

// selfTest has the counter count a loop that is known, twice, and returns an error where it is not
// to be believed.
func (c *Counter) selfTest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	first, err := c.countLoop(ctx, "")
	if err != nil {
		return err
	}
	second, err := c.countLoop(ctx, "")
	if err != nil {
		return err
	}
	if d := second.instructions/first.instructions - 1; math.Abs(d) > repeat {
		return fmt.Errorf("the self-test failed: it counts the same program twice and is %.2f %% apart", 100*d)
	}
	return nil
}

// Check is what a counter makes of a loop whose instructions are known, and what that takes.
type Check struct {
	Truth    float64       // part by which it counts more than there are
	Again    float64       // part by which another process of the same program counts more
	Moved    float64       // the same for a program whose functions lie elsewhere
	Native   time.Duration // processor time of a process of the loop, not counted
	Emulated time.Duration // the same, counted
}

// Check counts the loop of the self-test in every way. It takes a second, and some more the first
// time, for a test binary that is built.
func (c *Counter) Check(ctx context.Context) (Check, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var counted [3]loopCount
	for i, tags := range []string{"", "", "moved"} {
		var err error
		if counted[i], err = c.countLoop(ctx, tags); err != nil {
			return Check{}, err
		}
	}
	native, err := runLoop(ctx, c.shelf)
	if err != nil {
		return Check{}, err
	}
	base := counted[0].instructions
	return Check{
		Truth: base/loopInstructions - 1, Again: counted[1].instructions/base - 1, Moved: counted[2].instructions/base - 1,
		Native: native, Emulated: counted[0].used,
	}, nil
}

// loopCount is what a process of the self-test's loop gave.
type loopCount struct {
	instructions float64       // of one iteration
	used         time.Duration // processor time of the process
}

var loopArgs = []string{"-test.run=^$", "-test.bench=^BenchmarkSpin$", fmt.Sprintf("-test.benchtime=%dx", loopIterations)}

// countLoop counts the loop, built with tags, and returns an error where the count is not what it
// should be.
func (c *Counter) countLoop(ctx context.Context, tags string) (out loopCount, err error) {
	binary, err := buildLoop(ctx, c.shelf, tags)
	if err != nil {
		return out, err
	}
	counted, used, err := c.run(ctx, binary, loopArgs...)
	if err != nil {
		return out, fmt.Errorf("the self-test failed: %w", err)
	}
	out = loopCount{float64(counted.Instructions) / loopIterations, used}
	if off := out.instructions/loopInstructions - 1; math.Abs(off) > truth {
		return out, fmt.Errorf("the self-test failed: it counts %.0f instructions in a loop of %d, %+.1f %%", out.instructions, loopInstructions, 100*off)
	}
	return out, nil
}

// runLoop runs the loop as it is and returns the processor time that the process took.
func runLoop(ctx context.Context, s shelf) (time.Duration, error) {
	binary, err := buildLoop(ctx, s, "")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, binary, loopArgs...)
	if out, err := output(cmd); err != nil {
		return 0, fmt.Errorf("run the self-test: %w: %s", err, firstLine(out))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// buildLoop returns the path of the self-test's test binary, which is built where it is not yet.
//
// Note: this program itself would be at hand, but it has no benchmark's timer in it.
func buildLoop(ctx context.Context, s shelf, tags string) (string, error) {
	names, err := fs.Glob(loop, "testdata/selftest/*")
	if err != nil {
		return "", err
	}
	key := []string{tags, runtime.GOARCH, runtime.Version()}
	files := map[string]string{"go.mod": "module selftest\n\ngo 1.21\n"}
	for _, name := range names {
		text, err := loop.ReadFile(name)
		if err != nil {
			return "", err
		}
		files[path.Base(name)] = string(text)
		key = append(key, name, string(text))
	}
	return s.get("loop-"+digest(key...)+".test", func(binary string) error {
		return buildTest(ctx, files, binary, "-tags="+tags)
	})
}

// buildTest writes files to a directory beside binary and builds the test binary of their module.
func buildTest(ctx context.Context, files map[string]string, binary string, flags ...string) error {
	dir := filepath.Join(filepath.Dir(binary), "source")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-c", "-vet=off", "-o", binary}, flags...)...)
	cmd.Dir = dir
	out, err := output(cmd, "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOOS=", "GOARCH=", "GO111MODULE=on", "GOTOOLCHAIN=local", "PWD="+dir)
	if err != nil {
		return fmt.Errorf("build the self-test: %w: %s", err, firstLine(out))
	}
	return nil
}

// output runs a command of ours, with more variables in its environment, and returns what it said.
func output(cmd *exec.Cmd, more ...string) (string, error) {
	child.Group(cmd)
	cmd.Env = append(child.BuildEnviron(), more...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := child.Run(cmd)
	return out.String(), err
}
