package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "embed"

	"github.com/descartes/regress/bench/peers/internal/conns"
)

// rival is a contestant as the driver sees it: a command that measures one work
// in two processes of its own and prints a line.
type rival struct {
	name                  string
	argv                  []string // followed by KIND SIZE BATCH BUDGET
	trips, flows, batches bool
	gathers, fanIns       bool
	network               string // of internal/conns, whose works it plays alone
}

// plays reports whether the rival can do the work.
func (r rival) plays(w work) bool {
	if r.network != "" {
		return conns.Plays(w.kind, r.network)
	}
	switch w.kind {
	case trip:
		return r.trips
	case gather:
		return r.gathers
	case fanIn:
		return r.fanIns
	}
	return w.kind == flow && r.flows && (w.batch == 1 || r.batches)
}

// field returns everybody, with floor as the compiled C program, "" when there is none.
func field(self, floor string) []rival {
	var all []rival
	if floor != "" {
		for _, how := range []string{"shm", "shm-peek", "shm-park", "shm-yield", "unix", "pipe"} {
			peek, park, yield := how == "shm-peek", how == "shm-park", how == "shm-yield"
			all = append(all, rival{
				name: "c-" + how, argv: []string{floor, how},
				trips: !peek && !yield, flows: !park && !yield, batches: !peek, gathers: yield || how == "pipe",
			})
		}
	}
	for _, c := range contestants() {
		all = append(all, rival{
			name: c.name, argv: []string{self, "near", c.name},
			trips: c.trips, flows: c.flows, batches: c.batches, gathers: c.join != nil, fanIns: c.join != nil,
		})
	}
	for _, n := range networks {
		all = append(all, rival{name: n.name, argv: []string{self, "near-conn", n.network}, network: n.network})
	}
	return all
}

// patience is what a measurement may take beside its budget: starting two
// processes on a busy machine, and what was on its way.
const patience = 15 * time.Second

// run measures w by r. The processes are gone when it returns, also the far one.
func (r rival) run(ctx context.Context, dir string, w work, budget string, seconds float64) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+time.Duration(3*seconds*float64(time.Second)))
	defer cancel()
	args := append(r.argv[1:len(r.argv):len(r.argv)], w.kind, strconv.Itoa(w.size), strconv.Itoa(w.batch), budget)
	cmd := exec.CommandContext(ctx, r.argv[0], args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	// A process group of its own, so that both processes can be ended at once; and none of them
	// outlives this one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
		return result{}, fmt.Errorf("%s, %v: %w %s", r.name, w, err, strings.TrimSpace(errs.String()))
	}
	res, err := parseResult(out.String())
	if err != nil {
		return res, fmt.Errorf("%s, %v: %w", r.name, w, err)
	}
	return res, nil
}

// parseResult reads what a near process printed, the floor's included. A library may have
// printed before.
func parseResult(out string) (result, error) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := lines[len(lines)-1]
	r := result{mallocs: -1}
	for _, field := range strings.Fields(last) {
		key, value, _ := strings.Cut(field, "=")
		to := map[string]*int64{"n": &r.n, "ns": &r.ns, "p50": &r.p50, "p95": &r.p95, "p99": &r.p99, "mallocs": &r.mallocs}[key]
		if to == nil {
			return r, fmt.Errorf("unknown word %q in the result %q", field, last)
		}
		var err error
		if *to, err = strconv.ParseInt(value, 10, 64); err != nil {
			return r, fmt.Errorf("result %q: %w", last, err)
		}
	}
	if r.n < 1 || r.ns < 1 {
		return r, fmt.Errorf("result %q: nothing was measured", last)
	}
	return r, nil
}

//go:embed floor/floor.c
var floorSource []byte

// errNoCompiler says that the floor cannot be built here.
var errNoCompiler = errors.New("no C compiler: install one or name it in CC; rows and bars of the C floor are missing")

// buildFloor compiles the floor into dir. It returns the program and the compiler's version.
func buildFloor(ctx context.Context, dir string) (program, version string, err error) {
	cc := os.Getenv("CC")
	for _, name := range []string{"cc", "gcc", "clang"} {
		if cc == "" {
			if path, err := exec.LookPath(name); err == nil {
				cc = path
			}
		}
	}
	if cc == "" {
		return "", "", errNoCompiler
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	source, program := filepath.Join(dir, "floor.c"), filepath.Join(dir, "floor")
	if err := os.WriteFile(source, floorSource, 0o600); err != nil {
		return "", "", fmt.Errorf("build the C floor: %w", err)
	}
	if out, err := exec.CommandContext(ctx, cc, "-O2", "-o", program, source).CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("build the C floor with %s: %w\n%s", cc, err, out)
	}
	out, err := exec.CommandContext(ctx, cc, "--version").Output()
	if err != nil {
		return program, cc, nil
	}
	version, _, _ = strings.Cut(string(out), "\n")
	return program, version, nil
}
