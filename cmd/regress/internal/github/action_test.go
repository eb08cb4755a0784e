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
		id := regexp.MustCompile(`steps\.(\w+)\.outputs\.`).FindStringSubmatch(output.Value)
		if id == nil || !strings.Contains(a.script(id[1]), name+"=") {
			t.Errorf("output %q comes from nowhere", name)
		}
	}
}

func (a actionFile) script(id string) string {
	for _, step := range a.Runs.Steps {
		if step.ID == id || step.Name == id {
			return step.Run
		}
	}
	return ""
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
	fmt.Printf("::error::from regress\n")
	var out strings.Builder
	for _, arg := range os.Args[1:] {
		fmt.Fprintf(&out, "arg %q\n", arg)
	}
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "REGRESS_") {
			fmt.Fprintf(&out, "env %q\n", pair)
		}
	}
	if i := slices.Index(os.Args, "--output"); i > 0 {
		os.WriteFile(os.Args[i+1], []byte("log"), 0o644)
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
	if err := os.WriteFile(outputs, nil, 0o644); err != nil {
		r.t.Fatal(err)
	}
	script := filepath.Join(r.dir, "script.sh")
	if err := os.WriteFile(script, []byte(r.action.script(step)), 0o644); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(), "GITHUB_OUTPUT="+outputs, "GITHUB_ACTION_PATH="+filepath.Join(r.dir, "action"),
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
	for name, text := range map[string]string{
		"action/go.mod":              "module github.com/descartes/regress\n\ngo 1.26\n",
		"action/cmd/regress/main.go": stub,
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

func TestActionSteps(t *testing.T) {
	r := newRunner(t)
	tool, printed, code := r.run("tool", nil)
	if code != 0 || !regexp.MustCompile(`^[0-9a-f]{16}-go1\.`).MatchString(tool["key"]) {
		t.Fatalf("tool: %d %v\n%s", code, tool, printed)
	}
	if again, _, _ := r.run("tool", nil); again["key"] != tool["key"] {
		t.Errorf("the key changes from %s to %s", tool["key"], again["key"])
	}
	if versioned, _, _ := r.run("tool", map[string]string{"VERSION": "v1.2.3\ndir=/etc"}); versioned["dir"] != tool["dir"] || !strings.HasPrefix(versioned["key"], "v1.2.3-dir--etc-") {
		t.Errorf("a version with a line end: %v", versioned)
	}
	if _, printed, code := r.run("Build the tool", map[string]string{"DIR": tool["dir"]}); code != 0 {
		t.Fatalf("build: %d\n%s", code, printed)
	}
	before := r.git("rev-parse", "HEAD")
	r.git("commit", "-q", "--allow-empty", "-m", "two")
	check := func(name string, wantCode int, wantArgs string, env map[string]string) {
		t.Helper()
		called := filepath.Join(r.dir, "called")
		_ = os.Remove(called)
		all := map[string]string{
			"COMMAND": "compare", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main", "DIR": tool["dir"],
			"BASE": "", "BEFORE": "", "ARGS": "", "REGRESS_BUDGET": "", "REGRESS_COMMENT": "auto", "REGRESS_KEY": "", "REGRESS_STORE": "", "REGRESS_ARTIFACT": "regress-log",
		}
		for key, value := range env {
			all[key] = value
		}
		out, printed, code := r.run("run", all)
		text, _ := os.ReadFile(called)
		args, envs := "", ""
		for _, line := range strings.Split(string(text), "\n") {
			if arg, ok := strings.CutPrefix(line, "arg "); ok {
				args += " " + strings.ReplaceAll(arg, tool["dir"], "DIR")
			} else {
				envs += line + "\n"
			}
		}
		if code != wantCode || args != wantArgs {
			t.Errorf("%s: exit %d, args%s; want %d,%s\n%s", name, code, args, wantCode, wantArgs, printed)
		}
		if strings.Contains(envs, "=\"\n") || text != nil && !strings.Contains(envs, `"REGRESS_COMMENT=auto"`) {
			t.Errorf("%s: environment %s", name, envs)
		}
		if text != nil && (out["exit-code"] != fmt.Sprint(wantCode) || (out["log"] != "") != (all["COMMAND"] == "compare")) {
			t.Errorf("%s: outputs %v", name, out)
		}
		stopped := regexp.MustCompile(`^::stop-commands::([0-9a-f]{64})\n::error::from regress\n::([0-9a-f]{64})::\n$`).FindStringSubmatch(printed)
		if (stopped != nil && stopped[1] == stopped[2]) != (all["COMMAND"] == "annotate") {
			t.Errorf("%s: prints %q", name, printed)
		}
	}
	compare := func(base string) string {
		return fmt.Sprintf(` "compare" "--github" "--base" %q "--output" "DIR/log/regress.log"`, base)
	}
	const touch = "$(touch owned)`touch owned`;touch owned"
	check("pull request", 0, compare("origin/main"), nil)
	check("red", 1, compare("origin/main"), map[string]string{"CODE": "x"})
	check("undecided", 3, compare("origin/main"), map[string]string{"CODE": "xxx"})
	check("base", 0, compare("v1"), map[string]string{"BASE": "v1"})
	check("merge group", 0, compare(before), map[string]string{"GITHUB_EVENT_NAME": "merge_group", "BEFORE": before})
	check("push", 0, compare(before), map[string]string{"GITHUB_EVENT_NAME": "push", "BEFORE": before})
	check("push of a new branch", 0, compare("HEAD"), map[string]string{"GITHUB_EVENT_NAME": "push", "BEFORE": strings.Repeat("0", 40)})
	check("schedule", 0, compare("HEAD"), map[string]string{"GITHUB_EVENT_NAME": "schedule"})
	check("arguments", 0, compare("origin/main")+` "--strict" "*" "$HOME"`, map[string]string{"ARGS": "--strict *\n $HOME"})
	check("hostile arguments", 0, compare(touch)+` "$(touch" "owned)"`, map[string]string{"BASE": touch, "ARGS": "$(touch owned)"})
	check("hostile branch", 0, compare("origin/"+touch), map[string]string{"GITHUB_BASE_REF": touch})
	check("hostile before", 0, compare("HEAD"), map[string]string{"GITHUB_EVENT_NAME": "push", "BEFORE": "--exec=" + touch})
	check("annotate", 0, ` "annotate"`, map[string]string{"COMMAND": "annotate"})
	check("baseline", 0, ` "baseline" "update"`, map[string]string{"COMMAND": "baseline"})
	check("no such command", 2, "", map[string]string{"COMMAND": touch})
	if _, err := os.Stat(filepath.Join(r.work, "owned")); err == nil {
		t.Error("an input was run by the shell")
	}
}
