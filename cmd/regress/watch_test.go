package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
)

// hook is who is notified. Its address holds a token.
type hook struct {
	sync.Mutex
	refuses bool
	events  []map[string]any
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Lock()
	defer h.Unlock()
	var event map[string]any
	switch err := json.NewDecoder(r.Body).Decode(&event); {
	case h.refuses || err != nil || r.URL.Path != "/s3cr3t" || r.Header.Get("Idempotency-Key") != event["id"]:
		w.WriteHeader(http.StatusForbidden)
	default:
		h.events = append(h.events, event)
	}
}

// script is the command hook FILE, which writes the events to a file, a line each, and hook refuse
// or hook take, which say what it does with the next.
func (h *hook) script(ts *testscript.TestScript, neg bool, args []string) {
	h.Lock()
	defer h.Unlock()
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hook FILE, or hook refuse, or hook take")
	}
	h.refuses = args[0] == "refuse"
	if args[0] == "refuse" || args[0] == "take" {
		return
	}
	var b strings.Builder
	for _, e := range h.events {
		series, _ := e["series"].([]any)
		fmt.Fprintf(&b, "%v %v %v %v: %d series, issue %v: %v\n", e["version"], e["action"], e["ended"], e["project"], len(series), e["issue"], e["text"])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// TestWatch runs regress watch in jobs of a GitHub that keeps issues. hub FILE writes them to a
// file, a line each, with comments; hub FILE N also their text, and hub close N closes one by hand.
func TestWatch(t *testing.T) {
	type (
		hubKey  struct{}
		hookKey struct{}
	)
	events, err := filepath.Abs(filepath.Join("internal", "github", "testdata", "events"))
	if err != nil {
		t.Fatal(err)
	}
	setup := func(env *testscript.Env) {
		hub, stop := githubtest.Start()
		env.Defer(stop)
		receiver := new(hook)
		server := httptest.NewServer(receiver)
		env.Defer(server.Close)
		env.Setenv("HOOK", server.URL+"/s3cr3t")
		env.Values[hubKey{}], env.Values[hookKey{}] = hub, receiver
		for name, value := range map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": filepath.Join(events, "push.json"), "EVENTS": events,
			"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": hub.URL, "GITHUB_SHA": strings.Repeat("3", 40),
			"GITHUB_TOKEN": hub.Token, "GITHUB_RUN_ID": "42", "GITHUB_STEP_SUMMARY": filepath.Join(env.WorkDir, "summary.md"),
		} {
			env.Setenv(name, value)
		}
	}
	runScripts(t, "testdata/script/watch/*.txtar", setup, map[string]script{"hook": func(ts *testscript.TestScript, neg bool, args []string) {
		ts.Value(hookKey{}).(*hook).script(ts, neg, args)
	}, "hub": func(ts *testscript.TestScript, neg bool, args []string) {
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
