package gitlab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
	"github.com/descartes/regress/cmd/regress/internal/gitlab/gitlabtest"
)

const (
	api       = "gitlabtest/testdata/api.json"
	sourceSHA = forgetest.SHA
	baseSHA   = "2222222222222222222222222222222222222222"
	mergeSHA  = "3333333333333333333333333333333333333333"
	targetSHA = "4444444444444444444444444444444444444444"
)

// server is a GitLab that holds every exchange against GitLab's own description of its API.
func server(t *testing.T) *gitlabtest.Server {
	t.Helper()
	lab, stop := gitlabtest.Start()
	t.Cleanup(stop)
	forgetest.NewValidator(t, api, lab.URL).Hold(t, &lab.Server)
	return lab
}

// environ is that of a job of a merge request.
func environ(lab *forgetest.Server, more map[string]string) func(string) string {
	vars := map[string]string{
		"GITLAB_CI": "true", "CI_API_V4_URL": lab.URL, "CI_PROJECT_ID": gitlabtest.Project, "CI_PROJECT_PATH": "acme/shop",
		"CI_PROJECT_URL": "https://gitlab.example/acme/shop", "CI_JOB_URL": "https://gitlab.example/acme/shop/-/jobs/99",
		"CI_PIPELINE_ID": "42", "CI_COMMIT_SHA": sourceSHA, "CI_JOB_TOKEN": "glcbt-64_x", "GITLAB_USER_LOGIN": "ann", "GITLAB_TOKEN": lab.Token,
		"CI_MERGE_REQUEST_IID": fmt.Sprint(forgetest.Change), "CI_MERGE_REQUEST_PROJECT_ID": gitlabtest.Project,
		"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": gitlabtest.Project, "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.example/acme/shop",
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "faster", "CI_MERGE_REQUEST_DIFF_BASE_SHA": baseSHA,
	}
	for key, value := range more {
		vars[key] = value
	}
	return func(key string) string { return vars[key] }
}

func job(t *testing.T, lab *forgetest.Server, o forge.Options, more map[string]string) (*forge.Plain, *forge.Wire) {
	t.Helper()
	env, err := FromEnv(environ(lab, more))
	if err != nil {
		t.Fatal(err)
	}
	return env.start(o)
}

func TestSuite(t *testing.T) {
	forgetest.Forge{
		Name:   "GitLab",
		Server: func(t *testing.T) *forgetest.Server { return &server(t).Server },
		Job: func(t *testing.T, s *forgetest.Server, o forge.Options) (*forge.Plain, *forge.Wire) {
			return job(t, s, o, nil)
		},
		States: map[forge.State]string{forge.Passed: "success", forge.Failed: "failed", forge.Undecided: "skipped"},
		Notes:  "/notes", Statuses: "/statuses", Grant: "GITLAB_TOKEN needs the scope api and the role Developer",
	}.Suite(t)
}

// TestOrders: no note of ours is an order to GitLab, whatever the report holds.
func TestOrders(t *testing.T) {
	for name, text := range forgetest.Attacks {
		lab := server(t)
		post := forgetest.Red(1, 1)
		post.Comment = text + "\n```\n" + text + "\n```\n" + text
		j, _ := job(t, &lab.Server, forge.Options{}, nil)
		j.Finish(t.Context(), post)
		if len(lab.Comments) != 1 || len(lab.Orders) > 0 {
			t.Errorf("%s: %d notes, orders %q", name, len(lab.Comments), lab.Orders)
		}
	}
}

// TestJobToken: the token of the job is tried for the note alone, and what helps is said.
func TestJobToken(t *testing.T) {
	lab := server(t)
	lab.Header, lab.Token = "JOB-TOKEN", "glcbt-64_x"
	lab.Faults = []*forgetest.Fault{{Method: http.MethodPost, Times: -1, Status: 401, Message: "Unauthorized"}}
	var out bytes.Buffer
	none := map[string]string{"GITLAB_TOKEN": ""}
	j, _ := job(t, &lab.Server, forge.Options{Commands: &out}, none)
	j.Finish(t.Context(), forgetest.Red(1, 1))
	for _, want := range []string{"CI_JOB_TOKEN may at most read merge requests", "role Developer and the scope api", "GITLAB_TOKEN", "The verdict is not affected"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said: %s", want, out.String())
		}
	}
	if lab.Count("", "/statuses") > 0 || lab.Count("", "/user") > 0 || strings.Contains(out.String(), lab.Token) {
		t.Errorf("requests %v, said %s", lab.Requests, out.String())
	}
	// A GitLab that allows it.
	lab.Faults, lab.User = nil, "ann"
	out.Reset()
	for range 2 {
		j, _ = job(t, &lab.Server, forge.Options{Commands: &out}, none)
		j.Finish(t.Context(), forgetest.Red(1, 1))
	}
	if len(lab.Comments) != 1 || out.Len() > 0 {
		t.Errorf("%d notes, said %s", len(lab.Comments), out.String())
	}
	j, _ = job(t, &lab.Server, forge.Options{Commands: &out}, map[string]string{"GITLAB_TOKEN": "", "CI_JOB_TOKEN": ""})
	j.Finish(t.Context(), forgetest.Red(1, 1))
	if !strings.Contains(out.String(), "there is no token; make a project access token") {
		t.Errorf("said %s", out.String())
	}
}

// TestFork: the pipeline of a fork asks nothing, and says nothing.
func TestFork(t *testing.T) {
	lab := server(t)
	var out bytes.Buffer
	j, _ := job(t, &lab.Server, forge.Options{Commands: &out}, map[string]string{"CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "12"})
	j.Finish(t.Context(), forgetest.Red(1, 1))
	if len(lab.Requests) > 0 || out.Len() > 0 || !j.Fork {
		t.Errorf("requests %v, said %s", lab.Requests, out.String())
	}
}

func TestFromEnv(t *testing.T) {
	lab := &forgetest.Server{URL: "https://gitlab.example/api/v4", Token: "t"}
	check := func(name string, want forge.Facts, more map[string]string) {
		t.Helper()
		have, err := FromEnv(environ(lab, more))
		if err != nil || !reflect.DeepEqual(have.Facts, want) {
			t.Errorf("%s: %v\nhave %+v\nwant %+v", name, err, have.Facts, want)
		}
	}
	none := map[string]string{"CI_MERGE_REQUEST_IID": ""}
	with := func(more ...string) map[string]string {
		all := map[string]string{}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	check("merge request", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{baseSHA, "origin/main"}, Branch: "faster", Pull: 7}, nil)
	check("merged result", forge.Facts{SHA: sourceSHA, Measured: mergeSHA, Base: []string{targetSHA, baseSHA, "origin/main"}, Branch: "faster", Pull: 7},
		with("CI_COMMIT_SHA", mergeSHA, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", sourceSHA, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA", targetSHA))
	check("of a fork", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{baseSHA, "origin/main"}, Branch: "faster", Pull: 7, Fork: true}, with("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "12"))
	check("no base", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{}, Branch: "faster", Pull: 7}, with("CI_MERGE_REQUEST_DIFF_BASE_SHA", "--upload-pack=x", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""))
	check("schedule", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{"HEAD"}}, none)
	check("new branch", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{"HEAD"}}, with("CI_MERGE_REQUEST_IID", "", "CI_COMMIT_BEFORE_SHA", strings.Repeat("0", 40)))
	check("push of a merge", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{baseSHA, "HEAD"}, Brought: 12},
		with("CI_MERGE_REQUEST_IID", "", "CI_COMMIT_BEFORE_SHA", baseSHA, "CI_COMMIT_MESSAGE", "Merge branch 'x' into 'main'\n\nfaster\n\nSee merge request acme/shop!12\n"))
	check("a hostile number", forge.Facts{SHA: sourceSHA, Measured: sourceSHA, Base: []string{"HEAD"}}, with("CI_MERGE_REQUEST_IID", "7/../../1"))

	for name, want := range map[string]string{"GITLAB_CI": "GITLAB_CI is not set", "CI_PROJECT_ID": "CI_PROJECT_ID is", "CI_COMMIT_SHA": "CI_COMMIT_SHA is"} {
		env, err := FromEnv(environ(lab, with(name, "../x")))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		var out bytes.Buffer
		env.Start(t.Context(), forge.Options{Commands: &out}).Finish(t.Context(), forgetest.Red(1, 1))
		if out.Len() > 0 {
			t.Errorf("%s: said %s", name, out.String())
		}
	}
	for _, address := range []string{"", "gitlab.example", "ftp://gitlab.example", "https://u:p@gitlab.example/api/v4", "https://gitlab.example/api?x=1", "://"} {
		var out bytes.Buffer
		j, _ := job(t, lab, forge.Options{Commands: &out}, with("CI_API_V4_URL", address))
		j.Finish(t.Context(), forgetest.Red(1, 1))
		if !strings.Contains(out.String(), "CI_API_V4_URL is ") || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%q: said %q", address, out.String())
		}
	}
}

func TestLinks(t *testing.T) {
	lab := &forgetest.Server{URL: "https://gitlab.example/api/v4"}
	links := func(more map[string]string) (all []string) {
		env, _ := FromEnv(environ(lab, more))
		for _, link := range env.Links("regress-log", baseSHA, mergeSHA) {
			all = append(all, link.URL)
		}
		return all
	}
	const home = "https://gitlab.example/acme/shop/-/"
	want := []string{home + "jobs/99", home + "jobs/99/artifacts/browse", home + "merge_requests/7/diffs"}
	if have := links(nil); !reflect.DeepEqual(have, want) {
		t.Errorf("have %q", have)
	}
	want[2] = home + "compare/" + baseSHA + "..." + mergeSHA
	if have := links(map[string]string{"CI_MERGE_REQUEST_IID": ""}); !reflect.DeepEqual(have, want) {
		t.Errorf("have %q", have)
	}
	hostile := "javascript:alert(1)//)[x](y"
	if have := links(map[string]string{"CI_JOB_URL": hostile, "CI_PROJECT_URL": hostile, "CI_MERGE_REQUEST_PROJECT_URL": hostile}); have != nil {
		t.Errorf("have %q", have)
	}
}

// TestSecretDoesNotPrint: a context can be printed and encoded.
func TestSecretDoesNotPrint(t *testing.T) {
	env := Context{Token: forge.NewSecret("glpat-secret")}
	text, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("job", "env", env)
	if all := string(text) + log.String() + fmt.Sprintf("%v%+v%#v%s%x", env, &env, env, env.Token, env.Token); strings.Contains(all, "secret") || strings.Contains(all, fmt.Sprintf("%x", "secret")) {
		t.Errorf("it prints: %s", all)
	}
}

// TestDescriptionRefuses: the validator must be able to fail; each of these is wrong in one way.
func TestDescriptionRefuses(t *testing.T) {
	v := forgetest.NewValidator(t, api, "http://127.0.0.1:1")
	check := func(name, method, path, body, want string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		err = v.Validate(req, []byte(body), http.StatusNoContent, nil, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: have %v, want %q", name, err, want)
		}
	}
	const notes, status = "/projects/11/merge_requests/7/notes", "/projects/11/statuses/" + sourceSHA
	check("good", "POST", notes, `{"body":"b"}`, "")
	check("no body", "POST", notes, `{}`, "body")
	check("a body that is no text", "POST", notes, `{"body":5}`, "body")
	check("an unknown field", "POST", notes, `{"body":"b","note":"n"}`, "note")
	check("no such order", "GET", notes+"?sort=up", "", "sort")
	check("no such state", "POST", status, `{"state":"neutral"}`, "state")
	check("no state", "POST", status, `{}`, "state")
	check("no number", "PUT", notes+"/x", `{"body":"b"}`, "note_id")
	check("no such path", "POST", "/projects/11/nothing", `{}`, "no matching operation")
}
