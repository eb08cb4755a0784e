package github

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// actionFile is what this test reads of action.yml.
type actionFile struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	ID, Name, If, Shell, Run, Uses string
	Env, With                      map[string]string
}

func readAction(t *testing.T) actionFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var a actionFile
	if err := yaml.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// An expression inside a script is text that the shell runs, and what it names
// must exist: a misspelt input is an empty string.
func TestActionExpressions(t *testing.T) {
	a := readAction(t)
	used := map[string]bool{}
	whole := ""
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q has an expression in its script", step.Name)
		}
		if (step.Run == "") != (step.Shell == "") {
			t.Errorf("step %q: a script needs a shell", step.Name)
		}
		for _, values := range []map[string]string{step.Env, step.With, {"if": step.If}} {
			for _, value := range values {
				whole += value + "\n"
			}
		}
	}
	for _, m := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(whole, -1) {
		used[m[1]] = true
		if _, ok := a.Inputs[m[1]]; !ok {
			t.Errorf("there is no input %q", m[1])
		}
	}
	if a.Runs.Using != "composite" || len(a.Inputs) < 5 {
		t.Errorf("read %+v", a)
	}
	for name, input := range a.Inputs {
		if !used[name] && name != "working-directory" || input.Description == "" {
			t.Errorf("input %q is not used or not described", name)
		}
	}
	for name, output := range a.Outputs {
		if want := "${{ steps.post.outputs." + name + " }}"; output.Value != want || output.Description == "" {
			t.Errorf("output %q is %s, not %s, or not described", name, output.Value, want)
		}
	}
}

// The code of a pull request runs in one step, whose environment has no secret of the job; a secret
// reaches only steps that run nothing but regress, and the one that keeps the history, which runs
// git in a folder of its own and only for commands that measure nothing. Actions of others are not
// used.
func TestActionSecrets(t *testing.T) {
	a := readAction(t)
	secret := regexp.MustCompile(`github-token|inputs\.(store|notify)\b|secrets\.|github\.token`)
	seen := map[string]bool{}
	for _, step := range a.Runs.Steps {
		for name, value := range step.Env {
			if secret.MatchString(value) {
				seen[step.Name] = true
				if step.ID == "measure" {
					t.Errorf("the step that runs the pull request's code has %s", name)
				}
			}
		}
		if step.Uses != "" && !strings.HasPrefix(step.Uses, "actions/") {
			t.Errorf("%s is not pinned by commit", step.Uses)
		}
	}
	if len(seen) != 3 || !seen["Decide and post"] || !seen["Fetch baselines"] || !seen["Keep the history"] {
		t.Errorf("secrets are in %v", seen)
	}
	const idle = "(inputs.command == 'site' || inputs.command == 'watch')"
	if keep := a.step("Keep the history").If; !strings.Contains(keep, idle) || strings.Contains(strings.ReplaceAll(keep, idle, ""), "||") {
		t.Errorf("the history is kept if %s", keep)
	}
	for _, name := range []string{"GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} {
		if !strings.Contains(a.step("measure").Shell, "-u "+name+" ") {
			t.Errorf("the shell that measures keeps %s of the job", name)
		}
	}
}

func (a actionFile) step(id string) actionStep {
	for _, step := range a.Runs.Steps {
		if step.ID == id || step.Name == id {
			return step
		}
	}
	return actionStep{}
}

// stub stands in for regress: it writes down how it was called.
const stub = `package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	fmt.Fprintf(os.Stderr, "::error::from regress\n")
	var out strings.Builder
	for _, arg := range os.Args[1:] {
		fmt.Fprintf(&out, "arg %q\n", arg)
	}
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "REGRESS_") || strings.Contains(pair, "TOKEN") {
			fmt.Fprintf(&out, "env %q\n", pair)
		}
	}
	if i := slices.Index(os.Args, "--output"); i > 0 {
		if os.Getenv("NO_LOG") == "" {
			os.WriteFile(os.Args[i+1], []byte("log"), 0o644)
		}
		// What it measures tries to set the stage for the next step.
		for _, name := range []string{"GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
			os.WriteFile(os.Getenv(name), []byte("exit-code=0\nBASH_ENV=/tmp/x\n"), 0o644)
		}
	}
	os.WriteFile(os.Getenv("CALLED"), []byte(out.String()), 0o644)
	os.Exit(len(os.Getenv("CODE")))
}
`

// runner executes the action's own scripts as the real one does.
type runner struct {
	t      *testing.T
	action actionFile
	dir    string
	work   string
}

func (r *runner) git(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", append([]string{"-C", r.work, "-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// run executes the step with the given id or name and returns its outputs, what
// it printed, and its exit code.
func (r *runner) run(step string, env map[string]string) (map[string]string, string, int) {
	r.t.Helper()
	outputs := filepath.Join(r.dir, "outputs")
	for _, name := range []string{outputs, filepath.Join(r.dir, "env"), filepath.Join(r.dir, "path"), filepath.Join(r.dir, "summary")} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	script := filepath.Join(r.dir, "script.sh")
	if err := os.WriteFile(script, []byte(r.action.step(step).Run), 0o644); err != nil {
		r.t.Fatal(err)
	}
	shell := strings.Fields(strings.ReplaceAll(r.action.step(step).Shell, "{0}", script))
	if len(shell) == 1 {
		shell = []string{"bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script}
	}
	cmd := exec.CommandContext(r.t.Context(), shell[0], shell[1:]...)
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(), "GITHUB_OUTPUT="+outputs, "GITHUB_ENV="+filepath.Join(r.dir, "env"), "GITHUB_PATH="+filepath.Join(r.dir, "path"),
		"GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary"), "GITHUB_ACTION_PATH="+filepath.Join(r.dir, "action"),
		"RUNNER_TEMP="+filepath.Join(r.dir, "temp"), "CALLED="+filepath.Join(r.dir, "called"), "VERSION=")
	for key, value := range env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	printed, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	text, err := os.ReadFile(outputs)
	if err != nil {
		r.t.Fatal(err)
	}
	have := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		have[key] = value
	}
	return have, string(printed), cmd.ProcessState.ExitCode()
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	dir := t.TempDir()
	r := &runner{t: t, action: readAction(t), dir: dir, work: filepath.Join(dir, "work")}
	release, err := os.ReadFile(filepath.Join("..", "..", "..", "..", ".ci", "release"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"action/go.mod":              "module github.com/descartes/regress\n\ngo 1.26\n",
		"action/go.sum":              "",
		"action/schema.go":           "package regress\n",
		"action/schema.sql":          "",
		"action/pkg/x/x.go":          "package x\n",
		"action/cmd/regress/main.go": stub,
		"action/CHANGELOG.md":        "# Changes\n\n## Unreleased\n\n- something\n\n## 1.2.2 - 2026-11-01\n",
		"action/.ci/release":         string(release),
		"work/file":                  "one\n",
		"temp/empty":                 "",
	} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.git("init", "-q", "-b", "main")
	r.git("add", ".")
	r.git("commit", "-q", "-m", "one")
	return r
}

// actionRun is one run of the action's steps that call regress.
type actionRun struct {
	*runner
	tool map[string]string
	env  map[string]string
}

// call runs one step in the environment that it asks for, and returns how regress was called, the
// variables that it had, and what else came of it.
func (a actionRun) call(id string, env map[string]string) (args, envs string, out map[string]string, printed string, code int) {
	a.t.Helper()
	called := filepath.Join(a.dir, "called")
	_ = os.Remove(called)
	all := map[string]string{"GITHUB_TOKEN": "", "GH_TOKEN": "job-token", "ACTIONS_RUNTIME_TOKEN": "job-token"}
	for name := range a.action.step(id).Env { // empty, as an input that nobody gives
		all[name] = ""
	}
	all["DIR"], all["SUM"] = a.tool["dir"], a.tool["sum"]
	for _, values := range []map[string]string{a.env, env} {
		for name, value := range values {
			if _, ok := all[name]; ok || name == "CODE" || name == "NO_LOG" {
				all[name] = value
			}
		}
	}
	out, printed, code = a.run(id, all)
	text, _ := os.ReadFile(called)
	for line := range strings.Lines(string(text)) {
		if arg, ok := strings.CutPrefix(line, "arg "); ok {
			args += " " + strings.ReplaceAll(strings.TrimSuffix(arg, "\n"), a.tool["dir"], "DIR")
		} else {
			envs += line
		}
	}
	if strings.Contains(envs, "=\"\n") {
		a.t.Errorf("an empty variable is passed on: %s", envs)
	}
	return args, envs, out, printed, code
}

func newActionRun(t *testing.T) actionRun {
	r := newRunner(t)
	tool, printed, code := r.run("tool", nil)
	if code != 0 || !regexp.MustCompile(`^[0-9a-f]{16}-go1\.`).MatchString(tool["key"]) {
		t.Fatalf("tool: %d %v\n%s", code, tool, printed)
	}
	if again, _, _ := r.run("tool", nil); again["key"] != tool["key"] {
		t.Errorf("the key changes from %s to %s", tool["key"], again["key"])
	}
	if versioned, _, _ := r.run("tool", map[string]string{"VERSION": "v1.2.3\ndir=/etc"}); versioned["dir"] != tool["dir"] || versioned["release"] != "" || !strings.HasPrefix(versioned["key"], "v1.2.3-dir--etc-") {
		t.Errorf("a version with a line end: %v", versioned)
	}
	built, printed, code := r.run("build", map[string]string{"DIR": tool["dir"]})
	if code != 0 || len(built["sum"]) != 64 {
		t.Fatalf("build: %d %v\n%s", code, built, printed)
	}
	tool["sum"] = built["sum"]
	return actionRun{runner: r, tool: tool, env: map[string]string{
		"COMMAND": "compare", "MEASURED": "0", "REGRESS_COMMENT": "auto", "REGRESS_UNDECIDED": "neutral", "GITHUB_TOKEN": "the-token",
	}}
}

// TestActionSteps runs the scripts of the action with a regress that notes how it was called.
func TestActionSteps(t *testing.T) {
	a := newActionRun(t)
	const touch = "$(touch owned)`touch owned`;touch owned"
	quoted := func(args ...string) (all string) {
		for _, arg := range args {
			all += fmt.Sprintf(" %q", arg)
		}
		return all
	}
	measure := func(name string, want string, env map[string]string) {
		t.Helper()
		args, envs, out, printed, code := a.call("measure", env)
		if code != 0 || args != want || out["exit-code"] != fmt.Sprint(len(env["CODE"])) {
			t.Errorf("%s: exit %d, args%s; want%s, outputs %v\n%s", name, code, args, want, out, printed)
		}
		if strings.Contains(envs, "TOKEN") || strings.Contains(printed, "the-token") {
			t.Errorf("%s: secrets: %s", name, envs)
		}
		stopped := regexp.MustCompile(`^::stop-commands::([0-9a-f]{64})\n::error::from regress\n::([0-9a-f]{64})::\n$`).FindStringSubmatch(printed)
		if stopped == nil || stopped[1] != stopped[2] {
			t.Errorf("%s: prints %q", name, printed)
		}
		for _, file := range []string{"env", "path", "summary"} {
			if text, err := os.ReadFile(filepath.Join(a.dir, file)); err != nil || len(text) > 0 {
				t.Errorf("%s: what was measured left %q in the file %s", name, text, file)
			}
		}
	}
	compare := func(more ...string) string {
		return quoted(append([]string{"compare", "--github=false", "--output", "DIR/log/regress.log"}, more...)...)
	}
	measure("the event says what with", compare(), nil)
	measure("red", compare(), map[string]string{"CODE": "x"})
	measure("base", compare("--base", "v1"), map[string]string{"BASE": "v1"})
	measure("arguments", compare("--strict", "*", "$HOME"), map[string]string{"ARGS": "--strict *\n $HOME"})
	measure("hostile", compare("--base", touch, "$(touch", "owned)"), map[string]string{"BASE": touch, "ARGS": "$(touch owned)"})
	measure("baseline", quoted("baseline", "update", "--store", "DIR/measured", "--output", "DIR/log/regress.log"), map[string]string{"COMMAND": "baseline"})

	post := func(name string, want string, wantCode int, env map[string]string) {
		t.Helper()
		args, envs, _, printed, code := a.call("post", env)
		if code != wantCode || args != want || args != "" && !strings.Contains(envs, `"GITHUB_TOKEN=the-token"`) {
			t.Errorf("%s: exit %d, args%s, want %d,%s\n%s%s", name, code, args, wantCode, want, envs, printed)
		}
	}
	log := "DIR/log/regress.log"
	post("green", quoted("compare", "--github", log), 0, nil)
	post("red", quoted("compare", "--github", log), 1, map[string]string{"CODE": "x"})
	post("arguments", quoted("compare", "--github", "--strict", "$(touch", "owned)", log), 0, map[string]string{"ARGS": "--strict $(touch owned)"})
	post("annotate", quoted("annotate"), 1, map[string]string{"COMMAND": "annotate", "CODE": "x"})
	post("watch", quoted("watch", "--days", "30"), 1, map[string]string{"COMMAND": "watch", "CODE": "x", "ARGS": "--days 30", "REGRESS_NOTIFY": "https://x.org/s3cr3t"})
	post("baseline", quoted("baseline", "update", log), 0, map[string]string{"COMMAND": "baseline"})

	// Where nothing was measured there is nothing to post.
	measure("no log", compare(), map[string]string{"NO_LOG": "1", "CODE": "xxx"})
	post("undecided", "", 0, map[string]string{"MEASURED": "3"})
	post("undecided fails", "", 3, map[string]string{"MEASURED": "3", "REGRESS_UNDECIDED": "fail"})
	post("wrong usage", "", 2, map[string]string{"MEASURED": "2"})

	if _, _, _, printed, code := a.call("measure", map[string]string{"COMMAND": touch}); code != 2 || !strings.Contains(printed, "no command of that name") {
		t.Errorf("no such command: exit %d\n%s", code, printed)
	}
	if _, err := os.Stat(filepath.Join(a.work, "owned")); err == nil {
		t.Error("an input was run by the shell")
	}
	// What is measured can write where the tool is, and must not be the next to get the token.
	if err := os.WriteFile(filepath.Join(a.tool["dir"], "bin", "regress"), []byte("#!/bin/sh\ntouch owned\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	post("another tool", "", 2, nil)
}

// TestActionFetches: the history, down to where the branch began, and a word on a token left
// behind.
func TestActionFetches(t *testing.T) {
	r := newRunner(t)
	r.git("commit", "-q", "--allow-empty", "-m", "two")
	origin := r.work
	r.work = filepath.Join(r.dir, "clone")
	if out, err := exec.Command("git", "clone", "-q", "--depth=1", "file://"+origin, r.work).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, printed, code := r.run("Fetch history", nil); code != 0 || strings.Contains(printed, "::") || r.git("rev-list", "--count", "HEAD") != "2" {
		t.Errorf("exit %d, %s commits\n%s", code, r.git("rev-list", "--count", "HEAD"), printed)
	}
	r.git("config", "http.https://github.com/.extraheader", "AUTHORIZATION: basic x")
	if _, printed, code := r.run("Fetch history", nil); code != 0 || !strings.HasPrefix(printed, "::warning ") {
		t.Errorf("exit %d\n%s", code, printed)
	}
}
