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
	if d := second/first - 1; math.Abs(d) > repeat {
		return fmt.Errorf("it counts the same program twice and is %.2f %% apart", 100*d)
	}
	return nil
}

// Moved counts the self-test's loop in a larger program, where its functions lie elsewhere, and
// returns by which part it counts more than in the small one. It should be nothing.
func (c *Counter) Moved(ctx context.Context) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	small, err := c.countLoop(ctx, "")
	if err != nil {
		return 0, err
	}
	large, err := c.countLoop(ctx, "moved")
	if err != nil {
		return 0, err
	}
	return large/small - 1, nil
}

// countLoop returns the instructions of one iteration of the loop, built with tags.
func (c *Counter) countLoop(ctx context.Context, tags string) (float64, error) {
	binary, err := buildLoop(ctx, c.shelf, tags)
	if err != nil {
		return 0, err
	}
	counted, err := c.run(ctx, binary, "-test.run=^$", "-test.bench=Spin", fmt.Sprintf("-test.benchtime=%dx", loopIterations))
	if err != nil {
		return 0, fmt.Errorf("the self-test failed: %w", err)
	}
	each := float64(counted.Instructions) / loopIterations
	if off := each/loopInstructions - 1; math.Abs(off) > truth {
		return 0, fmt.Errorf("the self-test failed: it counts %.0f instructions in a loop of %d, %+.1f %%", each, loopInstructions, 100*off)
	}
	return each, nil
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

// output runs a command of the compilers, with more variables in its environment, and returns what
// it said.
func output(cmd *exec.Cmd, more ...string) (string, error) {
	child.Group(cmd)
	cmd.Env = append(child.BuildEnviron(), more...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := child.Run(cmd)
	return out.String(), err
}
