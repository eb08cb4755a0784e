package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"regress": main})
}

// TestScripts runs the command as a stranger does: in repositories of its own,
// with git and go as they are installed, and nothing of this environment. The
// scripts need a Linux with sh, awk, sed and GNU date, no root and no C compiler;
// what is not there fails.
func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script/*.txtar", nil, nil)
}

// script is a command of a script.
type script = func(ts *testscript.TestScript, neg bool, args []string)

// runScripts runs what pattern names; more sets up each, and own are commands
// beside those that every script has.
func runScripts(t *testing.T, pattern string, more func(*testscript.Env), own map[string]script) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no script is called %s: %v", pattern, err)
	}
	commands := map[string]script{
		"exits": exits, "bench": bench, "print": printLines, "repeat": repeat, "empty": empty,
		"await": await, "interrupt": interrupt, "waited": waited,
	}
	maps.Copy(commands, own)
	stat, lint := tool(t, "golang.org/x/perf/cmd/benchstat"), tool(t, "github.com/rhysd/actionlint/cmd/actionlint")
	cache := strings.Split(strings.TrimSpace(output(t, "go", "env", "GOCACHE", "GOMODCACHE")), "\n")
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Cmds:                commands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOCACHE", cache[0])
			env.Setenv("GOMODCACHE", cache[1])
			env.Setenv("BENCHSTAT", stat)
			env.Setenv("ACTIONLINT", lint)
			env.Setenv("GOFLAGS", "-mod=mod")
			env.Setenv("GOPROXY", "off")
			env.Setenv("REGRESS_COUNT", "false") // the scripts in counting have it
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
			env.Values[lastKey{}] = &last{}
			if more != nil {
				more(env)
			}
			return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte("[user]\nname = t\nemail = t@example.com\n[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n[protocol \"file\"]\nallow = always\n"), 0o644)
		},
	})
}

// tool builds a command of a module that go.mod names.
func tool(t testing.TB, path string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), filepath.Base(path))
	if out, err := exec.Command("go", "build", "-o", name, path).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", path, err, out)
	}
	return name
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// exits CODE PROGRAM ARGS… runs a program that must end with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	have := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		have = exit.ExitCode()
	}
	if have != want {
		ts.Fatalf("exit code %d, want %d", have, want)
	}
	if text := ts.ReadFile("stderr"); strings.Contains(text, "panic: runtime error") || strings.Contains(text, "goroutine 1 [running]") {
		ts.Fatalf("it panicked")
	}
}

// bench FILE SIDE NAME VALUE… appends ten rounds for every VALUE: 100ns/op
// wobbles by 0.4 % about 100, as a good machine would, and a whole count such as
// 3allocs/op is the same every time. SIDE - prints none.
func bench(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: bench FILE SIDE NAME VALUE…")
	}
	var b bytes.Buffer
	if args[1] != "-" {
		fmt.Fprintf(&b, "side: %s\n", args[1])
	}
	fmt.Fprintf(&b, "pkg: example.com/t\n")
	for i := range 10 {
		fmt.Fprintf(&b, "Benchmark%s-2\t1000", args[2])
		for _, arg := range args[3:] {
			at := strings.IndexFunc(arg, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
			value, err := strconv.ParseFloat(arg[:at], 64)
			ts.Check(err)
			if unit := arg[at:]; unit != "allocs/op" && unit != "B/op" {
				// 0, 7, 14 … mod 10 is every digit once, in no order that drifts.
				value *= 1 + .004*(float64(i*7%10)/9-.5)
			}
			fmt.Fprintf(&b, "\t%g %s", value, arg[at:])
		}
		b.WriteString("\n")
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = file.Write(b.Bytes())
	ts.Check(errors.Join(err, file.Close()))
}

// print FILE LINE… appends lines; \t, \n, \x00 and \" are read as Go reads them.
func printLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: print FILE LINE…")
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	ts.Check(err)
	for _, arg := range args[1:] {
		line, err := strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
		ts.Check(err)
		_, err = file.WriteString(line + "\n")
		ts.Check(err)
	}
	ts.Check(file.Close())
}

// repeat FILE N TEXT appends TEXT N times, without ends of lines.
func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat FILE N TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = file.WriteString(strings.Repeat(args[2], n))
	ts.Check(errors.Join(err, file.Close()))
}

// patience bounds every wait: two busy cores build a test binary in a tenth of it.
const patience = time.Minute

// await PATTERN GLOB waits until a file that GLOB names has a line of PATTERN.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await PATTERN GLOB")
	}
	pattern := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		files, err := filepath.Glob(ts.MkAbs(args[1]))
		ts.Check(err)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && pattern.Match(text) {
				return
			}
		}
	}
	ts.Fatalf("nothing in %s matched %s within %v", args[1], args[0], patience)
}

// last is the background command that was interrupted.
type (
	lastKey struct{}
	last    struct{ cmd *exec.Cmd }
)

// interrupt sends the signal of Ctrl-C to the background command.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	running := ts.BackgroundCmds()
	if neg || len(args) != 0 || len(running) != 1 {
		ts.Fatalf("usage: interrupt, with one command in the background")
	}
	ts.Value(lastKey{}).(*last).cmd = running[0]
	ts.Check(running[0].Process.Signal(syscall.SIGINT))
}

// waited CODE checks how the interrupted command ended, after wait.
func waited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waited CODE")
	}
	if code := fmt.Sprint(ts.Value(lastKey{}).(*last).cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// empty GLOB… must name nothing.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	for _, arg := range args {
		files, err := filepath.Glob(ts.MkAbs(arg))
		ts.Check(err)
		if (len(files) == 0) == neg {
			ts.Fatalf("%s: %q", arg, files)
		}
	}
}
