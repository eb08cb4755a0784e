package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// TestWorkflows runs the workflows that regress init writes, whole, in front of
// the GitHub of githubtest. The runner is act (github.com/nektos/act, tried with
// 0.2.89), which is no part of this module:
//
//	REGRESS_TEST_ACT=$(command -v act) go test -run TestWorkflows ./cmd/regress
//
// What it cannot show without a network is replaced by stubs: checkout, setup-go,
// cache and the upload. Without act, TestActionSteps runs the scripts of action.yml.
func TestWorkflows(t *testing.T) {
	act := os.Getenv("REGRESS_TEST_ACT")
	if act == "" {
		t.Skip("REGRESS_TEST_ACT does not name the act command; TestActionSteps covers the scripts")
	}
	hub, stop := githubtest.Start()
	defer stop()
	w := newLocalRun(t, act, hub.URL, hub.Token)

	// A pull request of the repository's own.
	w.run("pull_request", "regress.yml", w.pullEvent("acme/shop"), false)
	w.annotated(hub, "own branch")
	hub.Runs, hub.Comments, hub.Requests = nil, nil, nil

	// The same from a fork: its job says nothing, the one with rights all.
	w.run("pull_request", "regress.yml", w.pullEvent("mallory/shop"), false)
	if len(hub.Requests) != 0 {
		t.Errorf("the job of a fork made %d requests", len(hub.Requests))
	}
	hub.Artifacts = []githubtest.Artifact{{ID: 9, Run: 555, Name: "regress-log", Data: w.artifact()}}
	hub.Pulls = []githubtest.Pull{{Number: 7, Head: "mallory:feature", SHA: w.head, Files: []githubtest.PullFile{{Name: "hash/hash.go", Patch: w.git("diff", "main", "feature", "--", "hash/hash.go")}}}}
	w.run("workflow_run", "regress-report.yml", w.runEvent(), false)
	w.annotated(hub, "fork")
}

// TestPageWorkflow runs the workflow for page and alerts on a history in which main became slower:
// see TestWorkflows for the runner. The page is uploaded and deployed, its runs are kept on a
// branch, and there is one issue, also when it runs again.
func TestPageWorkflow(t *testing.T) {
	act := os.Getenv("REGRESS_TEST_ACT")
	if act == "" {
		t.Skip("REGRESS_TEST_ACT does not name the act command; TestActionKeepsTheHistory covers the branch")
	}
	hub, stop := githubtest.Start()
	defer stop()
	w := newLocalRun(t, act, hub.URL, hub.Token)
	server := filepath.Join(w.dir, "server", "acme", "shop")
	output(t, "git", "init", "-q", "--bare", server)
	w.put(".gitconfig", fmt.Sprintf("[url \"file://%s/\"]\n\tinsteadOf = https://github.com/\n", filepath.Join(w.dir, "server")))
	w.git("checkout", "-q", "main")
	const runs, slower = 30, 20
	for i := range runs {
		w.git("commit", "-q", "--allow-empty", "-m", fmt.Sprintf("change %d", i))
		ns := 1000 + i%4
		if i >= slower {
			ns += 300
		}
		commit := strings.TrimSpace(w.git("rev-parse", "HEAD"))
		w.put("old/"+commit+".txt", fmt.Sprintf("started: %s\ngoos: linux\ngoarch: amd64\npkg: example.com/shop/hash\ncpu: Old CPU\nBenchmarkMix-2 100 %d ns/op\nPASS\n",
			time.Now().Add(time.Duration(i-runs)*time.Minute).UTC().Format(time.RFC3339), ns))
	}
	cmd := exec.CommandContext(t.Context(), "regress", "import", filepath.Join(w.dir, "old"))
	cmd.Dir = filepath.Join(w.dir, "repo")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("regress import: %v\n%s", err, out)
	}
	for _, name := range []string{"upload-pages-artifact", "deploy-pages"} {
		w.stub(name, "if [ -n \"$FROM\" ]; then cp -R \"$FROM\" "+w.dir+"/page; else touch "+w.dir+"/deployed; fi")
	}
	event := func(of string) any {
		e := w.runEvent().(map[string]any)
		e["repository"].(map[string]any)["has_pages"] = true
		run := e["workflow_run"].(map[string]any)
		run["event"], run["head_branch"], run["conclusion"] = of, "main", "success"
		run["head_repository"] = e["repository"]
		return e
	}
	there := func(name string) bool { _, err := os.Stat(filepath.Join(w.dir, name)); return err == nil }

	w.run("workflow_run", "regress-page.yml", event("pull_request"), true)
	if there("page") || len(hub.Requests) > 0 {
		t.Error("a pull request made a page")
	}
	for _, turn := range []string{"first", "second"} {
		if err := os.RemoveAll(filepath.Join(w.dir, "page")); err != nil {
			t.Fatal(err)
		}
		w.run("workflow_run", "regress-page.yml", event("push"), true)
		if !there("page/index.html") || !there("deployed") {
			t.Errorf("%s: there is no page", turn)
		}
		if len(hub.Issues) != 1 || !strings.Contains(hub.Issues[0].Title, "Mix") {
			t.Errorf("%s: issues %+v", turn, hub.Issues)
		}
		if kept := strings.Fields(output(t, "git", "-C", server, "ls-tree", "--name-only", "regress-history")); len(kept) != runs {
			t.Errorf("%s: the branch has %d runs, want %d", turn, len(kept), runs)
		}
	}
}

// localRun is a repository with the workflows of regress init, and a branch
// feature that makes its benchmark slower.
type localRun struct {
	*testing.T
	act, dir, url, token string
	head                 string
}

func newLocalRun(t *testing.T, act, url, token string) *localRun {
	w := &localRun{T: t, act: act, dir: t.TempDir(), url: url, token: token}
	archive, err := txtar.ParseFile("testdata/script/cause.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		w.put(f.Name, string(f.Data))
	}
	policy := filepath.Join(w.dir, "repo", "regress.toml")
	text, err := os.ReadFile(policy)
	if err = errors.Join(err, os.Remove(policy)); err != nil { // init writes one, and leaves what exists
		t.Fatal(err)
	}
	w.git("init", "-q", "-b", "main")
	w.git("remote", "add", "origin", "https://github.com/acme/shop.git")
	cmd := exec.CommandContext(t.Context(), "regress", "init")
	cmd.Dir = filepath.Join(w.dir, "repo")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("regress init: %v\n%s", err, out)
	}
	w.put("repo/regress.toml", string(text))
	w.git("add", ".")
	w.git("commit", "-q", "-m", "a benchmark")
	w.git("update-ref", "refs/remotes/origin/main", "main")
	w.git("checkout", "-q", "-b", "feature")
	slow, err := os.ReadFile(filepath.Join(w.dir, "slow"))
	if err != nil {
		t.Fatal(err)
	}
	w.put("repo/hash/hash.go", string(slow))
	w.git("commit", "-q", "-a", "-m", "mix more")
	w.head = strings.TrimSpace(w.git("rev-parse", "HEAD"))
	for _, name := range []string{"checkout", "setup-go", "cache", "cache/restore", "cache/save", "upload-artifact"} {
		script := "true"
		if name == "upload-artifact" {
			script = `cp "$FROM" ` + filepath.Join(w.dir, "uploaded.log")
		}
		w.stub(name, script)
	}
	return w
}

// stub writes an action that runs a script, which has the input path in FROM, in place of one of
// GitHub's.
func (w *localRun) stub(name, script string) {
	w.Helper()
	w.put("stub/"+name+"/action.yml", fmt.Sprintf(`name: %s
description: stands in for the real one
inputs:
  path: {default: ""}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FROM: "${{ inputs.path }}"}
      run: |
        %s
`, name, script))
}

// put writes a file below w.dir.
func (w *localRun) put(name, text string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	write(w.T, path, text)
}

func (w *localRun) git(args ...string) string {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), "git", append([]string{"-C", filepath.Join(w.dir, "repo"), "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// run executes one workflow; green says how it must end.
func (w *localRun) run(event, file string, payload any, green bool) {
	w.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		w.Fatal(err)
	}
	w.put("event.json", string(text))
	here, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		w.Fatal(err)
	}
	args := []string{
		event, "-W", ".github/workflows/" + file, "-P", "ubuntu-latest=-self-hosted", "--eventpath", filepath.Join(w.dir, "event.json"), "--action-offline-mode",
		"--local-repository", "descartes/regress@v1=" + here, "-s", "GITHUB_TOKEN=" + w.token,
		"--env", "GITHUB_API_URL=" + w.url + "/", "--env", "GITHUB_REPOSITORY=acme/shop", "--env", "GOPROXY=off",
	}
	for _, stub := range []string{"checkout@v6", "setup-go@v6", "cache@v5", "upload-artifact@v7", "upload-pages-artifact@v5", "deploy-pages@v5"} {
		name, _, _ := strings.Cut(stub, "@")
		args = append(args, "--local-repository", "actions/"+stub+"="+filepath.Join(w.dir, "stub", name))
	}
	for _, name := range []string{"GOMODCACHE", "GOCACHE"} {
		args = append(args, "--env", name+"="+strings.TrimSpace(output(w.T, "go", "env", name)))
	}
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.act, args...)
	cmd.Dir = filepath.Join(w.dir, "repo")
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "XDG_CACHE_HOME="+filepath.Join(w.dir, "cache"), "GITHUB_TOKEN=", "CI=")
	out, err := cmd.CombinedOutput()
	if (err == nil) != green || bytes.Contains(out, []byte(w.token)) {
		w.Fatalf("%s %s: %v\n%s", event, file, err, out)
	}
	if w.Failed() || testing.Verbose() {
		w.Logf("%s", out)
	}
}

// pullEvent is a pull request from the repository named.
func (w *localRun) pullEvent(from string) any {
	repo := func(name string) map[string]any {
		owner, _, _ := strings.Cut(name, "/")
		return map[string]any{"full_name": name, "owner": map[string]any{"login": owner}}
	}
	return map[string]any{
		"repository": repo("acme/shop"),
		"pull_request": map[string]any{
			"number": 7,
			"head":   map[string]any{"sha": w.head, "ref": "feature", "repo": repo(from)},
			"base":   map[string]any{"sha": strings.TrimSpace(w.git("rev-parse", "main")), "ref": "main", "repo": repo("acme/shop")},
		},
	}
}

func (w *localRun) runEvent() any {
	return map[string]any{
		"repository": map[string]any{"full_name": "acme/shop", "owner": map[string]any{"login": "acme"}},
		"workflow_run": map[string]any{
			"id": 555, "event": "pull_request", "conclusion": "failure", "head_sha": w.head, "head_branch": "feature",
			"head_repository": map[string]any{"full_name": "mallory/shop", "owner": map[string]any{"login": "mallory"}},
		},
	}
}

// artifact is what the stub of the upload has kept, as GitHub packs it.
func (w *localRun) artifact() []byte {
	w.Helper()
	log, err := os.ReadFile(filepath.Join(w.dir, "uploaded.log"))
	if err != nil {
		w.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	entry, err := z.Create("regress.log")
	if err == nil {
		_, err = entry.Write(log)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		w.Fatal(err)
	}
	return packed.Bytes()
}

// annotated checks what stands on the pull request.
func (w *localRun) annotated(hub *githubtest.Server, what string) {
	w.Helper()
	if len(hub.Runs) != 1 || hub.Runs[0].SHA != w.head || hub.Runs[0].Conclusion != "failure" || len(hub.Comments) != 1 || len(hub.Requests) > 12 {
		w.Fatalf("%s: check runs %+v, comments %+v, %d requests", what, hub.Runs, hub.Comments, len(hub.Requests))
	}
	for _, note := range hub.Runs[0].Annotations {
		if note["path"] != "hash/hash.go" {
			w.Errorf("%s: annotation %v", what, note)
		}
	}
	if len(hub.Runs[0].Annotations) == 0 {
		w.Errorf("%s: no annotation", what)
	}
}
