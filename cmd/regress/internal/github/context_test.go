package github

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/descartes/regress/cmd/regress/internal/forge"
)

func TestFromEnv(t *testing.T) {
	check := func(name, event string, want Context) {
		t.Helper()
		vars := map[string]string{
			"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": filepath.Join("testdata", "events", name+".json"),
			"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": mergeSHA, "GITHUB_RUN_ID": "42",
			"GITHUB_TOKEN": "t\n", "GITHUB_API_URL": "https://ghe.example/api/v3", "GITHUB_SERVER_URL": "https://ghe.example/",
		}
		have, err := FromEnv(func(key string) string { return vars[key] })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want.Event, want.Owner, want.Repo, want.Measured, want.RunID, want.Token = event, "acme", "shop", mergeSHA, 42, forge.NewSecret("t")
		want.APIURL, want.ServerURL = "https://ghe.example/api/v3/", "https://ghe.example"
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%s:\nhave %+v\nwant %+v", name, have, want)
		}
	}
	const base = "2222222222222222222222222222222222222222"
	branch := []string{"origin/main", base}
	check("pull_request", "pull_request", Context{Facts: forge.Facts{SHA: headSHA, Base: branch, Pull: 7}})
	check("fork", "pull_request", Context{Facts: forge.Facts{SHA: headSHA, Base: branch, Pull: 7, Fork: true}})
	check("deleted_fork", "pull_request", Context{Facts: forge.Facts{SHA: headSHA, Base: branch, Pull: 7, Fork: true}})
	check("merge_group", "merge_group", Context{Facts: forge.Facts{SHA: headSHA, Base: []string{base}}})
	check("push", "push", Context{Facts: forge.Facts{SHA: headSHA, Base: []string{base, "HEAD"}}})
	check("schedule", "schedule", Context{Facts: forge.Facts{SHA: mergeSHA, Base: []string{"HEAD"}}})
	check("workflow_run", "workflow_run", Context{Facts: forge.Facts{Base: []string{"HEAD"}, SHA: headSHA, Fork: true}, HeadOwner: "mallory", HeadBranch: "patch-1", TriggerID: 555, Trigger: "pull_request"})
}

// What is missing or wrong is said, and nothing is reported on a guessed commit.
func TestFromEnvBroken(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		name := filepath.Join(dir, "event.json")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	check := func(name, want string, vars map[string]string) {
		t.Helper()
		all := map[string]string{"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": mergeSHA, "GITHUB_STEP_SUMMARY": "s"}
		for key, value := range vars {
			all[key] = value
		}
		have, err := FromEnv(func(key string) string { return all[key] })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: have %v, want %q", name, err, want)
		}
		if have.SHA != "" || have.Summary != "s" || have.APIURL != "https://api.github.com/" {
			t.Errorf("%s: have %+v", name, have)
		}
	}
	check("not in Actions", "GITHUB_REPOSITORY", map[string]string{"GITHUB_REPOSITORY": ""})
	check("repository", "GITHUB_REPOSITORY", map[string]string{"GITHUB_REPOSITORY": "acme/../x"})
	check("no event", "no such file", map[string]string{"GITHUB_EVENT_PATH": filepath.Join(dir, "none")})
	check("no JSON", "event.json", map[string]string{"GITHUB_EVENT_PATH": write("{")})
	check("no commit", "names no commit", map[string]string{"GITHUB_SHA": "main"})
	check("a lying commit", "names no commit", map[string]string{"GITHUB_EVENT_PATH": write(`{"pull_request":{"number":1,"head":{"sha":"../../x"}}}`)})
	check("a deleted branch", "names no commit", map[string]string{"GITHUB_SHA": "", "GITHUB_EVENT_PATH": write(`{"after":"0000000000000000000000000000000000000000"}`)})
}

// TestLinks: what a reader of a comment opens next.
func TestLinks(t *testing.T) {
	const run = "https://ghe.example/acme/shop/actions/runs/"
	check := func(c Context, artifact, base, head string, want ...string) {
		t.Helper()
		c.ServerURL, c.Owner, c.Repo = "https://ghe.example", "acme", "shop"
		var have []string
		for _, link := range c.Links(artifact, base, head) {
			have = append(have, link.URL)
		}
		if !slices.Equal(have, want) {
			t.Errorf("%+v:\nhave %q\nwant %q", c, have, want)
		}
	}
	check(Context{RunID: 42, Facts: forge.Facts{Pull: 7}}, "regress-log", headSHA, mergeSHA, run+"42", run+"42#artifacts", "https://ghe.example/acme/shop/pull/7/files")
	check(Context{RunID: 42, TriggerID: 41}, "", headSHA, mergeSHA, run+"41", "https://ghe.example/acme/shop/compare/"+headSHA+"..."+mergeSHA)
	check(Context{RunID: 42}, "x", headSHA, headSHA, run+"42", run+"42#artifacts")
	check(Context{}, "x", "javascript:", "main")
	for server, want := range map[string]string{
		"https://github.com":  "gh run download 42 --repo acme/shop --name 'a b'",
		"https://ghe.example": "gh run download 42 --repo ghe.example/acme/shop --name 'a b'",
	} {
		c := Context{ServerURL: server, RunID: 42}
		c.Owner, c.Repo = "acme", "shop"
		if have := c.Links("a b", headSHA, mergeSHA)[1].Command; have != want {
			t.Errorf("%s: %s, want %s", server, have, want)
		}
	}
	if links := (&Context{RunID: 42}).Links("x", headSHA, mergeSHA); links != nil {
		t.Errorf("links of no repository: %v", links)
	}
}
