package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descartes/regress/cmd/regress/internal/forge"
	"github.com/descartes/regress/cmd/regress/internal/github/githubtest"
	"github.com/descartes/regress/pkg/gate"
)

// What went wrong at GitHub, and what there must be in the end.
func TestFaults(t *testing.T) {
	type want struct {
		runs, notes, comments, statuses, warnings int
		says                                      string
		slept                                     time.Duration
	}
	check := func(name string, want want, faults ...githubtest.Fault) {
		t.Helper()
		hub := server(t)
		for i := range faults {
			hub.Faults = append(hub.Faults, &faults[i])
		}
		s := setting(t, hub, "pull_request", "pull_request")
		s.start().Finish(t.Context(), red(60, 80))
		notes := 0
		for _, run := range hub.Runs {
			notes += len(run.Annotations)
			if run.Status != "completed" && want.warnings == 0 {
				t.Errorf("%s: check run is %s", name, run.Status)
			}
		}
		slept := time.Duration(0)
		for _, d := range s.slept {
			slept += d
		}
		have := want
		have.runs, have.notes, have.comments, have.statuses, have.warnings, have.slept = len(hub.Runs), notes, len(hub.Comments), len(hub.Statuses), s.warnings(), slept
		out := s.commands.String()
		if have != want || !strings.Contains(out, want.says) {
			t.Errorf("%s: have %+v\nwant %+v\n%s", name, have, want, out[strings.LastIndex(out, "::error"):])
		}
		if strings.Count("\n"+out, "\n::error") != 10 || !strings.HasPrefix(s.summary(), "# summary") {
			t.Errorf("%s: commands and summary need nobody: %q %q", name, out, s.summary())
		}
		if strings.Contains(out, hub.Token) || strings.Contains(s.summary(), hub.Token) {
			t.Errorf("%s: the token is in the output: %s", name, out)
		}
		if n := len(hub.Requests); n > 12 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
	good := want{runs: 1, notes: 60, comments: 1}
	after := func(w want, d time.Duration) want { w.slept = d; return w }
	const s = time.Second

	check("nothing", good)
	check("401", want{warnings: 1, says: "Bad credentials; pass a valid token"},
		githubtest.Fault{Times: -1, Status: 401, Message: "Bad credentials"})
	check("no right to checks", want{comments: 1, statuses: 1},
		githubtest.Fault{Method: "POST", Path: "check-runs", Times: -1, Status: 403, Message: "Resource not accessible by integration"})
	check("checks hidden", want{comments: 1, statuses: 1},
		githubtest.Fault{Path: "check-runs", Times: -1, Status: 404, Message: "Not Found"})
	check("read-only token", want{warnings: 1, says: "may write neither check runs nor statuses"},
		githubtest.Fault{Method: "POST", Times: -1, Status: 403, Message: "Resource not accessible by integration"},
		githubtest.Fault{Method: "PATCH", Times: -1, Status: 403, Message: "Resource not accessible by integration"})
	check("no right to comment", want{runs: 1, notes: 60, warnings: 1, says: "pull-requests: write"},
		githubtest.Fault{Path: "comments", Times: -1, Status: 403, Message: "Resource not accessible by integration"})
	for _, status := range []int{403, 429} {
		check(fmt.Sprintf("secondary limit by %d", status), after(good, 7*s),
			githubtest.Fault{Method: "POST", Times: 1, Status: status, Message: "You have exceeded a secondary rate limit", Header: map[string]string{"Retry-After": "7"}})
	}
	check("limit until a time", after(good, 6*s), githubtest.Fault{
		Method: "PATCH", Times: 1, Status: 403, Message: "API rate limit exceeded",
		Header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(epoch.Unix() + 5)},
	})
	check("a limit longer than patience", want{warnings: 1, says: "run the job again later"},
		githubtest.Fault{Times: -1, Status: 429, Message: "slow down", Header: map[string]string{"Retry-After": "600"}})
	check("the same by 403", want{warnings: 1, says: "run the job again later"},
		githubtest.Fault{Times: -1, Status: 403, Message: "slow down", Header: map[string]string{"Retry-After": "600"}})
	check("429 without a time", after(good, 60*s), githubtest.Fault{Method: "GET", Times: 1, Status: 429})

	check("a 502 while looking", after(good, s), githubtest.Fault{Method: "GET", Times: 1, Status: 502})
	check("a create that took and said 502", good, githubtest.Fault{Method: "POST", Path: "check-runs", Times: 1, Status: 502, After: true})
	check("a create that did not take", good, githubtest.Fault{Method: "POST", Path: "check-runs", Times: 1, Status: 502})
	check("annotations that took and said 502", good, githubtest.Fault{Method: "PATCH", Path: "check-runs", Times: 2, Status: 502, After: true})
	check("annotations that did not take", good, githubtest.Fault{Method: "PATCH", Path: "check-runs", Times: 1, Status: 500})
	check("a comment that took and said 502", good, githubtest.Fault{Method: "POST", Path: "comments", Times: 1, Status: 502, After: true})
	check("a comment that did not take", good, githubtest.Fault{Method: "POST", Path: "comments", Times: 1, Status: 504})
	check("half a list", after(good, s), githubtest.Fault{Method: "GET", Path: "comments", Times: 1, Cut: true})
	check("half an answer to a create", good, githubtest.Fault{Method: "POST", Path: "check-runs", Times: 1, Cut: true})
	check("half an answer to annotations", good, githubtest.Fault{Method: "PATCH", Path: "check-runs", Times: 1, Cut: true})
	check("half an answer to a comment", good, githubtest.Fault{Method: "POST", Path: "comments", Times: 1, Cut: true})
	check("a slow answer", good, githubtest.Fault{Times: 1, Delay: 50 * time.Millisecond})
	check("down for good", after(want{warnings: 1, says: "GitHub answered 503 Service Unavailable"}, 12*s), githubtest.Fault{Times: -1, Status: 503})
	check("the token comes back", want{warnings: 1, says: "no such token ***"},
		githubtest.Fault{Times: -1, Status: 422, Message: "no such token ghs_0123456789abcdefTOKEN"})
	check("a message with commands", want{warnings: 1, says: "422 x ::error::y"},
		githubtest.Fault{Times: -1, Status: 422, Message: "x\r\n::error::y"})
}

// Nobody listens: the job ends all the same, with one warning.
func TestUnreachable(t *testing.T) {
	hub := server(t)
	s := setting(t, hub, "pull_request", "pull_request")
	s.env.APIURL = "http://127.0.0.1:1/"
	s.start().Finish(t.Context(), red(1, 1))
	if s.warnings() != 1 || !strings.HasPrefix(s.commands.String(), "::error") || s.summary() == "" {
		t.Errorf("commands %q, summary %q", s.commands.String(), s.summary())
	}
	s = setting(t, hub, "pull_request", "pull_request")
	s.env.APIURL = "nonsense"
	s.start().Finish(t.Context(), red(1, 1))
	if s.warnings() != 1 {
		t.Errorf("commands %q", s.commands.String())
	}
	s = setting(t, hub, "pull_request", "pull_request")
	s.env.Token = forge.NewSecret("")
	s.start().Finish(t.Context(), red(1, 1))
	if s.warnings() != 1 || !strings.Contains(s.commands.String(), "pass GITHUB_TOKEN") || len(hub.Requests) != 0 {
		t.Errorf("commands %q, requests %v", s.commands.String(), hub.Requests)
	}
}

// A job that is told to stop does not wait out a rate limit.
func TestCancelled(t *testing.T) {
	hub := server(t)
	hub.Faults = []*githubtest.Fault{{Times: -1, Status: 429, Header: map[string]string{"Retry-After": "50"}}}
	s := setting(t, hub, "pull_request", "pull_request")
	j := open(s.env, s.opt) // with a real clock
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	j.begin(ctx)
	j.Finish(ctx, red(1, 1))
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if s.warnings() != 1 {
		t.Errorf("commands %q", s.commands.String())
	}
}

// Whatever the decision and the Markdown hold, the token does not get out.
func TestTokenNeverShows(t *testing.T) {
	for _, app := range []string{"github-actions", ""} { // a check run, and a status
		for _, post := range []forge.Post{red(1, 2), green()} {
			hub := server(t)
			hub.App = app
			s := setting(t, hub, "pull_request", "pull_request")
			s.opt.Comment = forge.WhenAlways
			leak := "x" + hub.Token + "y"
			post.Headline, post.Summary, post.Comment = leak, leak, leak
			row := &post.Decision.Rows[0]
			row.Reason, row.Unit = gate.Reason{Code: gate.Proven, Text: leak}, leak
			post.Reproduce = func(gate.Row) string { return leak }
			s.start().Finish(t.Context(), post)
			s.start().Abort(t.Context(), leak, false)
			text, err := json.Marshal([]any{hub.Runs, hub.Comments, hub.Statuses, s.commands.String(), s.summary()})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), hub.Token) || strings.Count(string(text), "x***y") < 2 {
				t.Errorf("app %q: %s", app, text)
			}
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	env := Context{Token: forge.NewSecret("ghs_secret")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, env) + fmt.Sprintf(verb, &env) + fmt.Sprintf(verb, env.Token); strings.Contains(text, "secret") || strings.Contains(text, fmt.Sprintf("%x", "secret")) {
			t.Errorf("%s prints it: %s", verb, text)
		}
	}
	checkEncoders(t, env)
}
