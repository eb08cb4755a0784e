package regress

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTutorial executes docs/tutorial.md as a reader does: all its sh blocks in one session of a
// shell, in an empty directory with an empty HOME, and holds what each prints against the block of
// text behind it. A block without one must print nothing. The program is built from this tree.
func TestTutorial(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for half a minute")
	}
	text, err := os.ReadFile(filepath.Join("docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps := tutorialStep.FindAllStringSubmatch(string(text), -1)
	if want := strings.Count(string(text), "```sh\n"); len(steps) != want || want < 7 {
		t.Fatalf("%d steps of %d are understood", len(steps), want)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const install = "go install github.com/descartes/regress/cmd/regress@latest\n"
	if strings.Count(string(text), install) != 1 {
		t.Fatalf("the page does not install with %s", install)
	}
	const end = "-- end of a step --\n"
	script := ""
	for _, step := range steps {
		script += strings.Replace(step[1], install, fmt.Sprintf("(cd '%s' && go install ./cmd/regress)\n", root), 1) + "printf -- '" + strings.TrimSuffix(end, "\n") + `\n'` + "\n"
	}
	shown := strings.Split(session(t, script), end)
	for i, step := range steps {
		if i >= len(shown)-1 {
			t.Fatalf("the session ended in step %d:\n%s\n%s", i+1, step[1], shown[i])
		}
		if !showsLike(step[2], shown[i]) {
			t.Errorf("docs/tutorial.md shows\n%s\nof\n%s\nbut what comes is\n%s", step[2], step[1], shown[i])
		}
	}
}

// tutorialStep is a block of commands and, if that is next, the block of what they print.
var tutorialStep = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// session returns what a shell prints that is given script, in an empty directory, with an
// environment that has nothing of this one but where programs and built packages are. Counting is
// off, which not every machine can, and a busy machine has more time than a reader would give it.
func session(t *testing.T, script string) string {
	t.Helper()
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache := strings.Fields(string(caches))
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(),
		"GOCACHE=" + cache[0], "GOMODCACHE=" + cache[1], "GOPROXY=off", "GOTOOLCHAIN=local",
		"GIT_CONFIG_NOSYSTEM=1", "REGRESS_COUNT=false", "REGRESS_BUDGET=4m",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what the shell has started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the session: %v", err)
	}
	return string(out)
}

// showsLike reports whether a page shows what came. White space of any length is one blank; "…" on
// the page stands for anything; names of logs, commits, days, numbers with a unit or a decimal
// point, and the number of processors behind a benchmark's name may be others. All else is the
// same: places in files, numbers of benchmarks, exit codes.
func showsLike(page, came string) bool {
	parts := strings.Split(masked(page), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	return regexp.MustCompile("^" + strings.Join(parts, "(?s:.*)") + "$").MatchString(masked(came))
}

// masked returns text without what differs from machine to machine.
func masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.by)
	}
	return strings.Join(strings.Fields(text), " ")
}

var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\b\d{8}T\d{6}\.\d+Z-\d+\.txt`), "LOG"},
	{regexp.MustCompile(`\b(?:[0-9a-f]{12}|[0-9a-f]{10})\b`), "COMMIT"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`), "DAY"},
	{regexp.MustCompile(`([A-Za-z])-\d+\b`), "$1"},
	{regexp.MustCompile(`[+-]?\b\d+(?:\.\d+)?(?:×| ?%| (?:[nµm]?s|[kM]?B)\b)|[+-]?\b\d+\.\d+`), "N"},
}

// TestShowsLike: what the comparison of the tutorial lets pass, and what not.
func TestShowsLike(t *testing.T) {
	check := func(page, came string, want bool) {
		t.Helper()
		if showsLike(page, came) != want {
			t.Errorf("%q shown for %q: %v, want %v", page, came, !want, want)
		}
	}
	check("Has-2  37.3 µs  1.24 ms  33.1×", "Has-16  41 ns 9 s   +3214 %", true)
	check("Has", "Has-2", true) // GOMAXPROCS=1
	check("exit code 1", "exit code 0", false)
	check("1 of 1 regressed", "2 of 2 regressed", false)
	check("stock.go:16; grew most…\nexit code 1\n", "stock.go:16; grew most: x\nmore\nexit code 1\n", true)
	check("stock.go:16; grew most…", "stock.go:18; grew most: x", false)
	check("PASS\n…\nexit code 0", "PASS\nexit code 0", true)
	check("PASS\n…", "FAIL\nPASS", false)
	check("PASS", "PASS\nWarnings", false)
	check("", "\n", true)
	check("", "something", false)
	check("log/20261129T130837.856Z-19090.txt f7826455a34a 2026-11-29", "log/20270101T000000.000Z-1.txt 0123456789ab 2027-01-01", true)
	check("-73.9 to -72.3 %", "-74 to -72.3 %", false) // three figures are always printed
	check("up to +3391 % until", "up to 12 % until", true)
	check("improved", "unchanged", false)
}
