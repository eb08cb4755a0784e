package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
	"github.com/descartes/regress/cmd/regress/internal/repo"
)

// headSHA is the pull request's commit in the events of internal/github.
const headSHA = "1111111111111111111111111111111111111111"

// onGitHub runs regress as a step of a job does, and returns its exit code,
// stdout and stderr.
func onGitHub(t *testing.T, hub *githubtest.Server, event, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	events, err := filepath.Abs(filepath.Join("internal", "github", "testdata", "events"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "regress", args...)
	cmd.Dir = t.TempDir()
	write(t, filepath.Join(cmd.Dir, "log.txt"), slowLog())
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME="+event, "GITHUB_EVENT_PATH="+filepath.Join(events, name+".json"),
		"GITHUB_REPOSITORY=acme/shop", "GITHUB_API_URL="+hub.URL, "GITHUB_SHA=3333333333333333333333333333333333333333",
		"GITHUB_TOKEN="+hub.Token, "GITHUB_RUN_ID=42", "REGRESS_ARTIFACT=regress-log", "GITHUB_STEP_SUMMARY="+filepath.Join(cmd.Dir, "summary.md"))
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(out.String()+said.String(), hub.Token) {
		t.Error("the token was printed")
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// slowLog has one benchmark, slower by half.
func slowLog() string {
	var b strings.Builder
	b.WriteString("regress-log: 1\ncommit: " + headSHA + "\nstarted: 2026-11-23T05:30:00Z\n")
	for n, side := range []string{"base", "head"} {
		fmt.Fprintf(&b, "side: %s\npkg: example.com/shop\n", side)
		for i := range 10 { // 1000 ns at base, 1500 ns at head, within 0.2 %
			fmt.Fprintf(&b, "BenchmarkA-2\t1000\t%d ns/op\n", 1000+500*n+i%3)
		}
	}
	return b.String()
}

// TestPullRequest: a check run on the pull request's own commit and one comment.
func TestPullRequest(t *testing.T) {
	hub, stop := githubtest.Start()
	defer stop()
	code, stdout, stderr := onGitHub(t, hub, "pull_request", "pull_request", "compare", "log.txt")
	if code != exitFail || !strings.HasPrefix(stdout, "FAIL") || !strings.Contains(stderr, "::error ") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	if len(hub.Runs) != 1 || hub.Runs[0].SHA != headSHA || hub.Runs[0].Conclusion != "failure" || hub.Runs[0].Name != "regress" {
		t.Fatalf("check runs %+v", hub.Runs)
	}
	if len(hub.Comments) != 1 || !strings.Contains(hub.Comments[0].Body, "[[waiver]]") || !strings.Contains(hub.Comments[0].Body, "expires = 2027-02-21") {
		t.Fatalf("comments %+v", hub.Comments)
	}
	for _, page := range []string{"/acme/shop/actions/runs/42)", "/acme/shop/actions/runs/42#artifacts)", "/acme/shop/pull/7/files)"} {
		if !strings.Contains(hub.Comments[0].Body, page) {
			t.Errorf("the comment has no link to %s:\n%s", page, hub.Comments[0].Body)
		}
	}
	// Two suites of one repository, and one that wants no comment.
	onGitHub(t, hub, "pull_request", "pull_request", "compare", "--key", "arm", "--comment", "never", "log.txt")
	if len(hub.Runs) != 2 || hub.Runs[1].Name != "regress (arm)" || len(hub.Comments) != 1 {
		t.Errorf("%d check runs, %d comments", len(hub.Runs), len(hub.Comments))
	}
	// What cannot be read ends the same check run again, neither red nor green.
	code, _, _ = onGitHub(t, hub, "pull_request", "pull_request", "compare", "none.txt")
	if code != exitUsage || len(hub.Runs) != 2 || hub.Runs[0].Status != "completed" || hub.Runs[0].Conclusion != "cancelled" {
		t.Errorf("exit %d, %d check runs, the first %+v", code, len(hub.Runs), *hub.Runs[0])
	}
}

// TestFork: the job of the fork asks GitHub for nothing and decides; the job
// with rights comes to the same decision from the artifact, and posts it.
func TestFork(t *testing.T) {
	hub, stop := githubtest.Start()
	defer stop()
	code, first, stderr := onGitHub(t, hub, "pull_request", "fork", "compare", "log.txt")
	if code != exitFail || !strings.Contains(stderr, "::error ") || len(hub.Requests) != 0 {
		t.Errorf("exit %d, %d requests\n%s", code, len(hub.Requests), stderr)
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	entry, err := z.Create("regress.log")
	if err == nil {
		_, err = entry.Write([]byte(slowLog() + `# cause: {"package":"example.com/shop","name":"A-2","unit":"sec/op","file":"a.go","first":4,"last":4,"grown":["f +500 ns/op"]}` + "\n"))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	hub.Artifacts = []githubtest.Artifact{{ID: 9, Run: 555, Name: "regress-log", Data: archive.Bytes()}}
	hub.Pulls = []githubtest.Pull{{Number: 7, Head: "mallory:patch-1", SHA: headSHA, Files: []githubtest.PullFile{
		{Name: "a.go", Patch: "@@ -3,3 +3,4 @@\n a\n+b\n c\n d"}, {Name: "regress.toml", Patch: "@@ -1 +1 @@\n-a\n+b"},
	}}}
	code, again, stderr := onGitHub(t, hub, "workflow_run", "workflow_run", "annotate")
	if code != exitFail || again != first || strings.Contains(stderr, "::error ") {
		t.Errorf("exit %d\nhave %s\nwant %s\n%s", code, again, first, stderr)
	}
	if len(hub.Runs) != 1 || hub.Runs[0].Conclusion != "failure" || len(hub.Comments) != 1 || hub.Comments[0].Pull != 7 {
		t.Errorf("check runs %+v, comments %+v", hub.Runs, hub.Comments)
	}
	if notes := hub.Runs[0].Annotations; len(notes) != 1 || notes[0]["path"] != "a.go" || notes[0]["start_line"] != 4. || !strings.Contains(notes[0]["message"].(string), "Grew most: f +500 ns/op.") {
		t.Errorf("annotations %v", notes)
	}
	if !strings.Contains(hub.Comments[0].Body, "with the one of the default branch") {
		t.Errorf("a changed policy is not told of: %s", hub.Comments[0].Body)
	}
	// Without the artifact nothing was decided.
	hub.Artifacts = nil
	if code, _, _ := onGitHub(t, hub, "workflow_run", "workflow_run", "annotate"); code != exitUndecided {
		t.Errorf("exit %d without an artifact", code)
	}
}

// TestEventBase: what a job compares with, where nobody says. A branch that was fetched is newer
// than the event's commit; a commit that a forced push has lost is none.
func TestEventBase(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "one")
	in, err := repo.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	check := func(event, actions, want string) {
		t.Helper()
		vars := map[string]string{
			"GITHUB_ACTIONS": actions, "GITHUB_EVENT_NAME": event, "GITHUB_REPOSITORY": "acme/shop",
			"GITHUB_EVENT_PATH": filepath.Join("internal", "github", "testdata", "events", event+".json"),
		}
		s := &setup{world: &world{getenv: func(name string) string { return vars[name] }}}
		if have := s.eventBase(t.Context(), in); have != want {
			t.Errorf("%s: %q, want %q", event, have, want)
		}
	}
	check("pull_request", "", "")
	check("pull_request", "true", "origin/main") // unknown here, which measuring says
	check("push", "true", "HEAD")
	check("schedule", "true", "HEAD")
	check("merge_group", "true", strings.Repeat("2", 40))
	git("update-ref", "refs/remotes/origin/main", "main")
	check("pull_request", "true", "origin/main")
	// GitLab names the commit that the branch left; a pipeline that does not have it, its target.
	lab := func(diffBase, want string) {
		t.Helper()
		vars := map[string]string{
			"GITLAB_CI": "true", "CI_PROJECT_ID": "11", "CI_COMMIT_SHA": headSHA, "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "11",
			"CI_MERGE_REQUEST_DIFF_BASE_SHA": diffBase, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
		}
		s := &setup{world: &world{getenv: func(name string) string { return vars[name] }}}
		if have := s.eventBase(t.Context(), in); have != want {
			t.Errorf("GitLab, %q: %q, want %q", diffBase, have, want)
		}
	}
	one, err := in.Commit(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	lab(one, one)
	lab(strings.Repeat("2", 40), "origin/main")
	lab("", "origin/main")
}
