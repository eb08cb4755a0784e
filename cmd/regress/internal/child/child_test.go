package child

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain plays the program that is killed, for TestGuardCleansUpBehindAKilledProgram.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CHILD_TEST_GUARDED"); dir != "" {
		guard, err := NewGuard(dir)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		for range 3 { // groups that have ended are not killed
			cmd := exec.CommandContext(context.Background(), "true")
			Group(cmd)
			_ = guard.Run(cmd)
		}
		cmd := exec.CommandContext(context.Background(), "sh", "-c", "sleep 300 & pid=$!; sleep 1; echo $pid; echo $$; wait") // the guard knows of it by then
		Group(cmd)
		cmd.Stdout = os.Stdout
		_ = guard.Run(cmd)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// gone waits for a process to end.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is left", pid)
		}
	}
}

func TestGuardCleansUpBehindAKilledProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	dir := filepath.Join(t.TempDir(), "work dir")
	if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "deep"), 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD_TEST_GUARDED="+dir)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var pids []int
	for len(pids) < 2 && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		pids = append(pids, pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		gone(t, pid)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the directory is left")
		}
	}
}

// TestExposedStartsNothing but what is trusted.
func TestExposedStartsNothing(t *testing.T) {
	Exposed = true
	defer func() { Exposed = false }()
	touched := filepath.Join(t.TempDir(), "touched")
	if err := Run(exec.CommandContext(t.Context(), "touch", touched)); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("a program was started that could read this one")
	}
	if err := RunTrusted(exec.CommandContext(t.Context(), "touch", touched)); err != nil {
		t.Error(err)
	}
}

func TestOrphansKillsWhatLeftItsGroup(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux gives a program the descendants of its children")
	}
	Adopt()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "setsid sh -c 'setsid sleep 300 & echo $!; echo $$; wait' & sleep .2")
	Group(cmd)
	var out strings.Builder
	cmd.Stdout = &out
	cmd.WaitDelay = 100 * time.Millisecond // they hold the pipe
	_ = (*Guard)(nil).Run(cmd)
	var pids []int
	for line := range strings.Lines(out.String()) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || !alive(pid) {
			t.Fatalf("process %q: %v", line, err)
		}
		pids = append(pids, pid)
	}
	if n := Orphans(); len(pids) != 2 || n < 2 {
		t.Errorf("killed %d of %v", n, pids)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	if n := Orphans(); n != 0 {
		t.Errorf("killed %d more", n)
	}
}

func TestEnvironWithholdsSecrets(t *testing.T) {
	kept := map[string]string{
		"GOFLAGS": "-mod=mod", "GOPROXY": "https://proxy.example.com,direct", "CGO_ENABLED": "0", "LANG": "C", "LC_ALL": "C",
		"GOMAXPROCS": "2", "HTTPS_PROXY": "http://proxy:3128", "BENCH_SIZE": "10", "https_proxy": "http://proxy:3128", "WANTED": "1",
	}
	withheld := map[string]string{
		"PGPASSWORD": "s", "PGHOST": "s", "PGUSER": "s", "GH_TOKEN": "s", "GITHUB_TOKEN": "s", "GITHUB_ENV": "s", "ACTIONS_RUNTIME_TOKEN": "s",
		"ACTIONS_CACHE_URL": "s", "REGRESS_STORE": "s", "AWS_ACCESS_KEY_ID": "s", "AWS_PROFILE": "s", "GOOGLE_APPLICATION_CREDENTIALS": "s",
		"AZURE_CLIENT_ID": "s", "DATABASE_URL": "s", "MY_DEPLOY_THING": "s", "BENCH_TOKEN": "s", "SSH_AUTH_SOCK": "s", "DOCKER_CONFIG": "s",
		"http_proxy": "http://u:s3cr3t@proxy:3128", "BENCH_DSN": "postgres://u:s3cr3t@h/db", "WANTED_SECRET": "s", "PWD": "/x",
	}
	for _, all := range []map[string]string{kept, withheld} {
		for name, value := range all {
			t.Setenv(name, value)
		}
	}
	names := func(env []string) (out []string) {
		for _, pair := range env {
			name, _, _ := strings.Cut(pair, "=")
			out = append(out, name)
		}
		return out
	}
	have := names(Environ("WANTED", "WANTED_SECRET"))
	for name := range kept {
		if !slices.Contains(have, name) {
			t.Errorf("%s is withheld", name)
		}
	}
	for name := range withheld {
		if slices.Contains(have, name) {
			t.Errorf("a benchmark gets %s", name)
		}
	}
	t.Setenv("GOPROXY", "https://u:p@proxy.example.com")
	if slices.Contains(names(Environ()), "GOPROXY") || !slices.Contains(names(BuildEnviron()), "GOPROXY") || !slices.Contains(names(BuildEnviron()), "SSH_AUTH_SOCK") {
		t.Error("what fetches modules is for the go command, and for it alone")
	}
	for _, name := range []string{"GH_TOKEN", "PGPASSWORD", "REGRESS_STORE", "DATABASE_URL"} {
		if slices.Contains(names(BuildEnviron()), name) {
			t.Errorf("the go command gets %s", name)
		}
	}
}

// TestSecret: by its name, or by what it holds.
func TestSecret(t *testing.T) {
	for pair, want := range map[string]bool{
		"GITHUB_TOKEN=x": true, "PGPASSWORD=x": true, "AWS_SECRET_ACCESS_KEY=x": true, "stripe_api_key=x": true,
		"DATABASE_URL=postgres://u:pw@h/db": true, "REGRESS_STORE=postgres://u:p@w@h/db": true,
		"GITHUB_TOKEN=": false, "PATH=/bin": false, "HOME=/root": false, "GOFLAGS=-mod=mod": false, "URL=https://h/a@b": false,
		"SSH_AUTH_SOCK=/tmp/x": false, "PGHOST=h": false, "KEYBOARD=us": false, "REGRESS_STORE=.regress": false,
	} {
		if have := Secret(pair); have != want {
			t.Errorf("%s: %v, want %v", pair, have, want)
		}
	}
}
