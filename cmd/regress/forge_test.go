package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
	"github.com/descartes/regress/cmd/regress/internal/gitea/giteatest"
	"github.com/descartes/regress/cmd/regress/internal/gitlab/gitlabtest"
)

// atForge runs regress in a job with these variables, and returns its exit code, stdout and stderr.
func atForge(t *testing.T, forge *forgetest.Server, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "regress", args...)
	cmd.Dir = t.TempDir()
	write(t, filepath.Join(cmd.Dir, "log.txt"), slowLog())
	cmd.Env = append(append(os.Environ(), "GITHUB_ACTIONS=", "GITLAB_CI=", "GITEA_ACTIONS=", "REGRESS_ARTIFACT=regress.txt"), env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(out.String()+said.String(), forge.Token) {
		t.Error("the token was printed")
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// gitlabJob is the environment of a job of a merge request.
func gitlabJob(lab *gitlabtest.Server) []string {
	return []string{
		"GITLAB_CI=true", "CI_API_V4_URL=" + lab.URL, "CI_PROJECT_ID=" + gitlabtest.Project, "CI_PROJECT_PATH=acme/shop", "CI_PROJECT_URL=https://gitlab.example/acme/shop",
		"CI_JOB_URL=https://gitlab.example/acme/shop/-/jobs/99", "CI_PIPELINE_ID=42", "CI_COMMIT_SHA=" + headSHA, "CI_JOB_TOKEN=glcbt-64_x", "GITLAB_TOKEN=" + lab.Token,
		"CI_MERGE_REQUEST_IID=7", "CI_MERGE_REQUEST_PROJECT_ID=" + gitlabtest.Project, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID=" + gitlabtest.Project,
		"CI_MERGE_REQUEST_PROJECT_URL=https://gitlab.example/acme/shop", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main",
	}
}

// TestMergeRequest: one note on the merge request and a status in the pipeline, and the same words
// and exit code as anywhere.
func TestMergeRequest(t *testing.T) {
	lab, stop := gitlabtest.Start()
	defer stop()
	env := gitlabJob(lab)
	code, stdout, stderr := atForge(t, &lab.Server, env, "compare", "log.txt")
	if code != exitFail || !strings.HasPrefix(stdout, "FAIL") || strings.Contains(stderr, "warning") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	if len(lab.Statuses) != 1 || lab.Statuses[0].State != "failed" || lab.Statuses[0].Name != "regress" || lab.Statuses[0].SHA != headSHA {
		t.Errorf("statuses %+v", lab.Statuses)
	}
	if len(lab.Comments) != 1 || len(lab.Orders) > 0 || !strings.HasPrefix(lab.Comments[0].Body, "<!-- regress:default -->\n<!-- run 42 -->\n") || !strings.Contains(lab.Comments[0].Body, "[[waiver]]") {
		t.Fatalf("notes %+v, orders %q", lab.Comments, lab.Orders)
	}
	for _, page := range []string{"/acme/shop/-/jobs/99)", "/acme/shop/-/jobs/99/artifacts/browse)", "/acme/shop/-/merge_requests/7/diffs)"} {
		if !strings.Contains(lab.Comments[0].Body, page) {
			t.Errorf("the note has no link to %s:\n%s", page, lab.Comments[0].Body)
		}
	}
	// A later pipeline renews it; another suite has its own; told so, nothing is posted.
	atForge(t, &lab.Server, append(env, "CI_PIPELINE_ID=43"), "compare", "log.txt")
	atForge(t, &lab.Server, env, "compare", "--key", "arm", "log.txt")
	if len(lab.Comments) != 2 || !strings.Contains(lab.Comments[0].Body, "<!-- run 43 -->") || !strings.HasPrefix(lab.Comments[1].Body, "<!-- regress:arm -->") {
		t.Errorf("%d notes", len(lab.Comments))
	}
	before := len(lab.Requests)
	again, quiet, said := atForge(t, &lab.Server, env, "compare", "--forge", "none", "log.txt")
	if len(lab.Requests) != before || again != code || quiet != stdout || strings.Contains(said, "warning") {
		t.Errorf("--forge none: exit %d, %d requests\n%s%s", again, len(lab.Requests)-before, quiet, said)
	}
	if code, _, stderr := atForge(t, &lab.Server, env, "compare", "--forge", "jenkins", "log.txt"); code != exitUsage || !strings.Contains(stderr, "use github, gitlab, gitea or none") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	// A GitLab that is down changes no verdict.
	lab.Faults = []*forgetest.Fault{{Times: -1, Status: 422, Message: "no"}}
	code, _, stderr = atForge(t, &lab.Server, env, "compare", "log.txt")
	if code != exitFail || strings.Count(stderr, "warning: regress: not everything reached GitLab: The verdict is not affected.") != 1 {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestGiteaPullRequest: one comment and a commit status.
func TestGiteaPullRequest(t *testing.T) {
	tea, stop := giteatest.Start()
	defer stop()
	event := filepath.Join(t.TempDir(), "event.json")
	write(t, event, fmt.Sprintf(`{"number":7,"pull_request":{"number":7,"head":{"sha":%q,"repo":{"full_name":"acme/shop"}},"base":{"ref":"main","repo":{"full_name":"acme/shop"}}}}`, headSHA))
	env := []string{
		"GITEA_ACTIONS=true", "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + event, "GITHUB_REPOSITORY=acme/shop",
		"GITHUB_API_URL=" + tea.URL, "GITHUB_SERVER_URL=https://gitea.example", "GITHUB_SHA=" + headSHA, "GITHUB_TOKEN=" + tea.Token,
		"GITHUB_RUN_ID=42", "GITHUB_RUN_NUMBER=5", "GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary.md"),
	}
	code, _, stderr := atForge(t, tea, env, "compare", "log.txt")
	if code != exitFail || strings.Contains(stderr, "warning") || strings.Contains(stderr, "::error") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if len(tea.Statuses) != 1 || tea.Statuses[0].State != "failure" || tea.Statuses[0].SHA != headSHA || len(tea.Comments) != 1 || tea.Comments[0].Change != 7 {
		t.Fatalf("statuses %+v, comments %+v", tea.Statuses, tea.Comments)
	}
	if body := tea.Comments[0].Body; !strings.Contains(body, "(https://gitea.example/acme/shop/actions/runs/5?by_index=1)") || !strings.Contains(body, "/acme/shop/pulls/7/files)") {
		t.Errorf("comment %s", body)
	}
	if _, _, stderr := atForge(t, tea, env, "compare", "--github=false", "log.txt"); len(tea.Statuses) != 1 || strings.Contains(stderr, "warning") {
		t.Errorf("--github=false: statuses %+v, said %s", tea.Statuses, stderr)
	}
}

// TestOtherCI: of the two jobs that init writes, the one that runs the code of a change has no
// token, and the one with the token reads a log.
func TestOtherCI(t *testing.T) {
	read := func(name string, into any) {
		t.Helper()
		text, err := otherCI.ReadFile("ci/" + name)
		if err == nil {
			err = yaml.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	measures := func(script string) bool {
		for line := range strings.Lines(script) {
			if strings.Contains(line, "regress\" compare") || strings.Contains(line, "regress compare") {
				if _, asked, _ := strings.Cut(line, " compare "); !strings.Contains(strings.ReplaceAll(asked, "--output regress.txt", ""), " regress.txt") {
					return true
				}
			}
		}
		return false
	}
	type job struct {
		Script      []string
		Environment struct{ Name string }
	}
	var lab map[string]job
	read("gitlab.yml", &lab)
	if first, second := lab["regress"], lab["regress-report"]; len(lab) != 2 || first.Environment.Name != "" || second.Environment.Name != "regress" ||
		!measures(strings.Join(first.Script, "\n")) || measures(strings.Join(second.Script, "\n")) || !strings.Contains(strings.Join(first.Script, "\n"), "--forge none") {
		t.Errorf("GitLab's jobs: %+v", lab)
	}
	var tea struct {
		Jobs map[string]struct {
			Permissions map[string]string
			Steps       []struct {
				Run string
				Env map[string]string
			}
		}
	}
	read("gitea.yml", &tea)
	seen := 0
	for name, job := range tea.Jobs {
		for _, step := range job.Steps {
			token := step.Env["GITEA_TOKEN"] != ""
			if measures(step.Run) && (token || len(job.Permissions) > 0 || !strings.Contains(step.Run, "env -u GITHUB_TOKEN")) {
				t.Errorf("%s: what measures has a token or rights: %+v", name, step)
			}
			if token {
				seen++
			}
		}
	}
	if seen != 1 || len(tea.Jobs) != 2 {
		t.Errorf("Gitea's jobs: %+v", tea.Jobs)
	}
}
