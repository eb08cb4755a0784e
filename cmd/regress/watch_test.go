package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// TestWatch runs regress watch in jobs of a GitHub that keeps issues. hub FILE writes them to a
// file, a line each, with comments; hub FILE N also their text, and hub close N closes one by hand.
func TestWatch(t *testing.T) {
	type hubKey struct{}
	events, err := filepath.Abs(filepath.Join("internal", "github", "testdata", "events"))
	if err != nil {
		t.Fatal(err)
	}
	setup := func(env *testscript.Env) {
		hub, stop := githubtest.Start()
		env.Defer(stop)
		env.Values[hubKey{}] = hub
		for name, value := range map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": filepath.Join(events, "push.json"), "EVENTS": events,
			"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": hub.URL, "GITHUB_SHA": strings.Repeat("3", 40),
			"GITHUB_TOKEN": hub.Token, "GITHUB_RUN_ID": "42", "GITHUB_STEP_SUMMARY": filepath.Join(env.WorkDir, "summary.md"),
		} {
			env.Setenv(name, value)
		}
	}
	runScripts(t, "testdata/script/watch/*.txtar", setup, map[string]script{"hub": func(ts *testscript.TestScript, neg bool, args []string) {
		hub := ts.Value(hubKey{}).(*githubtest.Server)
		hub.Lock()
		defer hub.Unlock()
		if neg || len(args) == 0 {
			ts.Fatalf("usage: hub FILE [NUMBER], or hub close NUMBER")
		}
		var b strings.Builder
		for _, issue := range hub.Issues {
			if args[0] == "close" && fmt.Sprint(issue.Number) == args[1] {
				issue.Closed = true
			}
			state := "open"
			if issue.Closed {
				state = "closed " + issue.Reason
			}
			fmt.Fprintf(&b, "#%d %s: %s\n", issue.Number, strings.TrimSpace(state), issue.Title)
			if len(args) == 2 && fmt.Sprint(issue.Number) == args[1] {
				b.WriteString(issue.Body)
			}
			for _, c := range hub.Comments {
				if c.Pull == issue.Number {
					fmt.Fprintf(&b, "> %s\n", strings.TrimSpace(c.Body))
				}
			}
		}
		if args[0] != "close" {
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
		}
	}})
}
