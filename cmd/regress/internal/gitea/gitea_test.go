package gitea

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/forge/forgetest"
	"github.com/descartes/regress/cmd/regress/internal/gitea/giteatest"
)

const (
	api      = "giteatest/testdata/api.json"
	baseSHA  = "2222222222222222222222222222222222222222"
	mergeSHA = "3333333333333333333333333333333333333333"
)

// server is a Gitea that holds every exchange against Gitea's own description of its API.
func server(t *testing.T) *forgetest.Server {
	t.Helper()
	tea, stop := giteatest.Start()
	t.Cleanup(stop)
	forgetest.NewValidator(t, api, tea.URL).Hold(t, tea)
	return tea
}

// environ is that of a job of a pull request; from is the repository of its head.
func environ(t *testing.T, tea *forgetest.Server, from string, more map[string]string) func(string) string {
	t.Helper()
	event := filepath.Join(t.TempDir(), "event.json")
	text := fmt.Sprintf(`{"action":"opened","number":7,"pull_request":{"number":7,"head":{"ref":"faster","sha":%q,"repo":{"full_name":%q}},"base":{"ref":"main","sha":%q,"repo":{"full_name":"acme/shop"}}}}`, forgetest.SHA, from, baseSHA)
	if err := os.WriteFile(event, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"GITEA_ACTIONS": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": event,
		"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": tea.URL, "GITHUB_SERVER_URL": "https://gitea.example", "GITHUB_SHA": mergeSHA,
		"GITHUB_TOKEN": tea.Token, "GITHUB_RUN_ID": "42", "GITHUB_RUN_NUMBER": "5", "GITHUB_HEAD_REF": "faster",
	}
	for key, value := range more {
		vars[key] = value
	}
	return func(key string) string { return vars[key] }
}

func job(t *testing.T, tea *forgetest.Server, o forge.Options, from string, more map[string]string) (*forge.Plain, *forge.Wire) {
	t.Helper()
	env, err := FromEnv(environ(t, tea, from, more))
	if err != nil {
		t.Fatal(err)
	}
	return env.start(o)
}

func TestSuite(t *testing.T) {
	forgetest.Forge{
		Name:   "Gitea",
		Server: server,
		Job: func(t *testing.T, s *forgetest.Server, o forge.Options) (*forge.Plain, *forge.Wire) {
			return job(t, s, o, "acme/shop", nil)
		},
		States: map[forge.State]string{forge.Passed: "success", forge.Failed: "failure", forge.Undecided: "warning"},
		Notes:  "/comments", Statuses: "/statuses", Grant: "pull-requests: write",
	}.Suite(t)
}

// TestContext: facts, links and summary are those of a pull request.
func TestContext(t *testing.T) {
	tea := server(t)
	summary := filepath.Join(t.TempDir(), "summary.md")
	env, err := FromEnv(environ(t, tea, "acme/shop", map[string]string{"GITHUB_STEP_SUMMARY": summary}))
	want := forge.Facts{SHA: forgetest.SHA, Measured: mergeSHA, Base: []string{"origin/main", baseSHA}, Branch: "faster", Pull: 7}
	if err != nil || !reflect.DeepEqual(env.Known(), want) {
		t.Errorf("%v\nhave %+v\nwant %+v", err, env.Known(), want)
	}
	var links []string
	for _, link := range env.Links("regress-log", baseSHA, mergeSHA) {
		links = append(links, link.URL)
	}
	const home = "https://gitea.example/acme/shop/"
	if want := []string{home + "actions/runs/5?by_index=1", home + "pulls/7/files"}; !reflect.DeepEqual(links, want) {
		t.Errorf("have %q, want %q", links, want)
	}
	env.Start(t.Context(), forge.Options{}).Finish(t.Context(), forgetest.Red(1, 1))
	if text, err := os.ReadFile(summary); err != nil || string(text) != "# summary\n\n" {
		t.Errorf("summary %q, %v", text, err)
	}
	if len(tea.Statuses) != 1 || tea.Statuses[0].SHA != forgetest.SHA || tea.Statuses[0].Page != home+"actions/runs/5?by_index=1" {
		t.Errorf("statuses %+v", tea.Statuses)
	}
}

// TestFork: a token that can only read asks nothing.
func TestFork(t *testing.T) {
	tea := server(t)
	var out bytes.Buffer
	j, _ := job(t, tea, forge.Options{Commands: &out}, "mallory/shop", nil)
	j.Finish(t.Context(), forgetest.Red(1, 1))
	if len(tea.Requests) > 0 || out.Len() > 0 || !j.Fork {
		t.Errorf("requests %v, said %s", tea.Requests, out.String())
	}
}

// TestWriter: who may not ask who it is, is the account of jobs, and keeps one comment.
func TestWriter(t *testing.T) {
	for _, name := range []string{"gitea-actions", "forgejo-actions"} {
		tea := server(t)
		tea.User = name
		tea.Faults = []*forgetest.Fault{{Path: "/user", Times: -1, Status: http.StatusForbidden, Message: "token does not have at least one of required scope(s)"}}
		var out bytes.Buffer
		for range 2 {
			j, _ := job(t, tea, forge.Options{Commands: &out}, "acme/shop", nil)
			j.Finish(t.Context(), forgetest.Red(1, 1))
		}
		if len(tea.Comments) != 1 || out.Len() > 0 {
			t.Errorf("%s: %d comments, said %s", name, len(tea.Comments), out.String())
		}
	}
}

// TestTokenStaysHome: without an address of the API nothing is sent to GitHub's.
func TestTokenStaysHome(t *testing.T) {
	tea := &forgetest.Server{Token: "t"}
	check := func(server, want string) {
		t.Helper()
		env, err := FromEnv(environ(t, tea, "acme/shop", map[string]string{"GITHUB_SERVER_URL": server}))
		if err != nil || env.APIURL != want {
			t.Errorf("API %q, %v; want %q", env.APIURL, err, want)
		}
	}
	check("https://gitea.example/", "https://gitea.example/api/v1")
	check("", "")
	var out bytes.Buffer
	j, wire := job(t, tea, forge.Options{Commands: &out}, "acme/shop", map[string]string{"GITHUB_SERVER_URL": ""})
	j.Finish(t.Context(), forgetest.Red(1, 1))
	if wire != nil || !strings.Contains(out.String(), "GITHUB_API_URL is ") {
		t.Errorf("said %s", out.String())
	}
	out.Reset()
	j, _ = job(t, tea, forge.Options{Commands: &out}, "acme/shop", map[string]string{"GITHUB_TOKEN": ""})
	j.Finish(t.Context(), forgetest.Red(1, 1))
	if !strings.Contains(out.String(), "there is no token; pass GITEA_TOKEN") {
		t.Errorf("said %s", out.String())
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
	const comments, status = "/repos/acme/shop/issues/7/comments", "/repos/acme/shop/statuses/" + baseSHA
	check("good", "POST", comments, `{"body":"b"}`, "")
	check("no body", "POST", comments, `{}`, "body")
	check("a body that is no text", "POST", comments, `{"body":5}`, "body")
	check("no such state", "POST", status, `{"state":"neutral"}`, "state")
	check("no number", "PATCH", "/repos/acme/shop/issues/comments/x", `{"body":"b"}`, "id")
	check("no such path", "POST", "/repos/acme/shop/nothing", `{}`, "no matching operation")
}
