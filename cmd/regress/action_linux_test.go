package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// TestActionKeepsSecretsFromBenchmarks runs the action's own scripts as the runner does, on a pull
// request whose benchmark looks for secrets wherever it can: see case_secrets-ancestor-environ.
func TestActionKeepsSecretsFromBenchmarks(t *testing.T) {
	hub, stop := githubtest.Start()
	defer stop()
	job := newActionJob(t, hub)
	expressions := map[string]string{
		"inputs.command": "compare", "inputs.comment": "always", "inputs.undecided": "neutral", "inputs.budget": "5s",
		"inputs.args": "--benchtime 1ms", "inputs.github-token": hub.Token, "inputs.store": "postgres://u:s3cr3t@127.0.0.1:1/db",
		"steps.tool.outputs.dir": job.dir,
	}
	if code, out := job.step("Fetch baselines", expressions); code != 0 || !strings.Contains(out, "::warning ") {
		t.Errorf("a store that does not answer: exit %d\n%s", code, out)
	}
	expressions["inputs.store"] = ""
	if code, out := job.step("Measure", expressions); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	stolen, err := os.ReadFile(filepath.Join(job.dir, "stolen.txt"))
	if err != nil || !strings.Contains(string(stolen), "looked at") || strings.Contains(string(stolen), "s3cr3t") {
		t.Errorf("a benchmark finds: %v\n%s", err, stolen)
	}
	expressions["steps.build.outputs.sum"] = strings.Fields(output(t, "sha256sum", filepath.Join(job.dir, "bin", "regress")))[0]
	expressions["steps.measure.outputs.exit-code"] = "0"
	if code, out := job.step("Decide and post", expressions); code != 0 || len(hub.Runs) != 1 || hub.Runs[0].Status != "completed" {
		t.Errorf("exit %d, check runs %+v\n%s", code, hub.Runs, out)
	}
	if again, err := os.ReadFile(filepath.Join(job.dir, "stolen.txt")); err != nil || string(again) != string(stolen) {
		t.Errorf("the step with the token ran the pull request's code")
	}
	text, err := os.ReadFile(filepath.Join(job.dir, "outputs"))
	for _, name := range []string{"outcome", "headline", "regressed", "undecided", "exit-code", "log", "json", "markdown"} {
		if !regexp.MustCompile(`(?m)^` + name + `=.`).Match(text) {
			t.Errorf("no output %s: %v\n%s", name, err, text)
		}
	}
}

// TestActionSearchesForACommit runs the action's scripts with command: bisect, where nothing became
// slower.
func TestActionSearchesForACommit(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and measures for long")
	}
	hub, stop := githubtest.Start()
	defer stop()
	job := newActionJob(t, hub)
	write(t, filepath.Join(job.dir, "repo", "regress.toml"), "[policy]\nmin-effect = \"90%\"\n") // which no noise reaches
	expressions := map[string]string{
		"inputs.command": "bisect", "inputs.base": "main", "inputs.undecided": "neutral", "inputs.budget": "30s", "inputs.count": "false",
		"inputs.github-token": hub.Token, "steps.tool.outputs.dir": job.dir,
	}
	code, out := job.step("Measure", expressions)
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	expressions["steps.build.outputs.sum"] = strings.Fields(output(t, "sha256sum", filepath.Join(job.dir, "bin", "regress")))[0]
	expressions["steps.measure.outputs.exit-code"] = "3"
	if code, out = job.step("Decide and post", expressions); code != 0 || !strings.Contains(out, "::warning title=regress%3A undecided::No commit was found") {
		t.Errorf("exit %d\n%s", code, out)
	}
	text, err := os.ReadFile(filepath.Join(job.dir, "outputs"))
	for _, want := range []string{"exit-code=3\n", "json=", "markdown=", "log="} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("no %q: %v\n%s", want, err, text)
		}
	}
	if text, err := os.ReadFile(filepath.Join(job.dir, "culprit.md")); err != nil || !strings.Contains(string(text), "there is no commit to look for") {
		t.Errorf("%v\n%s", err, text)
	}
}

// actionJob is a job that uses the action, on a pull request.
type actionJob struct {
	t     *testing.T
	dir   string // that of the tool, with the repository in it
	steps []struct {
		Name, Shell, Run string
		Env              map[string]string
	}
	env []string
}

func newActionJob(t *testing.T, hub *githubtest.Server) *actionJob {
	t.Helper()
	j := &actionJob{t: t, dir: t.TempDir()}
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Runs struct{ Steps yaml.Node } }
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	if err := action.Runs.Steps.Decode(&j.steps); err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("testdata/script/case_secrets-ancestor-environ.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		name := filepath.Join(j.dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, name, string(f.Data))
	}
	if err := os.Mkdir(filepath.Join(j.dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := `cp "$OWN" ../bin/regress
git init -q -b main && git add . && git commit -q -m one && git update-ref refs/remotes/origin/main main
git checkout -q -b feature && cp ../faster.go f.go && git commit -q -a -m two`
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = filepath.Join(j.dir, "repo"), append(os.Environ(), "OWN="+own,
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	event, err := filepath.Abs(filepath.Join("internal", "github", "testdata", "events", "pull_request.json"))
	if err != nil {
		t.Fatal(err)
	}
	j.env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+event,
		"GITHUB_REPOSITORY=acme/shop", "GITHUB_API_URL="+hub.URL, "GITHUB_SHA=3333333333333333333333333333333333333333", "GITHUB_RUN_ID=42",
		// What the runner gives every script of a job that may ask for an identity, and what jobs
		// are given.
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN=oidc_s3cr3t", "ACTIONS_RUNTIME_TOKEN=art_s3cr3t", "GH_TOKEN=gh_s3cr3t")
	return j
}

var expression = regexp.MustCompile(`\$\{\{ *([^} ]+) *\}\}`)

// step runs one of the action's scripts, with the environment that it asks for.
func (j *actionJob) step(name string, expressions map[string]string) (code int, printed string) {
	j.t.Helper()
	for _, step := range j.steps {
		if step.Name != name {
			continue
		}
		script := filepath.Join(j.dir, "script.sh")
		write(j.t, script, step.Run)
		shell := strings.Fields(strings.ReplaceAll(step.Shell, "{0}", script))
		if step.Shell == "bash" {
			shell = []string{"bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script}
		}
		cmd := exec.CommandContext(j.t.Context(), shell[0], shell[1:]...)
		cmd.Dir, cmd.Env = filepath.Join(j.dir, "repo"), j.env
		for file, variable := range map[string]string{"outputs": "GITHUB_OUTPUT", "env": "GITHUB_ENV", "path": "GITHUB_PATH", "summary": "GITHUB_STEP_SUMMARY"} {
			write(j.t, filepath.Join(j.dir, file), "")
			cmd.Env = append(cmd.Env, variable+"="+filepath.Join(j.dir, file))
		}
		for key, value := range maps.All(step.Env) {
			value = expression.ReplaceAllStringFunc(value, func(e string) string { return expressions[expression.FindStringSubmatch(e)[1]] })
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			j.t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	j.t.Fatalf("the action has no step %q", name)
	return 0, ""
}

// TestActionInstallsTheCounter: where it is missing and can be installed, by root or by sudo; and
// no job fails where it cannot.
func TestActionInstallsTheCounter(t *testing.T) {
	job := newActionJob(t, &githubtest.Server{})
	bin := filepath.Join(job.dir, "programs")
	command := func(name, script string) {
		t.Helper()
		write(t, filepath.Join(bin, name), "#!/bin/bash\necho \"$(basename $0) $*\" >>"+job.dir+"/said\n"+script)
		if err := os.Chmod(filepath.Join(bin, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	job.env = append(job.env, "PATH="+bin)
	// check runs the step beside programs of these scripts, and compares which were run.
	check := func(programs map[string]string, want, printed string) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(bin), os.MkdirAll(bin, 0o755)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"bash", "env", "uname", "timeout", "basename", "touch", "chmod"} {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		write(t, filepath.Join(job.dir, "said"), "")
		for name, script := range programs {
			command(name, script)
		}
		code, out := job.step("Install the counter", nil)
		said, err := os.ReadFile(filepath.Join(job.dir, "said"))
		if err != nil {
			t.Fatal(err)
		}
		if code != 0 || !regexp.MustCompile(`^(?s:`+want+`)$`).Match(said) || !strings.Contains(out, printed) || printed == "" && out != "" {
			t.Errorf("exit %d, ran:\n%s\nwant %s\nprinted %s\nwant %s", code, said, want, out, printed)
		}
	}
	emulator := "qemu-" + strings.TrimSpace(output(t, "uname", "-m"))
	const root, other = "echo 0", "echo 1000"
	installs := "cd " + bin + " && touch cc " + emulator + " && chmod +x cc " + emulator
	const install = `apt-get -q -o DPkg::Lock::Timeout=60 install -y --no-install-recommends qemu-user gcc libc6-dev\n`
	const update = `apt-get -q -o DPkg::Lock::Timeout=60 update\n`
	const sorry = "Time alone decides: qemu-user could not be installed to count instructions."

	check(map[string]string{"cc": "", emulator: "", "apt-get": "exit 1"}, "", "")
	check(map[string]string{"id": root, "apt-get": installs}, `id -u\n`+install, "")
	check(map[string]string{"id": other, "sudo": `shift; exec "$@"`, "apt-get": installs}, `id -u\nsudo -n .*\n`+install, "")
	check(map[string]string{"id": other}, `(id -u\n)+`, sorry)
	check(map[string]string{"id": other, "sudo": "echo a password is required >&2; exit 1", "apt-get": installs}, `(id -u\nsudo .*\n)+`, sorry+" a password is required")
	check(map[string]string{"id": root}, `(id -u\n)+`, sorry)
	check(map[string]string{"id": root, "apt-get": "echo E: no such package; exit 100"}, `id -u\n`+install+`id -u\n`+update, sorry+" E: no such package")
	check(map[string]string{"id": root, "apt-get": `[[ $* = *update* ]] && exit; [ -e ` + bin + `/asked ] && { ` + installs + `; exit; }; touch ` + bin + `/asked; exit 100`}, `id -u\n`+install+`id -u\n`+update+`id -u\n`+install, "")
	check(map[string]string{"id": root, "apt-get": "echo done"}, `id -u\n`+install, sorry)
}

// TestActionKeepsTheHistory: runs are kept on a branch of their own, which gives back what the
// cache has lost; a push that another job was faster than is repeated, and no job fails for want of
// the right to push.
func TestActionKeepsTheHistory(t *testing.T) {
	job := newActionJob(t, &githubtest.Server{})
	server := filepath.Join(job.dir, "server", "acme", "shop")
	output(t, "git", "init", "-q", "--bare", server)
	job.env = append(job.env, "GITHUB_SERVER_URL=file://"+filepath.Join(job.dir, "server"))
	store := filepath.Join(job.dir, "repo", ".regress")
	expressions := map[string]string{"inputs.history": "regress-history", "inputs.github-token": "t0ken", "steps.tool.outputs.dir": job.dir}
	// check runs the step, and compares what the branch and the store have afterwards.
	check := func(branch, kept, printed string) {
		t.Helper()
		code, out := job.step("Keep the history", expressions)
		if code != 0 || strings.Contains(out, "t0ken") || !strings.Contains(out, printed) || printed == "" && out != "" {
			t.Errorf("exit %d, want %q:\n%s", code, printed, out)
		}
		files, err := exec.CommandContext(t.Context(), "git", "-C", server, "ls-tree", "--name-only", "regress-history").Output()
		if err != nil {
			t.Fatal(err)
		}
		if have := strings.Join(strings.Fields(string(files)), " "); have != branch {
			t.Errorf("the branch has %s, want %s", have, branch)
		}
		found, err := filepath.Glob(filepath.Join(store, "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		have := ""
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			have += filepath.Base(name) + "=" + string(text) + " "
		}
		if have != kept {
			t.Errorf("the store has %q, want %q", have, kept)
		}
	}
	run := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(store, "log"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(store, name), text)
	}
	run("a.txt", "1")
	run("log/raw.txt", "no run")
	run("index", "no run")
	check("a.txt", "a.txt=1 ", "")
	check("a.txt", "a.txt=1 ", "") // nothing is new
	commits := output(t, "git", "-C", server, "rev-list", "--count", "regress-history")
	if strings.TrimSpace(commits) != "1" {
		t.Errorf("the same runs made %s commits", commits)
	}

	// The cache was thrown away. What is there already is left as it is, and a link is no run.
	if err := os.RemoveAll(store); err != nil {
		t.Fatal(err)
	}
	run("b.txt", "2")
	if err := os.Symlink("/etc/passwd", filepath.Join(store, "c.txt")); err != nil {
		t.Fatal(err)
	}
	linked, _ := os.ReadFile("/etc/passwd")
	check("a.txt b.txt", "a.txt=1 b.txt=2 c.txt="+string(linked)+" ", "")
	if err := os.Remove(filepath.Join(store, "c.txt")); err != nil {
		t.Fatal(err)
	}

	// Another job pushed in between.
	hook := filepath.Join(server, "hooks", "pre-receive")
	write(t, hook, "#!/bin/sh\n[ -e "+job.dir+"/late ] || { touch "+job.dir+"/late; echo not now; exit 1; }\n")
	if err := os.Chmod(hook, 0o755); err != nil {
		t.Fatal(err)
	}
	run("c.txt", "3")
	check("a.txt b.txt c.txt", "a.txt=1 b.txt=2 c.txt=3 ", "not now")
	write(t, hook, "#!/bin/sh\nexit 1\n")
	run("d.txt", "4")
	check("a.txt b.txt c.txt", "a.txt=1 b.txt=2 c.txt=3 d.txt=4 ", "::warning title=regress::The branch regress-history was not updated: this job needs contents: write.")
}
