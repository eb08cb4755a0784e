package suite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/descartes/regress/cmd/regress/internal/child"
)

// Build compiles the test binaries of the packages that have a benchmark function that match
// matches into dir. built is told after each how many are done, of how many. Everything that could
// make equal sources give different bytes is switched off, and so is vet: what is wrong with a
// test is for go test to say.
func (s *Suite) Build(ctx context.Context, dir string, match *regexp.Regexp, built func(done, of int)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a directory for the binaries: %w", err)
	}
	var wanted []*Package
	for i, p := range s.Packages {
		if p.Binary != "" || !slices.ContainsFunc(p.Functions, match.MatchString) {
			continue
		}
		// Numbers, not names: the path of the binary must be as long on both sides, and two
		// packages may have the same last element.
		p.Binary = filepath.Join(dir, fmt.Sprintf("%04d-%s.test", i, filepath.Base(p.Path)))
		wanted = append(wanted, p)
	}
	errs := make([]error, len(wanted))
	slots := make(chan struct{}, max(1, runtime.NumCPU()))
	var wg sync.WaitGroup
	var done atomic.Int32
	for i, p := range wanted {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = s.compile(ctx, p)
			built(int(done.Add(1)), len(wanted))
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Suite) compile(ctx context.Context, p *Package) error {
	if err := s.link(ctx, p, p.Binary); err != nil {
		return err
	}
	file, err := os.Open(p.Binary)
	if err != nil {
		return fmt.Errorf("open the binary of %s: %w", p.Path, err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("read the binary of %s: %w", p.Path, err)
	}
	p.Hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return nil
}

// link builds the test binary of a package.
func (s *Suite) link(ctx context.Context, p *Package, binary string, flags ...string) error {
	args := slices.Concat([]string{"test", "-c", "-vet=off", "-trimpath", "-buildvcs=false"}, flags, []string{"-o", binary, "."})
	if _, err := s.command(ctx, p.Dir, args...); err != nil {
		return fmt.Errorf("%w: package %s of the %s:\n%w", ErrBuild, p.Path, s.Label, err)
	}
	return nil
}

// command runs the go command and returns its standard output. Its error is the end of what it
// said, since compile errors are for the reader to see.
func (s *Suite) command(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	child.Group(cmd)
	cmd.Dir, cmd.Env = dir, append(child.BuildEnviron(), "PWD="+dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := s.Runner.Guard.Run(cmd)
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command is not on PATH; install Go")
	}
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			const most = 4000
			if len(text) > most {
				text = text[:most] + "\n…"
			}
			err = errors.New(text)
		}
		return "", err
	}
	return stdout.String(), nil
}
