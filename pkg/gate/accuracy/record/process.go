package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/descartes/regress/pkg/gate/accuracy/internal/field"
)

// binary is the tests of a package.
type binary struct {
	path string
	dir  string // the folder of the package, where its tests expect to be
	pkg  string // its import path
}

// build builds the tests of a package below dir.
func build(ctx context.Context, dir string, number int, name string) (binary, error) {
	b := binary{path: filepath.Join(dir, fmt.Sprintf("%d.test", number))}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var env []string
	where, what := name, "."
	if spec, version, ok := strings.Cut(name, "@"); ok {
		version, folder, _ := strings.Cut(version, "/")
		copied := filepath.Join(dir, strconv.Itoa(number))
		if err := field.Module(ctx, spec+"@"+version, copied); err != nil {
			return b, err
		}
		where, env = filepath.Join(copied, filepath.FromSlash(folder)), []string{"GOWORK=off", "GOFLAGS=-mod=mod"}
	} else if !strings.HasPrefix(name, ".") && !filepath.IsAbs(name) {
		where, what = ".", name
	}
	if info, err := os.Stat(where); err != nil || !info.IsDir() {
		return b, errors.Join(fmt.Errorf("there is no folder %s", where), err)
	}
	out, err := command(ctx, where, env, "go", "list", "-f", "{{.ImportPath}}\n{{.Dir}}", what)
	if err != nil {
		return b, err
	}
	listed := strings.Split(strings.TrimSpace(out), "\n")
	if len(listed) != 2 {
		return b, errors.New("these are several packages: name them one by one")
	}
	b.pkg, b.dir = listed[0], listed[1]
	if out, err = command(ctx, where, env, "go", "test", "-c", "-vet=off", "-o", b.path, what); err != nil {
		return b, err
	}
	if _, err := os.Stat(b.path); err != nil {
		return b, errors.Join(fmt.Errorf("it has no tests: %s", strings.TrimSpace(out)), err)
	}
	return b, nil
}

// longest is how long a process may take.
const longest = 20 * time.Second

// measure runs one benchmark, or those that a pattern of go test -bench matches, and returns what
// was printed and how long the process took.
func (b binary) measure(ctx context.Context, pattern string, cpu int, env []string, args ...string) (text string, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	args = append([]string{"-test.run=^$", "-test.bench=" + pattern, "-test.timeout=" + (2 * longest).String()}, args...)
	cmd := group(ctx, b.dir, env, b.path, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if cpu < 0 {
		err = cmd.Start()
	} else {
		err = startOn(cpu, cmd)
	}
	if err == nil {
		err = cmd.Wait()
	}
	took = time.Since(start)
	if ctx.Err() != nil {
		return stdout.String(), took, fmt.Errorf("it did not end: %w", ctx.Err())
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, last(stdout.String()+stderr.String()))
	}
	return stdout.String(), took, err
}

// last returns the end of a text, which says why it ends.
func last(text string) string {
	text = strings.TrimSpace(text)
	return text[max(0, len(text)-500):]
}

// command runs a program in a folder and returns its standard output.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := group(ctx, dir, env, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, last(stderr.String()))
	}
	return string(out), nil
}

// group returns a command in a process group of its own, which is killed as a whole.
func group(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

var result = regexp.MustCompile(`(?m)^Benchmark(\S+)[ \t]+\d+[ \t]+(\S+) ns/op`)

// timed is a line that go test -bench printed.
type timed struct {
	name string // without "Benchmark"; with the suffix of GOMAXPROCS
	ns   float64
}

// results are the times of a text, in order.
func results(text string) (out []timed) {
	for _, m := range result.FindAllStringSubmatch(text, -1) {
		if ns, err := strconv.ParseFloat(m[2], 64); err == nil && ns > 0 {
			out = append(out, timed{m[1], ns})
		}
	}
	return out
}
