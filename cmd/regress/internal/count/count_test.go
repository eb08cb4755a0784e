package count

import (
	"debug/elf"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/count/counttest"
)

// counter returns what counts on this machine, without its self-test.
func counter(t *testing.T) *Counter {
	t.Helper()
	counttest.Need(t)
	s, err := openShelf()
	if err != nil {
		t.Fatal(err)
	}
	c, err := findQEMU(t.Context(), s)
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("nothing counts on this machine, so that nothing of it is tested: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shapes returns the files of the self-test's module with benchmarks of all shapes.
func shapes(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"go.mod": "module selftest\n\ngo 1.24\n"}
	for _, pattern := range []string{"testdata/selftest/loop_test.go", "testdata/selftest/*.s", "testdata/shapes/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = string(text)
		}
	}
	return files
}

// TestShapesOfBenchmarks: what is counted is what the timer of the last run spans, however a
// benchmark starts and stops it.
func TestShapesOfBenchmarks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	c := counter(t)
	binary := filepath.Join(t.TempDir(), "shapes.test")
	if err := buildTest(t.Context(), shapes(t), binary); err != nil {
		t.Fatal(err)
	}
	count := func(name string, n int) (Counted, error) {
		counted, _, err := c.run(t.Context(), binary, "-test.run=^$", "-test.bench=^Benchmark"+strings.ReplaceAll(name, "/", "$/^")+"$", fmt.Sprintf("-test.benchtime=%dx", n))
		return counted, err
	}
	// beside is what the shape itself may take an iteration: a goroutine, a channel.
	check := func(name string, n int, beside float64) Counted {
		t.Helper()
		counted, err := count(name, n)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return counted
		}
		each := float64(counted.Instructions) / float64(n)
		if each < 200_000 || each > 200_000+beside {
			t.Errorf("%s with N = %d: %.0f instructions an iteration and %d system calls, want 200000 and at most %.0f beside", name, n, each, counted.Syscalls, beside)
		}
		return counted
	}
	for _, name := range []string{"Spin", "Reset", "StopEach", "Stopped", "Cleanup", "Sub/first", "Child"} {
		check(name, 1, 100)
		check(name, 10, 100)
	}
	check("Loop", 1, 100)
	check("Loop", 10, 10_000)
	check("Goroutines", 10, 20_000)
	check("Parallel", 10, 20_000)
	check("Sleep", 10, 20_000)
	if calls := check("Syscalls", 10, 200).Syscalls; calls != 30 {
		t.Errorf("%d system calls, want 3 in each of 10 iterations", calls)
	}
	fails := func(name, want string) {
		t.Helper()
		if _, err := count(name, 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	fails("Exit", "ended within its benchmark")
	fails("Crash", "nil pointer dereference")
	fails("NoSuch", "no benchmark ran")
}

// TestTheCounterIsTested: a counter that passes is found, and its count does not depend on where
// the code lies.
func TestTheCounterIsTested(t *testing.T) {
	counter(t)
	c, trials := Find(t.Context())
	if c == nil {
		t.Fatalf("nothing counts: %+v", trials)
	}
	defer c.Close()
	if !strings.HasPrefix(c.Name(), "qemu-user ") || trials[len(trials)-1].Why != "" {
		t.Errorf("found %q by %+v", c.Name(), trials)
	}
	check, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]float64{"a known loop": check.Truth, "the same again": check.Again, "a moved function": check.Moved} {
		if math.Abs(part) > .001 {
			t.Errorf("%s: %+.3f %% off", name, 100*part)
		}
	}
	if check.Native <= 0 || check.Emulated <= check.Native {
		t.Errorf("counted in %v, and natively in %v", check.Emulated, check.Native)
	}
}

// TestWhatIsNotHereIsNamed: without an emulator, without a compiler, and with an emulator that is
// none.
func TestWhatIsNotHereIsNamed(t *testing.T) {
	counttest.Need(t)
	emulator, err := exec.LookPath(counttest.Emulator())
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	check := func(want string, remedy bool) {
		t.Helper()
		c, trials := Find(t.Context())
		if c != nil || len(trials) == 0 {
			t.Fatalf("found %v by %+v", c, trials)
		}
		if last := trials[len(trials)-1]; !strings.Contains(last.Why, want) || remedy != (last.Remedy != "") {
			t.Errorf("said %+v, want %s", last, want)
		}
	}
	check(counttest.Emulator()+" is not installed", true)
	if err := os.Symlink(emulator, filepath.Join(bin, counttest.Emulator())); err != nil {
		t.Fatal(err)
	}
	check("no C compiler", true)
	cc := filepath.Join(bin, "cc")
	if err := os.WriteFile(cc, []byte("#!/bin/sh\necho 'stdio.h: not there' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	check("cannot compile the plugin: exit status 1: stdio.h: not there", true)
	if err := os.Rename(cc, filepath.Join(bin, counttest.Emulator())); err != nil {
		t.Fatal(err)
	}
	check("bad magic number", false)
}

// TestBinariesThatCannotBeCounted says why.
func TestBinariesThatCannotBeCounted(t *testing.T) {
	counttest.Need(t)
	check := func(binary, want string) {
		t.Helper()
		if _, err := findWindow(binary); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	binary := filepath.Join(t.TempDir(), "shapes.test")
	if err := buildTest(t.Context(), shapes(t), binary, "-ldflags=-s"); err != nil {
		t.Fatal(err)
	}
	check(binary, "has no symbols: build it without -ldflags=-s")
	text, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	const typeAt, machineAt = 16, 18 // in the header of an ELF file
	text[typeAt] = byte(elf.ET_DYN)  // what -buildmode=pie makes, after minutes
	if err := os.WriteFile(binary, text, 0o700); err != nil {
		t.Fatal(err)
	}
	check(binary, "build it without -buildmode=pie")
	text[machineAt] = byte(elf.EM_386)
	if err := os.WriteFile(binary, text, 0o700); err != nil {
		t.Fatal(err)
	}
	check(binary, "a program for EM_386")
	check("count_test.go", "bad magic number")
	program, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	check(program, "not a test binary with benchmarks")
}

func TestVersions(t *testing.T) {
	check := func(text, want string, api int) {
		t.Helper()
		v, err := parseVersion(text)
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if have, err := v.api(); v.String() != want || have != api || (err != nil) != (api == 0) {
			t.Errorf("%q: version %v, API %d, %v; want %s and %d", text, v, have, err, want, api)
		}
	}
	check("qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", "7.2.22", 1)
	check("qemu-aarch64 version 8.2.2", "8.2.2", 1)
	check("qemu-x86_64 version 9.0.0", "9.0.0", 2)
	check("qemu-x86_64 version 9.1.0", "9.1.0", 3)
	check("qemu-x86_64 version 10.0.2", "10.0.2", 4)
	check("qemu-x86_64 version 10.2.0", "10.2.0", 5)
	check("qemu-x86_64 version 11.1.3", "11.1.3", 0)
	check("qemu-x86_64 version 5.2.0", "5.2.0", 0)
	check("qemu-x86_64 version x", "", 0)
	check("", "", 0)
	check("qemu-x86_64 version 99999999999999999999.1.1", "", 0)
}

func TestParse(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		c, err := parse(text)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %+v, %v; want %q", text, c, err, want)
		}
		if err != nil && c != (Counted{}) {
			t.Errorf("%q: %+v beside an error", text, c)
		}
	}
	check("instructions=10 syscalls=2 runs=2 starts=1 running=0\n", "")
	check("", "ended before it could say")
	check("instructions=10", "the plugin wrote")
	check("instructions=-1 syscalls=2 runs=2 starts=1 running=0\n", "the plugin wrote")
	check("instructions=0 syscalls=0 runs=1 starts=1 running=0\n", "no benchmark ran")
	check("instructions=10 syscalls=2 runs=3 starts=1 running=1\n", "within its benchmark")
	check("instructions=0 syscalls=0 runs=2 starts=0 running=0\n", "timer never ran")
}

func TestEnvironment(t *testing.T) {
	last := func(env []string, name string) (value string) {
		for _, pair := range env {
			if v, ok := strings.CutPrefix(pair, name+"="); ok {
				value = v
			}
		}
		return value
	}
	env := environ([]string{"GOMAXPROCS=8", "GOGC=50", "GODEBUG=http2client=0", "A=b"})
	if last(env, "GOGC") != "off" || last(env, "GOMEMLIMIT") != "1GiB" {
		t.Errorf("the collector runs: %q", env)
	}
	if last(env, "GOMAXPROCS") != "1" || last(env, "GODEBUG") != "http2client=0,asyncpreemptoff=1" || last(env, "A") != "b" {
		t.Errorf("%q", env)
	}
	if have := last(environ(nil), "GODEBUG"); have != "asyncpreemptoff=1" {
		t.Errorf("GODEBUG=%s", have)
	}
}

// TestProbeThatCannotCount: where there is no room for the result the process runs as it would, and
// the result says so.
func TestProbeThatCannotCount(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere/at/all")
	p := &Probe{counter: &Counter{qemu: "/nowhere/qemu"}, binary: "true"}
	cmd := exec.Command("true")
	p.Before(cmd)
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	p.After(cmd.ProcessState)
	if _, err := p.Result(); err == nil {
		t.Error("counted without a result")
	}
}

func TestShelf(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	s, err := openShelf()
	if err != nil || s.temporary {
		t.Fatalf("%+v: %v", s, err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			path, err := s.get("name", func(path string) error { return os.WriteFile(path, []byte("whole"), 0o600) })
			if text, readErr := os.ReadFile(path); err != nil || readErr != nil || string(text) != "whole" {
				t.Errorf("%q: %v, %v", text, err, readErr)
			}
		})
	}
	all.Wait()
	if _, err := s.get("name", func(string) error { return fmt.Errorf("made twice") }); err != nil {
		t.Error(err)
	}
	if _, err := s.get("other", func(string) error { return fmt.Errorf("cannot") }); err == nil {
		t.Error("what failed is kept")
	}
	if names, _ := os.ReadDir(s.dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "name")); err != nil {
		t.Error("the cache is emptied")
	}
}

// TestShelfThatCannotBeWritten is a temporary one, and goes.
func TestShelfThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", file)
	s, err := openShelf()
	if err != nil || !s.temporary {
		t.Fatalf("%+v: %v", s, err)
	}
	if _, err := s.get("name", func(path string) error { return os.WriteFile(path, nil, 0o600) }); err != nil {
		t.Error(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("the temporary directory stays")
	}
}

func TestRemedies(t *testing.T) {
	check := func(ids []string, root bool, want string) {
		t.Helper()
		if have := remedyFor(ids, root); have != want {
			t.Errorf("%v: %s, want %s", ids, have, want)
		}
	}
	check([]string{"ubuntu", "debian"}, false, "sudo apt-get install -y qemu-user gcc libc6-dev")
	check([]string{"linuxmint", "ubuntu"}, true, "apt-get install -y qemu-user gcc libc6-dev")
	check([]string{"opensuse-leap", "suse"}, true, "zypper install -y qemu-linux-user gcc glibc-devel")
	check([]string{"unknown"}, true, unknownRemedy)
	check(nil, true, unknownRemedy)
}

// TestEveryProcessorHasALoop: each processor that is counted has the self-test in its assembly.
func TestEveryProcessorHasALoop(t *testing.T) {
	for _, arch := range slices.Sorted(maps.Keys(machines)) {
		if _, err := loop.Open("testdata/selftest/spin_" + arch + ".s"); err != nil || emulators[arch] == "" {
			t.Errorf("%s: %v", arch, err)
		}
	}
	if runtime.GOOS == "linux" && machines[runtime.GOARCH] == 0 {
		t.Logf("nothing counts on %s", runtime.GOARCH)
	}
}
